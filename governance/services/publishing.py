"""Making a signed document the engine's policy.

`signed_publish(client=, signoff=, from_month=, mode=, reason=, user=, now=) -> Publication` ·
`publications_finish(client=, now=) -> list[Publication]`

The first signed document is the project's own. From then on, and from the first request that put a policy into force, where
there is a review board, requests alone move the policy: a later document is published where it says what is in force. What
quotas or pay are set by is moved from a next period on, or with the signatures of Sales and Finance.

Prospective: the months before stay as they were closed, so all of them must be. Restating: closed months from the stated one
on are closed again under the signed policy, with the reason; what was reported stays beside.
"""

import datetime as dt
from typing import Any

from governance.models import PolicyDocument, Publication, PublicationMode, PublicationState, Signoff
from governance.selectors.documents import document_policy
from governance.selectors.pay import signed_pay
from governance.selectors.signoff import board_has_policy, moves_policy, view_of
from governance.services.news import DUE
from governance.services.problems import DefinitionError
from governance.services.signoff import changed_items, signoff_lock
from governance.services.signoff_states import TransitionError, next_state
from metrics.engine.policy import PolicyError
from metrics.selectors.books import book_head
from metrics.selectors.closes import latest_closes
from metrics.services.book_checks import books_refresh
from metrics.services.closes import CloseError, NothingToRestateError, month_restate
from metrics.services.policies import policy_publish
from portal.lib.dates import month_text
from portal.lib.periods import month_format, month_of
from portal.tenancy import audit
from portal.tenancy.clock import database_time, day_at
from portal.tenancy.dispatch import earlier_run
from portal.tenancy.jobs import enqueue
from portal.tenancy.models import Client
from portal.tenancy.scope import tenant_context

FINISH_JOB = "governance.tasks.publications"


def signed_publish(
    *, client: Client, signoff: Signoff, from_month: int, mode: str, user: Any, now: dt.datetime, reason: str = ""
) -> Publication:
    """Make what was signed the policy in force. Restatements follow in the background, once the numbers are recomputed.

    TransitionError unless it is signed and not yet published; DefinitionError where a signature has lapsed, months are in the
    way, or the engine refuses the parameters.
    """
    signoff = signoff_lock(signoff)
    next_state(signoff.state, "publish")
    if Publication.objects.filter(signoff=signoff).exists():
        raise TransitionError("this version is the policy already: nothing was changed")
    if lapsed := view_of(signoff).lapsed or changed_items(signoff.document):
        raise DefinitionError(f"signatures have lapsed, because these changed: {', '.join(lapsed)}")
    if mode not in PublicationMode.values:
        raise DefinitionError(f"'{mode}' is no way to publish")
    if mode == PublicationMode.RESTATING and not reason.strip():
        raise DefinitionError("a restatement needs a reason")
    require_begun(client, from_month, now)
    require_months(client, from_month, mode)
    document = signoff.document
    require_decided(client, document, mode)
    require_pay(client, signoff, from_month, mode)
    try:
        version = policy_publish(
            client=client, parameters=document_policy(document).to_dict(), user=user, is_signed=True,
            note=f"Policy document {document}, signed; {mode} from {month_text(from_month)}",
        )  # fmt: skip
    except PolicyError as error:
        raise DefinitionError("; ".join(error.faults)) from error
    restating = mode == PublicationMode.RESTATING
    publication: Publication = Publication.objects.create(
        signoff=signoff, policy_version=version, mode=mode, from_month=from_month, reason=reason.strip(),
        state=PublicationState.WORKING if restating else PublicationState.DONE, published_by=user,
        published_at=database_time(),
    )  # fmt: skip
    audit.record(
        "document.published", object_type="policy document", object_id=document.number, after=document.sha256,
        details={"document": document.number, "policy": version.number, "mode": mode,
                 "from": month_format(from_month), "reason": reason.strip()},
    )  # fmt: skip
    if restating:
        earlier_run(client=client, column=DUE, at=now)
        enqueue(FINISH_JOB, client)
    return publication


def require_decided(client: Client, document: PolicyDocument, mode: str) -> None:
    """DefinitionError where the board decides on what a signed document would move: its signatures come under what is decided.

    Else they would be a second way past its votes, the preview, and the rule for quotas and pay.
    """
    if not board_has_policy():
        return
    if moves_policy(client, document):
        raise DefinitionError(
            "the review board decides on this policy: ask for a change; once it is in force, what was signed can be published"
        )
    if mode == PublicationMode.RESTATING:
        raise DefinitionError("the review board decides whether closed months are restated: ask for a restating change")


