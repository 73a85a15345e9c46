"""The live lines of a source as columns: a copy that the database itself outdates.

Reading a million rows through the row policies costs a second; reading the same lines from one compressed Arrow file a third
of that. Whoever reads all lines asks `lines_of`; a service that has read them from the table leaves the copy with `keep`.
`LineStamp` moves with every statement that writes lines, so that a copy is used only while nothing was written since: it can
be missing, never wrong. Lines that wait for their rows (`metrics.line_rows`) are read in the same way.
`metrics.services.book_checks` compares the stored numbers with the table itself all the same.
"""

import io
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, Final

import polars as pl
from psycopg.sql import SQL, Literal

from metrics import repository
from metrics.engine.lines import AMOUNT_BASIS_ENUM, CHARGE_TYPE_ENUM, LINE_SCHEMA
from metrics.models import ArrivedLines, LineStamp, Source
from portal.postgres.prepared import run_binary
from portal.tenancy.scope import scoped_client_id

WORTH_KEEPING: Final = 10_000  # lines
LARGEST: Final = 512 << 20  # bytes; beyond that the table is read
FEW_VALUES: Final = ("product", "currency", "segment", "region", "rep")
COMPUTED_FROM: Final = [name for name in LINE_SCHEMA.names() if name != "customer_name"]
READ: Final = """
    SELECT lines, lines_sum FROM metrics_arrivedlines WHERE client_id = {client} AND source_id = {source}
    UNION ALL
    SELECT kept.lines, kept.lines_sum FROM metrics_linecolumns kept
    JOIN metrics_linestamp stamp ON stamp.client_id = kept.client_id AND stamp.version = kept.version
    WHERE kept.client_id = {client} AND kept.source_id = {source}
"""
WRITE: Final = """
    INSERT INTO metrics_linecolumns (client_id, source_id, version, lines_sum, lines)
    VALUES ({client}, {source}, %b::bigint, %t, %b::bytea) ON CONFLICT (client_id, source_id)
    DO UPDATE SET version = excluded.version, lines_sum = excluded.lines_sum, lines = excluded.lines
"""


@dataclass(frozen=True)
class SourceLines:
    """The live lines of a source in the engine's schema, and their `repository.lines_sum`."""

    frame: pl.DataFrame
    total: int


def lines_of(source: Source | None) -> pl.DataFrame:
    """The live lines of a source: from the copy where it is true, from the table where not."""
    found = kept(source)
    return found.frame if found else repository.lines_frame(source)


def kept(source: Source | None) -> SourceLines | None:
    """The copy, if there is one and nothing was written since it was made."""
    found = kept_file(source)
    if not found:
        return None
    return SourceLines(
        pl.read_ipc(io.BytesIO(found[0]), columns=LINE_SCHEMA.names()).cast(LINE_SCHEMA), int(found[1], 16)
    )


def kept_file(source: Source | None) -> tuple[bytes, str] | None:
    """The copy as it is stored, with its sum in hex, for whoever reads it column by column (`column_of`)."""
    if source is None:
        return None
    rows = run_binary(SQL(READ).format(client=Literal(scoped_client_id()), source=Literal(source.pk)), [])
    return rows[0] if rows else None


def column_of(file: bytes, name: str) -> pl.Series:
    """One column of a stored copy: all together they are several times as large as the file."""
    return pl.read_ipc(io.BytesIO(file), columns=[name])[name].cast(LINE_SCHEMA[name])


def lines_kept(source: Source | None) -> SourceLines:
    """`lines_of` with their sum, for services: what had to be read from the table is copied for the next reader."""
    return kept(source) or read_and_keep(source)


def lines_to_compute(source: Source | None) -> SourceLines:
    """`lines_kept` for who only computes: from a copy columns of few values are categories, which the engine takes as well, and
    customers' names are left out, on which no figure depends.
    """
    found = kept_file(source)
    if not found:
        return read_and_keep(source)
    return SourceLines(pl.read_ipc(io.BytesIO(found[0]), columns=COMPUTED_FROM), int(found[1], 16))


def read_and_keep(source: Source | None) -> SourceLines:
    """The lines as the table has them, copied for the next reader."""
    # The stamp is read first: a write that falls between the two reads outdates the copy instead of being missed.
    stamp = LineStamp.objects.values_list("version", flat=True).first()
    found = SourceLines(repository.lines_frame(source), repository.lines_sum(source))
    if source is not None and stamp is not None:
        keep(source, stamp, found)
    return found


def is_worth_keeping(loaded: pl.DataFrame) -> bool:
    """Whether these are enough lines; few are as quickly read from the table."""
    return loaded.height >= WORTH_KEEPING


def keep_load(source: Source, loaded: pl.DataFrame, packing: "Future[memoryview] | None" = None) -> None:
    """After a load, in its transaction: if these lines (with `content_hash`) are all the source has, copy them while they are
    at hand; `packing` is their `packed`, where that was begun beforehand.
    """
    if ArrivedLines.objects.filter(source=source).exists():
        return  # as columns these are kept already
    count = Source.objects.values_list("line_count", flat=True).get(pk=source.pk)
    stamp = LineStamp.objects.values_list("version", flat=True).first()
    if loaded.height == count and stamp is not None:
        file = packing.result() if packing else packed(loaded)
        keep_file(source, stamp, repository.hashes_sum(loaded["content_hash"]), file)


def keep(source: Source, stamp: int, lines: SourceLines) -> None:
    """Leave a copy of lines that were read when the client's stamp was this one."""
    keep_file(source, stamp, lines.total, packed(lines.frame))


def packed(lines: pl.DataFrame, *more: str) -> memoryview:
    """Lines as a copy is stored: an Arrow file, in which columns of few values are categories of their own; `more` are columns
    beyond the engine's.

    Zstandard packs it into less than half of what LZ4 needs and reads as quickly; its time is hidden behind the insert.
    """
    buffer = io.BytesIO()
    kinds: dict[str, Any] = {"charge_type": CHARGE_TYPE_ENUM, "amount_basis": AMOUNT_BASIS_ENUM}
    kinds |= {name: pl.Categorical(pl.Categories.random()) for name in FEW_VALUES}
    coded = lines.select(*LINE_SCHEMA.names(), *more).with_columns(
        pl.col(name).cast(kind) for name, kind in kinds.items()
    )
    coded.write_ipc(buffer, compression="zstd")
    return buffer.getbuffer()


def keep_file(source: Source, stamp: int, total: int, file: memoryview) -> None:
    """Store packed lines as the copy, unless they are too large for one."""
    if len(file) <= LARGEST:
        query = SQL(WRITE).format(client=Literal(scoped_client_id()), source=Literal(source.pk))
        run_binary(query, [stamp, f"{total:032x}", file])
