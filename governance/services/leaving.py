"""What becomes of what somebody took care of, once they may not see to it any more: they left the client, have another role, or
their account was closed.

`duties_hand_over(client, person)` · `gone_hand_over(client)`

Both run in the client's scope. A dispute, a follow-up, a request, a metric is nobody's from then on: in its log, audited, and
told to whoever may take it over. An audit goes on with whoever checks its contracts, and a change in force waits for nobody who
is gone.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from django.contrib.auth import get_user_model
from django.urls import reverse

from governance.models import (
    AuditFollowUp,
    AuditState,
    ChangeReceipt,
    ChangeRequest,
    ChangeState,
    DisputeState,
    FigureDispute,
    Metric,
    MetricHappening,
    QuarterAudit,
)
from governance.selectors.change_effects import receipts_waiting
from governance.selectors.changes import IN_HAND
from governance.selectors.registry import registry_get
from governance.services.change_news import change_path
from governance.services.change_states import change_lock, change_move, event_keep, moved_record
from governance.services.figure_disputes import dispute_release
from governance.services.quarter_audits import audit_path, follow_up_release
from governance.services.registry import event_keep as metric_event_keep
from governance.services.registry import record as metric_record
from governance.services.registry import registry_lock
from portal.lib.dates import quarter_text
from portal.notices.audience import own_people_who, people_who
from portal.notices.kinds import Kind
from portal.notices.services.raising import notice_add
from portal.tenancy.models import Client, Membership
from portal.tenancy.permissions import (
    MANAGE_METRICS,
    REQUEST_CHANGES,
    RUN_AUDITS,
    TRIAGE_CHANGES,
    VIEW_ARR,
    VIEW_CHANGES,
    VIEW_CLIENT,
)

NAMED: Final = 5


@dataclass(frozen=True)
class Leaver:
    """Somebody who may do less at a client than they did."""

    client: Client
    person: Any

    def may(self, permission: str) -> bool:
        """Whether they may still do it here."""
        return self.person in people_who(self.client, permission)

    @property
    def why(self) -> str:
        """Who it is, and what happened, in words that "and" follows."""
        return f"{self.person.get_full_name()} {'has another role' if self.may(VIEW_CLIENT) else 'left'}"


def duties_hand_over(client: Client, person: Any) -> None:
    """Let everything that somebody may not see to any more be taken over by others."""
    leaver = Leaver(client, person)
    metrics_leave(leaver)
    changes_leave(leaver)
    receipts_leave(leaver)
    disputes_leave(leaver)
    audits_leave(leaver)


def gone_hand_over(client: Client) -> None:
    """The same for everybody who is named as an owner and is not here any more, however they went."""
    owners = {
        *Metric.objects.exclude(owner=None).values_list("owner", flat=True),
        *ChangeRequest.objects.filter(state__in=IN_HAND).exclude(owner=None).values_list("owner", flat=True),
        *FigureDispute.objects.filter(state=DisputeState.INVESTIGATING)
        .exclude(owner=None).values_list("owner", flat=True),
        *AuditFollowUp.objects.filter(done_at=None).exclude(owner=None).values_list("owner", flat=True),
    }  # fmt: skip
    gone = owners - {user.pk for user in people_who(client, VIEW_CLIENT)}
    for person in get_user_model().objects.filter(pk__in=gone).order_by("pk"):
        duties_hand_over(client, person)


def metrics_leave(leaver: Leaver) -> None:
    """Whoever is none of the client's people any more answers for no metric."""
    if Membership.objects.filter(user=leaver.person, user__is_active=True).exists():
        return
    registry_lock(leaver.client)
    left = list(Metric.objects.filter(owner=leaver.person))
    for metric in left:
        metric.owner = None
        metric.version += 1
        metric.save(update_fields=["owner", "version", "updated_at"])
        name, email = leaver.person.get_full_name(), leaver.person.email
        metric_event_keep(metric, MetricHappening.OWNER, f"Owner: {name} → nobody; they left.")
        metric_record(metric, "metric.owner_changed", {"owner": email}, {"owner": ""}, {"owner": [email, ""]})
    if left:
        metrics_tell(leaver, left)


