"""What the pages read: bridges by period and filter, headlines, cohorts, movers, cells, and why."""

from collections.abc import Iterator
from dataclasses import replace
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest
from pytest_django import DjangoAssertNumQueries

from metrics.engine.bridge import TOTAL
from metrics.engine.lines import DIMENSIONS
from metrics.engine.settlement import settle_related
from metrics.models import Recognition
from metrics.selectors.books import bridge_get, groups_list, headline_get, retention_get
from metrics.selectors.cohorts import cohorts_get
from metrics.selectors.drill import customer_lines, customers_of_cell, why_get
from metrics.selectors.figures import BRIDGE_COLUMNS, BridgeRow
from metrics.selectors.filtered import INPUTS
from metrics.selectors.findings import finding_sentence, main_cause
from metrics.selectors.movers import movers_get
from metrics.selectors.periods import periods_of
from portal.lib.periods import month_parse
from portal.tenancy.models import Client
from portal.tenancy.scope import tenant_context
from tests.metrics.golden import golden_client

FIRST, LAST = month_parse("2024-01"), month_parse("2025-12")


@pytest.fixture
def northwind_numbers(shared: Path, northwind: Client, request: pytest.FixtureRequest) -> Iterator[Client]:
    """Northwind with the books of a golden case, in scope."""
    golden_client(northwind, shared / "golden" / getattr(request, "param", "live-average-parent"))
    with tenant_context(northwind):
        yield northwind


def test_periods_follow_the_fiscal_year() -> None:
    periods = periods_of(month_parse("2024-01"), month_parse("2024-06"), "quarter", fiscal_year_start=2)
    assert [period.key for period in periods] == ["FY2024-Q4", "FY2025-Q1", "FY2025-Q2"]
    assert [period.is_partial for period in periods] == [True, False, True]
    assert [period.key for period in periods_of(FIRST, LAST, "year")] == ["2024", "2025"]


@pytest.mark.parametrize("grain", ["month", "quarter", "year"])
def test_every_period_ties_and_groups_add_up(northwind_numbers: Client, grain: Any) -> None:
    months = bridge_get(northwind_numbers, first=FIRST, last=LAST).totals
    for dimension in DIMENSIONS:
        bridge = bridge_get(northwind_numbers, first=FIRST, last=LAST, dimension=dimension, grain=grain)
        for total in bridge.totals:
            assert total.beginning + total.net_new + total.fx == total.ending
            rows = [row for row in bridge.rows if row.period == total.period]
            assert sum(row.ending for row in rows) == total.ending
            assert sum(row.net_new for row in rows) == total.net_new
        assert sum(total.new for total in bridge.totals) == sum(month.new for month in months)


