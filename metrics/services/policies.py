"""Publishing versions of a client's ARR policy.

`policy_publish(client=, parameters=, note=, user=) -> PolicyVersion`
"""

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from metrics.engine.policy import Policy, PolicyError
from metrics.models import FxRate, MonthClose, PolicyVersion
from metrics.selectors.policies import policy_latest
from metrics.services.books import books_hold, books_outdate
from metrics.services.policy_versions import version_store
from portal.tenancy import audit
from portal.tenancy.models import Client
from portal.tenancy.services import client_update


class PolicyOutdated(PolicyError):
    """Another version is in force than the one that was looked at."""


@transaction.atomic
def policy_publish(
    *, client: Client, parameters: Mapping[str, Any], note: str = "", user: Any = None, based_on: int | None = None
) -> PolicyVersion:
    """Make a new version of the policy, in force at once; the books are recomputed after the commit.

    Publishing what is in force already makes no version. Raises PolicyError with every fault of the parameters, and where
    another version than `based_on`, the one that was looked at, is in force; then nothing is changed.
    """
    policy = Policy.from_dict(parameters)
    books_hold(client=client)
    client.refresh_from_db(fields=["currency"])  # another publication may have changed it while this one waited
    newest = policy_latest()
    if based_on is not None and based_on != (newest.number if newest else 0):
        raise PolicyOutdated(["another version was published meanwhile: look at it first, then change it"])
    if newest is not None and newest.number > 0 and newest.sha256 == audit.digest(policy.to_dict()):
        return newest
    follow_currency(client, policy.reporting_currency)
    version = version_store(
        client=client, policy=policy, number=newest.number + 1 if newest else 1, note=note, user=user
    )
    audit.record(
        "policy.published",
        object_type="policy",
        object_id=version.number,
        before=newest.parameters if newest else None,
        after=version.parameters,
        details={"number": version.number, "note": note, "sha256": version.sha256},
    )
    books_outdate(client=client, reason=f"policy version {version.number} was published")
    return version


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
