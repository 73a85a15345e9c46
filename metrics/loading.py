"""Contract lines into the database: what a file adds, changes and takes away, found by hash and written set by set.

A file is compared with the source by `line_id` and content hash, so that an unchanged million costs two columns read and
nothing written; where the copy of the lines as columns is true, with that, which needs no hashes and no rows.
`metrics.line_rows` writes.
"""

import hashlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import Final

import numpy as np
import polars as pl
from django.db import connection
from psycopg.sql import SQL, Literal

from metrics import repository
from metrics.engine.lines import LINE_SCHEMA
from metrics.intake.compare import Comparison, compare_lines
from metrics.line_columns import column_of, kept_file
from metrics.line_rows import (
    COLUMNS,
    MILLIONTHS,
    SLICE,
    STORED,
    Progress,
    hashed,
    insert_lines,
    lines_arrive,
    may_arrive,
    rows_write,
    update_lines,
)
from metrics.models import ContractImport, ContractLine, LineChange, Source
from portal.postgres.prepared import run_binary

KNOWN: Final = pl.Schema({"line_id": pl.String(), "known_hash": pl.String(), "is_removed": pl.Boolean()})
MANY: Final = 20_000


@dataclass(frozen=True)
class Delta:
    """What a file would do to its source. Frames hold lines of the engine's schema, `content_hash` and `source_row`.

    `changed` are new states of lines that stand, `returned` lines that had vanished and are back, `vanished` and
    `before` the states in the database: of the lines that the file lacks, and of those in `changed` and `returned`.
    `fields` is one row per changed field (`line_id, field, old, new, is_arr_relevant`). A large file for a source that holds
    nothing has no content hashes yet: there is nothing to compare with, they are made while the lines are written.
    """

    added: pl.DataFrame
    changed: pl.DataFrame
    returned: pl.DataFrame
    vanished: pl.DataFrame
    before: pl.DataFrame
    fields: pl.DataFrame
    unchanged: int

    @property
    def is_empty(self) -> bool:
        """The source holds these very lines already."""
        return not (self.added.height or self.changed.height or self.returned.height or self.vanished.height)

    @property
    def is_new(self) -> bool:
        """Nothing of it was there before."""
        return not (self.unchanged or self.changed.height or self.returned.height or self.vanished.height)

    @property
    def counted(self) -> pl.DataFrame:
        """The states that counted until now: of lines that change, and of those that vanish."""
        changing = self.before.join(self.changed.select("line_id"), on="line_id", how="semi")
        return pl.concat([changing, self.vanished])

    @property
    def counting(self) -> pl.DataFrame:
        """The states that count from now on: of lines that change, come back or are new."""
        return pl.concat([self.added, self.changed, self.returned])

    @cached_property
    def digest(self) -> str:
        """sha256 of everything the delta would do: what somebody accepts. Another version of Polars may give another one."""
        total = hashlib.sha256()
        for name in ("added", "changed", "returned", "vanished"):
            lines: pl.DataFrame = getattr(self, name).drop("source_row")
            parts = [part.hash_rows() for part in lines.iter_slices(SLICE)]
            total.update(name.encode() + (pl.concat(parts).sort().to_numpy().tobytes() if parts else b""))
        return total.hexdigest()


def unhashed(lines: pl.DataFrame) -> pl.DataFrame:
    """Lines as intake reads them (with `row`), with `source_row` and room for the content hash."""
    return lines.rename({"row": "source_row"}).with_columns(content_hash=pl.lit(None, pl.String)).select(COLUMNS)


