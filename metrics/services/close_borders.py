"""What an earlier policy makes of the contracts of now, computed once: when a month is closed or closed again.

`borders_of(given, month, version) -> Borders`

Contracts are corrected all the time, and what they said at a close is kept nowhere but in its figures. Whoever wants to know
later how much of a difference a changed definition makes, and how much corrected contracts, needs this third figure.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from metrics.computation import EngineInput
from metrics.engine.drill import customer_balances
from metrics.engine.policy import Policy
from metrics.engine.valuation import MissingRates
from metrics.figures import from_cents
from metrics.models import MonthClose, PolicyVersion
from metrics.selectors.policies import first_close


@dataclass(frozen=True)
class Borders:
    """ARR of the month before (`opening`) and of the month itself (`ending`) under the policies they had been closed under, and
    of a month that is restated also under the version of the policy before its own (`in_force`).

    Of the month before the first close it is the policy that this one follows. None where that is the one in force, where
    nothing was closed, and where it cannot be valued.
    """

    opening: Decimal | None = None
    ending: Decimal | None = None
    in_force: Decimal | None = None


def borders_of(given: EngineInput, month: int, version: PolicyVersion) -> Borders:
    """The borders of a month that is closed now, on the lines and under the recognition that are given, which are those of a
    `version` of the policy.
    """
    closes = MonthClose.objects.filter(recognition=given.policy.recognition, month__in=(month - 1, month))
    under = {close.month: close.policy_parameters for close in closes.order_by("revision")}
    if month in under and month - 1 not in under and (first := first_close()):
        under[month - 1] = first.policy_parameters  # before the first close: what these months follow
    opening, ending = (ending_under(given, under[at], at) if at in under else None for at in (month - 1, month))
    return Borders(opening, ending, in_force(given, month, version) if month in under else None)


def in_force(given: EngineInput, month: int, version: PolicyVersion) -> Decimal | None:
    """ARR at the end of a month that is restated under the version before its own: what an earlier decision had moved."""
    before = PolicyVersion.objects.filter(number__lt=version.number).order_by("-number")
    parameters = before.values_list("parameters", flat=True).first()
    return None if parameters is None else ending_under(given, parameters, month)


def ending_under(given: EngineInput, parameters: Mapping[str, Any], month: int) -> Decimal | None:
    """ARR at a month end under other parameters; None where they come to the same policy, or a rate is missing."""
    policy = Policy.from_dict(parameters).with_(recognition=given.policy.recognition)
    if policy == given.policy:
        return None
    try:
        balances = customer_balances(given.lines, given.rates, policy, month)
    except MissingRates:
        return None
    return from_cents(int(balances["reporting_cents"].sum()))
