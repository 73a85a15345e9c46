"""A policy question told on one or two of the client's own contracts. Runs in the client's scope.

`worked_example(client, parameter, choices=None, month=None, base=None) -> WorkedExample`

The contracts are those on which the two choices that lie furthest apart differ most, of different customers. For each choice
the example says what the contract adds to ARR and from when until when each of its lines counts, or why it does not. Where no
contract is touched there is a sentence instead.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

import numpy as np
import polars as pl

from metrics.engine.month_end import MonthEnd
from metrics.engine.policy import Policy
from metrics.selectors.contract_told import (
    ExampleLine,
    ExampleTerm,
    contracts_told,
    customer_of,
    sum_of,
    terms_of,
)
from metrics.selectors.exposure import exposure_get
from metrics.selectors.exposure_figures import ChoiceArr, Exposure
from metrics.selectors.month_ends import MonthEnds, NoValue
from metrics.selectors.policies import policy_in_force
from portal.lib.periods import month_format
from portal.tenancy.models import Client

MOST_CONTRACTS: Final = 2


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


def contract_of(end: MonthEnd, contract: str, first: ExampleSide, second: ExampleSide) -> ExampleContract:
    """One contract as it is written, with what it is under both choices."""
    customer, name = customer_of(end, contract)
    return ExampleContract(contract, customer, name, terms_of(end, contract), (first, second))


def sides_of(end: MonthEnd, contracts: list[str], choice: ChoiceArr, month: int) -> list[ExampleSide]:
    """Each of the contracts under one choice."""
    told = contracts_told(end, contracts, month)
    return [ExampleSide(choice, sum_of(lines), lines) for lines in told]
