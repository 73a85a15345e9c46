"""Reading a client's policy: the version in force, its history, and what it says in plain language.

`policy_latest() -> PolicyVersion | None` · `policy_in_force(client) -> Policy` · `policy_versions() -> list[PolicyVersion]` ·
`policy_version_get(number) -> PolicyVersion | None` · `policy_changes(older, newer) -> list[Change]` ·
`default_policy(client) -> Policy` · `policy_name(number) -> str` · `policy_before_closes() -> Earlier | None` ·
`policy_at(client, month) -> Policy`

The months before the first one that was ever closed follow the policy under which that one was closed first. Nobody has
reported them, so that nothing restates them; but the first report begins with them, and a later policy holds from a later
month.

The sentences are in `metrics.selectors.clauses`.
"""

from dataclasses import dataclass
from typing import Any

from metrics.computation import Earlier
from metrics.engine.policy import Policy
from metrics.memory import asked_once
from metrics.models import MonthClose, PolicyVersion
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


@asked_once
def policy_latest() -> PolicyVersion | None:
    """The newest version, which is the one in force; None before any number was computed."""
    version: PolicyVersion | None = PolicyVersion.objects.order_by("-number").first()
    return version


def policy_name(number: int | None) -> str:
    """What people call a version: "policy v3"; nobody published the default, also where it is written down as version 0."""
    return f"policy v{number}" if number else "the default policy"


def policy_in_force(client: Client) -> Policy:
    """The parameters in force: those of the newest version, or the default."""
    newest = policy_latest()
    return Policy.from_dict(newest.parameters) if newest else default_policy(client)


@asked_once
def first_close() -> MonthClose | None:
    """The close of the first month that was ever closed, as it was closed first; of the policy's own parameters any will do."""
    found: MonthClose | None = (
        MonthClose.objects.filter(revision=1).select_related("policy").order_by("month", "id").first()
    )
    return found


def policy_before_closes() -> Earlier | None:
    """The policy of the months before the first close; None where no month was ever closed."""
    close = first_close()
    return None if close is None else Earlier(Policy.from_dict(close.policy_parameters), close.month)


def version_before_closes(month: int) -> PolicyVersion | None:
    """The version that a month before the first close follows; None of any other month."""
    close = first_close()
    return close.policy if close is not None and month < close.month else None


def policy_at(client: Client, month: int | None) -> Policy:
    """The policy that an open month follows: before the first close its own, else the one in force."""
    earlier = policy_before_closes()
    return earlier.policy if earlier and month is not None and month < earlier.until else policy_in_force(client)


def policy_versions() -> list[PolicyVersion]:
    """Every version, the newest first, with who published it."""
    return list(PolicyVersion.objects.select_related("created_by").order_by("-number"))


@asked_once
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
