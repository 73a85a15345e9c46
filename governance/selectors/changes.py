"""Reading change requests. Runs in the client's scope.

`change_list(reader, …) -> list[ChangeRequest]` · `change_get(number, reader) -> ChangeRequest | None` ·
`change_events(request)` · `change_followers(request)` · `held_now(client) -> Held` · `quota_rules() -> dict`
"""

from typing import Any, Final

from django.db.models import Q

from governance.change_content import Held
from governance.models import ChangeEvent, ChangeKind, ChangeRequest, ChangeState, Metric
from governance.selectors.registry import Registry, registry_get
from metrics.selectors.policies import policy_in_force
from portal.tenancy.clock import day_now
from portal.tenancy.models import Client

IN_FORCE: Final = (ChangeState.EFFECTIVE, ChangeState.COMMUNICATED, ChangeState.CLOSED)
APPROVED: Final = (ChangeState.APPROVED, ChangeState.SCHEDULED, *IN_FORCE)
DECIDED: Final = (*APPROVED, ChangeState.REJECTED, ChangeState.WITHDRAWN)
OPEN: Final = (
    ChangeState.SUBMITTED, ChangeState.TRIAGE, ChangeState.IMPACT, ChangeState.REVIEW, ChangeState.NEEDS_CHANGES,
    ChangeState.APPROVED, ChangeState.SCHEDULED,
)  # fmt: skip

IN_HAND: Final = (
    ChangeState.TRIAGE, ChangeState.IMPACT, ChangeState.REVIEW, ChangeState.NEEDS_CHANGES, ChangeState.APPROVED,
    ChangeState.SCHEDULED, ChangeState.EFFECTIVE, ChangeState.COMMUNICATED,
)  # fmt: skip
"""From when on somebody takes care of a request, until it is over."""


def seen_by(reader: Any) -> Q:
    """What a person may know of: a request is its author's alone until it is submitted, also where it never is."""
    never_submitted = Q(state__in=(ChangeState.DRAFT, ChangeState.WITHDRAWN), submitted_at__isnull=True)
    return ~never_submitted | Q(requested_by=reader)


def change_list(
    reader: Any, *, state: str = "", kind: str = "", mine: Any = None, search: str = ""
) -> list[ChangeRequest]:
    """Requests that the reader may know of, by filter, the newest first."""
    found = ChangeRequest.objects.filter(seen_by(reader)).select_related("requested_by", "owner", "preview", "metric")
    found = found.defer("preview__result")  # the whole impact: only its page reads it
    if state in ChangeState.values:
        found = found.filter(state=state)
    if kind in ChangeKind.values:
        found = found.filter(kind=kind)
    if mine is not None:
        found = found.filter(Q(requested_by=mine) | Q(owner=mine))
    for word in search[:80].split():
        number = word.upper().removeprefix("CR-")
        by_number = Q(number=int(number)) if number.isascii() and number.isdigit() and len(number) < 8 else Q()
        found = found.filter(Q(title__icontains=word) | Q(rationale__icontains=word) | by_number)
    return list(found.order_by("-number"))


def changes_named(reader: Any, text: str, most: int) -> list[ChangeRequest]:
    """Requests that the reader may know of by their number, as CR-6, or by their title; the newest first."""
    number = text.upper().removeprefix("CR-").removeprefix("CR ")
    wanted = Q(title__icontains=text)
    if number.isascii() and number.isdigit() and len(number) < 8:
        wanted |= Q(number=int(number))
    rows = ChangeRequest.objects.filter(seen_by(reader)).filter(wanted)
    return list(rows.only("number", "title").order_by("-number")[:most])


def change_get(number: int, reader: Any = None) -> ChangeRequest | None:
    """The request of that number, where the reader may know of it; a job, which is nobody, reads all."""
    found: ChangeRequest | None = (
        ChangeRequest.objects.select_related("client", "metric", "preview", "requested_by", "edited_by", "owner")
        .filter(Q() if reader is None else seen_by(reader), number=number)
        .first()
    )
    return found


def changes_of_nobody() -> list[ChangeRequest]:
    """Requests that were submitted and that nobody has triaged, and those in hand that nobody takes care of any more, the
    oldest first.
    """
    waits = Q(state=ChangeState.SUBMITTED) | Q(state__in=IN_HAND, owner=None)
    return list(ChangeRequest.objects.filter(waits).order_by("submitted_at", "id"))


def changes_to_schedule(user: Any) -> list[ChangeRequest]:
    """Requests that are approved and not scheduled yet, of which somebody takes care or nobody does, the oldest first."""
    rows = ChangeRequest.objects.filter(Q(owner=user) | Q(owner=None), state=ChangeState.APPROVED)
    return list(rows.order_by("decided_at", "id"))


def change_events(request: ChangeRequest) -> list[ChangeEvent]:
    """Everything that happened to a request, the oldest first."""
    return list(ChangeEvent.objects.filter(request=request).select_related("by").order_by("id"))


def changes_of(metric: Metric) -> list[ChangeRequest]:
    """Requests about a metric that were submitted, the newest first."""
    hidden = (ChangeState.DRAFT, ChangeState.WITHDRAWN)
    found = ChangeRequest.objects.filter(metric=metric).exclude(state__in=hidden).select_related("requested_by")
    return list(found.order_by("-number"))


def change_followers(request: ChangeRequest) -> list[Any]:
    """Whoever hears of every step of a request: who asked, who wrote it last, who takes care of it, and who joined."""
    joined = ChangeEvent.objects.filter(request=request, step="join").select_related("by")
    people = [request.requested_by, request.edited_by, request.owner, *(event.by for event in joined)]
    return [person for person in people if person is not None]


def quota_rules() -> dict[str, dict[str, Any]]:
    """The quota rules that were made effective, by key: the newest of each."""
    rows = ChangeRequest.objects.filter(kind=ChangeKind.QUOTA_RULE, state__in=IN_FORCE).order_by("effective_at", "id")
    return {row.content["key"]: row.content for row in rows}


def held_now(client: Client, registry: Registry | None = None) -> Held:
    """What holds now: the policy in force, the registry, and the quota rules."""
    return Held(policy_in_force(client), registry or registry_get(client), day_now(client), quota_rules())
