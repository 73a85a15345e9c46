"""What changes, disputes, audits, monitors and metrics need of the reader, counted as their pages count: one query for each."""

import datetime as dt
from typing import Any

from django.urls import reverse

from governance.models import ChangeRequest, ChangeState
from governance.selectors.changes import changes_of_nobody, changes_to_schedule
from governance.selectors.duties import metrics_of_nobody
from governance.selectors.figure_disputes import disputes_of
from governance.selectors.quarter_audits import follow_ups_open
from metrics.selectors.quality import late_of, monitors_of_nobody
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
        needs += [*change_needs(slug), *schedule_needs(slug, user)]
    if standing.may(permissions.VIEW_ARR):
        needs += dispute_needs(slug, user, may_take=standing.may(permissions.RESOLVE_DISPUTES))
    if standing.may(permissions.VIEW_AUDITS):
        needs += follow_up_needs(slug, user, today, may_take=standing.may(permissions.RUN_AUDITS))
    if standing.may(permissions.VIEW_DATA):
        may_take = standing.may(permissions.RECONCILE)
        needs += finding_needs(slug, user, today, may_take=may_take)
        needs += unowned_monitor_needs(slug) if may_take else []
    if standing.may(permissions.MANAGE_METRICS):
        needs += unowned_metric_needs(slug)
    return needs


def change_needs(slug: str) -> list[Need]:
    """Requests that nobody has triaged, and those in hand that nobody takes care of any more; not those to be scheduled."""
    rows = changes_of_nobody()
    unowned = [row for row in rows if row.state not in (ChangeState.SUBMITTED, ChangeState.APPROVED)][:SHOWN]
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


def schedule_needs(slug: str, user: Any) -> list[Need]:
    """Approved requests that are not scheduled: those of the reader, and those that nobody takes care of."""
    needs = []
    for change in changes_to_schedule(user)[:SHOWN]:
        url = reverse("change", kwargs={"client_slug": slug, "number": change.number})
        whose = "" if change.owner_id else " Nobody takes care of it."
        text = f"It is approved, and takes effect only once it is scheduled.{whose}"
        needs.append(Need(f"{change} {change.title}", text, f"{url}#effect", "Schedule it"))
    return needs


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


def finding_needs(slug: str, user: Any, today: dt.date, *, may_take: bool) -> list[Need]:
    """Findings past their deadline of monitors that the reader owns, and for whoever may take one over of those of nobody."""
    needs = []
    for monitor in late_of(user, today, or_nobodys=may_take):
        count: int = monitor.late  # type: ignore[attr-defined]
        url = reverse("data_monitor", kwargs={"client_slug": slug, "code": monitor.code})
        whose = "" if monitor.owner_id else " Nobody owns the monitor: take it over."
        text = f"{count} open {'finding is' if count == 1 else 'findings are'} past the deadline.{whose}"
        needs.append(Need(str(monitor), text, url, "See them", "refused"))
    return needs


def unowned_monitor_needs(slug: str) -> list[Need]:
    """That monitors have no owner, in one row."""
    count = monitors_of_nobody()
    if not count:
        return []
    title = "1 monitor has no owner" if count == 1 else f"{count} monitors have no owner"
    url = reverse("data_monitors", kwargs={"client_slug": slug})
    return [Need(title, "Nobody settles what they find within the deadline: say who does.", url, "Name owners")]


def unowned_metric_needs(slug: str) -> list[Need]:
    """That metrics in use have no owner, in one row."""
    count = metrics_of_nobody()
    if not count:
        return []
    title = "1 metric in use has no owner" if count == 1 else f"{count} metrics in use have no owner"
    url = f"{reverse('metrics', kwargs={'client_slug': slug})}?status=active&owner=nobody"
    return [
        Need(
            title,
            "Nobody answers for what is measured: say who does.",
            url,
            "Name owners",
        )
    ]
