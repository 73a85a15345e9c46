"""What closes keep is read once in a process, and no later close, restatement or other client is missed."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction

from metrics.selectors.close_memory import bridges_kept, closes_kept, newest_close, retention_kept
from metrics.selectors.closes import latest_closes
from metrics.selectors.figures import Filters
from metrics.selectors.reported import bridge_reported, headline_reported
from metrics.services.closes import month_close, month_restate
from portal.tenancy.models import Client
from portal.tenancy.scope import tenant_context
from tests.metrics.golden import golden_client
from tests.metrics.test_closes import JULY, JUNE, correct_the_past


def kept() -> tuple[Any, ...]:
    newest = newest_close()
    return closes_kept(newest), bridges_kept(newest, "total", "segment"), retention_kept(newest, "total")


def revisions() -> list[tuple[int, int]]:
    return [(close.month, close.revision) for close in latest_closes("start")]


def test_what_closes_keep_is_read_once(
    shared: Path, northwind: Client, django_assert_num_queries: Callable[..., Any]
) -> None:
    golden_client(northwind, shared / "golden" / "contract-start")
    with tenant_context(northwind):
        made = {close.pk for close in month_close(client=northwind, month=JUNE)}
        first = kept()
        with django_assert_num_queries(1):
            assert kept() == first
    assert {close.pk for close in first[0]} == set(first[1]) == set(first[2]) == made


def test_a_later_close_and_a_restatement_are_seen_at_once(shared: Path, northwind: Client) -> None:
    golden_client(northwind, shared / "golden" / "contract-start")
    with tenant_context(northwind):
        month_close(client=northwind, month=JUNE)
        assert revisions() == [(JUNE, 1)]
        month_close(client=northwind, month=JULY)
        assert revisions() == [(JULY, 1), (JUNE, 1)]
        before = headline_reported(northwind, month=JUNE).arr.value
        correct_the_past(northwind)
        assert headline_reported(northwind, month=JUNE).arr.value == before
        month_restate(client=northwind, month=JUNE, reason="Late order form")
        assert revisions() == [(JULY, 1), (JUNE, 2)]
        assert headline_reported(northwind, month=JUNE).arr.value != before


def test_a_close_that_was_rolled_back_is_read_no_more(shared: Path, northwind: Client) -> None:
    golden_client(northwind, shared / "golden" / "contract-start")
    with tenant_context(northwind):
        open_yet = headline_reported(northwind, month=JUNE).arr.value
        with pytest.raises(RuntimeError), transaction.atomic():
            month_close(client=northwind, month=JUNE)
            correct_the_past(northwind)
            assert headline_reported(northwind, month=JUNE).arr.value == open_yet, "as it was closed"
            raise RuntimeError
        assert revisions() == [] and kept() == ((), {}, {})
        correct_the_past(northwind, 3)
        month_close(client=northwind, month=JUNE)
        assert revisions() == [(JUNE, 1)]
        assert headline_reported(northwind, month=JUNE).arr.value not in (None, open_yet)


def test_a_client_sees_its_own_closes_alone(shared: Path, northwind: Client, contoso: Client) -> None:
    for client in (northwind, contoso):
        golden_client(client, shared / "golden" / "contract-start")
    with tenant_context(northwind):
        month_close(client=northwind, month=JUNE)
        newest, own = newest_close(), kept()[0]
    with tenant_context(contoso):
        assert kept() == ((), {}, {})
        assert closes_kept(newest) == (), "also by a key that is another client's"
    assert {close.client_id for close in own} == {northwind.pk}


@pytest.mark.parametrize("filters", [None, {"region": ("EMEA",), "product": ("Support Plus",)}])
def test_as_first_reported_the_open_month_before_ends_with_what_the_first_close_itself_began_with(
    shared: Path, northwind: Client, filters: Filters
) -> None:
    golden_client(northwind, shared / "golden" / "contract-start")
    with tenant_context(northwind):
        month_close(client=northwind, month=JUNE)
        told = bridge_reported(northwind, None, JUNE - 1, JUNE, filters=filters, original=True).totals
        correct_the_past(northwind)
        month_restate(client=northwind, month=JUNE, reason="Late order form")
        may, june = bridge_reported(northwind, None, JUNE - 1, JUNE, filters=filters, original=True).totals
        assert june == told[1], "as it was closed first, and adjusted by nothing"
        assert may.ending == told[0].ending
        restated = bridge_reported(northwind, None, JUNE - 1, JUNE, filters=filters).totals
        assert restated[0].ending == restated[1].beginning
        assert not restated[1].adjustment


def test_a_headline_has_the_months_of_the_bridge_behind_it(shared: Path, northwind: Client) -> None:
    golden_client(northwind, shared / "golden" / "contract-start")
    with tenant_context(northwind):
        month_close(client=northwind, month=JUNE)
        month_close(client=northwind, month=JULY)
        correct_the_past(northwind)
        for month in (JUNE - 1, JUNE, JULY, JULY + 1, None):
            headline = headline_reported(northwind, month=month)
            totals = {row.period.first: row for row in bridge_reported(northwind).totals}
            assert headline.months == tuple(range((headline.month or 0) - 11, (headline.month or 0) + 1))
            assert headline.arr.series == tuple(totals[each].ending for each in headline.months)
            assert headline.net_new.series == tuple(totals[each].net_new for each in headline.months)
            assert headline.arr.previous == totals[headline.months[-2]].ending
