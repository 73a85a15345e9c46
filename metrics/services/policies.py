"""Publishing versions of a client's ARR policy.

`policy_publish(client=, parameters=, note=, user=) -> PolicyVersion`

A policy that people have signed changes through its definitions, a document and their signatures, or through a change request
whose approvals are bound to exactly these parameters (`is_signed`; whoever says so has looked). Past them only an emergency
leads, with its reason: it stands in the audit log as that, and the client's Finance and RevOps are mailed at once. Where a
review board decides on the policy in force, nobody publishes another by hand (`is_by_hand`), but for such an emergency. No
emergency moves what quotas or pay are set by: that takes a change request, and within a period the yes of Sales and Finance.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from django.db import transaction
from django.urls import reverse

from metrics.engine.policy import Policy, PolicyError
from metrics.models import FxRate, MonthClose, PolicyVersion
from metrics.selectors.policies import policy_latest
from metrics.services.books import books_hold, books_outdate
from metrics.services.policy_versions import version_store
from portal.notices.audience import members_in
from portal.notices.kinds import Kind
from portal.notices.services.raising import notice_add
from portal.tenancy import audit
from portal.tenancy.models import Client, ClientRole
from portal.tenancy.services import client_update
from portal.webhooks.services.emitting import webhook_emit

# Who signed the client's policy, in words, or nothing; named at start-up by the app that keeps the signatures.
SIGNED_BY: Final[list[Callable[[], str]]] = []
# Whether a review board decides on the client's policy; named likewise.
BOARD_DECIDES: Final[list[Callable[[], bool]]] = []
# Why no emergency publishes another policy, because of what people are paid by; named likewise.
PAY_FAULTS: Final[list[Callable[[Client], str]]] = []


class PolicyOutdated(PolicyError):
    """Another version is in force than the one that was looked at."""


class PolicySigned(PolicyError):
    """The policy is signed: it changes through definitions, a document and its sign-off."""


class PolicyOfBoard(PolicySigned):
    """The review board decides on the policy: it changes through a change request."""


class PolicyOfPay(PolicySigned):
    """Quotas or pay are set by what another policy would move: no emergency publishes it."""


def board_decides() -> bool:
    """Whether the client in scope has a review board, and a policy in force on which it decides; the first needs no vote."""
    newest = policy_latest()
    return newest is not None and newest.number > 0 and any(ask() for ask in BOARD_DECIDES)


def signed_by() -> str:
    """Who signed the policy of the client in scope, in words; empty where nobody did."""
    return next((words for ask in SIGNED_BY if (words := ask())), "")


def pay_fault(client: Client) -> str:
    """Why no emergency publishes another policy of the client in scope; empty where nobody has anything against it."""
    return next((fault for ask in PAY_FAULTS if (fault := ask(client))), "")


@transaction.atomic
def policy_publish(
    *,
    client: Client,
    parameters: Mapping[str, Any],
    note: str = "",
    user: Any = None,
    based_on: int | None = None,
    is_signed: bool = False,
    is_by_hand: bool = False,
    emergency: str = "",
) -> PolicyVersion:
    """Make a new version of the policy, in force at once; the books are recomputed after the commit.

    Publishing what is in force already makes no version. Raises PolicyError with every fault of the parameters, and where
    another version than `based_on`, the one that was looked at, is in force; PolicySigned where people have signed the policy,
    unless this is what they signed, or an `emergency` with its reason; PolicyOfBoard likewise, where the review board decides
    and somebody publishes by hand; PolicyOfPay where an emergency would move what people are paid by. Then nothing is changed.
    """
    policy = Policy.from_dict(parameters)
    books_hold(client=client)
    is_boards, signatures = is_by_hand and board_decides(), "" if is_signed else signed_by()
    if not emergency.strip():
        require_open(signatures, is_boards)
    client.refresh_from_db(fields=["currency"])  # another publication may have changed it while this one waited
    newest = policy_latest()
    if based_on is not None and based_on != (newest.number if newest else 0):
        raise PolicyOutdated(["another version was published meanwhile: look at it first, then change it"])
    if newest is not None and newest.number > 0 and newest.sha256 == audit.digest(policy.to_dict()):
        return newest
    if (signatures or is_boards) and (fault := pay_fault(client)):
        raise PolicyOfPay([fault])
    follow_currency(client, policy.reporting_currency)
    version = version_store(
        client=client, policy=policy, number=newest.number + 1 if newest else 1, note=note, user=user
    )
    said = {"number": version.number, "note": note, "sha256": version.sha256}
    audit.record(
        "policy.published",
        object_type="policy",
        object_id=version.number,
        before=newest.parameters if newest else None,
        after=version.parameters,
        details=said,
    )
    books_outdate(client=client, reason=f"policy version {version.number} was published")
    webhook_emit(client=client, event="policy.published", data=said)
    if signatures or is_boards:
        past_signatures(client, version, signatures, emergency.strip())
    return version


def require_open(signatures: str, is_boards: bool) -> None:
    """PolicyOfBoard or PolicySigned where a policy does not change by hand, with what to do instead."""
    if is_boards:
        raise PolicyOfBoard(["the review board decides on this policy: ask for a change"])
    if signatures:
        raise PolicySigned(
            [f"this policy is signed ({signatures}): change the definitions, make a final version and have it signed"]
        )


def past_signatures(client: Client, version: PolicyVersion, signatures: str, reason: str) -> None:
    """Say loudly that a policy was changed without its signatures, or past the board where nobody has signed: in the log, and
    to Finance and RevOps by mail.
    """
    changed = (
        "signed ARR policy was changed without its signatures"
        if signatures
        else "ARR policy was changed past the board"
    )
    before = f"; {signatures} had signed the one before" if signatures else ""
    audit.record(
        "policy.emergency", object_type="policy", object_id=version.number, after=version.sha256,
        details={"number": version.number, "reason": reason, "signed": signatures, "sha256": version.sha256},
    )  # fmt: skip
    path = reverse("policy", kwargs={"client_slug": client.slug})
    notice_add(
        client=client, users=members_in(ClientRole.FINANCE, ClientRole.REVOPS), kind=Kind.EMERGENCY, path=path,
        text=f"The {changed}, as an emergency: {reason}. Version {version.number} is in force{before}.",
    )  # fmt: skip


def follow_currency(client: Client, currency: str) -> None:
    """Let the client's reporting currency be the policy's.

    PolicyError where months are closed or the client's own rates are in units of the old one: their figures would get another
    unit and stay what they are.
    """
    if currency == client.currency:
        return
    if MonthClose.objects.exists():
        fault = f"months are closed in {client.currency}, so {currency} cannot replace it: report in it as a new client"
        raise PolicyError([f"reporting_currency: {fault}"])
    if FxRate.objects.exists():
        raise PolicyError(
            [
                f"reporting_currency: the client's own exchange rates are in {client.currency}, so {currency} cannot replace it"
            ]
        )
    client_update(client=client, currency=currency)
