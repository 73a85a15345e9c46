"""Books: what is stored equals what the engine says, what cannot be valued says so, and a wrong number is found and mended."""

import datetime as dt
from pathlib import Path

import polars as pl
import pytest

from metrics.book_rows import load_cohorts, load_groups
from metrics.computation import compute
from metrics.engine.bridge import TOTAL
from metrics.engine.series import FIGURES
from metrics.models import ArrBook, BookSeries, BookState, PolicyVersion
from metrics.packing import packed_series, unpacked_series
from metrics.services.book_checks import books_check, books_refresh
from metrics.services.books import book_input, books_outdate, books_rebuild_all
from metrics.services.schedule import check_due
from portal.lib.periods import month_parse
from portal.tenancy.models import AuditEntry, Client, ClientSummary
from portal.tenancy.scope import tenant_context
from tests.engine.frames import frame, line, rates
from tests.metrics.golden import NOW, golden_client
from tests.metrics.loading import load_lines, load_rates

CASES = ["contract-start", "live-average-parent", "signed-contract-rate"]


@pytest.mark.parametrize("case", CASES)
def test_a_stored_book_equals_what_the_engine_computes(shared: Path, northwind: Client, case: str) -> None:
    golden_client(northwind, shared / "golden" / case)
    with tenant_context(northwind):
        for book in ArrBook.objects.all():
            assert book.state == BookState.READY, book.message
            found = compute(book_input(client=northwind).recognised(book.recognition), month_parse("2025-12")).series
            assert found is not None
            stored = load_groups(book)
            assert stored.keys() == found.groups.keys()
            assert all((stored[key] == found.groups[key]).all() for key in stored)
            assert {k: v.tolist() for k, v in load_cohorts(book).items()} == {
                k: v.tolist() for k, v in found.cohorts.items()
            }


def test_without_lines_the_books_are_empty_and_say_so(northwind: Client) -> None:
    with tenant_context(northwind):
        books = books_rebuild_all(client=northwind, now=NOW)
        assert {book.state for book in books} == {BookState.EMPTY}
        assert PolicyVersion.objects.get().number == 0, (
            "numbers are never computed under a policy that is not written down"
        )


def test_books_end_with_the_last_completed_month_where_the_client_is(northwind: Client) -> None:
    Client.objects.filter(pk=northwind.pk).update(time_zone="Pacific/Auckland")
    northwind.refresh_from_db()
    with tenant_context(northwind):
        load_lines(frame(line("L1", ends_on=None)))
        last_day_in_utc = dt.datetime(2024, 5, 31, 13, tzinfo=dt.UTC)  # 1 June in Auckland
        books_rebuild_all(client=northwind, now=last_day_in_utc)
        assert ArrBook.objects.get(recognition="start").last_month == month_parse("2024-05")


def test_where_rates_run_out_the_months_before_are_shown_with_the_gap(northwind: Client) -> None:
    with tenant_context(northwind):
        load_lines(
            frame(line("L1"), line("L2", currency="XDR", customer_id="C2", starts_on="2024-03-01", ends_on=None))
        )
        load_rates(rates(*(("XDR", f"2024-{month:02d}-28", "1.3") for month in range(3, 8))))
        book = next(b for b in books_rebuild_all(client=northwind, now=NOW) if b.recognition == "start")
        assert book.state == BookState.READY
        assert (book.first_month, book.last_month) == (month_parse("2024-01"), month_parse("2024-07"))
        assert book.gaps[0] == {
            "currency": "XDR",
            "month": "2024-08",
            "day": "2024-08-31",
            "lines": 1,
            "line_ids": ["L2"],
        }
        assert "no XDR exchange rate for 17 months, the first 2024-08, the last 2025-12." in book.message
        summary = ClientSummary.objects.get()
        assert summary.as_of_month == month_parse("2024-07")
        assert "XDR" in summary.state


def test_without_any_rate_the_book_is_blocked_and_says_which_is_missing(northwind: Client) -> None:
    with tenant_context(northwind):
        load_lines(frame(line("L1", currency="XDR")))
        book = next(b for b in books_rebuild_all(client=northwind, now=NOW) if b.recognition == "start")
        assert book.state == BookState.BLOCKED
        assert book.gaps[0]["currency"] == "XDR"
        assert not BookSeries.objects.filter(book=book).exists()


def test_a_currency_without_own_rates_is_valued_by_the_central_bank_and_one_with_them_is_not(northwind: Client) -> None:
    with tenant_context(northwind):
        load_lines(frame(line("L1", currency="EUR"), line("L2", currency="GBP", customer_id="C2")))
        load_rates(rates(*(("EUR", f"2024-{month:02d}-25", "2") for month in range(1, 13))))
        book = next(
            b
            for b in books_rebuild_all(client=northwind, now=dt.datetime(2024, 7, 1, tzinfo=dt.UTC))
            if b.recognition == "start"
        )
        ending = load_groups(book)[TOTAL, ""][FIGURES.index("ending")]
        euro, pound = 1200 * 2 * 100, int(ending[-1]) - 1200 * 2 * 100
        assert euro == 240_000
        assert 1200 * 1.2 * 100 < pound < 1200 * 1.35 * 100


def test_a_stored_figure_that_is_wrong_is_found_audited_and_mended(shared: Path, northwind: Client) -> None:
    golden_client(northwind, shared / "golden" / "contract-start")
    with tenant_context(northwind):
        assert books_check(client=northwind, now=NOW) == []
        row = BookSeries.objects.get(book__recognition="start", dimension=TOTAL)
        figures = unpacked_series(row.figures, len(FIGURES)).copy()
        figures[FIGURES.index("ending"), 3] += 1  # one cent
        BookSeries.objects.filter(pk=row.pk).update(figures=packed_series(figures))
        found = books_check(client=northwind, now=NOW)
        assert len(found) == 1
        assert found[0].startswith("ARR: total: ending from")
        assert AuditEntry.objects.filter(action="books.differed").count() == 1
        assert books_check(client=northwind, now=NOW) == []


def test_what_is_due_is_recomputed_once_and_then_checked(northwind: Client) -> None:
    with tenant_context(northwind):
        load_lines(frame(line("L1", ends_on=None)))
        books_outdate(client=northwind, reason="a test")
        assert Client.objects.get(pk=northwind.pk).next_check_at is not None, "due, whether or not the broker is up"
        assert check_due(client=northwind, now=NOW) == []
        book = ArrBook.objects.get(recognition="start")
        assert (book.state, book.version) == (BookState.READY, 1)
        books_refresh(client=northwind, now=NOW)
        assert ArrBook.objects.get(recognition="start").version == 1, "a second delivery finds nothing to do"
        books_refresh(client=northwind, now=NOW + dt.timedelta(days=31))
        assert ArrBook.objects.get(recognition="start").last_month == month_parse("2026-01"), (
            "a completed month is added"
        )


def test_a_line_of_another_source_makes_no_number(northwind: Client) -> None:
    with tenant_context(northwind):
        load_lines(frame(line("L1", ends_on=None)), "billing")
        load_lines(frame(line("L9", amount="999999", ends_on=None)), "crm")
        books_rebuild_all(client=northwind, now=NOW)
        summary = ClientSummary.objects.get()
        assert summary.arr == 1200
        assert summary.customers == 1


def test_series_survive_packing() -> None:
    values = pl.DataFrame({"a": [1, -(2**62)], "b": [0, 2**62]}).to_numpy()
    assert (unpacked_series(packed_series(values), 2) == values).all()
