"""Why customers move when the policy does: the contract lines and dates of each, the clause, and the movements told otherwise.

`impact_customers(impact, most=10) -> ImpactCustomers` — those that move most at the end, and in any month that is changed
`customers_explained(impact, rows) -> list[MovedCustomer]`

Only the lines of these customers, and of customers linked with them, are settled again; the engine explains them under both
policies by the rules with which it explains any figure.
"""

import datetime as dt
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import polars as pl

from metrics.engine.arrays import Ints, grouped_sum
from metrics.engine.explain import reason
from metrics.engine.fx import daily_rates
from metrics.engine.impact import Units
from metrics.engine.lines import CodedLines, code_lines
from metrics.engine.links import affected_customers
from metrics.engine.month_end import MonthEnd, month_end
from metrics.engine.policy import Policy
from metrics.engine.settlement import Settlement, settle_lines, settled_frame
from metrics.engine.valuation import MissingRates
from metrics.explain_text import RULES
from metrics.selectors.customers import customer_names
from metrics.selectors.exposure import ASIDE
from metrics.selectors.policy_effect import changed_in
from metrics.selectors.policy_impact import PolicyImpact

MOST_MOVED: Final = 10
MOST_LINES: Final = 6
MOST_TOLD: Final = 12


@dataclass(frozen=True)
class LineSide:
    """A contract line under one policy: when it counts, by which rule, and what it adds at the month end, in cents."""

    counts_from: str
    counts_until: str
    rule: str
    cents: int


@dataclass(frozen=True)
class MovedLine:
    """A line that the two policies take differently, with its own dates."""

    line_id: str
    contract_id: str
    product: str
    starts_on: str
    ends_on: str
    before: LineSide
    after: LineSide


@dataclass(frozen=True)
class ToldMovement:
    """A movement of a month that is another amount, or another case, after; cents."""

    month: int
    kind: str
    before: int
    after: int


@dataclass(frozen=True)
class MovedCustomer:
    """A customer that moves: ARR in cents at the end, and in the month in which the two lie furthest apart (None: never).

    `parameters` are the changed ones that move it, `lines` those taken differently (`line_count` of them in all) at the month
    end `shown`; `told` the movements that are told otherwise (`told_count`).
    """

    customer: str
    name: str
    end_before: int
    end_after: int
    month: int | None
    month_before: int
    month_after: int
    parameters: tuple[str, ...]
    shown: int
    lines: tuple[MovedLine, ...]
    line_count: int
    told: tuple[ToldMovement, ...]
    told_count: int


@dataclass(frozen=True)
class ImpactCustomers:
    """Who moves most in the months compared: `at_end` by ARR at the end, `in_window` by the furthest distance in any of them;
    of `count` in all.
    """

    count: int
    moved_at_end: int
    at_end: tuple[MovedCustomer, ...]
    in_window: tuple[MovedCustomer, ...]


def impact_customers(impact: PolicyImpact, most: int = MOST_MOVED) -> ImpactCustomers:
    """The customers that move most; equal ones in the order of their names."""
    moved, last = impact.moved, impact.end or impact.last
    end = (pl.col("end_after") - pl.col("end_before")).abs()
    apart = (pl.col("month_after") - pl.col("month_before")).abs().fill_null(0)
    at_end = moved.filter(end > 0).sort(end, "customer", descending=[True, False]).head(most)
    in_window = moved.sort(apart, "told", "customer", descending=[True, True, False]).head(most)
    asked = [(row["customer"], last) for row in at_end.iter_rows(named=True)]
    asked += [
        (row["customer"], last if row["month"] is None else row["month"]) for row in in_window.iter_rows(named=True)
    ]
    rows = [*at_end.to_dicts(), *in_window.to_dicts()]
    made = customers_explained(impact, rows, [month for _, month in asked])
    moved_at_end = moved.select((end > 0).sum()).item() or 0
    return ImpactCustomers(moved.height, moved_at_end, tuple(made[: at_end.height]), tuple(made[at_end.height :]))


def customers_explained(impact: PolicyImpact, rows: list[dict[str, Any]], months: list[int]) -> list[MovedCustomer]:
    """Rows of `PolicyImpact.moved`, each explained at a month end."""
    if not rows:
        return []
    bench = Bench(impact, {row["customer"] for row in rows})
    names = customer_names({row["customer"] for row in rows})
    told = impact.told.filter(pl.col("customer").is_in([row["customer"] for row in rows]))
    by_customer: dict[str, list[ToldMovement]] = {}
    for customer, month, kind, before, after in told.iter_rows():
        by_customer.setdefault(customer, []).append(ToldMovement(month, kind, before, after))
    made = []
    for row, month in zip(rows, months, strict=True):
        lines = bench.lines_at(row["customer"], month)
        moves = sorted(by_customer.get(row["customer"], ()), key=lambda each: (-each.month, each.kind))
        parameters = bench.parameters_of(row["customer"], month, bool(lines))
        made.append(
            MovedCustomer(
                customer=row["customer"],
                name=names[row["customer"]],
                end_before=row["end_before"],
                end_after=row["end_after"],
                month=row["month"],
                month_before=row["month_before"] or 0,
                month_after=row["month_after"] or 0,
                parameters=parameters,
                shown=month,
                lines=tuple(lines[:MOST_LINES]),
                line_count=len(lines),
                told=tuple(moves[:MOST_TOLD]),
                told_count=len(moves),
            )
        )
    return made


