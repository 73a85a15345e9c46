"""A contract of the client as it is written, and what the engine makes of it under a policy.

`contracts_told(end, contracts, month)` · `terms_of(end, contract)` · `customer_of(end, contract)`
"""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np

from metrics.engine.arrays import Ints
from metrics.engine.explain import PARAMETERS, reason
from metrics.engine.month_end import MonthEnd
from metrics.engine.settlement import settled_frame
from metrics.explain_text import RULES
from metrics.figures import from_cents


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
    """A line of the contract under a policy: what it adds to ARR at the month end, and when it counts or why it does not.

    `parameters` are those of the policy that decided it.
    """

    line_id: str
    arr: Decimal
    counts_from: dt.date | None
    counts_until: dt.date | None
    words: str
    parameters: tuple[str, ...]


def contract_rows(end: MonthEnd, contract: str) -> Ints:
    """The places of a contract's lines, in the order of their ids."""
    rows = np.flatnonzero((end.lines.frame["contract_id"] == contract).to_numpy())
    ids = end.lines.frame["line_id"].gather(rows)
    return np.asarray(rows[ids.arg_sort().to_numpy()])


def customer_of(end: MonthEnd, contract: str) -> tuple[str, str]:
    """Id and name of a contract's customer. Raises IndexError for a contract without lines."""
    line = end.lines.frame[contract_rows(end, contract)].row(0, named=True)
    return line["customer_id"], line["customer_name"] or line["customer_id"]


def terms_of(end: MonthEnd, contract: str) -> tuple[ExampleTerm, ...]:
    """The lines of a contract as they are written, by line id."""
    return tuple(term_of(line) for line in end.lines.frame[contract_rows(end, contract)].to_dicts())


def contracts_told(end: MonthEnd, contracts: Iterable[str], month: int) -> list[tuple[ExampleLine, ...]]:
    """For each contract its lines under the policy of a month end, by line id."""
    settled, added = settled_frame(end.lines, end.settled), end.by_line()
    told = []
    for rows in (contract_rows(end, contract) for contract in contracts):
        lines = zip(settled[rows].to_dicts(), added[rows].tolist(), strict=True)
        told.append(tuple(example_line(*each, month) for each in lines))
    return told


def sum_of(lines: Iterable[ExampleLine]) -> Decimal:
    """The ARR of lines together."""
    return sum((line.arr for line in lines), Decimal("0.00"))


def example_line(state: dict[str, Any], cents: int, month: int) -> ExampleLine:
    """One line under a policy."""
    rule = reason(state, month) or state["from_rule"] or ""
    decided = [*PARAMETERS.get(rule, ()), *PARAMETERS.get(state["until_rule"] or "", ())]
    spans = (state["counts_from"], state["counts_until"])
    return ExampleLine(
        state["line_id"], from_cents(cents), *spans, RULES.get(rule, rule), tuple(dict.fromkeys(decided))
    )


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