def test_bridge_and_headline_cost_two_queries(
    northwind_numbers: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(2):
        bridge_get(northwind_numbers)
    with django_assert_num_queries(2):
        bridge_get(northwind_numbers, dimension="segment", grain="quarter")
    with django_assert_num_queries(2):
        bridge_get(northwind_numbers, filters={"segment": "SMB"})
    with django_assert_num_queries(2):
        headline_get(northwind_numbers)
    with django_assert_num_queries(2):
        cohorts_get(northwind_numbers)
    with django_assert_num_queries(2):
        retention_get(northwind_numbers)


def test_one_filter_is_the_row_of_its_group(northwind_numbers: Client) -> None:
    by_segment = bridge_get(northwind_numbers, dimension="segment")
    filtered = bridge_get(northwind_numbers, filters={"segment": "SMB"})
    rows = {row.period: row for row in by_segment.rows if row.group == "SMB"}
    for total in filtered.totals:
        row = rows.get(total.period)
        assert [getattr(total, name) for name in BRIDGE_COLUMNS] == (
            [getattr(row, name) for name in BRIDGE_COLUMNS] if row else [0] * len(BRIDGE_COLUMNS)
        )


def test_several_filters_together_are_the_whole(northwind_numbers: Client) -> None:
    """Over all values of a second dimension, the filtered bridges add up to the one with the first filter alone."""
    for name, second in (("segment", "region"), ("segment", "product"), ("region", "rep")):
        value = groups_list(northwind_numbers, [name])[name][-1]
        whole = bridge_get(northwind_numbers, filters={name: value}, dimension=second)
        assert whole.totals == bridge_get(northwind_numbers, filters={name: value}).totals
        parts = [
            bridge_get(northwind_numbers, filters={name: value, second: other})
            for other in groups_list(northwind_numbers, [second])[second]
        ]
        for place, total in enumerate(whole.totals):
            assert sum(part.totals[place].ending for part in parts) == total.ending
            assert sum(part.totals[place].net_new for part in parts) == total.net_new
            rows = {row.group: row for row in whole.rows if row.period == total.period}
            for other, part in zip(groups_list(northwind_numbers, [second])[second], parts, strict=True):
                assert part.totals[place].ending == (rows[other].ending if other in rows else 0)


def test_headline_is_the_newest_month_with_its_change(northwind_numbers: Client) -> None:
    headline = headline_get(northwind_numbers)
    rows = bridge_get(northwind_numbers).totals
    assert headline.month == LAST
    assert headline.arr.value == rows[-1].ending
    assert headline.arr.change == rows[-1].ending - rows[-2].ending
    assert headline.mrr.value == (rows[-1].ending / 12).quantize(Decimal("0.01"), ROUND_HALF_UP)
    assert headline.arr.series == tuple(row.ending for row in rows[-12:])
    assert headline.nrr.value == retention_get(northwind_numbers)[-1].nrr


@pytest.mark.parametrize("recognition", Recognition.values)
@pytest.mark.parametrize("grain", ["month", "quarter", "year"])
def test_cohorts_add_up_to_the_ending(northwind_numbers: Client, recognition: str, grain: Any) -> None:
    cohorts = cohorts_get(northwind_numbers, recognition, grain)
    bridge = bridge_get(northwind_numbers, recognition, grain=grain)
    for total in bridge.totals:
        cells = [cell for cohort in cohorts.cohorts for cell in cohort.cells if cell.period.last == total.period.last]
        assert sum(cell.arr for cell in cells) == total.ending
        assert sum(cell.customers for cell in cells) == total.customers_ending


@pytest.mark.parametrize("grain", ["month", "quarter"])
def test_the_newest_cohorts_are_the_end_of_all_of_them(northwind_numbers: Client, grain: Any) -> None:
    every = cohorts_get(northwind_numbers, None, grain, LAST)
    newest = cohorts_get(northwind_numbers, None, grain, LAST, newest=5, ages=4)
    assert newest.ages == 4
    assert newest.cohorts == tuple(replace(cohort, cells=cohort.cells[:4]) for cohort in every.cohorts[-5:])


def test_movers_are_all_of_net_new(northwind_numbers: Client) -> None:
    everyone = movers_get(northwind_numbers, first=FIRST, last=LAST, count=10_000)
    moved = sum(mover.amount for mover in (*everyone.gains, *everyone.losses))
    assert moved == sum(row.net_new for row in bridge_get(northwind_numbers, first=FIRST, last=LAST).totals)
    top = movers_get(northwind_numbers, first=FIRST, last=LAST, count=3)
    assert top.gains == everyone.gains[:3]
    assert top.losses == everyone.losses[:3]
    assert top.gains[0].amount == sum(amount for _, amount in top.gains[0].parts)


@pytest.mark.parametrize(
    "northwind_numbers", ["contract-start", "live-average-parent", "signed-contract-rate"], indirect=True
)
def test_customers_of_a_cell_add_up_to_it(northwind_numbers: Client) -> None:
    first = month_parse("2024-07")
    for dimension in (TOTAL, *DIMENSIONS):
        bridge = bridge_get(northwind_numbers, first=first, last=first + 2, dimension=dimension, grain="quarter")
        for row in bridge.rows:
            for column in (*BRIDGE_COLUMNS, "net_new"):
                cell = customers_of_cell(
                    northwind_numbers, None, row.period.first, row.period.last, dimension, row.group, column
                )
                assert cell.amount == getattr(row, column), (dimension, row.group, column)


def test_customers_of_a_cell_under_filters(northwind_numbers: Client) -> None:
    filters = {"segment": "Enterprise", "product": "Connect"}
    row = bridge_get(northwind_numbers, first=LAST, last=LAST, filters=filters).totals[0]
    cell = customers_of_cell(northwind_numbers, None, LAST, LAST, column="ending", filters=filters)
    assert cell.amount == row.ending > 0


def test_a_cell_of_many_customers_names_the_largest_and_counts_all(northwind_numbers: Client) -> None:
    span = (month_parse("2024-01"), LAST)
    every = customers_of_cell(northwind_numbers, None, *span, column="expansion")
    some = customers_of_cell(northwind_numbers, None, *span, column="expansion", most=3)
    assert some.customers == every.customers[:3] and len(every.customers) > 3
    assert (some.amount, some.customer_count) == (every.amount, len(every.customers))


def test_a_cell_of_many_months_settles_the_lines_once(
    northwind_numbers: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    settled = Mock(wraps=settle_related)
    monkeypatch.setattr("metrics.engine.book.settle_related", settled)
    INPUTS.clear()
    customers_of_cell(northwind_numbers, None, FIRST, LAST, column="expansion")
    assert settled.call_count == 1


def test_why_adds_up_and_names_clauses_and_rows(northwind_numbers: Client) -> None:
    cell = customers_of_cell(northwind_numbers, None, LAST, LAST, column="ending")
    for customer in cell.customers[:10]:
        why = why_get(northwind_numbers, customer.customer, LAST)
        assert why is not None
        assert sum(line.contributes for line in why.lines) == why.ending == customer.amount
        assert {line.explained.line_id for line in why.lines} == {
            row.line.line_id for row in customer_lines(northwind_numbers, customer.customer)
        }
        assert all(line.source_row and line.file_name for line in why.lines)
        assert all(line.clauses for line in why.lines if line.contributes)
    assert why_get(northwind_numbers, "nobody", LAST) is None


def test_finding_says_what_moved_most(northwind_numbers: Client) -> None:
    sentence = finding_sentence(bridge_get(northwind_numbers, first=FIRST, last=LAST))
    assert sentence.startswith("LARR ")
    assert "from Jan 2024 to Dec 2025, mostly by " in sentence


@pytest.mark.parametrize(
    ("moved", "cause"),
    [
        ({"new": 310, "churn": -100}, ("new customers", 310)),
        ({"expansion": 201, "contraction": -202, "fx": -12}, ("exchange rates", -12)),
        ({"expansion": 201, "contraction": -202, "churn": -5, "new": 3, "fx": 1}, ("churn net of new customers", -2)),
        ({"expansion": 90, "contraction": -100}, ("contraction net of expansion", -10)),
        ({"churn": -40, "reactivation": 10, "adjustment": -7}, ("churn", -40)),
        ({"adjustment": 7, "churn": -2}, ("the prior-period adjustment", 7)),
    ],
)
def test_the_cause_is_what_is_left_once_movements_that_answer_each_other_are_offset(
    moved: dict[str, int], cause: tuple[str, int]
) -> None:
    nothing = dict.fromkeys(
        ("beginning", "new", "expansion", "contraction", "churn", "reactivation", "fx", "ending"), 0
    )
    nothing |= {f"customers_{name}": 0 for name in ("beginning", "new", "churned", "reactivated", "ending")}
    amounts: dict[str, Any] = {name: Decimal(amount) for name, amount in (nothing | moved).items()}
    row = BridgeRow(period=periods_of(LAST, LAST, "month")[0], group="", **amounts)
    assert main_cause((row,), sum(moved.values()) > 0) == (cause[0], Decimal(cause[1]))


def test_a_client_without_books_has_empty_pages(northwind: Client) -> None:
    with tenant_context(northwind):
        assert bridge_get(northwind).totals == ()
        assert headline_get(northwind).arr.value is None
        assert cohorts_get(northwind).cohorts == ()
        assert movers_get(northwind).gains == ()
        assert retention_get(northwind) == []
        assert finding_sentence(bridge_get(northwind))
