"""Writing versions of a client's ARR policy down.

`policy_ensure(client=) -> PolicyVersion` · `version_store(client=, policy=, number=, note=, user=) -> PolicyVersion`
"""

from typing import Any

from django.db import IntegrityError, transaction

from metrics.engine.policy import Policy, PolicyError
from metrics.models import PolicyVersion
from metrics.selectors.policies import default_policy, policy_latest
from portal.tenancy import audit
from portal.tenancy.models import Client


def policy_ensure(*, client: Client) -> PolicyVersion:
    """The version in force; where none was ever published, version 0 with the default parameters, written now.

    Numbers are never computed under a policy that is not written down.
    """
    newest = policy_latest()
    if newest is not None:
        return newest
    version = version_store(
        client=client, policy=default_policy(client), number=0, note="Default, until a policy is published", user=None
    )
    audit.record(
        "policy.assumed", object_type="policy", object_id=0, after=version.parameters, details=version.parameters
    )
    return version


def version_store(*, client: Client, policy: Policy, number: int, note: str, user: Any) -> PolicyVersion:
    """A new row of the history. PolicyError where somebody else took the number first."""
    parameters = policy.to_dict()
    try:
        with transaction.atomic():
            version: PolicyVersion = PolicyVersion.objects.create(
                client=client,
                number=number,
                parameters=parameters,
                note=note,
                sha256=audit.digest(parameters),
                created_by=user,
            )
    except IntegrityError as error:
        raise PolicyError(["another version was published at the same moment: look at it first"]) from error
    return version
