"""A policy question told on one or two of the client's own contracts. Runs in the client's scope.

`worked_example(client, parameter, choices=None, month=None, base=None) -> WorkedExample`

The contracts are those on which the two choices that lie furthest apart differ most, of different customers. For each choice
the example says what the contract adds to ARR and from when until when each of its lines counts, or why it does not. Where no
contract is touched there is a sentence instead.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

import numpy as np
import polars as pl

from metrics.engine.arrays import Ints
from metrics.engine.explain import reason
from metrics.engine.month_end import MonthEnd
from metrics.engine.policy import Policy
from metrics.engine.settlement import settled_frame
from metrics.explain_text import RULES
from metrics.figures import from_cents
from metrics.selectors.exposure import exposure_get
from metrics.selectors.exposure_figures import ChoiceArr, Exposure
from metrics.selectors.month_ends import MonthEnds, NoValue
from metrics.selectors.policies import policy_in_force
from portal.lib.periods import month_format
from portal.tenancy.models import Client

MOST_CONTRACTS: Final = 2


@dataclass(frozen=True)
class ExampleTerm:
    """A contract line as it is written; dates are the source's, `ends_on` the last day of service."""

    line_id: str
    product: str
    charge_type: str
    amount: Decimal
    discount: Decimal
    basis: str
    currency: str
    starts_on: dt.date
    ends_on: dt.date | None
    signed_on: dt.date | None
    live_on: dt.date | None
    cancelled_on: dt.date | None


@dataclass(frozen=True)
class ExampleLine:
    """A line of the contract under one choice: what it adds to ARR at the month end, and when it counts or why it does not."""

    line_id: str
    arr: Decimal
    counts_from: dt.date | None
    counts_until: dt.date | None
    words: str


@dataclass(frozen=True)
class ExampleSide:
    """A contract under one choice; `arr` is the sum of its lines."""

    choice: ChoiceArr
    arr: Decimal
    lines: tuple[ExampleLine, ...]


@dataclass(frozen=True)
class ExampleContract:
    """A contract as it is written, and what it is worth under either choice; `terms` and the lines of both sides match."""

    contract_id: str
    customer_id: str
    customer_name: str
    terms: tuple[ExampleTerm, ...]
    sides: tuple[ExampleSide, ExampleSide]

    @property
    def difference(self) -> Decimal:
        """ARR of the contract under the second choice less that under the first."""
        return self.sides[1].arr - self.sides[0].arr


@dataclass(frozen=True)
class WorkedExample:
    """One or two contracts, or none and the sentence that says why."""

    parameter: str
    month: int | None
    currency: str
    contracts: tuple[ExampleContract, ...]
    sentence: str
    reason: NoValue | None


def worked_example(
    client: Client,
    parameter: str,
    choices: Sequence[Any] | None = None,
    month: int | None = None,
    base: Policy | None = None,
    most: int = MOST_CONTRACTS,
) -> WorkedExample:
    """The contracts on which the choices of a parameter differ most. Raises PolicyError as `exposure_get` does."""
    found = exposure_get(client, parameter, choices, month, base)
    if found.first is None or found.second is None or found.month is None:
        return WorkedExample(parameter, found.month, found.currency, (), found.sentence, found.reason)
    policy = base or policy_in_force(client)
    pair = (found.first, found.second)
    given = MonthEnds.of(client)
    ends = [given.at(policy.with_(**{parameter: each.value}), found.month) for each in pair]
    before, after = (end for end in ends if isinstance(end, MonthEnd))
    wanted = most_different(before, after, most)
    sides = [sides_of(end, wanted, choice, found.month) for end, choice in zip((before, after), pair, strict=True)]
    contracts = tuple(contract_of(before, *each) for each in zip(wanted, *sides, strict=True))
    return WorkedExample(parameter, found.month, found.currency, contracts, sentence_for(found, contracts), None)


def sentence_for(found: Exposure, contracts: tuple[ExampleContract, ...]) -> str:
    """What the example shows, or that there is none."""
    when = month_format(found.month or 0)
    if not found.moves_arr:
        return found.sentence
    if not contracts:
        return f"None of the client's contracts is touched at the end of {when}."
    if len(contracts) == 1:
        return f"At the end of {when} the choices differ on one contract of one customer."
    return f"Two of the contracts on which the choices differ at the end of {when}."


def most_different(before: MonthEnd, after: MonthEnd, most: int) -> list[str]:
    """The contracts that differ most between two month ends of the same lines, of different customers."""
    differs = np.flatnonzero(before.by_line() != after.by_line())
    lines = before.lines.frame.select("contract_id", "customer_id")
    rows = lines[differs].with_columns(change=(after.by_line() - before.by_line())[differs])
    contracts = rows.group_by("contract_id").agg(pl.col("change").sum().abs(), pl.col("customer_id").min())
    ordered = contracts.filter(pl.col("change") > 0).sort("change", "contract_id", descending=[True, False])
    return ordered.unique("customer_id", keep="first", maintain_order=True)["contract_id"].head(most).to_list()


def contract_rows(end: MonthEnd, contract: str) -> Ints:
    """The places of a contract's lines, in the order of their ids."""
    rows = np.flatnonzero((end.lines.frame["contract_id"] == contract).to_numpy())
    ids = end.lines.frame["line_id"].gather(rows)
    return np.asarray(rows[ids.arg_sort().to_numpy()])


def contract_of(end: MonthEnd, contract: str, first: ExampleSide, second: ExampleSide) -> ExampleContract:
    """One contract as it is written, with what it is under both choices."""
    lines = end.lines.frame[contract_rows(end, contract)].to_dicts()
    customer, name = lines[0]["customer_id"], lines[0]["customer_name"]
    return ExampleContract(contract, customer, name or customer, tuple(map(term_of, lines)), (first, second))


def sides_of(end: MonthEnd, contracts: list[str], choice: ChoiceArr, month: int) -> list[ExampleSide]:
    """Each of the contracts under one choice."""
    settled, added = settled_frame(end.lines, end.settled), end.by_line()
    sides = []
    for rows in (contract_rows(end, contract) for contract in contracts):
        cents = added[rows].tolist()
        lines = [example_line(*each, month) for each in zip(settled[rows].to_dicts(), cents, strict=True)]
        sides.append(ExampleSide(choice, from_cents(sum(cents)), tuple(lines)))
    return sides


def example_line(state: dict[str, Any], cents: int, month: int) -> ExampleLine:
    """One line under one choice."""
    rule = reason(state, month) or state["from_rule"] or ""
    spans = (state["counts_from"], state["counts_until"])
    return ExampleLine(state["line_id"], from_cents(cents), *spans, RULES.get(rule, rule))


def term_of(line: dict[str, Any]) -> ExampleTerm:
    """A contract line as it is written."""
    return ExampleTerm(
        line_id=line["line_id"],
        product=line["product"] or "",
        charge_type=line["charge_type"],
        amount=from_e6(line["amount_e6"]),
        discount=from_e6(line["discount_e6"] or 0),
        basis=line["amount_basis"],
        currency=line["currency"],
        **{name: line[name] for name in ("starts_on", "ends_on", "signed_on", "live_on", "cancelled_on")},
    )


def from_e6(value: int) -> Decimal:
    """Millionths as a decimal with at least two places."""
    cents, rest = divmod(value, 10_000)
    return Decimal(cents).scaleb(-2) if rest == 0 else Decimal(value).scaleb(-6)