def delta_find(source: Source, lines: pl.DataFrame, *, is_partial: bool) -> Delta:
    """Compare the lines of a file, as intake reads them, with what the source holds.

    `is_partial`: lines that the file lacks stay as they are.
    """
    lines = unhashed(lines)
    none = lines.clear()
    copy = kept_file(source)
    if copy and holds_same(partial(column_of, copy[0]), lines, is_partial=is_partial):
        return Delta(none, none, none, none, none, compare_lines(none, none).changes, lines.height)
    del copy
    rows_write()
    if not ContractLine.objects.filter(source=source).exists():
        added = lines if lines.height > MANY else hashed(lines)
        return Delta(added, none, none, none, none, compare_lines(none, none).changes, 0)
    with ThreadPoolExecutor(1) as pool:
        hashing = pool.submit(hashed, lines)
        held = held_hashes(source)
        lines = hashing.result()
    new = hash_lanes(bytes.fromhex(lines["content_hash"].str.join("").item()))
    if new.join(held, on=new.columns, how="anti").height == 0 and (is_partial or new.height == held.height):
        return Delta(none, none, none, none, none, compare_lines(none, none).changes, lines.height)
    return delta_of(source, lines, known_lines(source), is_partial=is_partial)


def holds_same(held: Callable[[str], pl.Series], lines: pl.DataFrame, *, is_partial: bool) -> bool:
    """Whether these lines stand with the very same content among those held, and are all of them unless `is_partial`.

    `held` gives a column of the lines that stand. The content itself is compared, column by column and no further than the
    first that differs: it costs a third of hashing.
    """
    known = held("line_id").hash()
    if lines.height > len(known) or not (is_partial or lines.height == len(known)):
        return False
    # By the names' hashes, which is quicker and smaller; the names themselves are compared below like every column.
    place = pl.DataFrame([known]).with_row_index("place")
    own = pl.DataFrame([lines["line_id"].hash()])
    places = own.join(place, on="line_id", how="left", maintain_order="left")["place"]
    if places.null_count() or len(places) != lines.height:
        return False
    return all(lines[name].eq_missing(held(name).gather(places)).all() for name in LINE_SCHEMA.names())


def held_hashes(source: Source) -> pl.DataFrame:
    """The content hashes of all lines that stand: as each holds its `line_id`, these alone tell an unchanged file."""
    query = SQL(
        "SELECT string_agg(decode(content_hash, 'hex'), ''::bytea) FROM metrics_contractline"
        " WHERE source_id = {} AND removed_import_id IS NULL"
    )
    return hash_lanes(run_binary(query.format(Literal(source.pk)), [])[0][0] or b"")


def hash_lanes(hashes: bytes) -> pl.DataFrame:
    """Hashes of 16 bytes as two columns of numbers, to join by."""
    lanes = np.frombuffer(hashes, dtype=">u8").reshape(-1, 2).astype(np.uint64)
    return pl.DataFrame({"high": lanes[:, 0], "low": lanes[:, 1]})


def delta_of(source: Source, lines: pl.DataFrame, known: pl.DataFrame, *, is_partial: bool) -> Delta:
    """What hashed lines would do to a source of which all lines are known by name and hash."""
    state = lines.select("line_id", "content_hash").join(known, on="line_id", how="left", maintain_order="left")
    is_known, is_removed = state["known_hash"].is_not_null(), state["is_removed"].fill_null(False)
    is_same = (state["known_hash"] == state["content_hash"]).fill_null(False)
    added, changed, returned = (
        lines.filter(where) for where in (~is_known, is_known & ~is_removed & ~is_same, is_removed)
    )
    vanished = lines.clear()
    if not is_partial:
        gone = known.filter(~pl.col("is_removed")).join(lines.select("line_id"), on="line_id", how="anti")
        vanished = stored_lines(source, gone["line_id"]) if gone.height else vanished
    touched = pl.concat([changed, returned])
    before = stored_lines(source, touched["line_id"]) if touched.height else lines.clear()
    compared: Comparison = compare_lines(before, touched)
    unchanged = lines.height - added.height - touched.height
    return Delta(added, changed, returned, vanished, before, compared.changes, unchanged)


