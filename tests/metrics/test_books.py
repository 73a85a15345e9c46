"""Books: what is stored equals what the engine says, patched or rebuilt."""

import datetime as dt
from pathlib import Path

import pytest

from metrics.book_rows import load_cohorts, load_groups, load_movements
from metrics.computation import compute
from metrics.engine.policy import Policy
from metrics.models import ArrBook, BookState
from metrics.services.books import book_input, books_rebuild_all
from metrics.services.policies import policy_publish
from portal.tenancy.models import Client
from portal.tenancy.scope import tenant_context
from tests.engine.frames import read_policy
from tests.metrics.loading import load_folder

NOW = dt.datetime(2026, 1, 15, tzinfo=dt.UTC)
CASES = ["contract-start", "live-average-parent", "signed-contract-rate"]


@pytest.mark.parametrize("case", CASES)
def test_a_stored_book_equals_what_the_engine_computes(shared: Path, northwind: Client, case: str) -> None:
    folder = shared / "golden" / case
    with tenant_context(northwind):
        load_folder(folder)
        policy_publish(client=northwind, parameters=read_policy(folder / "policy.json").to_dict())
        books = books_rebuild_all(client=northwind, now=NOW)
        assert [book.state for book in books] == [BookState.READY] * 3, [b.message for b in books]
        for book in books:
            found = compute(book_input(client=northwind).recognised(book.recognition), 2025 * 12 + 11)
            assert found.series is not None
            stored = load_groups(book)
            assert stored.keys() == found.series.groups.keys()
            assert all((stored[key] == found.series.groups[key]).all() for key in stored)
            assert {k: v.tolist() for k, v in load_cohorts(book).items()} == {k: v.tolist() for k, v in found.series.cohorts.items()}
