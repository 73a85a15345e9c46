"""Two policies on the same lines, customer by customer, against plain Python."""

from dataclasses import asdict, replace

import polars as pl
from hypothesis import given

from metrics.engine.book import Ready, build_book
from metrics.engine.impact import MOVED_SCHEMA, Units, first_customers, moved_customers, told_otherwise, with_told
from metrics.engine.lines import code_lines
from metrics.engine.policy import Policy as EnginePolicy
from tests.engine.engine_case import lines_frame, oracle_of, rates_frame, tried
from tests.engine.frames import frame, line, plain_policy, rates
from tests.engine.oracle import Oracle
from tests.engine.oracle_lines import Policy
from tests.engine.strategies import Case, cases, policies

NO_RATES = rates()


def ready(lines: pl.DataFrame, policy: EnginePolicy) -> Ready:
    return Ready.of(code_lines(lines, policy.customer_unit), policy)


def units_of(before: Ready, after: Ready) -> Units:
    return Units.of(before.lines, after.lines)


def ending(oracle: Oracle, customer: str, month: int) -> int:
    return oracle.valued(oracle.held(customer, month), month)


Name = tuple[str, str]
"""Whose name it is, as the policy's ``customer_unit`` says, and the name: a company and a parent may be called alike."""


def groups_of(case: Case) -> list[set[Name]]:
    """Parents with their companies, found the slow way: customers and parents that share a line belong together."""
    sets: list[set[Name]] = [
        {("customer", line.customer_id), ("parent", line.parent_customer_id or line.customer_id)} for line in case.lines
    ]
    merged = True
    while merged:
        merged = False
        for one in sets:
            for other in sets:
                if one is not other and one & other:
                    one |= other
                    sets.remove(other)
                    merged = True
                    break
            if merged:
                break
    return sets


@given(cases(), policies())
@tried(25, 3_000)
def test_each_customer_moves_by_what_plain_python_says_and_together_they_are_the_difference(
    case: Case, other: Policy
) -> None:
    after = replace(case, policy=replace(other, reporting_currency=case.policy.reporting_currency))
    sides = [replace(each, last=min(each.last, each.first + 6)) for each in (case, after)]
    oracles = [oracle_of(each) for each in sides]
    if any(oracle.missing_rates() for oracle in oracles):
        return
    lines, days = lines_frame(list(case.lines)), rates_frame(case.rates)
    engines = [EnginePolicy(**asdict(each.policy)) for each in sides]
    first, last = sides[0].first, sides[0].last
    sides_ready = [ready(lines, policy) for policy in engines]
    moved = moved_customers(units_of(*sides_ready), sides_ready[0], sides_ready[1], days, first, last)
    assert moved.schema == MOVED_SCHEMA
    kinds = [each.policy.customer_unit for each in sides]
    known = [{(kind, name) for name in oracle.customers} for kind, oracle in zip(kinds, oracles, strict=True)]
    named_by = kinds[0] if len(known[0]) < len(known[1]) else kinds[1]  # the policy that has fewer customers
    groups = groups_of(case) if kinds[0] != kinds[1] else [{name} for name in known[0] | known[1]]
    found = {(named_by, row["customer"]): row for row in moved.iter_rows(named=True)}
    for names in groups:
        by_month = {
            month: tuple(
                sum(ending(oracle, name, month) for _, name in names & customers)
                for oracle, customers in zip(oracles, known, strict=True)
            )
            for month in range(first, last + 1)
        }
        mine = [row for name, row in found.items() if name in names]
        apart = {month: abs(new - old) for month, (old, new) in by_month.items()}
        if not any(apart.values()):
            assert not mine
            continue
        (row,) = mine
        assert (row["end_before"], row["end_after"]) == by_month[last]
        assert apart[row["month"]] == max(apart.values())
        assert (row["month_before"], row["month_after"]) == by_month[row["month"]]
        assert not any(apart[month] == max(apart.values()) for month in range(row["month"] + 1, last + 1)), "the newest"
    books = [build_book(lines, days, policy, first, last, ()) for policy in engines]
    ends = [book.bridge.filter(pl.col("month") == last)["ending"].sum() for book in books]
    assert sum(row["end_after"] - row["end_before"] for row in found.values()) == int(ends[1]) - int(ends[0])
    for side, book in zip(sides_ready, books, strict=True):
        begun = dict(book.cohorts.filter(pl.col("cohort") == pl.col("month"))["cohort", "customers"].iter_rows())
        assert {month: count for month, count in first_customers(side).items() if first <= month <= last} == begun


def test_companies_that_share_a_line_are_compared_under_their_parent() -> None:
    lines = frame(
        line("L1", "1200", customer_id="a", parent_customer_id="P"),
        line("L2", "1200", customer_id="a"),
        line("L3", "1200", customer_id="b", parent_customer_id="P"),
        line("L4", "1200", customer_id="c"),
    )
    units = Units.of(code_lines(lines, "customer"), code_lines(lines, "parent"))
    assert units.names[units.of_line].to_list() == ["P", "P", "P", "c"], "three customers, and under parents three too"
    named = dict(units.names_of(code_lines(lines, "customer")).iter_rows())
    assert named["a"] == named["b"] != named["c"]


def test_a_return_that_is_another_case_is_told_although_arr_is_the_same() -> None:
    lines = frame(
        line("L1", "1200", customer_id="a", starts_on="2024-01-01", ends_on="2024-03-31"),
        line("L2", "1200", customer_id="a", starts_on="2024-07-01"),
        line("L3", "1200", customer_id="b", starts_on="2024-01-01"),
    )
    always, never = plain_policy(reactivation_window_months=None), plain_policy(reactivation_window_months=0)
    first, last = 2024 * 12, 2024 * 12 + 11
    books = [build_book(lines, NO_RATES, policy, first, last) for policy in (always, never)]
    sides = ready(lines, always), ready(lines, never)
    moved = moved_customers(units_of(*sides), *sides, NO_RATES, first, last)
    assert moved.height == 0
    told = told_otherwise(*(book.movements for book in books))
    july, cents = 2024 * 12 + 6, 1200_00
    assert sorted(told.rows()) == [("a", july, "new", 0, cents), ("a", july, "reactivation", cents, 0)]
    (row,) = with_told(moved, told).to_dicts()
    assert row["customer"] == "a" and row["month"] is None and row["told"] == 2 * cents
