"""What a policy question is worth on the client's own contracts, before anyone decides it. Runs in the client's scope.

- `exposure_get(client, parameter, choices=None, month=None, base=None) -> Exposure` — one question
- `exposure_list(client, asked, month=None, base=None) -> list[Exposure]` — all items of a client at once, in the order asked
- `usual_choices(parameter, policy) -> tuple` — the choices worth comparing where nobody named any
- elsewhere: `metrics.selectors.worked_example` (contracts on which the choices differ), `metrics.selectors.policy_effect`

A definition item that sets a parameter shows `exposure.amount`, `exposure.sentence` and `exposure.moved`; a list of items is
asked for with one call, and a meeting begins with the largest:

    found = exposure_list(client, [(item.parameter, item.choices) for item in items], base=draft)
    agenda = sorted(zip(items, found), key=lambda pair: largest_first(pair[1]))

`choices` are values as a policy document writes them (`"start"`, `30`, `["recurring"]`, None for an open window); `base` is the
policy in which the other parameters stand (the draft; None: the policy in force); `month` an ordinal (None: the newest of the
book). Where a rate is missing, `amount` is None and `reason` names it: there is never a 0 in its place.
Settling is done once per policy that settles alike, and everything is remembered by the version of the books.
"""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from itertools import combinations
from typing import Any, Final

import numpy as np

from metrics.engine.arrays import Ints
from metrics.engine.month_end import MonthEnd
from metrics.engine.policy import CHOICES, Policy
from metrics.figures import from_cents
from metrics.selectors.clauses import TITLES, sentence_of
from metrics.selectors.customers import customer_names
from metrics.selectors.exposure_figures import ChoiceArr, Exposure, Moved
from metrics.selectors.month_ends import MonthEnds, NoValue, newest_month
from metrics.selectors.policies import policy_in_force
from portal.tenancy.models import Client

MOST_MOVED: Final = 10
ASIDE: Final = {
    "reactivation_window_months": "It never moves ARR: it decides whether a customer who comes back is new or won again.",
    "retention_fx": "It never moves ARR: it decides at which rates NRR and GRR value the year before.",
}
USUAL: Final[dict[str, tuple[Any, ...]]] = {
    **CHOICES,
    "minimum_term_months": (0, 3, 6, 12),
    "renewal_grace_days": (0, 30, 60, 90),
    "reactivation_window_months": (0, 6, 12, None),
}
Asked = tuple[str, Sequence[Any] | None]
Found = tuple[Exposure, list[tuple[str, int, int]]]


def exposure_get(
    client: Client,
    parameter: str,
    choices: Sequence[Any] | None = None,
    month: int | None = None,
    base: Policy | None = None,
    most: int = MOST_MOVED,
) -> Exposure:
    """What is between the choices of one parameter. Raises PolicyError for a value the parameter cannot have."""
    return exposure_list(client, [(parameter, choices)], month, base, most)[0]


def exposure_list(
    client: Client,
    asked: Sequence[Asked],
    month: int | None = None,
    base: Policy | None = None,
    most: int = MOST_MOVED,
) -> list[Exposure]:
    """The exposures of several (parameter, choices), in their order. Raises KeyError for a name that is no parameter."""
    policy = base or policy_in_force(client)
    at = newest_month(client) if month is None else month
    ends = MonthEnds.of(client)
    found = [exposure_of(ends, policy, name, values, at, most) for name, values in asked]
    names = customer_names({customer for _, rows in found for customer, _, _ in rows})
    return [named(exposure, rows, names) for exposure, rows in found]


def largest_first(exposure: Exposure) -> tuple[bool, Decimal, int]:
    """A sort key: what cannot be valued first (somebody has to see to it), then the largest amounts, then the most moved."""
    return (exposure.amount is not None, -(exposure.amount or Decimal(0)), -exposure.moved_count)


def usual_choices(parameter: str, policy: Policy) -> tuple[Any, ...]:
    """The choices of a parameter that are worth comparing, with the one that a policy has. Raises KeyError."""
    own = policy.to_dict()[parameter]
    if parameter == "reporting_currency":
        return (own,)
    if parameter == "included_charge_types":
        return (own, *([*own, name] for name in ("one_time", "services", "trial") if name not in own))
    usual = USUAL[parameter]
    return usual if own in usual else (own, *usual)


