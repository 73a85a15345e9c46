"""Changes that wait beside a book's series: read with them, joined, gone with them."""

import io
import random
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from metrics.book_rows import (
    load_cohorts,
    load_group_names,
    load_groups,
    load_movements,
    load_patches,
    unpacked_movements,
)
from metrics.book_steps import steps_join
from metrics.engine.arrays import Ints
from metrics.engine.bridge import TOTAL
from metrics.models import ArrBook, BookMonth, BookPatch, BookSeries, BookState, BookStep
from metrics.packing import packed_steps, summed_steps
from metrics.repository import authoritative_source, lines_frame
from metrics.selectors.books import bridge_get, page_heads
from metrics.selectors.reported import bridge_reported, headline_reported
from metrics.services.book_checks import books_check
from metrics.services.books import books_rebuild_all
from metrics.services.patches import books_patch
from metrics.services.summaries import summary_refresh
from portal.tenancy.models import Client, ClientSummary
from portal.tenancy.scope import tenant_context
from tests.metrics.golden import NOW, golden_client
from tests.metrics.loading import replace_lines, with_hashes
from tests.metrics.test_patches import assert_books_equal_a_rebuild, random_change

CHANGES = 6
NAMES = st.sampled_from(["", "SMB", "Größe", 'a "b"', "\U0001f4a1"])
LARGEST = 1 << 40


@st.composite
def steps_of_one_book(draw: st.DrawFn) -> list[dict[tuple[str, str], Ints]]:
    """Several changes of the same months; some touch a group in one month, some in none."""
    figures, months = draw(st.integers(1, 3)), draw(st.integers(1, 5))
    series = st.lists(st.integers(-LARGEST, LARGEST), min_size=figures * months, max_size=figures * months)
    key = st.tuples(st.sampled_from(["total", "segment"]), NAMES)
    found = draw(st.lists(st.dictionaries(key, series, max_size=4), max_size=5))
    return [
        {name: np.array(values, dtype=np.int64).reshape(figures, months) for name, values in one.items()}
        for one in found
    ]


@settings(suppress_health_check=[HealthCheck.too_slow])  # the first draw of a busy machine
@given(steps_of_one_book())
def test_packed_steps_add_up(changes: list[dict[tuple[str, str], Ints]]) -> None:
    expected: dict[tuple[str, str], Any] = {}
    for change in changes:
        for key, values in change.items():
            expected[key] = expected.get(key, 0) + values
    found = summed_steps([packed_steps(change) for change in changes])
    assert {key: values.tolist() for key, values in found.items()} == {
        key: values.tolist() for key, values in expected.items()
    }


def several_changes(client: Client, seed: str) -> None:
    """Changes that all wait, one after the other; in the client's scope."""
    chance, done = random.Random(seed), 0
    while done < CHANGES:
        source = authoritative_source()
        assert source is not None
        before, after = random_change(lines_frame(source), chance)
        replace_lines(source, before, after)
        changed = {"before": with_hashes(before), "after": with_hashes(after)}
        if books_patch(client=client, reason="a test", now=NOW, **changed):
            done += 1
        else:
            books_rebuild_all(client=client, now=NOW)
            done = 0


def shown(book: ArrBook) -> list[Any]:
    """Everything that is read of a book."""
    groups = {key: values.tolist() for key, values in load_groups(book).items()}
    cohorts = {key: values.tolist() for key, values in load_cohorts(book).items()}
    return [groups, cohorts, load_patches(book), load_group_names(book, ["rep", "product"])]


@pytest.mark.slow
def test_joining_what_waits_changes_no_figure(shared: Path, northwind: Client) -> None:
    golden_client(northwind, shared / "golden" / "live-average-parent")
    with tenant_context(northwind):
        several_changes(northwind, "join")
        books = list(ArrBook.objects.order_by("id"))
        assert BookStep.objects.count() == CHANGES * len(books)
        before, summary = [shown(book) for book in books], ClientSummary.objects.get()
        steps_join(books)
        assert BookStep.objects.count() == len(books)
        assert [shown(book) for book in books] == before
        assert_books_equal_a_rebuild(northwind)
        summary_refresh(client=northwind)
        figures = ("as_of_month", "arr", "arr_previous", "nrr", "customers", "state")
        again = ClientSummary.objects.get()
        assert [getattr(again, name) for name in figures] == [getattr(summary, name) for name in figures]


@pytest.mark.slow
def test_the_nightly_check_puts_what_waits_into_the_series(shared: Path, northwind: Client) -> None:
    golden_client(northwind, shared / "golden" / "contract-start")
    with tenant_context(northwind):
        several_changes(northwind, "night")
        books = list(ArrBook.objects.order_by("id"))
        before = [shown(book)[:2] for book in books]
        assert books_check(client=northwind, now=NOW) == []
        assert not BookStep.objects.exists()
        assert [shown(book)[:2] for book in books] == before
        assert [book.version for book in ArrBook.objects.order_by("id")] == [book.version for book in books]
        assert_books_equal_a_rebuild(northwind)


