"""The golden cases of ``shared/golden``: every expected file, byte for byte."""

from __future__ import annotations

from pathlib import Path

import pytest

from metrics.engine.book import Book, build_book
from metrics.engine.csv_format import bridge_csv, retention_csv
from portal.lib.periods import month_parse
from tests.engine.frames import read_lines, read_policy, read_rates

GOLDEN = Path(__file__).resolve().parents[3] / "shared" / "golden"
FILES = ["bridge", "bridge_by_segment", "bridge_by_region", "bridge_by_rep", "bridge_by_product", "retention"]
CASES = sorted(path.name for path in GOLDEN.iterdir() if path.is_dir()) if GOLDEN.is_dir() else []

pytestmark = pytest.mark.skipif(not CASES, reason=f"the golden cases are not beside the checkout ({GOLDEN})")


@pytest.fixture(scope="module")
def books() -> dict[str, Book]:
    return {}


def golden_book(books: dict[str, Book], case: str) -> Book:
    if case not in books:
        folder = GOLDEN / case
        rates, policy = read_rates(folder / "fx_rates.csv"), read_policy(folder / "policy.json")
        books[case] = build_book(
            read_lines(folder / "contracts.csv"), rates, policy, month_parse("2022-01"), month_parse("2025-12")
        )
    return books[case]


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("case", CASES)
def test_golden_file_is_equal_byte_for_byte(books: dict[str, Book], case: str, name: str) -> None:
    book = golden_book(books, case)
    if name == "retention":
        text = retention_csv(book.retention)
    else:
        text = bridge_csv(book.bridge, name.removeprefix("bridge_by_") if name != "bridge" else "total")
    assert text.encode() == (GOLDEN / case / "expected" / f"{name}.csv").read_bytes()
