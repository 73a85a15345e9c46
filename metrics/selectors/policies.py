"""Reading a client's policy: the version in force, its history, and what it says in plain language.

`policy_latest() -> PolicyVersion | None` · `policy_in_force(client) -> Policy` · `policy_versions() -> list[PolicyVersion]` ·
`policy_version_get(number) -> PolicyVersion | None` · `policy_changes(older, newer) -> list[Change]` ·
`default_policy(client) -> Policy`

The sentences are in `metrics.selectors.clauses`.
"""

from dataclasses import dataclass
from typing import Any

from metrics.engine.policy import Policy
from metrics.models import PolicyVersion
from portal.tenancy.models import Client


@dataclass(frozen=True)
class Change:
    """A parameter that differs between two versions."""

    parameter: str
    old: Any
    new: Any


def default_policy(client: Client) -> Policy:
    """What holds until a policy is published: contracts count for exactly their own dates, net of discount, at month-end rates.

    Nothing is assumed that a contract does not say: no grace, no minimum term, no overage, any return is a reactivation.
    """
    return Policy(
        reporting_currency=client.currency,
        recognition="start",
        included_charge_types=("recurring", "usage_minimum"),
        minimum_term_months=0,
        overage="exclude",
        discounts="net",
        fx="spot",
        renewal_grace_days=0,
        reactivation_window_months=None,
        customer_unit="customer",
        retention_fx="constant",
    )


def policy_latest() -> PolicyVersion | None:
    """The newest version, which is the one in force; None before any number was computed."""
    version: PolicyVersion | None = PolicyVersion.objects.order_by("-number").first()
    return version


def policy_in_force(client: Client) -> Policy:
    """The parameters in force: those of the newest version, or the default."""
    newest = policy_latest()
    return Policy.from_dict(newest.parameters) if newest else default_policy(client)


def policy_versions() -> list[PolicyVersion]:
    """Every version, the newest first, with who published it."""
    return list(PolicyVersion.objects.select_related("created_by").order_by("-number"))


def policy_version_get(number: int) -> PolicyVersion | None:
    """One version by its number."""
    version: PolicyVersion | None = PolicyVersion.objects.select_related("created_by").filter(number=number).first()
    return version


def policy_changes(older: PolicyVersion | None, newer: PolicyVersion) -> list[Change]:
    """The parameters in which two versions differ, in the order of the policy; all of them when there is no older one."""
    before: dict[str, Any] = older.parameters if older else {}
    return [
        Change(name, before.get(name), value)
        for name, value in newer.parameters.items()
        if before.get(name, ...) != value
    ]
