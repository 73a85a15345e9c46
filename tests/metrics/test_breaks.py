"""Where another definition begins: both figures of the month before, and what of their difference is whose doing."""

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal

import pytest

from metrics.models import ContractLine, MonthClose
from metrics.selectors.breaks import DefinitionBreak, breaks_get, restated_get
from metrics.selectors.policies import policy_in_force
from metrics.selectors.reported import bridge_reported
from metrics.services.books import books_rebuild_all
from metrics.services.closes import month_close, month_restate
from metrics.services.policies import policy_publish
from portal.lib.periods import month_parse
from portal.tenancy.models import Client
from portal.tenancy.scope import tenant_context
from tests.reporting.numbers import LINES, NOW, line, numbers_load

JANUARY, FEBRUARY, MARCH, APRIL = (month_parse(f"2026-0{month}") for month in (1, 2, 3, 4))
MAY_COMES = dt.datetime(2026, 5, 10, tzinfo=dt.UTC)
DISCOUNTED = line("K5/1", "dora", "Platform", 10_000, dt.date(2026, 3, 1), discount_e6=1_000 * 1_000_000)


@pytest.fixture
def closed(northwind: Client) -> Iterator[Client]:
    """Northwind in scope, with three closed months; March ends with 51,000, of which 9,000 are 10,000 less a discount."""
    with tenant_context(northwind):
        numbers_load(northwind, [*LINES, DISCOUNTED])
        for month in (JANUARY, FEBRUARY, MARCH):
            month_close(client=northwind, month=month)
        yield northwind


def change(client: Client, now: dt.datetime = NOW, **parameters: object) -> None:
    """Another definition is in force, and the numbers follow it."""
    policy_publish(client=client, parameters=policy_in_force(client).with_(**parameters).to_dict())
    books_rebuild_all(client=client, now=now)


def correct_acme(client: Client, amount: int, now: dt.datetime = NOW) -> None:
    """Somebody corrects a contract of January."""
    ContractLine.objects.filter(line_id=LINES[0]["line_id"]).update(amount=amount, content_hash=f"{amount:032x}")
    books_rebuild_all(client=client, now=now)


def only_break(client: Client) -> DefinitionBreak:
    (found,) = breaks_get(client)
    return found


def amounts(found: DefinitionBreak) -> list[str]:
    return [str(part) for part in (found.reported, found.under_new, found.definition, found.data)]


def test_months_under_one_definition_have_no_break(closed: Client) -> None:
    correct_acme(closed, 15_000)
    assert breaks_get(closed) == ()


def test_a_changed_definition_breaks_the_first_open_month(closed: Client) -> None:
    change(closed, discounts="list")
    found = only_break(closed)
    assert (found.month, found.is_closed) == (APRIL, False)
    assert [(each.parameter, each.old, each.new) for each in found.changed] == [("discounts", "net", "list")]
    assert amounts(found) == ["51000.00", "52000.00", "1000.00", "0.00"]


def test_definition_and_corrected_contracts_are_told_apart_to_the_cent(closed: Client) -> None:
    change(closed, discounts="list")
    correct_acme(closed, 15_000)
    assert amounts(only_break(closed)) == ["51000.00", "55000.00", "1000.00", "3000.00"]


def test_they_stay_apart_when_the_month_is_closed_and_contracts_go_on_changing(closed: Client) -> None:
    change(closed, now=MAY_COMES, discounts="list")
    correct_acme(closed, 15_000, MAY_COMES)
    month_close(client=closed, month=APRIL)
    correct_acme(closed, 99_000, MAY_COMES)
    found = only_break(closed)
    assert found.is_closed and amounts(found) == ["51000.00", "55000.00", "1000.00", "3000.00"]
    april = bridge_reported(closed, first=APRIL, last=APRIL).totals[0]
    assert april.adjustment == found.difference == found.definition + found.data  # type: ignore[operator]


def test_a_restatement_moves_the_break_to_its_first_month_and_keeps_both_figures(closed: Client) -> None:
    change(closed, discounts="list")
    correct_acme(closed, 15_000)
    for month in (FEBRUARY, MARCH):
        month_restate(client=closed, month=month, reason="The definition was agreed anew", redefines=True)
    found = only_break(closed)
    assert (found.month, amounts(found)) == (FEBRUARY, ["12000.00", "15000.00", "0.00", "3000.00"])
    restated = restated_get(closed)
    assert {month: (row.reported.ending, row.restated.ending) for month, row in restated.items()} == {
        FEBRUARY: (Decimal("36000.00"), Decimal("39000.00")),
        MARCH: (Decimal("51000.00"), Decimal("55000.00")),
    }
    march = MonthClose.objects.get(month=MARCH, recognition="start", revision=2)
    assert march.ending_before == Decimal("54000.00"), "the old definition on the corrected contracts"


def test_months_that_a_restatement_leaves_alone_break_nothing(closed: Client) -> None:
    change(closed, discounts="list")
    month_restate(client=closed, month=MARCH, reason="The definition was agreed anew", redefines=True)
    assert [each.month for each in breaks_get(closed)] == [MARCH]


def test_as_first_reported_is_the_bridge_before_every_restatement(closed: Client) -> None:
    before = bridge_reported(closed, dimension="segment")
    change(closed, discounts="list")
    correct_acme(closed, 15_000)
    for month in (JANUARY, FEBRUARY, MARCH):
        month_restate(client=closed, month=month, reason="Anew", redefines=True)
    assert bridge_reported(closed, dimension="segment") != before
    first = bridge_reported(closed, dimension="segment", original=True)
    assert (first.rows, first.totals) == (before.rows, before.totals)


def test_another_recognition_breaks_no_book(closed: Client) -> None:
    change(closed, recognition="signed")
    assert breaks_get(closed, "start") == () and breaks_get(closed, "signed") == ()
