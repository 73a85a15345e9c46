"""The copy of a source's lines as columns: used while it is true, never when anything was written since."""

from pathlib import Path

import polars as pl
import psycopg
import pytest
from django.db import connection

from metrics import repository
from metrics.engine.book import build_book
from metrics.engine.lines import LINE_SCHEMA
from metrics.engine.policy import Policy
from metrics.line_columns import SourceLines, keep, keep_load, kept, lines_kept, lines_of, lines_to_compute
from metrics.loading import holds_same
from metrics.models import ContractLine, LineColumns, LineStamp, Source
from metrics.models.intake import ImportState
from portal.database import Server
from portal.tenancy.models import Client
from portal.tenancy.scope import tenant_context
from portal.tenancy.services import client_create, firm_create
from tests.bench.generate import FIRST, LAST, POLICY, rates
from tests.engine.frames import read_lines
from tests.metrics.files import csv_bytes, line
from tests.metrics.loading import load_lines, with_hashes
from tests.metrics.steps import load


@pytest.fixture
def source(shared: Path, northwind: Client) -> Source:
    """Northwind's lines, read once by a service."""
    lines = read_lines(shared / "golden" / "contract-start" / "contracts.csv")
    with tenant_context(northwind):
        found = load_lines(lines)
        lines_kept(found)
    return found


def by_id(lines: pl.DataFrame) -> pl.DataFrame:
    return lines.sort("line_id")


def test_a_copy_holds_the_very_lines_of_the_table(northwind: Client, source: Source) -> None:
    with tenant_context(northwind):
        copy, table = kept(source), repository.lines_frame(source)
        assert copy is not None
        assert by_id(copy.frame).equals(by_id(table))
        assert copy.frame.schema == table.schema
        assert copy.total == repository.lines_sum(source)


def test_what_is_computed_from_a_copy_is_what_the_table_gives(northwind: Client, source: Source) -> None:
    with tenant_context(northwind):
        coded, lines, policy = lines_to_compute(source).frame, repository.lines_frame(source), Policy.from_dict(POLICY)
    assert isinstance(coded.schema["product"], pl.Categorical), "read from the copy"
    by_copy, by_table = (build_book(frame, rates(), policy, FIRST, LAST) for frame in (coded, lines))
    assert by_copy.bridge.equals(by_table.bridge)


def test_a_true_copy_is_what_readers_get(northwind: Client, source: Source) -> None:
    """Seen by a copy that differs: if the table were read, it would not show."""
    with tenant_context(northwind):
        stamp = LineStamp.objects.get().version
        keep(source, stamp, SourceLines(repository.lines_frame(source).head(1), 7))
        assert lines_of(source).height == 1
        assert lines_kept(source).total == 7


OLDEST = "WHERE id = (SELECT min(id) FROM metrics_contractline)"


def test_a_load_of_everything_leaves_the_copy(northwind: Client, shared: Path) -> None:
    lines = with_hashes(read_lines(shared / "golden" / "contract-start" / "contracts.csv"))
    with tenant_context(northwind):
        source = load_lines(lines.select(LINE_SCHEMA.names()))
        Source.objects.update(line_count=lines.height)
        keep_load(source, lines.head(5))
        assert kept(source) is None, "these are not all"
        keep_load(source, lines)
        copy = kept(source)
        assert copy is not None
        assert by_id(copy.frame).equals(by_id(repository.lines_frame(source)))
        assert copy.total == repository.lines_sum(source)


def test_lines_in_another_order_are_seen_to_be_those_of_the_copy(northwind: Client, source: Source) -> None:
    with tenant_context(northwind):
        lines = repository.lines_frame(source).sample(fraction=1, shuffle=True, seed=1)
    held = by_id(lines)
    assert holds_same(held.get_column, lines, is_partial=False)
    assert holds_same(held.get_column, lines.head(3), is_partial=True)
    assert not holds_same(held.get_column, lines.head(3), is_partial=False), "the file lacks lines"
    assert not holds_same(held.head(3).get_column, lines.head(4), is_partial=True), "the file has a line more"
    assert not holds_same(held.head(3).get_column, lines.tail(3), is_partial=False), "the file has other lines"


