"""Closed months: they keep their numbers, restatements are linked, and every day knows what was reported on it."""

import datetime as dt
import random
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from metrics.engine.bridge import TOTAL
from metrics.models import ContractLine, MonthClose
from metrics.selectors.books import bridge_get
from metrics.selectors.close_details import CUTS
from metrics.selectors.closes import (
    as_of,
    close_balances,
    close_rows,
    closes_list,
    next_month_to_close,
)
from metrics.selectors.policies import policy_in_force
from metrics.selectors.reported import bridge_reported
from metrics.services.books import books_outdate, books_rebuild_all
from metrics.services.closes import CloseError, NothingToRestateError, month_close, month_restate
from metrics.services.policies import policy_publish
from portal.lib.periods import month_parse
from portal.tenancy.clock import database_time
from portal.tenancy.models import AuditEntry, Client
from portal.tenancy.scope import tenant_context
from tests.metrics.golden import NOW, golden_client
from tests.reporting.numbers import NOW as APRIL
from tests.reporting.numbers import line, numbers_load

JUNE, JULY, AUGUST = (month_parse(f"2025-{month:02d}") for month in (6, 7, 8))


@pytest.fixture
def client_with_books(shared: Path, northwind: Client) -> Iterator[Client]:
    """Northwind with numbers up to December 2025, in scope."""
    golden_client(northwind, shared / "golden" / "contract-start")
    with tenant_context(northwind):
        yield northwind


def correct_the_past(client: Client, factor: int = 2) -> None:
    """Somebody corrects a contract that has counted for long."""
    line = (
        ContractLine.objects.filter(starts_on__year=2025, starts_on__month__lt=6, charge_type="recurring")
        .order_by("line_id")
        .first()
    )
    assert line is not None
    ContractLine.objects.filter(pk=line.pk).update(amount=line.amount * factor, content_hash=f"{factor:032x}")
    books_rebuild_all(client=client, now=NOW)


def reported(client: Client, month: int) -> Any:
    return bridge_reported(client, first=month, last=month).totals[0]


def test_a_closed_month_keeps_what_the_book_said(client_with_books: Client) -> None:
    live = bridge_get(client_with_books, first=JUNE, last=JUNE, dimension="segment")
    closes = month_close(client=client_with_books, month=JUNE)
    own = next(close for close in closes if close.recognition == live.head.recognition)
    assert [row.ending for row in close_rows(own, "segment")] == [row.ending for row in live.rows]
    assert sum(row.amount for row in close_balances(own)) == live.totals[0].ending
    assert {close.recognition for close in closes} == {"start", "signed", "live"}
    assert own.policy_parameters == policy_in_force(client_with_books).to_dict()
    assert AuditEntry.objects.filter(action="month.closed").count() == 3


def test_corrections_change_no_closed_month_and_show_as_an_adjustment(client_with_books: Client) -> None:
    month_close(client=client_with_books, month=JUNE)
    before = reported(client_with_books, JUNE)
    correct_the_past(client_with_books)
    assert reported(client_with_books, JUNE) == before
    live = bridge_get(client_with_books, first=JUNE, last=JULY).totals
    assert live[0].ending != before.ending
    july = reported(client_with_books, JULY)
    assert july.adjustment == live[1].beginning - before.ending != 0
    assert july.beginning == before.ending
    assert july.beginning + july.net_new + july.fx + july.adjustment == july.ending == live[1].ending
    assert closes_list(client_with_books)[0].drift == live[0].ending - before.ending


def test_a_restatement_is_linked_and_the_old_revision_stays(client_with_books: Client) -> None:
    old = next(c for c in month_close(client=client_with_books, month=JUNE) if c.recognition == "start")
    stored = close_rows(old)
    with pytest.raises(CloseError, match="nothing to restate"):
        month_restate(client=client_with_books, month=JUNE, reason="just because")
    correct_the_past(client_with_books)
    with pytest.raises(CloseError, match="needs a reason"):
        month_restate(client=client_with_books, month=JUNE, reason=" ")
    new = next(
        c
        for c in month_restate(client=client_with_books, month=JUNE, reason="Late order form")
        if c.recognition == "start"
    )
    assert (new.restates_id, new.revision, new.reason) == (old.pk, 2, "Late order form")
    assert new.input_hash != old.input_hash
    assert close_rows(MonthClose.objects.get(pk=old.pk)) == stored
    assert (
        reported(client_with_books, JUNE).ending
        == bridge_get(client_with_books, first=JUNE, last=JUNE).totals[0].ending
    )
    assert reported(client_with_books, JULY).adjustment == 0


