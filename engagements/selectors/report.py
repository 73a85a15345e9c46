"""The final status report: what was agreed, built, tested and taught, the figures, what is open and what follows.

`report_content(engagement, today, with_hours=) -> dict` makes it from the engagement's data, as plain JSON. It holds nothing
that the client may not read: no internal task, risk or note, and hours only where the firm says so.
"""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import Q, Sum

from engagements.models import (
    CheckIn,
    Component,
    Document,
    Engagement,
    FinalReport,
    Gate,
    GateDecision,
    MeetingItem,
    ProjectTest,
    ProjectTraining,
    Risk,
    Survey,
    Task,
    TimeEntry,
)
from engagements.selectors.closing import minutes_of
from engagements.selectors.health import hours_spent
from governance.selectors.signoff import SignoffView, signed_final
from metrics.selectors.closes import latest_closes
from metrics.selectors.policies import policy_in_force
from metrics.selectors.reconciliation_checks import month_closed_and_reconciled, variance_within_tolerance
from metrics.selectors.reported import headline_reported
from portal.lib.periods import last_day
from portal.tenancy.clock import day_at

SHOWN = 200
Content = dict[str, Any]


def report_content(engagement: Engagement, today: date, *, with_hours: bool) -> Content:
    """The whole report as it stands on a day."""
    content: Content = {
        "engagement": {
            "name": engagement.name, "client": engagement.client.name, "firm": engagement.client.firm.name,
            "kind": engagement.get_kind_display(), "playbook": engagement.playbook_name,
            "starts_on": engagement.starts_on.isoformat(), "as_of": today.isoformat(), "deliverable": engagement.deliverable,
            "success": engagement.success,
        },
        "agreed": agreed_part(engagement, signed_final()),
        "gates": gates_part(engagement),
        "built": built_part(engagement),
        "taught": taught_part(engagement),
        "figures": figures_part(engagement),
        "open": open_part(engagement),
        "follow_up": follow_up_part(engagement),
    }  # fmt: skip
    if with_hours:
        content["hours"] = hours_part(engagement)
    return content


def agreed_part(engagement: Engagement, found: SignoffView | None) -> Content:
    """Which version of the policy was signed, by whom and when."""
    if found is None:
        return {"missing": "No final policy was signed in the portal."}
    document = found.signoff.document
    signatures = [
        {"name": each.signer.user.get_full_name(), "function": each.signer.get_function_display(),
         "on": day_at(engagement.client, each.signature.signed_at).isoformat()}
        for each in found.signers
        if each.signature is not None
    ]  # fmt: skip
    return {
        "version": document.number, "sha256": document.sha256, "signatures": signatures, "lapsed": found.lapsed,
        "definitions": len(document.content["items"]),
    }  # fmt: skip


def gates_part(engagement: Engagement) -> list[Content]:
    """Each gate with the day of its last decision."""
    found = []
    for gate in Gate.objects.filter(engagement=engagement).select_related("phase").order_by("phase__position"):
        decision = GateDecision.objects.filter(gate=gate).exclude(kind="early").order_by("-pk").first()
        on = day_at(engagement.client, decision.at).isoformat() if decision else ""
        found.append({"name": gate.name, "phase": str(gate.phase), "state": gate.state, "on": on})
    return found


def built_part(engagement: Engagement) -> Content:
    """Components, tests and documents."""
    tests = ProjectTest.objects.filter(engagement=engagement)
    failed = tests.exclude(state="passed").values_list("text", flat=True)
    documents = Document.objects.filter(engagement=engagement, is_client_visible=True)
    return {
        "components": [
            {"name": row.name, "state": row.state}
            for row in Component.objects.filter(engagement=engagement).order_by("number")
        ],
        "tests": tests.count(),
        "passed": tests.filter(state="passed").count(),
        "not_passed": list(failed[:SHOWN]),
        "documents": documents.count(),
        "delivered": documents.filter(state__in=["approved", "delivered"]).count(),
    }