@pytest.mark.parametrize("name", LINE_SCHEMA.names())
def test_a_line_that_differs_in_any_field_is_not_the_same(northwind: Client, source: Source, name: str) -> None:
    with tenant_context(northwind):
        held = by_id(repository.lines_frame(source))
    other = {pl.String: pl.lit("another"), pl.Int64: pl.col(name) + 1, pl.Date: pl.date(1999, 1, 1)}
    value = other[type(held.schema[name])]
    for row in (held.filter(pl.col(name).is_null()), held.filter(pl.col(name).is_not_null())):
        if row.height:
            first = pl.col("line_id") == row["line_id"][0]
            changed = held.with_columns(pl.when(first).then(value).otherwise(name).alias(name))
            assert not holds_same(held.get_column, changed, is_partial=False)
            emptied = held.with_columns(pl.when(first).then(None).otherwise(name).alias(name))
            assert holds_same(held.get_column, emptied, is_partial=False) == (row[name][0] is None)


def test_a_file_of_the_lines_that_stand_is_told_by_the_copy_alone(
    northwind: Client, monkeypatch: pytest.MonkeyPatch, file_store: Path
) -> None:
    rows = [line(number) for number in range(1, 9)]
    assert load(northwind, csv_bytes(rows)).state == ImportState.DONE
    with tenant_context(northwind):
        lines_kept(Source.objects.get())
    changed = [*rows[:0:-1], line(1, amount="7")]
    monkeypatch.setattr("metrics.loading.held_hashes", None)  # what costs the time is not asked for
    assert load(northwind, csv_bytes(rows[::-1])).state == ImportState.UNCHANGED
    monkeypatch.undo()
    done = load(northwind, csv_bytes(changed))
    assert (done.state, done.changed_count, done.unchanged_count) == (ImportState.DONE, 1, 7)


def test_an_import_of_everything_leaves_the_copy_and_the_next_one_none(
    northwind: Client, monkeypatch: pytest.MonkeyPatch, file_store: Path
) -> None:
    monkeypatch.setattr("metrics.line_columns.WORTH_KEEPING", 2)
    rows = [line(number) for number in range(1, 9)]
    for data, is_whole in ((rows[:5], True), (rows, False)):
        assert load(northwind, csv_bytes(data)).state == ImportState.DONE
        with tenant_context(northwind):
            source = Source.objects.get()
            copy = kept(source)
            assert (copy is not None) is is_whole
            if copy is not None:
                assert by_id(copy.frame).equals(by_id(repository.lines_frame(source)))
                assert copy.total == repository.lines_sum(source)


WRITES = {
    "a changed amount": f"UPDATE metrics_contractline SET amount = amount + 1 {OLDEST}",
    "a line that vanished": f"UPDATE metrics_contractline SET removed_import_id = first_import_id {OLDEST}",
    "a line less": f"DELETE FROM metrics_contractline {OLDEST}",
}


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)
def test_whatever_writes_lines_outdates_the_copy(northwind: Client, source: Source, write: str) -> None:
    with tenant_context(northwind):
        with connection.cursor() as cursor:
            cursor.execute(write)
        assert kept(source) is None
        assert by_id(lines_of(source)).equals(by_id(repository.lines_frame(source)))


def test_an_insert_outdates_the_copy_and_the_next_service_renews_it(northwind: Client, source: Source) -> None:
    with tenant_context(northwind):
        more = (
            repository.lines_frame(source).head(2).with_columns(pl.concat_str(pl.lit("N"), "line_id").alias("line_id"))
        )
        load_lines(more)
        assert kept(source) is None
        height = ContractLine.objects.count()
        assert lines_kept(source).frame.height == height
        renewed = kept(source)
        assert renewed is not None
        assert renewed.frame.height == height
        assert LineColumns.objects.count() == 1


def test_a_write_of_another_client_leaves_the_copy_alone(northwind: Client, contoso: Client, source: Source) -> None:
    with tenant_context(northwind):
        lines = repository.lines_frame(source)
    with tenant_context(contoso):
        load_lines(lines)
        assert kept(source) is None, "nor does another client see it"
    with tenant_context(northwind):
        assert kept(source) is not None


@pytest.mark.usefixtures("committed_db")
def test_a_write_without_a_client_outdates_every_copy(shared: Path, committed_db: Server) -> None:
    """The owner works beside the wall, and so does whoever restores a backup."""
    client = client_create(firm=firm_create(slug="ridge", name="Ridge"), slug="alpha", name="Alpha", currency="USD")
    with tenant_context(client):
        source = load_lines(read_lines(shared / "golden" / "contract-start" / "contracts.csv").head(3))
        lines_kept(source)
        assert kept(source) is not None
    with psycopg.connect(**committed_db.conninfo(), autocommit=True) as administrator:
        administrator.execute("UPDATE metrics_contractline SET amount = amount + 1")
    with tenant_context(client):
        assert kept(source) is None