def test_months_are_closed_once_and_in_order(client_with_books: Client) -> None:
    assert next_month_to_close(client_with_books, NOW) == month_parse("2025-12")
    month_close(client=client_with_books, month=JUNE)
    assert next_month_to_close(client_with_books, NOW) == JULY
    for month, reason in [
        (JUNE, "closed already"),
        (AUGUST, "in their order"),
        (month_parse("2026-01"), "numbers from"),
    ]:
        with pytest.raises(CloseError, match=reason):
            month_close(client=client_with_books, month=month)


def test_numbers_that_are_being_recomputed_are_not_closed(client_with_books: Client) -> None:
    books_outdate(client=client_with_books, reason="a test")
    with pytest.raises(CloseError, match="being recomputed"):
        month_close(client=client_with_books, month=JUNE)


def test_a_book_that_does_not_agree_with_the_lines_is_not_closed(client_with_books: Client) -> None:
    ContractLine.objects.update(amount=1)
    with pytest.raises(CloseError, match="do not agree"):
        month_close(client=client_with_books, month=JUNE)


def test_a_new_policy_leaves_closed_months_alone(client_with_books: Client) -> None:
    month_close(client=client_with_books, month=JUNE)
    before = reported(client_with_books, JUNE)
    changed = policy_in_force(client_with_books).with_(recognition="start", discounts="list", renewal_grace_days=90)
    policy_publish(client=client_with_books, parameters=changed.to_dict())
    books_rebuild_all(client=client_with_books, now=NOW)
    assert reported(client_with_books, JUNE) == before
    assert MonthClose.objects.get(month=JUNE, recognition="start").policy.number == 1


def under_another_policy(client: Client) -> None:
    """From now on list prices count, and a year of grace."""
    changed = policy_in_force(client).with_(recognition="start", discounts="list", renewal_grace_days=365)
    policy_publish(client=client, parameters=changed.to_dict())
    books_rebuild_all(client=client, now=NOW)


def test_a_restatement_by_hand_corrects_data_under_the_policy_of_the_close(client_with_books: Client) -> None:
    month_close(client=client_with_books, month=JUNE)
    correct_the_past(client_with_books)
    own = {name: bridge_get(client_with_books, name, JUNE, JUNE, "segment") for name in ("start", "signed", "live")}
    under_another_policy(client_with_books)
    assert bridge_get(client_with_books, "start", JUNE, JUNE).totals[0].ending != own["start"].totals[0].ending
    listed = closes_list(client_with_books, "start")[0]
    assert (listed.live_ending, listed.is_of_book) == (own["start"].totals[0].ending, False)
    for close in month_restate(client=client_with_books, month=JUNE, reason="Late order form"):
        assert (close.policy.number, close.revision) == (1, 2)
        kept = close_rows(close, "segment")
        assert [(row.group, row.beginning, row.ending) for row in kept] == [
            (row.group, row.beginning, row.ending) for row in own[close.recognition].rows
        ]
    again = closes_list(client_with_books, "start")[0]
    assert again.drift == 0 and again.first_ending != again.ending


def test_a_restatement_by_hand_keeps_nothing_of_versions_that_came_after_its_own(client_with_books: Client) -> None:
    closed = month_close(client=client_with_books, month=JUNE)
    policy = policy_in_force(client_with_books)
    for days in (30, 60):
        changed = policy.with_(discounts="list", renewal_grace_days=days)
        policy_publish(client=client_with_books, parameters=changed.to_dict())
    correct_the_past(client_with_books)
    again = month_restate(client=client_with_books, month=JUNE, reason="A late order form")
    assert {close.policy for close in again} == {close.policy for close in closed}
    assert [close.ending_in_force for close in again] == [None, None, None], "its own version is the first"


def test_another_definition_alone_restates_nothing_by_hand(client_with_books: Client) -> None:
    month_close(client=client_with_books, month=JUNE)
    under_another_policy(client_with_books)
    with pytest.raises(CloseError, match="restating change request"):
        month_restate(client=client_with_books, month=JUNE, reason="The new rule")
    made = month_restate(client=client_with_books, month=JUNE, reason="CR-6", redefines=True)
    assert {close.policy.number for close in made} == {2}


def test_a_policy_that_cannot_be_valued_any_more_refuses_a_restatement_by_hand(client_with_books: Client) -> None:
    month_close(client=client_with_books, month=JUNE)
    correct_the_past(client_with_books)
    under_another_policy(client_with_books)
    client_with_books.currency = "CHF"
    with pytest.raises(CloseError, match=r"policy v1 that it was closed under.*restating change request"):
        month_restate(client=client_with_books, month=JUNE, reason="Late order form")


@pytest.mark.parametrize(
    "table", ["metrics_monthclose", "metrics_closebridge", "metrics_closebalance", "metrics_closedetail"]
)
def test_closed_rows_are_refused_to_every_change(client_with_books: Client, table: str) -> None:
    month_close(client=client_with_books, month=JUNE)
    for statement in (f"UPDATE {table} SET id = id", f"DELETE FROM {table}", f"TRUNCATE {table}"):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)


