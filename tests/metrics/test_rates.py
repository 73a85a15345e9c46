"""A client's own exchange rates."""

import datetime as dt
import io
from collections.abc import Callable
from unittest.mock import Mock

import pytest
from django.test import Client as Browser

from metrics import repository
from metrics.models import ArrBook, FxRate
from metrics.selectors.live import live_input
from metrics.selectors.own_rates import own_rates_lacking
from metrics.services.books import books_rebuild_all
from metrics.services.problems import ImportProblem
from metrics.services.rates import RatesRefused, rates_import, rates_remove
from portal.accounts.models import User
from portal.lib.periods import month_parse
from portal.tenancy.models import AuditEntry, Client
from portal.tenancy.scope import tenant_context
from tests.reporting.numbers import LINES, NOW, line, numbers_load


def load(client: Client, rows: str) -> None:
    content = io.BytesIO(f"date,currency,rate\n{rows}".encode())
    rates_import(client=client, file=content, file_name="rates.csv")


def test_rates_count_in_the_very_process_that_loaded_them(northwind: Client) -> None:
    """Whatever was read while the file was being loaded: what is remembered of rates must not outlive it."""
    with tenant_context(northwind):
        load(northwind, "2026-01-30,EUR,1.25\n")
        frame = repository.rates_frame(northwind, ["EUR"])
        assert frame.rows() == [("EUR", dt.date(2026, 1, 30), 12_500_000_000)]
        load(northwind, "2026-01-30,EUR,1.26\n")
        assert repository.rates_frame(northwind, ["EUR"])["rate_e10"].to_list() == [12_600_000_000]


def test_a_currency_without_own_rates_is_valued_by_the_ecb(northwind: Client) -> None:
    with tenant_context(northwind):
        load(northwind, "2026-01-30,EUR,1.25\n")
        frame = repository.rates_frame(northwind, ["EUR", "GBP"])
        counts = dict(frame.group_by("currency").len().iter_rows())
        assert counts["EUR"] == 1 and counts["GBP"] > 6_000


def test_a_faulty_file_of_rates_loads_nothing_and_names_each_row(northwind: Client) -> None:
    with tenant_context(northwind), pytest.raises(RatesRefused) as refused:
        load(northwind, "2026-01-30,EUR,1.25\n2026-02-30,EUR,1.2\n2026-01-31,EUR,-1\n2026-01-30,EUR,1.3\n")
    assert {fault.row for fault in refused.value.faults} >= {3, 4, 5}
    with tenant_context(northwind):
        assert not FxRate.objects.exists()


def test_a_file_too_large_for_rates_is_refused_before_it_is_read(northwind: Client) -> None:
    wide = "date,currency,rate" + ",x" * 47 + "\n"
    with tenant_context(northwind):
        for rows, code in (
            (wide + ("," * 49 + "\n") * 101_000, "too_many_cells"),
            ("x" * 21_000_000, "file_too_large"),
        ):
            with pytest.raises(RatesRefused) as caught:
                rates_import(client=northwind, file=io.BytesIO(rows.encode()), file_name="rates.csv")
            assert list(caught.value.faults.by_code()) == [code]


def test_loading_rates_is_recorded(northwind: Client) -> None:
    with tenant_context(northwind):
        load(northwind, "2026-01-30,EUR,1.25\n")
        assert AuditEntry.objects.order_by("-sequence").filter(action__startswith="rates").exists()


MARCH = month_parse("2026-03")
EUROS = [
    *LINES,
    line("K7/1", "dune", "Platform", 9_000, dt.date(2025, 12, 1), currency="EUR"),
    line("K8/1", "fern", "Platform", 9_000, dt.date(2025, 12, 1), currency="GBP"),
]