class Bench:
    """The lines of some customers, and of those linked with them, settled under both policies."""

    def __init__(self, impact: PolicyImpact, customers: set[str]) -> None:
        self.impact, self.rates = impact, daily_rates(impact.given.rates)
        before, after = impact.before.policy, impact.after.policy
        self.policies = (before, after)
        self.frame = linked_frame(impact, customers)
        self.coded: dict[str, CodedLines] = {}
        self.settlements: dict[Policy, Settlement] = {}
        self.units = Units.of(self.coded_for(before), self.coded_for(after))
        self.sources = self.frame.to_dicts()
        self.states: dict[Policy, list[dict[str, Any]]] = {}
        self.ends: dict[tuple[Policy, int], MonthEnd | None] = {}

    def coded_for(self, policy: Policy) -> CodedLines:
        """The lines as codes, once per customer unit."""
        unit = policy.customer_unit
        if unit not in self.coded:
            self.coded[unit] = code_lines(self.frame, unit)
        return self.coded[unit]

    def settled(self, policy: Policy) -> Settlement:
        """The lines settled, once per policy."""
        if policy not in self.settlements:
            self.settlements[policy] = settle_lines(self.coded_for(policy), policy)
        return self.settlements[policy]

    def state(self, policy: Policy) -> list[dict[str, Any]]:
        """When each line counts and why, once per policy."""
        if policy not in self.states:
            self.states[policy] = settled_frame(self.coded_for(policy), self.settled(policy)).to_dicts()
        return self.states[policy]

    def end(self, policy: Policy, month: int) -> MonthEnd | None:
        """What each line adds at a month end; None where a rate is missing."""
        if (policy, month) not in self.ends:
            try:
                found = month_end(self.coded_for(policy), self.settled(policy), self.rates, policy, month)
            except MissingRates:
                found = None
            self.ends[policy, month] = found
        return self.ends[policy, month]

    def lines_at(self, customer: str, month: int) -> list[MovedLine]:
        """The lines of a customer that the two policies take differently at a month end, the largest difference first."""
        rows = np.flatnonzero(self.units.of_line == (self.units.names.index_of(customer) or 0)).tolist()
        ends = [self.end(policy, month) for policy in self.policies]
        added = [None if end is None else end.by_line() for end in ends]
        lines = []
        for row in rows:
            before, after = (
                line_side(self.state(policy)[row], month, 0 if cents is None else int(cents[row]))
                for policy, cents in zip(self.policies, added, strict=True)
            )
            if before != after:
                lines.append(moved_line(self.sources[row], before, after))
        return sorted(lines, key=lambda line: (-abs(line.after.cents - line.before.cents), line.line_id))

    def parameters_of(self, customer: str, month: int, has_lines: bool) -> tuple[str, ...]:
        """The changed parameters that move a customer alone; all that may where only their combination does."""
        changed = self.impact.changed
        if not has_lines:
            return tuple(name for name in changed if name in ASIDE) or changed
        if len(changed) == 1:
            return changed
        before, after = self.policies
        own, place = self.arr(before, month), self.units.names.index_of(customer) or 0
        alone = {name: self.arr(changed_in(before, after, name), month) for name in changed}
        moving = tuple(
            name for name, arr in alone.items()
            if own is not None and arr is not None and arr[place] != own[place]
        )  # fmt: skip
        return moving or tuple(name for name in changed if name not in ASIDE) or changed

    def arr(self, policy: Policy, month: int) -> Ints | None:
        """ARR in cents of each unit at a month end; None where a rate is missing."""
        end = self.end(policy, month)
        return None if end is None else grouped_sum(self.units.of_line[end.rows], end.cents, len(self.units.names))


def linked_frame(impact: PolicyImpact, customers: set[str]) -> pl.DataFrame:
    """All lines of these units and of every customer that is linked with one of them."""
    frame, units = impact.given.lines, impact.units
    wanted = units.names.is_in(list(customers)).to_numpy()[units.of_line]
    coarse = min((side.ready.lines for side in (impact.before, impact.after)), key=lambda lines: len(lines.unit_names))
    names = coarse.unit_names[np.unique(coarse.unit[wanted])].to_list()
    is_parent = "parent" in {side.policy.customer_unit for side in (impact.before, impact.after)}
    linked = affected_customers(frame, "parent" if is_parent else "customer", customers=names)
    own = coarse.unit_names.is_in(list(linked)).to_numpy()[coarse.unit]
    return frame[np.flatnonzero(own)]


def moved_line(source: dict[str, Any], before: LineSide, after: LineSide) -> MovedLine:
    """A line with what both policies make of it."""
    return MovedLine(
        line_id=source["line_id"],
        contract_id=source["contract_id"],
        product=source["product"] or "",
        starts_on=day(source["starts_on"]),
        ends_on=day(source["ends_on"]),
        before=before,
        after=after,
    )


def line_side(state: dict[str, Any], month: int, cents: int) -> LineSide:
    """A settled line under one policy; the rule is why it does not count, else the one that ends it or begins it."""
    rule = reason(state, month) or state["until_rule"] or state["from_rule"] or ""
    return LineSide(day(state["counts_from"]), day(state["counts_until"]), RULES.get(rule, rule), cents)


def day(value: dt.date | None) -> str:
    """A date as ISO text; empty where there is none."""
    return "" if value is None else value.isoformat()