def test_every_day_knows_what_was_reported_on_it(client_with_books: Client) -> None:
    """M06: 100 random pairs of instant and month, against copies made when each was reported."""
    client, chance = client_with_books, random.Random(6)
    archive: list[tuple[datetime, int, list[Any]]] = []
    months = list(range(JUNE, JUNE + 5))
    for number, month in enumerate(months):
        made = month_close(client=client, month=month)
        archive.append((database_time(), month, [close_rows(c) for c in made if c.recognition == "start"]))
        if number % 2:
            correct_the_past(client, factor=number + 2)
            restated = chance.choice(months[: number + 1])
            made = month_restate(client=client, month=restated, reason=f"correction {number}")
            archive.append((database_time(), restated, [close_rows(c) for c in made if c.recognition == "start"]))
    for _ in range(100):
        at, _, _ = chance.choice(archive)
        month = chance.choice(months)
        known = [rows for when, of, rows in archive if of == month and when <= at]
        close = as_of(client, month, at, "start")
        assert ([close_rows(close)] if close else []) == (known[-1][:1] if known else [])


def test_as_of_a_day_counts_to_its_end_where_the_client_is(client_with_books: Client) -> None:
    close = next(c for c in month_close(client=client_with_books, month=JUNE) if c.recognition == "start")
    today = close.closed_at.date()
    assert as_of(client_with_books, JUNE, today) == close
    assert as_of(client_with_books, JUNE, today.replace(year=today.year - 1)) is None


@pytest.mark.parametrize("dimension", ["total", "segment", "product"])
@pytest.mark.parametrize("grain", ["month", "quarter", "year"])
def test_the_reported_bridge_ties_everywhere(client_with_books: Client, dimension: str, grain: Any) -> None:
    month_close(client=client_with_books, month=JUNE)
    month_close(client=client_with_books, month=JULY)
    correct_the_past(client_with_books)
    month_restate(client=client_with_books, month=JUNE, reason="Late order form")
    bridge = bridge_reported(client_with_books, dimension=dimension, grain=grain)
    for row in (*bridge.rows, *bridge.totals):
        assert row.beginning + row.net_new + row.fx + row.adjustment == row.ending
    for before, after in zip(bridge.totals, bridge.totals[1:], strict=False):
        assert before.ending == after.beginning or (before.state, after.state) == ("live", "closed")
    if dimension != TOTAL:
        for total in bridge.totals:
            rows = [row for row in bridge.rows if row.period == total.period]
            assert sum(row.ending for row in rows) == total.ending


def test_customers_who_change_places_with_equal_sums_are_restated_by_hand(northwind: Client) -> None:
    """Acme and Bolt swap region and segment: every property adds up to what was closed, and a cut by both does not."""
    first = dt.date(2026, 1, 10)
    with tenant_context(northwind):
        numbers_load(
            northwind,
            [
                line("K1/1", "acme", "Platform", 12_000, first, segment="SMB", region="EMEA"),
                line("K2/1", "bolt", "Platform", 12_000, first, segment="Enterprise", region="AMER"),
            ],
        )
        march = month_parse("2026-03")
        closes = month_close(client=northwind, month=march)
        swapped = {"acme": "AMER", "bolt": "EMEA"}
        for customer, region in swapped.items():
            ContractLine.objects.filter(customer_id=customer).update(region=region)
        books_rebuild_all(client=northwind, now=APRIL)
        with pytest.raises(NothingToRestateError):
            month_restate(client=northwind, month=march, reason="A decision leaves it alone", redefines=True)
        again = month_restate(client=northwind, month=march, reason="The CRM had them mixed up")
        assert {new.content_hash for new in again} == {old.content_hash for old in closes}, (
            "no sum of one property moved"
        )
        cut = bridge_reported(northwind, first=march, last=march, filters={"segment": ("SMB",), "region": ("AMER",)})
        assert cut.totals[0].ending == 12_000
        (listed, *_) = closes_list(northwind)
        assert listed.unmoved == "every sum as reported: customers changed places"
        with pytest.raises(NothingToRestateError):
            month_restate(client=northwind, month=march, reason="Once is enough")


def test_cuts_are_kept_by_what_they_weigh_with_their_names(client_with_books: Client) -> None:
    """Whoever asks for ever other selections of nothing fills no memory: the names of a selection weigh too."""
    month_close(client=client_with_books, month=JUNE)
    CUTS.clear()
    for number in range(40):
        names = tuple(f"{number} {place} {'x' * 2000}" for place in range(100))
        assert bridge_reported(client_with_books, filters={"segment": names, "region": ("EMEA",)}).totals
    kept = [weight for weight, _ in CUTS._kept.values()]
    assert len(kept) == 40 and min(kept) > 200_000, "a selection of 100 names of 2,000 letters"
    assert sum(kept) <= CUTS.capacity