def exposure_of(
    given: MonthEnds, policy: Policy, parameter: str, choices: Sequence[Any] | None, month: int | None, most: int
) -> Found:
    """An exposure without its moved customers' names, and these customers in cents."""
    values = list(choices) if choices is not None else list(usual_choices(parameter, policy))
    policies = [policy.with_(**{parameter: value}) for value in values]
    ends = [given.at(each, month) for each in policies]
    told = tuple(choice_of(policy, parameter, value, end) for value, end in zip(values, ends, strict=True))
    valued = [end for end in ends if isinstance(end, MonthEnd)]
    missing = next((end for end in ends if isinstance(end, NoValue)), None)
    pair = furthest_apart(valued) if missing is None and len(valued) > 1 else None
    rows = moved_units(valued[pair[0]], valued[pair[1]]) if pair else []
    first, second = (told[pair[0]], told[pair[1]]) if pair else (None, None)
    amount = abs(valued[pair[1]].total - valued[pair[0]].total) if pair else None
    exposure = Exposure(
        parameter=parameter,
        title=TITLES[parameter],
        month=month,
        currency=policy.reporting_currency,
        choices=told,
        first=first,
        second=second,
        amount=None if amount is None else from_cents(amount),
        reason=missing or (None if pair else ONE_CHOICE),
        moved=(),
        moved_count=len(rows),
        moves_arr=parameter not in ASIDE,
        sentence=sentence_about(parameter, missing, pair, len(rows)),
    )
    return exposure, rows[:most]


ONE_CHOICE: Final = NoValue("one_choice", "There is only one choice, so nothing lies between.")


def choice_of(policy: Policy, parameter: str, value: Any, end: MonthEnd | NoValue) -> ChoiceArr:
    """One choice with its figure, or why it has none."""
    arr, reason = (None, end) if isinstance(end, NoValue) else (from_cents(end.total), None)
    own = policy.with_(**{parameter: value}) == policy
    return ChoiceArr(value, sentence_of(parameter, value), arr, reason, own)


def furthest_apart(ends: list[MonthEnd]) -> tuple[int, int]:
    """The places of the two totals that differ most, in their order; of equal ones those whose lines differ most."""
    added = [end.by_line() for end in ends]

    def distance(pair: tuple[int, int]) -> tuple[int, int]:
        first, second = pair
        return abs(ends[second].total - ends[first].total), int(np.abs(added[second] - added[first]).sum())

    return max(combinations(range(len(ends)), 2), key=distance)


def sentence_about(parameter: str, missing: NoValue | None, pair: tuple[int, int] | None, count: int) -> str:
    """What to say beside the amount."""
    if parameter in ASIDE:
        return ASIDE[parameter]
    if missing is not None:
        return missing.sentence
    if pair is None:
        return ONE_CHOICE.sentence
    if count == 0:
        return "No customer's ARR differs: on these contracts the choices give the same figure."
    return "1 customer moves." if count == 1 else f"{count} customers move."


# --- who moves --------------------------------------------------------------------------------------------------------


def moved_units(before: MonthEnd, after: MonthEnd) -> list[tuple[str, int, int]]:
    """The customers whose ARR differs, in cents before and after, the largest change first.

    The two hold the same lines. Where they differ in who is a customer, they are compared by the unit with fewer customers.
    """
    unit, names = units_of(before, after)
    had, has = before.by(unit, len(names)), after.by(unit, len(names))
    places = np.flatnonzero(had != has)
    rows = zip(names.gather(places).to_list(), had[places].tolist(), has[places].tolist(), strict=True)
    return sorted(rows, key=lambda row: (-abs(row[2] - row[1]), row[0]))


def units_of(before: MonthEnd, after: MonthEnd) -> tuple[Ints, Any]:
    """The codes and names of the customers by which two month ends of the same lines are compared; both add up to them."""
    coarse = min((before.lines, after.lines), key=lambda lines: len(lines.unit_names))
    return coarse.unit, coarse.unit_names


def named(exposure: Exposure, rows: list[tuple[str, int, int]], names: dict[str, str]) -> Exposure:
    """An exposure with its moved customers."""
    return replace(exposure, moved=tuple(moved_of(row, names) for row in rows))


def moved_of(row: tuple[str, int, int], names: dict[str, str], parameters: tuple[str, ...] = ()) -> Moved:
    """One customer that moves."""
    customer, before, after = row
    return Moved(from_cents(before), from_cents(after), customer, names[customer], parameters)
