"""What the pages under “Build and teach” share, made ready for their templates."""

from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db.models import Sum

from engagements import states
from engagements.models import Component, Engagement, ProjectTest, Risk, TimeEntry
from engagements.pages import base, estimate_text, step_list
from portal.lib.file_kinds import ACCEPT
from portal.lib.hours import minutes_text
from portal.tenancy.access import TenantRequest
from portal.tenancy.permissions import TEST_ENGAGEMENT

PARTS = (
    ("build/", "Components"), ("build/spec/", "Specification"), ("build/tests/", "Tests"),
    ("build/trainings/", "Trainings"), ("faq/", "FAQ"), ("package/", "Package"),
)  # fmt: skip
TEST_STATES = {"passed": ("agreed", "Passed"), "failed": ("refused", "Failed"), "not_applicable": ("draft", "Does not apply"),
               "untested": ("waiting", "Not tested")}  # fmt: skip
COMPONENT_STATES = {"todo": ("draft", "Not started"), "building": ("info", "Being built"), "built": ("agreed", "Built"),
                    "verified": ("agreed", "Verified")}  # fmt: skip


def build_base(request: TenantRequest, engagement: Engagement, part: str) -> dict[str, Any]:
    """What every page of building and teaching knows."""
    context = base(request, engagement, "build/")
    home = context["home"]
    return context | {
        "parts": [{"label": label, "url": home + path, "active": path == part} for path, label in PARTS],
        "may_test": request.standing.may(TEST_ENGAGEMENT),
        "accept": ACCEPT,
        "max_bytes": settings.PROJECT_FILE_MAX_BYTES,
    }


def minutes_by_component(engagement: Engagement) -> dict[int, int]:
    """Component → minutes logged; for the firm's people alone."""
    rows = TimeEntry.objects.filter(engagement=engagement).exclude(component=None).order_by()
    return dict(rows.values("component_id").annotate(minutes=Sum("minutes")).values_list("component_id", "minutes"))


def blockers_of(engagement: Engagement, *, is_firm: bool) -> dict[int, list[Risk]]:
    """Component → what stands in its way."""
    rows = Risk.objects.filter(engagement=engagement, about="component").exclude(state="closed").order_by("pk")
    found: dict[int, list[Risk]] = {}
    for row in rows if is_firm else rows.filter(is_internal=False):
        found.setdefault(row.about_id or 0, []).append(row)
    return found


def component_rows(engagement: Engagement, *, is_firm: bool) -> list[dict[str, Any]]:
    """Every component with its state, owner, what it waits for and, for the firm, its hours."""
    rows = list(Component.objects.filter(engagement=engagement).select_related("owner__user").order_by("number"))
    ready = {row.number for row in rows if row.state in {"built", "verified"}}
    minutes = minutes_by_component(engagement) if is_firm else {}
    blockers = blockers_of(engagement, is_firm=is_firm)
    return [
        component_row(row, ready, minutes.get(row.pk, 0), blockers.get(row.pk, []), is_firm=is_firm) for row in rows
    ]


def component_row(
    row: Component, ready: set[int], minutes: int, blockers: list[Risk], *, is_firm: bool
) -> dict[str, Any]:
    """One component as its list and its page show it."""
    level, label = COMPONENT_STATES[row.state]
    is_over = row.hours_high is not None and Decimal(minutes) / 60 > row.hours_high
    return {
        "row": row, "level": level, "label": label, "blockers": blockers, "is_over": is_over,
        "waits": [number for number in row.needs if number not in ready and row.state in {"todo", "building"}],
        "estimate": estimate_text(row) if is_firm else "", "logged": minutes_text(minutes),
        "steps": step_list(states.COMPONENT, row.state),
    }  # fmt: skip


def hours_line(engagement: Engagement) -> dict[str, Any]:
    """Estimate of all components and what was logged on them, in hours; for the firm's people alone."""
    sums = Component.objects.filter(engagement=engagement).aggregate(low=Sum("hours_low"), high=Sum("hours_high"))
    logged = minutes_text(sum(minutes_by_component(engagement).values()))
    return {"low": sums["low"], "high": sums["high"], "logged": logged or "0 h"}


def test_rows(engagement: Engagement, kind: str) -> list[dict[str, Any]]:
    """The tests of a kind with the words for their state."""
    rows = ProjectTest.objects.filter(engagement=engagement, kind=kind).select_related("tested_by").order_by("position")
    return [{"test": row, "level": TEST_STATES[row.state][0], "label": TEST_STATES[row.state][1]} for row in rows]


def may_run_test(context: dict[str, Any], test: ProjectTest) -> bool:
    """Whether the reader runs this test: the firm the technical ones, the client's people their own, nobody the system's."""
    if test.check_key or not context["engagement"].is_open:
        return False
    return bool(context["may_test"] if test.kind == "customer" else context["may_run"])
