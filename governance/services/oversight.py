"""What is looked at every day: audits that are due or wait, follow-ups that are late, disputes that nobody settles, metrics
beyond their alert threshold.

`oversight_look(client=, now=) -> int` runs in the client's scope, at-least-once: each thing is told once a week to each person
(a metric once for each month), by the key of its notice.
"""

import datetime as dt
from typing import Any, Final

from django.urls import reverse

from governance.models import (
    AuditFollowUp,
    AuditState,
    DisputeState,
    FigureDispute,
    QuarterAudit,
)
from governance.selectors.quarter_audits import AuditView, audit_views, quarter_to_audit
from governance.services.evidence import evidence_tidy
from governance.services.figure_disputes import called, settlers
from governance.services.leaving import gone_hand_over
from governance.services.metric_alerts import alerts_tell
from governance.services.quarter_audits import audit_path
from portal.lib.dates import quarter_text
from portal.notices.audience import members_in, own_people_who, people_who
from portal.notices.kinds import Kind
from portal.notices.services.days import next_morning
from portal.notices.services.raising import notice_add
from portal.tenancy.clock import day_at
from portal.tenancy.dispatch import next_run
from portal.tenancy.models import Client, ClientRole
from portal.tenancy.permissions import RUN_AUDITS, VIEW_ARR, VIEW_CLIENT

DUE_COLUMN: Final = "next_oversight_at"
SOON: Final = dt.timedelta(days=3)  # in which somebody should have settled a dispute, or taken it


def oversight_look(*, client: Client, now: dt.datetime) -> int:
    """Tell whom it concerns what is due or late; gives how many things were told. Sets the next morning."""
    today = day_at(client, now)
    week = f"{today.isocalendar().year}-{today.isocalendar().week}"
    gone_hand_over(client)
    told = audit_due(client, now, week) + audits_waiting(client, today, week) + follow_ups_late(client, today, week)
    told += disputes_waiting(client, now, week) + alerts_tell(client=client)
    evidence_tidy(client=client, now=now)
    next_run(client=client, column=DUE_COLUMN, at=next_morning(client.time_zone, now))
    return told


def audit_due(client: Client, now: dt.datetime, week: str) -> int:
    """The audit of a quarter that is closed and was not drawn: Finance and RevOps are told."""
    period = quarter_to_audit(client, now)
    if period is None:
        return 0
    path = reverse("quarter_audits", kwargs={"client_slug": client.slug})
    text = f"The books of {quarter_text(period.key)} are closed: its audit is due. Draw a sample of its contracts"
    people = members_in(ClientRole.FINANCE, ClientRole.REVOPS)
    return tell(client, people, text, path, f"audit due {period.key} {week}", f"audit {period.key}")


def audits_waiting(client: Client, today: dt.date, week: str) -> int:
    """Audits that are drawn and not signed: the auditor hears of it, or whoever runs audits once they left; Finance once it can
    sign, past the due day the client's admins too.
    """
    told = 0
    here = people_who(client, VIEW_CLIENT)
    found_open = list(QuarterAudit.objects.filter(state=AuditState.OPEN).select_related("auditor").defer("population"))
    for found, view in zip(found_open, audit_views(found_open), strict=True):
        is_late = found.due_on < today
        when = f"was due on {found.due_on}" if is_late else f"is due on {found.due_on}"
        what, people = waits_for(view), [found.auditor] if found.auditor in here else own_people_who(client, RUN_AUDITS)
        people += members_in(ClientRole.FINANCE) if view.is_complete else []
        people += members_in(ClientRole.ADMIN) if is_late else []
        text = f"The audit of {quarter_text(found.quarter)} {when}: {what}"
        path = audit_path(client, found.quarter)
        told += tell(client, people, text, path, f"audit waits {found.quarter} {week}", f"audit {found.quarter}")
    return told


def waits_for(view: AuditView) -> str:
    """What is between an audit and its signature."""
    if view.is_complete:
        return "it waits for Finance's signature"
    if view.is_checked:
        return "nobody looks into what its differences have in common, and Finance cannot sign before"
    return f"{len(view.contracts) - view.checked} of {len(view.contracts)} contracts are not checked"


def follow_ups_late(client: Client, today: dt.date, week: str) -> int:
    """Follow-ups that are due: their owner hears of it, once they are late whoever raised them too; of those that are nobody's
    whoever runs audits.
    """
    told = 0
    late = AuditFollowUp.objects.filter(done_at=None, due_on__lte=today)
    for row in late.select_related("audit", "owner", "raised_by").defer("audit__population"):
        people = [row.owner] if row.owner else own_people_who(client, RUN_AUDITS)
        people += [row.raised_by] if row.due_on < today else []
        text = f"Due on {row.due_on}, of the audit of {quarter_text(row.audit.quarter)}: {row.text}"
        path = audit_path(client, row.audit.quarter)
        told += tell(client, people, text, path, f"follow-up {row.pk} {week}", f"audit {row.audit.quarter}")
    return told


def disputes_waiting(client: Client, now: dt.datetime, week: str) -> int:
    """Disputes that wait: Finance and RevOps hear, unless somebody looks into it who may see the figure still."""
    told, sees_figures = 0, {user.pk for user in people_who(client, VIEW_ARR)}
    waiting = FigureDispute.objects.filter(state__in=[DisputeState.RAISED, DisputeState.INVESTIGATING])
    for row in waiting.filter(raised_at__lt=now - SOON).select_related("owner", "metric"):
        is_taken = row.owner_id in sees_figures
        people = [row.owner] if is_taken else settlers(client)
        waits = "is not settled yet" if is_taken else "waits for somebody to look into it"
        path = reverse("dispute", kwargs={"client_slug": client.slug, "number": row.number})
        text = f"{row} {waits}: {called(row)}"
        told += tell(
            client, people, text, path, f"dispute waits {row.pk} {week}", f"dispute {row.number}", Kind.DISPUTE
        )
    return told


def tell(client: Client, people: list[Any], text: str, path: str, key: str, about: str, kind: str = Kind.AUDIT) -> int:
    """One notice to each of them, once for each key."""
    return notice_add(client=client, users=people, kind=kind, text=text, path=path, about=about[:60], key=key[:120])