def taught_part(engagement: Engagement) -> list[Content]:
    """Each training, with the day on which it was held."""
    rows = ProjectTraining.objects.filter(engagement=engagement).order_by("position")
    return [
        {"name": row.name, "audience": row.audience, "held_on": row.held_on.isoformat() if row.held_on else "",
         "is_recorded": bool(row.recording)}
        for row in rows
    ]  # fmt: skip


def figures_part(engagement: Engagement) -> Content:
    """ARR of the newest closed month as it was reported, and how closely the sources agree; amounts as decimal text."""
    client = engagement.client
    closes = latest_closes(policy_in_force(client).recognition)
    if not closes:
        return {"missing": "No month is closed, so there is no reported figure."}
    close = closes[0]
    headline = headline_reported(client, month=close.month)
    if headline.arr.value is None:
        return {"missing": "The newest closed month has no value."}
    check = variance_within_tolerance(client, close.month)
    reconciled = month_closed_and_reconciled(client)
    return {
        "month_end": last_day(close.month).isoformat(),
        "revision": close.revision,
        "arr": text_of(headline.arr.value),
        "nrr": text_of(headline.nrr.value),
        "grr": text_of(headline.grr.value),
        "currency": client.currency,
        "policy": close.policy.number,
        "variance": text_of(check.variance),
        "tolerance": text_of(check.tolerance),
        "variance_sentence": check.sentence,
        "reconciled": reconciled.sentence,
    }


def text_of(value: Decimal | None) -> str | None:
    """A decimal as its text, for JSON."""
    return None if value is None else f"{value:f}"


def hours_part(engagement: Engagement) -> Content:
    """Planned and logged hours of the tasks that the client sees, and of the components."""
    tasks = Task.objects.filter(engagement=engagement, is_client_visible=True).exclude(state="dropped")
    components = Component.objects.filter(engagement=engagement)
    budgets = [rows.aggregate(Sum("hours_high"))["hours_high__sum"] for rows in (tasks, components)]
    planned = sum(known) if (known := [budget for budget in budgets if budget is not None]) else None
    booked = TimeEntry.objects.filter(Q(task__in=tasks) | Q(component__in=components))
    minutes = sum(booked.values_list("minutes", flat=True))
    return {"planned": text_of(planned), "logged": text_of((Decimal(minutes) / 60).quantize(Decimal("0.01")))}


def hours_inside(engagement: Engagement) -> Content:
    """Planned and logged hours of everything; the firm's alone, never in a report."""
    return {
        "budget": hours_spent(engagement).budget,
        "logged": (Decimal(minutes_of(engagement)) / 60).quantize(Decimal("0.01")),
    }


def open_part(engagement: Engagement) -> list[str]:
    """What is left: risks and issues, tasks and homework that the client sees."""
    risks = Risk.objects.filter(engagement=engagement, is_internal=False).exclude(state="closed")
    tasks = Task.objects.filter(engagement=engagement, is_client_visible=True).exclude(state__in=["done", "dropped"])
    homework = MeetingItem.objects.filter(engagement=engagement, kind="homework", done_at=None)
    said: Iterable[str] = [
        *(f"{row.get_kind_display()}: {row.title}" for row in risks),
        *(f"Task: {row.name}" for row in tasks.order_by("number")),
        *(f"Homework: {row.text}" for row in homework),
    ]
    return list(said)[:SHOWN]


def follow_up_part(engagement: Engagement) -> list[Content]:
    """Check-ins and surveys that are planned."""
    rows = CheckIn.objects.filter(engagement=engagement, state__in=["planned", "preparing"]).order_by("due_on")
    surveys = Survey.objects.filter(engagement=engagement, state="planned").order_by("send_on")
    return [{"what": str(row), "on": row.due_on.isoformat()} for row in rows] + [
        {"what": str(row), "on": row.send_on.isoformat()} for row in surveys
    ]


def report_get(engagement: Engagement) -> FinalReport | None:
    """The newest report that was kept; None before the first close."""
    found: FinalReport | None = FinalReport.objects.filter(engagement=engagement).order_by("-number").first()
    return found