def known_lines(source: Source) -> pl.DataFrame:
    """Name, hash and standing of every line that the source ever had."""
    query = SQL(
        "SELECT line_id, content_hash, removed_import_id IS NOT NULL FROM metrics_contractline WHERE source_id = {}"
    )
    schema = pl.Schema({**KNOWN, "is_removed": pl.String()})
    frame = repository.frame_of_query(query.format(Literal(source.pk)), schema)
    return frame.with_columns(pl.col("is_removed") == "t")


def stored_lines(source: Source, ids: pl.Series) -> pl.DataFrame:
    """The database's state of the named lines, vanished ones included."""
    expressions = {**repository.EXPRESSIONS, "source_row": "source_row"}
    columns = SQL(", ").join(SQL(expressions.get(name, name)) for name in COLUMNS)
    query = SQL("SELECT {} FROM metrics_contractline WHERE source_id = {}").format(columns, Literal(source.pk))
    if len(ids) <= MANY:
        query += SQL(" AND line_id = ANY({})").format(Literal(ids.to_list()))
    frame = repository.frame_of_query(query, STORED)
    return frame if len(ids) <= MANY else frame.join(ids.to_frame("line_id"), on="line_id", how="semi")


def delta_write(contract_import: ContractImport, delta: Delta, progress: Progress | None = None) -> Delta:
    """Write a delta and its history, in the transaction of the caller. Lines that stay as they are are not touched.

    Returns the delta with the content hashes of all its lines. A large first load has no rows yet when this returns: they are
    the caller's to have written (`line_rows.are_awaited`).
    """
    source_id, import_id = contract_import.source_id, contract_import.pk
    if delta.is_new and may_arrive(contract_import.source, delta.added):
        return replace(delta, added=lines_arrive(contract_import, delta.added))
    if delta.added.height:
        delta = replace(delta, added=insert_lines(source_id, import_id, delta.added, progress))
    touched = pl.concat([delta.changed, delta.returned])
    if touched.height:
        update_lines(source_id, import_id, touched)
    if delta.vanished.height:
        mark_vanished(source_id, import_id, delta.vanished["line_id"])
    write_history(source_id, import_id, delta)
    return delta


def mark_vanished(source_id: int, import_id: int, ids: pl.Series) -> None:
    """Set lines aside that the file no longer has; their rows stay, for the history and for their return."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE metrics_contractline SET removed_import_id = %s WHERE source_id = %s AND line_id = ANY(%s)",
            [import_id, source_id, ids.to_list()],
        )


def write_history(source_id: int, import_id: int, delta: Delta) -> None:
    """One row for each changed field, and one for each line that vanished or returned."""
    fields = delta.fields.select(
        "line_id", pl.lit("changed").alias("kind"), "field", shown("old").alias("old"), shown("new").alias("new")
    )
    whole = [
        lines.select(
            "line_id", kind=pl.lit(kind), field=pl.lit(""), old=pl.lit(None, pl.String), new=pl.lit(None, pl.String)
        )
        for kind, lines in (("vanished", delta.vanished), ("returned", delta.returned))
    ]
    rows = pl.concat([fields, *whole])
    if not rows.height:
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT now()")
        (at,) = cursor.fetchone()
    written = rows.with_columns(pl.col("field").replace(MILLIONTHS))
    repository.rows_insert(LineChange, written, source_id=source_id, contract_import_id=import_id, at=at)


def shown(name: str) -> pl.Expr:
    """A field's old or new value as people write it: millionths as decimal text, everything else as it is."""
    value = pl.col(name)
    padded = value.str.zfill(7)
    whole, rest = padded.str.head(-6), padded.str.tail(6).str.strip_chars_end("0")
    text = pl.when(rest == "").then(whole).otherwise(pl.concat_str(whole, pl.lit("."), rest))
    return pl.when(pl.col("field").is_in(list(MILLIONTHS)) & value.is_not_null()).then(text).otherwise(value)
