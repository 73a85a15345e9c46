"""What a new file changes, line by line and field by field."""

import hashlib

import polars as pl

from metrics.intake.compare import canonical_texts, compare_lines, content_digest, content_hashes
from metrics.intake.contracts import read_contracts
from metrics.intake.mapping import Mapping
from metrics.intake.reader import read_bytes
from tests.intake.build import csv_bytes, line


def lines(*rows: dict[str, str]) -> pl.DataFrame:
    file = read_contracts(read_bytes(csv_bytes(rows)), Mapping.identity())
    assert not len(file.faults), list(file.faults)
    return file.lines


def test_the_same_lines_in_another_order_change_nothing() -> None:
    old, new = lines(line(1), line(2, end_date="")), lines(line(2, end_date=""), line(1))
    comparison = compare_lines(old, new)
    assert comparison.is_empty
    assert comparison.unchanged == 2
    assert content_digest(old) == content_digest(new)


def test_added_changed_and_vanished_lines_are_told_apart() -> None:
    old = lines(line(1), line(2), line(3), line(4))
    new = lines(line(5), line(3, amount="7", rep="Eun"), line(2, end_date=""), line(1))
    comparison = compare_lines(old, new)
    assert comparison.added["line_id"].to_list() == ["K5-1"]
    assert comparison.vanished["line_id"].to_list() == ["K4-1"]
    assert comparison.changed["line_id"].sort().to_list() == ["K2-1", "K3-1"]
    assert comparison.unchanged == 1
    assert comparison.changes.rows() == [
        ("K2-1", "ends_on", "2024-12-31", None, True),
        ("K3-1", "amount_e6", "1200500000", "7000000", True),
        ("K3-1", "rep", None, "Eun", False),
    ]


def test_from_and_to_nothing() -> None:
    some = lines(line(1), line(2))
    assert compare_lines(some.clear(), some).added.height == 2
    assert compare_lines(some, some.clear()).vanished.height == 2


def test_the_content_is_one_stable_text() -> None:
    frame = lines(line(1, discount="0.5", rep="Chloé"))
    text = "K1 K1-1 C1 Acme  Platform recurring 1200500000 year 500000 USD  2024-01-01 2024-12-31       Chloé".replace(
        " ", "\x1f"
    )
    assert canonical_texts(frame).to_list() == [text]
    assert content_hashes(frame).to_list() == [hashlib.md5(text.encode()).hexdigest()]


def test_each_field_is_part_of_the_content() -> None:
    base = lines(line(1))
    for name, dtype in base.schema.items():
        if name == "row":
            continue
        other = base.with_columns(
            pl.lit("zz" if dtype == pl.String else 7, pl.String if dtype == pl.String else pl.Int64)
            .cast(dtype)
            .alias(name)
        )
        assert content_hashes(other)[0] != content_hashes(base)[0], name