def test_own_rates_say_which_months_of_the_book_they_leave_without_one(northwind: Client) -> None:
    with tenant_context(northwind):
        numbers_load(northwind, EUROS)
        assert own_rates_lacking(northwind, MARCH) == []
        load(northwind, "2026-01-30,EUR,1.25\n")
        (found,) = own_rates_lacking(northwind, MARCH)
        assert (found.currency, found.of) == ("EUR", 4)
        assert found.months == tuple(map(month_parse, ("2025-12", "2026-02", "2026-03")))
        assert found.text == "EUR: 3 of 4 months have no rate of your own: 2025-12, 2026-02 to 2026-03."
        load(northwind, "2025-12-31,EUR,1.25\n2026-02-27,EUR,1.25\n2026-03-31,EUR,1.25\n")
        assert own_rates_lacking(northwind, MARCH) == []


def test_what_own_rates_lack_is_found_once_for_each_state_of_lines_rates_and_policy(
    northwind: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    with tenant_context(northwind):
        numbers_load(northwind, EUROS)
        load(northwind, "2026-01-30,EUR,1.25\n")
    reading = Mock(side_effect=live_input)
    monkeypatch.setattr("metrics.selectors.own_rates.live_input", reading)
    for expected in (1, 1):
        with tenant_context(northwind):
            assert [each.of for each in own_rates_lacking(northwind, MARCH)] == [4]
        assert reading.call_count == expected
    with tenant_context(northwind):
        load(northwind, "2025-12-31,EUR,1.25\n")
    with tenant_context(northwind):
        (found,) = own_rates_lacking(northwind, MARCH)
        assert month_parse("2025-12") not in found.months


def test_own_rates_taken_away_give_the_ecbs_back_and_the_same_book_as_before(northwind: Client) -> None:
    with tenant_context(northwind):
        numbers_load(northwind, EUROS)
        before = ArrBook.objects.get(recognition="start")
        load(northwind, "2026-01-30,EUR,1.25\n2026-01-30,GBP,1.4\n")
        books_rebuild_all(client=northwind, now=NOW)
        assert ArrBook.objects.get(recognition="start").input_hash != before.input_hash
        for currency in ("EUR", "GBP"):
            removal = rates_remove(client=northwind, currency=currency)
            assert (removal.removed_currency, removal.removed_count) == (currency, 1)
            assert not FxRate.objects.filter(currency=currency).exists()
        assert {book.state for book in ArrBook.objects.all()} == {"stale"}
        assert repository.rates_frame(northwind, ["EUR"]).height > 6_000
        books_rebuild_all(client=northwind, now=NOW)
        after = ArrBook.objects.get(recognition="start")
        assert (after.input_hash, after.state, after.gaps) == (before.input_hash, "ready", [])
        entry = AuditEntry.objects.filter(action="rates.removed").latest("sequence")
        assert entry.details["currency"] == "GBP" and entry.details["removed"] == 1 and entry.details["sha256"]
        with pytest.raises(ImportProblem, match="no rates of your own for EUR"):
            rates_remove(client=northwind, currency="EUR")


def test_the_page_says_at_once_what_lacks_and_takes_own_rates_away(
    northwind: Client, rita: User, signed_in: Callable[[User], Browser]
) -> None:
    with tenant_context(northwind):
        numbers_load(northwind, EUROS)
    browser, page = signed_in(rita), "/c/northwind/data/rates/"
    file = io.BytesIO(b"date,currency,rate\n2026-01-30,EUR,1.25\n")
    file.name = "rates.csv"
    text = browser.post(f"{page}upload/", {"file": file}, follow=True).content.decode()
    assert text.count("months have no rate of your own: Dec 2025, Feb 2026") == 2, (
        "as the answer, and as the page's state"
    )
    assert "Take your own EUR rates away" in text
    text = browser.post(f"{page}remove/", {"currency": "EUR"}, follow=True).content.decode()
    assert "1 EUR rates of your own were taken away" in text and "no rate of your own" not in text
    assert "All own EUR rates taken away" in text
    again = browser.post(f"{page}remove/", {"currency": "EUR"}, follow=True).content.decode()
    assert "There are no rates of your own for EUR." in again
