"""Numbers cut to values of their dimensions: several values of one, several dimensions, cohorts, and what was reported."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from django.db.models import F

from metrics.memory import Memory
from metrics.models import ContractLine, Recognition
from metrics.selectors.books import bridge_get, groups_list, headline_get, retention_get
from metrics.selectors.cohorts import cohorts_get
from metrics.selectors.drill import customers_of_cell
from metrics.selectors.figures import BRIDGE_COLUMNS, Cohorts
from metrics.selectors.filtered import FOLDED, INPUTS, SERIES
from metrics.selectors.movers import movers_get
from metrics.selectors.policies import policy_in_force
from metrics.selectors.reported import bridge_reported, headline_reported
from metrics.selectors.retained import cohort_customers, retention_customers
from metrics.services.books import books_rebuild_all
from metrics.services.closes import month_close
from metrics.services.policies import policy_publish
from portal.lib.periods import month_parse
from portal.tenancy.models import Client
from portal.tenancy.scope import tenant_context
from tests.metrics.golden import golden_client

FIRST, LAST = month_parse("2024-01"), month_parse("2025-12")
NOW = datetime(2026, 1, 15, tzinfo=UTC)


@pytest.fixture
def numbers(shared: Path, northwind: Client) -> Iterator[Client]:
    golden_client(northwind, shared / "golden" / "live-average-parent")
    with tenant_context(northwind):
        yield northwind


@pytest.mark.parametrize("name", ["segment", "region", "rep", "product"])
def test_several_values_of_one_dimension_are_the_sum_of_each(numbers: Client, name: str) -> None:
    chosen = tuple(groups_list(numbers, [name])[name][:2])
    both = bridge_get(numbers, filters={name: chosen})
    each = [bridge_get(numbers, filters={name: value}) for value in chosen]
    for place, total in enumerate(both.totals):
        for column in BRIDGE_COLUMNS:
            assert getattr(total, column) == sum(getattr(part.totals[place], column) for part in each)
    assert both.totals[-1].ending > each[0].totals[-1].ending > 0
    split = bridge_get(numbers, dimension=name, filters={name: chosen})
    assert split.groups == chosen and split.totals == both.totals


@pytest.mark.parametrize("column", ["ending", "net_new", "expansion", "churn", "customers_ending"])
@pytest.mark.parametrize("names", [("product",), ("segment",), ("segment", "product"), ("region", "rep")])
def test_a_cell_under_several_values_is_its_customers(numbers: Client, names: tuple[str, ...], column: str) -> None:
    filters = {name: tuple(groups_list(numbers, [name])[name][:2]) for name in names}
    row = bridge_get(numbers, first=LAST - 5, last=LAST, filters=filters, grain="year").totals[-1]
    span = (row.period.first, row.period.last)
    assert customers_of_cell(numbers, None, *span, column=column, filters=filters).amount == getattr(row, column)
    movers = movers_get(numbers, first=LAST - 5, last=LAST, count=10_000, filters=filters)
    assert sum(mover.amount for mover in (*movers.gains, *movers.losses)) == row.net_new


def cells(cohorts: Cohorts) -> dict[tuple[str, int], tuple[Any, int]]:
    return {
        (cohort.period.key, cell.age): (cell.arr, cell.customers)
        for cohort in cohorts.cohorts
        for cell in cohort.cells
        if cell.customers
    }


@pytest.mark.parametrize("recognition", Recognition.values)
@pytest.mark.parametrize("name", ["segment", "region", "rep"])
def test_cohorts_of_all_values_add_up_to_the_cohorts_of_all_customers(
    numbers: Client, recognition: str, name: str
) -> None:
    whole = cells(cohorts_get(numbers, recognition, "quarter"))
    summed: dict[tuple[str, int], tuple[Any, int]] = {}
    for value in groups_list(numbers, [name], recognition)[name]:
        for key, (arr, customers) in cells(cohorts_get(numbers, recognition, "quarter", filters={name: value})).items():
            before = summed.get(key, (0, 0))
            summed[key] = (before[0] + arr, before[1] + customers)
    assert summed == whole and len(whole) > 50


@pytest.mark.parametrize("recognition", Recognition.values)
@pytest.mark.parametrize("names", [("segment",), ("segment", "region"), ("product",), ("segment", "product")])
def test_filtered_cohorts_add_up_to_the_filtered_ending(
    numbers: Client, recognition: str, names: tuple[str, ...]
) -> None:
    filters = {name: tuple(groups_list(numbers, [name], recognition)[name][:1]) for name in names}
    cohorts = cohorts_get(numbers, recognition, filters=filters)
    for total in bridge_get(numbers, recognition, filters=filters).totals:
        month = [cell for c in cohorts.cohorts for cell in c.cells if cell.period.last == total.period.last]
        assert sum(cell.arr for cell in month) == total.ending
        assert sum(cell.customers for cell in month) == total.customers_ending


def test_what_was_reported_can_be_cut_to_several_values(numbers: Client) -> None:
    regions = groups_list(numbers, ["region"])["region"]
    month_close(client=numbers, month=LAST)
    for chosen in combinations(regions, 2):
        reported = bridge_reported(numbers, filters={"region": chosen}).totals
        live = bridge_get(numbers, filters={"region": chosen}).totals
        assert reported[-1].state == "closed"
        assert [[getattr(row, name) for name in BRIDGE_COLUMNS] for row in reported] == [
            [getattr(row, name) for name in BRIDGE_COLUMNS] for row in live
        ]
        assert headline_reported(numbers, filters={"region": chosen}) == headline_get(
            numbers, filters={"region": chosen}
        )


@pytest.mark.parametrize("recognition", Recognition.values)
@pytest.mark.parametrize("filters", [{}, {"segment": "Enterprise"}, {"region": ("EMEA", "APAC"), "segment": "SMB"}])
def test_the_customers_behind_a_retention_are_its_sums(numbers: Client, recognition: str, filters: Any) -> None:
    for row in retention_get(numbers, recognition, FIRST, LAST, filters=filters)[::5]:
        found = retention_customers(numbers, recognition, row.month, filters)
        assert (found.base, found.now, found.kept) == (row.base, row.now, row.kept)
        assert len(found.customers) == row.customers_base
        assert sum(customer.kept for customer in found.customers) == row.kept


@pytest.mark.parametrize("filters", [{}, {"segment": "Enterprise"}, {"product": ("Connect", "Analytics")}])
def test_the_customers_behind_a_cohort_are_its_cells(numbers: Client, filters: Any) -> None:
    cohorts = cohorts_get(numbers, None, "quarter", filters=filters).cohorts
    for cohort in cohorts[-8::3]:
        for cell in cohort.cells[::3]:
            span = (cohort.period.first, cohort.period.last)
            found = cohort_customers(numbers, None, span, cell.period.last, filters)
            assert (found.amount, len(found.customers)) == (cell.arr, cell.customers)


def endings(client: Client) -> dict[tuple[str, int], Any]:
    """ARR, CARR and LARR of a cut by two properties at each month end."""
    filters: dict[str, str | tuple[str, ...]] = {"region": ("EMEA", "APAC"), "segment": "SMB"}
    return {
        (name, row.period.last): row.ending
        for name in Recognition.values
        for row in bridge_get(client, name, filters=filters).totals
    }


def test_what_is_remembered_of_a_cut_follows_lines_closes_and_policy(numbers: Client) -> None:
    """Lines are folded once for ARR, CARR and LARR; after each change they are what a fresh process computes."""
    other_policy = policy_in_force(numbers).to_dict() | {"renewal_grace_days": 1}
    ways: list[Callable[[], Any]] = [
        lambda: ContractLine.objects.filter(segment="SMB").update(amount=F("amount") * 2),
        lambda: month_close(client=numbers, month=LAST - 6),
        lambda: policy_publish(client=numbers, parameters=other_policy),
    ]
    seen = [endings(numbers)]
    memories: tuple[Memory[Any], ...] = (INPUTS, FOLDED, SERIES)
    for change in ways:
        change()
        books_rebuild_all(client=numbers, now=NOW)
        seen.append(endings(numbers))
        for memory in memories:
            memory.clear()
        assert endings(numbers) == seen[-1]
    first, doubled, closed, other = seen
    assert first != doubled == closed, "a close moves nothing"
    assert doubled != other and all(other[key] == was for key, was in doubled.items() if key[1] < LAST - 6)
