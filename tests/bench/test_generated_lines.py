"""The lines of the bench are valid, and everybody who is timed gets the same answer on them."""

from pathlib import Path

import duckdb
import polars as pl
import pytest
from django.db import connection

from metrics.engine.book import Book, build_book
from metrics.engine.lines import LINE_SCHEMA, empty_rates
from metrics.engine.policy import Policy
from metrics.intake.contracts import read_contracts
from metrics.intake.mapping import Mapping
from metrics.intake.reader import read_limited
from tests.bench import peers
from tests.bench.generate import FIRST, LAST, POLICY, lines, rates, simple, write_csv

MONEY = ("beginning", "new", "reactivation", "expansion", "contraction", "churn", "ending")
PLAIN = Policy.from_dict(
    {**POLICY, "renewal_grace_days": 0, "minimum_term_months": 0, "reactivation_window_months": None}
)


@pytest.fixture(scope="module")
def plain_lines() -> pl.DataFrame:
    """Lines that need no policy: one currency, recurring, by the year, nothing renewed by name."""
    return lines(2_000, seed=7).with_columns(
        currency=pl.lit("USD"),
        charge_type=pl.lit("recurring"),
        amount_basis=pl.lit("year"),
        replaces_contract_id=pl.lit(None, pl.String),
    )


@pytest.fixture(scope="module")
def plain_book(plain_lines: pl.DataFrame) -> Book:
    return build_book(plain_lines, empty_rates(), PLAIN, FIRST, LAST)


def test_the_engine_takes_them_and_no_rate_is_missing() -> None:
    made = lines(3_000)
    assert made.schema == LINE_SCHEMA
    assert made["line_id"].is_unique().all()
    total = build_book(made, rates(), Policy.from_dict(POLICY), FIRST, LAST).bridge.filter(dimension="total")
    assert total.height == LAST - FIRST + 1
    for kind in ("new", "reactivation", "expansion", "contraction", "churn", "fx"):
        assert total[kind].abs().sum() > 0, f"nothing is ever {kind}"


def test_the_same_seed_gives_the_same_lines() -> None:
    assert lines(500, seed=3).equals(lines(500, seed=3))


def test_the_file_is_read_back_without_a_fault(tmp_path: Path) -> None:
    made = lines(1_000)
    write_csv(made, tmp_path / "contracts.csv")
    table = read_limited(tmp_path / "contracts.csv")
    content = read_contracts(table, Mapping.identity(table.header))
    assert len(content.faults) == 0
    columns = LINE_SCHEMA.names()
    assert content.parsed.select(columns).sort("line_id").equals(made.select(columns).sort("line_id"))


def test_duckdb_events_agree_with_the_engine(plain_lines: pl.DataFrame, plain_book: Book) -> None:
    with duckdb.connect() as database:
        database.register("given", simple(plain_lines).to_arrow())
        database.execute("CREATE TABLE simple AS SELECT * FROM given")
        found = database.execute(peers.EVENTS).fetchall()
    theirs = {(day.year * 12 + day.month - 1, segment, kind): cents for day, segment, kind, cents in found}
    by_segment = plain_book.bridge.filter(dimension="segment")
    for kind in ("new", "reactivation", "expansion", "contraction", "churn"):
        ours = {
            (month, group): cents
            for group, month, cents in by_segment.select("group", "month", kind).iter_rows()
            if cents
        }
        assert ours == {key[:2]: cents for key, cents in theirs.items() if key[2] == kind and key[0] <= LAST and cents}


@pytest.mark.django_db
def test_the_spine_in_postgresql_agrees_with_the_engine(plain_lines: pl.DataFrame, plain_book: Book) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TEMP TABLE bench_simple"
            " (customer_id text, segment text, starts_on date, ends_on date, value bigint) ON COMMIT DROP"
        )
        with cursor.copy("COPY bench_simple FROM STDIN (FORMAT csv)") as copy:
            copy.write(simple(plain_lines).write_csv(include_header=False).encode())
        cursor.execute(peers.SPINE)
        names = [column.name for column in cursor.description]
        found = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    theirs = {(row["month"].year * 12 + row["month"].month - 1, row["segment"]): row for row in found}
    for row in plain_book.bridge.filter(dimension="segment").iter_rows(named=True):
        their = theirs[row["month"], row["group"]]
        assert [row[name] for name in MONEY] == [int(their[name] or 0) for name in MONEY]


def test_the_spine_in_pandas_agrees_with_the_engine(plain_lines: pl.DataFrame, plain_book: Book) -> None:
    deltas = peers.pandas_spine(simple(plain_lines).to_pandas())
    by_segment = plain_book.bridge.filter(dimension="segment")
    for (month, segment, kind), cents in deltas.items():
        if month > LAST - FIRST:
            continue  # the month after the last, in which everything seems to end
        row = by_segment.filter(month=FIRST + month, group=segment)
        expected = row["new"] + row["reactivation"] if kind == "new" else row[kind]
        assert expected.item() == cents
