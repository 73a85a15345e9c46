"""What the pages of maintenance show, made ready for their templates."""

from datetime import date
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse

from engagements.forms_maintenance import BeginForm, OfficeHoursForm, ResultForm
from engagements.models import Activity, Engagement, MaintenanceCheck
from engagements.pages import base, reader_of
from engagements.playbook.terms import Cadence
from engagements.selectors.files import file_list
from engagements.selectors.hypercare import hypercare_panel
from engagements.selectors.maintenance import CADENCE_WORDS, by_month, checks_of, owner_of, task_rhythm
from engagements.selectors.triggers import trigger_list, watched
from portal.tenancy.access import TenantRequest
from portal.tenancy.permissions import RECONCILE, RUN_ENGAGEMENT, VIEW_ARR

STATE_MARKS = {
    "open": ("info", "Later"), "ok": ("agreed", "In order"), "red_flag": ("refused", "Red flag"),
    "solved": ("agreed", "Solved"), "not_applicable": ("lapsed", "Does not apply"),
}  # fmt: skip
FOUND_MARKS = {
    "ok": ("agreed", "In order"),
    "red": ("refused", "Red flag"),
    "missing": ("waiting", "Cannot be computed"),
}
PAGE_OF_LINK = {
    "reconciliation",
    "arr",
    "data",
    "data_rates",
    "people",
    "months",
    "data_lines",
    "policy",
    "definitions",
}
VIEWS = (("open", "To do"), ("done", "Done"), ("all", "All"))
SHOWN = 200


def maintenance_context(request: TenantRequest, engagement: Engagement, today: date) -> dict[str, Any]:
    """Hypercare, what was found to engage again, and the schedule by month."""
    context = base(request, engagement, "maintenance/") | rights(request, engagement)
    view = request.GET.get("show", "open")
    view = view if view in dict(VIEWS) else "open"
    rows = checks_of(engagement)
    late = list(rows.filter(state="open", due_on__lt=today))
    shown = {"open": rows.filter(state__in=["open", "red_flag"]), "all": rows}.get(
        view, rows.exclude(state__in=["open", "red_flag"]).order_by("-due_on", "-pk")
    )
    return context | {
        "today": today,
        "view": view,
        "views": [{"label": label, "url": f"?show={key}", "active": key == view} for key, label in VIEWS],
        "months": [
            {"month": each, "rows": [check_row(check, today) for check in each.checks]}
            for each in by_month(shown[:SHOWN])
        ],
        "late": len(late),
        "flags": rows.filter(state="red_flag").count(),
        "is_any": rows.exists(),
        "owner": owner_of(engagement),
        "rhythm": task_rhythm(engagement),
        "hypercare": hypercare_panel(engagement, today),
        "triggers": [
            trigger | {"row": row} for row in trigger_list(engagement) for trigger in [trigger_links(request, row)]
        ],
        "watched": watched(engagement),
        "begin_form": BeginForm(initial={"begins_on": today}),
        "office_form": OfficeHoursForm(initial={"weekday": 1, "at": "15:00"}),
    }


def rights(request: TenantRequest, engagement: Engagement) -> dict[str, Any]:
    """What the reader may do with maintenance, which goes on when the engagement is closed."""
    may = request.standing.may
    return {
        "may_check": may(RECONCILE) and engagement.is_maintained,
        "may_keep": may(RUN_ENGAGEMENT) and (engagement.is_maintained or engagement.state != "archived"),
        "may_see_figures": may(VIEW_ARR),
        "may_settle": may(RUN_ENGAGEMENT),
    }


def check_row(check: MaintenanceCheck, today: date) -> dict[str, Any]:
    """A check in a list."""
    found = FOUND_MARKS.get((check.found or {}).get("state", ""))
    waits = check.state == "open" and check.opens_on <= today
    mark = STATE_MARKS[check.state]
    if check.state == "open":
        mark = ("refused", "Late") if check.due_on < today else ("waiting", "To do") if waits else mark
        mark = found if found and found[0] == "waiting" and check.due_on >= today else mark
    why = (
        (check.found or {}).get("sentence", "")
        if check.state in {"open", "red_flag"} and waits_or_red(check, today)
        else ""
    )
    return {"check": check, "mark": mark, "is_computed": bool(check.check_key), "why": why}


def waits_or_red(check: MaintenanceCheck, today: date) -> bool:
    """Whether somebody has something to do about a check now."""
    return bool(check.state == "red_flag" or check.opens_on <= today)


def trigger_links(request: TenantRequest, row: Any) -> dict[str, Any]:
    """The page that shows a fact."""
    known = row.url_name in PAGE_OF_LINK
    return {"url": reverse(row.url_name, kwargs={"client_slug": request.client.slug}) if known else ""}


def check_context(
    request: TenantRequest, engagement: Engagement, check: MaintenanceCheck, today: date, form: ResultForm
) -> dict[str, Any]:
    """A check with its figures, the form of its result, and what happened to it."""
    context = base(request, engagement, "maintenance/") | rights(request, engagement)
    found = found_shown(request, check.found) if check.found and context["may_see_figures"] else None
    lines = Activity.objects.filter(engagement=engagement, path=f"maintenance/{check.pk}/").order_by("-pk")
    return context | {
        "check": check,
        "today": today,
        "mark": check_row(check, today)["mark"],
        "cadence": CADENCE_WORDS[Cadence(check.cadence)],
        "owner": owner_of(engagement),
        "found": found,
        "is_ready": check.opens_on <= today,
        "form": form,
        "files": file_list(engagement, "maintenance", reader_of(request)).get(check.pk, []),
        "history": lines[:SHOWN],
    }


def found_shown(request: TenantRequest, found: dict[str, Any]) -> dict[str, Any]:
    """What was computed, with amounts as numbers and the addresses of where the figures come from."""
    figures = [row | {"amount": Decimal(row["value"]) if row["currency"] else None} for row in found["figures"]]
    links = [
        {"label": link["label"], "url": link_url(request, link)}
        for link in found["links"]
        if link["url_name"] in PAGE_OF_LINK
    ]
    return found | {"figures": figures, "links": links, "mark": FOUND_MARKS[found["state"]]}


def link_url(request: TenantRequest, link: dict[str, str]) -> str:
    """The address of a page that figures come from."""
    query = dict(part.split("=", 1) for part in link["query"].split("&") if "=" in part)
    url = reverse(link["url_name"], kwargs={"client_slug": request.client.slug})
    return f"{url}?{urlencode(query)}" if query else url