@pytest.mark.parametrize("is_in_the_series", [False, True])
def test_a_group_whose_last_customer_goes_is_offered_no_more(
    shared: Path, northwind: Client, is_in_the_series: bool
) -> None:
    golden_client(northwind, shared / "golden" / "contract-start")
    with tenant_context(northwind):
        book, source = ArrBook.objects.get(recognition="start"), authoritative_source()
        assert source is not None
        lines = lines_frame(source)
        own = lines.filter(pl.col("customer_id") == lines["customer_id"][0])
        moved = own.with_columns(segment=pl.lit("Somewhere new"))
        for before, after, expected in ((own, moved, True), (moved, own, False)):
            replace_lines(source, before, after)
            changed = {"before": with_hashes(before), "after": with_hashes(after)}
            assert books_patch(client=northwind, reason="a test", now=NOW, **changed)
            names = load_group_names(book, ["segment"])["segment"]
            assert ("Somewhere new" in names) is expected
            assert names == sorted(group for _, group in load_groups(book, ["segment"]))
            if is_in_the_series:
                books_rebuild_all(client=northwind, now=NOW)


def test_a_page_reads_all_totals_at_once_with_what_waits_for_them(shared: Path, northwind: Client) -> None:
    golden_client(northwind, shared / "golden" / "contract-start")
    with tenant_context(northwind):
        several_changes(northwind, "totals")
        for name, head in page_heads(northwind).items():
            book = ArrBook.objects.get(recognition=name)
            assert head.total is not None and not head.may_have_closes
            assert head.total.tolist() == load_groups(book, [TOTAL])[TOTAL, ""].tolist()
            for grain in ("month", "quarter"):
                assert bridge_reported(northwind, head, grain=grain) == bridge_reported(northwind, name, grain=grain)
            assert headline_reported(northwind, head) == headline_reported(northwind, name)
            assert bridge_get(northwind, head, dimension="rep") == bridge_get(northwind, name, dimension="rep")


def test_movements_that_were_stored_as_a_file_are_read(shared: Path, northwind: Client) -> None:
    golden_client(northwind, shared / "golden" / "contract-start")
    with tenant_context(northwind):
        book = ArrBook.objects.get(recognition="start")
        before = load_movements(book, 0, 10**6)
        for month in BookMonth.objects.filter(book=book):
            stored = io.BytesIO()
            unpacked_movements(bytes(month.movements)).write_ipc(stored, compression="zstd")
            month.movements = stored.getvalue()
            month.save()
        assert before.height and load_movements(book, 0, 10**6).equals(before)


def test_a_group_is_read_alone_with_what_waits_for_it(shared: Path, northwind: Client) -> None:
    golden_client(northwind, shared / "golden" / "contract-start")
    with tenant_context(northwind):
        several_changes(northwind, "filters")
        book = ArrBook.objects.get(recognition="start")
        every = load_groups(book)
        assert load_group_names(book, ["segment"])["segment"] == sorted(
            name for kind, name in every if kind == "segment"
        )
        for dimension, group in every:
            found = load_groups(book, [dimension], [group])
            assert {key: values.tolist() for key, values in found.items()} == {
                (dimension, group): every[dimension, group].tolist()
            }
        assert load_groups(book, [TOTAL, "rep"]).keys() == {key for key in every if key[0] in (TOTAL, "rep")}
        assert load_groups(book, ["segment"], ["no such segment"]) == {}


def test_whoever_replaces_the_series_takes_the_steps_away(shared: Path, northwind: Client) -> None:
    """Also code that has never heard of steps: a step must not be added to a base that has it."""
    golden_client(northwind, shared / "golden" / "contract-start")
    with tenant_context(northwind):
        several_changes(northwind, "replace")
        book, other = ArrBook.objects.order_by("id")[:2]
        BookSeries.objects.filter(book=book).exclude(dimension=TOTAL).delete()
        assert BookStep.objects.filter(book=book).exists(), "single groups come and go"
        BookSeries.objects.filter(book=book).delete()
        assert not BookStep.objects.filter(book=book).exists()
        assert BookStep.objects.filter(book=other).exists()


def test_of_two_accounts_of_a_customer_the_later_is_read(shared: Path, northwind: Client) -> None:
    """While a roll-out lasts, code without steps writes a customer's row after a step; a new step takes that row away."""
    golden_client(northwind, shared / "golden" / "contract-start")
    told = [[24300, "Core", "new", 7]]
    with tenant_context(northwind):
        several_changes(northwind, "two")
        book = ArrBook.objects.get(recognition="start")
        step = BookStep.objects.filter(book=book).latest("id")
        customer = sorted(step.movements)[0]
        BookPatch.objects.create(book=book, customer=customer, movements=told)
        assert load_patches(book)[customer] == told
        steps_join([book])
        assert load_patches(book)[customer] == told, "a step is older than the row"
        source = authoritative_source()
        own = lines_frame(source, [customer]).head(1)
        assert source is not None and own.height
        changed = {"before": with_hashes(own), "after": with_hashes(own)}
        assert books_patch(client=northwind, reason="a test", now=NOW, **changed)
        assert not BookPatch.objects.filter(book=book, customer=customer).exists()
        assert load_patches(book)[customer] != told
        assert_books_equal_a_rebuild(northwind)


def test_steps_that_have_grown_large_make_a_rebuild_due(
    shared: Path, northwind: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    golden_client(northwind, shared / "golden" / "contract-start")
    with tenant_context(northwind):
        source = authoritative_source()
        assert source is not None
        own = with_hashes(lines_frame(source).head(3))
        changed = {"before": own, "after": own}
        assert books_patch(client=northwind, reason="a test", now=NOW, **changed)
        assert books_patch(client=northwind, reason="a test", now=NOW, **changed)
        monkeypatch.setattr("metrics.book_steps.LARGEST", 100)
        assert not books_patch(client=northwind, reason="a test", now=NOW, **changed)
        assert set(ArrBook.objects.values_list("state", flat=True)) == {BookState.STALE}