def require_pay(client: Client, signoff: Signoff, from_month: int, mode: str) -> None:
    """DefinitionError where what people are paid by would be another under their feet: with a board or without one.

    As with a request: a next period begins with it, or Sales and Finance both signed.
    """
    pay = signed_pay(client, signoff, moves=moves_policy(client, signoff.document))
    closed, is_restating = closed_months(), mode == PublicationMode.RESTATING
    if pay is not None and not pay.allows(from_month, max(closed, default=None), is_restating=is_restating):
        raise DefinitionError(pay.sentence)


def require_begun(client: Client, from_month: int, now: dt.datetime) -> None:
    """DefinitionError of a month that has not begun: what is published is in force at once, in the months before it too."""
    if from_month > month_of(day_at(client, now)) and book_head(client).has_numbers:
        month, before = month_format(from_month), month_format(from_month - 1)
        raise DefinitionError(
            f"{month} has not begun, and a version that is published is in force at once, in every month that is still open: "
            f"publish it once {before} is closed, or ask for a change, which waits for its month"
        )


def closed_months() -> list[int]:
    """Every closed month, in order."""
    return sorted({close.month for close in latest_closes()})


def require_months(client: Client, from_month: int, mode: str) -> None:
    """DefinitionError unless a policy may hold from that month.

    Months before the first close were never reported, so that nothing restates them: they keep the policy of that close.
    """
    closed, head = closed_months(), book_head(client)
    if mode == PublicationMode.PROSPECTIVE and closed and from_month <= closed[-1]:
        raise DefinitionError(
            f"{month_format(closed[-1])} and earlier months are closed: begin with {month_format(closed[-1] + 1)}, or restate"
        )
    if mode == PublicationMode.RESTATING and closed and from_month < closed[0]:
        raise DefinitionError(
            f"{month_format(from_month)} was never closed: months before {month_format(closed[0])} keep the definition that"
            f" it was first closed under, so begin with {month_format(closed[0])}"
        )
    if head.first_month is None or head.last_month is None:
        return
    start = closed[0] if closed else head.first_month
    # a month that is over and that the book does not have yet is open too: it would be computed under this policy
    still_open = [month for month in range(start, from_month) if month not in closed]
    if still_open:
        named = ", ".join(month_format(month) for month in still_open[:12])
        more = f" and {len(still_open) - 12} more" if len(still_open) > 12 else ""
        raise DefinitionError(
            f"months before {month_format(from_month)} are still open, close them first: {named}{more}"
        )


def publications_finish(*, client: Client, now: dt.datetime) -> list[Publication]:
    """Carry out what was published and waits for its restatements: each publication whole, or not at all.

    At-least-once and idempotent. Opens the client's scope itself, so that a failure is kept where its work is not.
    """
    with tenant_context(client):
        waiting = list(Publication.objects.filter(state=PublicationState.WORKING).order_by("id"))
    for publication in waiting:
        try:
            with tenant_context(client):
                restate(client, publication, now)
        except CloseError as error:
            with tenant_context(client):
                finish(publication, PublicationState.FAILED, [], str(error))
    return waiting


def restate(client: Client, publication: Publication, now: dt.datetime) -> None:
    """Close the closed months again under the policy in force, in their order."""
    locked = Publication.objects.select_for_update().get(pk=publication.pk)
    if locked.state != PublicationState.WORKING:
        return
    books_refresh(client=client, now=now)
    restated = []
    for month in [month for month in closed_months() if month >= publication.from_month]:
        try:
            month_restate(
                client=client, month=month, reason=publication.reason, user=publication.published_by, redefines=True
            )
            restated.append(month)
        except NothingToRestateError:
            continue
    finish(publication, PublicationState.DONE, restated, "")


def finish(publication: Publication, state: str, restated: list[int], message: str) -> None:
    """Keep how a publication ended, with its audit entry."""
    publication.state, publication.restated_months, publication.message = state, restated, message
    publication.save(update_fields=["state", "restated_months", "message"])
    audit.record(
        "document.restatements", object_type="policy document", object_id=publication.pk, after=restated,
        details={"state": state, "months": [month_format(month) for month in restated], "message": message},
    )  # fmt: skip