def metrics_tell(leaver: Leaver, left: list[Metric]) -> None:
    """One notice of all metrics that nobody answers for now, to whoever names owners."""
    client, entries = leaver.client, registry_get(leaver.client).entries
    names = [entries[metric.key].name for metric in left]
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    path = reverse("metrics", kwargs={"client_slug": client.slug})
    if len(left) == 1:
        path = reverse("metric", kwargs={"client_slug": client.slug, "key": left[0].key})
    notice_add(
        client=client, users=own_people_who(client, MANAGE_METRICS), kind=Kind.CHANGE_WAITS, path=path,
        text=f"{leaver.why}, and nobody answers any more for {', '.join(names[:NAMED])}{more}: name an owner",
    )  # fmt: skip


def changes_leave(leaver: Leaver) -> None:
    """Whoever may not triage takes care of no request; what was sent back to somebody who may not write it waits for others."""
    if not leaver.may(TRIAGE_CHANGES):
        for request in ChangeRequest.objects.filter(owner=leaver.person, state__in=IN_HAND).order_by("number"):
            locked = change_lock(request)
            locked.owner = None
            locked.version += 1
            locked.save(update_fields=["owner", "version", "updated_at"])
            kept(leaver, locked, "and takes care of it no more.", "Say who does")
    if not leaver.may(REQUEST_CHANGES):
        sent_back = ChangeRequest.objects.filter(requested_by=leaver.person, state=ChangeState.NEEDS_CHANGES)
        for request in sent_back.order_by("number"):
            kept(leaver, change_lock(request), "and changes it no more.", "Change it yourself, or withdraw it")


def kept(leaver: Leaver, request: ChangeRequest, words: str, ask: str) -> None:
    """A line in the log of a request, its audit entry, and a notice to whoever takes requests in hand."""
    said = f"{leaver.why} {words}"
    event_keep(request, "owner", request.state, said, None)
    moved_record(request, "owner", request.state, said)
    notice_add(
        client=leaver.client, users=own_people_who(leaver.client, TRIAGE_CHANGES), kind=Kind.CHANGE_WAITS,
        text=f"{request} “{request.title}”: {said} {ask}", path=change_path(leaver.client, request.number),
        about=f"change {request.number}",
    )  # fmt: skip


def receipts_leave(leaver: Leaver) -> None:
    """A change in force waits for nobody who cannot read of it; where nobody else is waited for, it is closed."""
    if leaver.may(VIEW_CHANGES):
        return
    unread = ChangeReceipt.objects.filter(user=leaver.person, read_at=None).values("request")
    for request in ChangeRequest.objects.filter(pk__in=unread, state=ChangeState.COMMUNICATED).order_by("number"):
        if not receipts_waiting(change_lock(request)):
            reason = f"Everybody who has to know has read it, and {leaver.why}"
            change_move(request=request, step="close", user=None, reason=reason)


def disputes_leave(leaver: Leaver) -> None:
    """Whoever may not see figures looks into no dispute: it waits again for somebody who does."""
    if leaver.may(VIEW_ARR):
        return
    for dispute in FigureDispute.objects.filter(owner=leaver.person, state=DisputeState.INVESTIGATING):
        dispute_release(client=leaver.client, dispute=dispute, why=leaver.why)


def audits_leave(leaver: Leaver) -> None:
    """Follow-ups of somebody who left are nobody's; an open audit that they drew goes on, and others are told."""
    client = leaver.client
    if leaver.may(VIEW_CLIENT):
        return
    for row in AuditFollowUp.objects.filter(owner=leaver.person, done_at=None):
        follow_up_release(client=client, follow_up=row, why=leaver.why)
    drawn = QuarterAudit.objects.filter(auditor=leaver.person, state=AuditState.OPEN).defer("population")
    for found in drawn:
        audit_tell(client, found, leaver.why, own_people_who(client, RUN_AUDITS))


def audit_tell(client: Client, found: QuarterAudit, why: str, people: Iterable[Any]) -> None:
    """That an audit has to go on without whoever drew it, once."""
    notice_add(
        client=client, users=people, kind=Kind.AUDIT, path=audit_path(client, found.quarter),
        about=f"audit {found.quarter}", key=f"audit without auditor {found.pk}",
        text=f"{why}, and had drawn the audit of {quarter_text(found.quarter)}: somebody else goes on with it",
    )  # fmt: skip
