"""What changes, disputes, audits and monitors need of the reader, counted as their own pages count. One query for each."""

import datetime as dt
from typing import Any

from django.urls import reverse

from governance.models import ChangeRequest, ChangeState
from governance.selectors.changes import changes_of_nobody
from governance.selectors.figure_disputes import disputes_of
from governance.selectors.quarter_audits import follow_ups_open
from metrics.selectors.quality import late_of
from portal.lib.dates import quarter_text
from portal.lib.periods import month_format
from portal.tenancy import permissions
from portal.tenancy.access import Standing
from portal.tenancy.clock import day_now
from reporting.needs import SHOWN, Need


def oversight_needs(standing: Standing, user: Any) -> list[Need]:
    """Requests to triage, disputes to look into, follow-ups of audits, and findings that are past their deadline."""
    slug, today, needs = standing.client.slug, day_now(standing.client), list[Need]()
    if standing.may(permissions.TRIAGE_CHANGES):
        needs += change_needs(slug)
    if standing.may(permissions.VIEW_ARR):
        needs += dispute_needs(slug, user, may_take=standing.may(permissions.RESOLVE_DISPUTES))
    if standing.may(permissions.VIEW_AUDITS):
        needs += follow_up_needs(slug, user, today, may_take=standing.may(permissions.RUN_AUDITS))
    if standing.may(permissions.VIEW_DATA):
        needs += finding_needs(slug, user, today)
    return needs


def change_needs(slug: str) -> list[Need]:
    """Requests that nobody has triaged, and those in hand that nobody takes care of any more."""
    rows = changes_of_nobody()
    unowned = [row for row in rows if row.state != ChangeState.SUBMITTED][:SHOWN]
    triage = triage_needs(slug, [row for row in rows if row.state == ChangeState.SUBMITTED])
    return [*triage, *(unowned_need(slug, row) for row in unowned)]


def triage_needs(slug: str, waiting: list[ChangeRequest]) -> list[Need]:
    """Requests that nobody has triaged: the one that there is, or how many there are."""
    if not waiting:
        return []
    text = "Say who takes care of it, and how urgent it is."
    if len(waiting) == 1:
        (change,) = waiting
        url = reverse("change", kwargs={"client_slug": slug, "number": change.number})
        return [Need(f"{change} {change.title}", f"It waits for triage. {text}", url, "Triage")]
    url = f"{reverse('changes', kwargs={'client_slug': slug})}?state=submitted"
    return [Need(f"{len(waiting)} change requests wait for triage", text, url, "See them")]


def unowned_need(slug: str, change: ChangeRequest) -> Need:
    """A request in hand that nobody takes care of any more."""
    url = reverse("change", kwargs={"client_slug": slug, "number": change.number})
    return Need(f"{change} {change.title}", "Nobody takes care of it any more.", url, "Take it over", "refused")


def dispute_needs(slug: str, user: Any, *, may_take: bool) -> list[Need]:
    """Disputes that the reader looks into, and for whoever may take one over those that nobody looks into."""
    needs = []
    for dispute in disputes_of(user, or_nobodys=may_take)[:SHOWN]:
        url = reverse("dispute", kwargs={"client_slug": slug, "number": dispute.number})
        who = "you look into it" if dispute.owner else "nobody looks into it"
        text = f"A figure of {month_format(dispute.month)} is disputed, and {who}."
        needs.append(Need(str(dispute), text, url, "Look into it"))
    return needs


def follow_up_needs(slug: str, user: Any, today: dt.date, *, may_take: bool) -> list[Need]:
    """What audits asked the reader to do, and for whoever may take it over what nobody does since its owner left."""
    needs = []
    for row in follow_ups_open(owner=user, or_nobodys=may_take)[:SHOWN]:
        url = reverse("quarter_audit", kwargs={"client_slug": slug, "quarter": row.audit.quarter})
        is_late = row.due_on < today
        whose = "" if row.owner else " Nobody does it any more: take it over."
        text = f"{row.text.rstrip('.')}.{whose} {'It was due' if is_late else 'Due'} {row.due_on.isoformat()}."
        level = "refused" if is_late or not row.owner else "waiting"
        needs.append(Need(f"Audit of {quarter_text(row.audit.quarter)}", text, url, "See the audit", level))
    return needs


def finding_needs(slug: str, user: Any, today: dt.date) -> list[Need]:
    """Findings past their deadline of the monitors that the reader owns."""
    needs = []
    for monitor in late_of(user, today):
        count: int = monitor.late  # type: ignore[attr-defined]
        url = reverse("data_monitor", kwargs={"client_slug": slug, "code": monitor.code})
        text = f"{count} open {'finding is' if count == 1 else 'findings are'} past the deadline."
        needs.append(Need(str(monitor), text, url, "See them", "refused"))
    return needs
