"""Contract lines into their rows, and lines that wait for theirs.

PostgreSQL refuses COPY into a table with row policies: new rows go through a temporary table. Hashing and writing text happen
in a second thread, so that this process and PostgreSQL work at the same time.

Writing a million rows into their trees takes PostgreSQL several times as long as all the rest of an import. A large first load
is therefore kept as columns (`lines_arrive`), from which every figure is computed, and its rows are written afterwards
(`rows_write`), in a job. In between the database refuses to read the client's rows, so that nobody can miss one.
"""

import io
import json
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache
from typing import Any, Final

import polars as pl
from django.db import connection
from django.db.models import F
from psycopg.sql import SQL, Composed, Identifier, Literal

from metrics import repository
from metrics.engine.few_lines import plain_columns
from metrics.engine.lines import LINE_SCHEMA
from metrics.intake.compare import content_hashes
from metrics.line_columns import packed
from metrics.models import ArrivedLines, ContractImport, ContractLine, LineColumns, LineStamp, Source
from portal.postgres.prepared import run_binary
from portal.tenancy.scope import scoped_client_id

Progress = Callable[[int], None]
SLICE: Final = 20_000
STAGE: Final = Identifier("incoming")
MILLIONTHS: Final = {"amount_e6": "amount", "discount_e6": "discount"}
COLUMNS: Final = (*LINE_SCHEMA.names(), "content_hash", "source_row")
STORED: Final = pl.Schema({**LINE_SCHEMA, "content_hash": pl.String(), "source_row": pl.UInt32()})
DATES: Final = tuple(name for name, dtype in LINE_SCHEMA.items() if dtype == pl.Date())
TYPES: Final = {pl.String(): "text", pl.Int64(): "bigint"}
ARRIVING: Final = 50_000  # lines, whose rows take longer to write than anybody should wait for figures
ROWS_LOCK: Final = 1952805748  # with the client's id: one writes rows that are awaited; taken before the books are held
ARRIVE: Final = """
    INSERT INTO metrics_arrivedlines (client_id, source_id, contract_import_id, lines_sum, lines)
    VALUES ({}, {}, {}, %t, %b::bytea)
"""
STAY: Final = """
    INSERT INTO metrics_linecolumns (client_id, source_id, version, lines_sum, lines)
    SELECT arrived.client_id, arrived.source_id, stamp.version, arrived.lines_sum, arrived.lines
    FROM metrics_arrivedlines arrived JOIN metrics_linestamp stamp ON stamp.client_id = arrived.client_id
    WHERE arrived.id = {} ON CONFLICT (client_id, source_id)
    DO UPDATE SET version = excluded.version, lines_sum = excluded.lines_sum, lines = excluded.lines
"""


def hashed(lines: pl.DataFrame) -> pl.DataFrame:
    """`unhashed` lines with their content hashes."""
    return lines.with_columns(content_hashes(lines))


# --- lines that wait for their rows ---------------------------------------------------------------------------------


def may_arrive(source: Source, lines: pl.DataFrame) -> bool:
    """Whether lines may wait for their rows: very many of them, new, for a source of which none stands."""
    return lines.height >= ARRIVING and source.line_count == 0


def lines_arrive(contract_import: ContractImport, lines: pl.DataFrame) -> pl.DataFrame:
    """Keep new lines as columns, in the transaction of the caller, and return them with their content hashes.

    From its commit on they are the source's lines for whoever reads columns. `rows_write` gives them their rows.
    """
    with ThreadPoolExecutor(1) as pool:
        packing = pool.submit(packed, lines, "source_row")
        if lines["content_hash"].null_count():
            lines = hashed(lines)
        file = packing.result()
    given = [scoped_client_id(), contract_import.source_id, contract_import.pk]
    total = f"{repository.hashes_sum(lines['content_hash']):032x}"
    stamp = stamp_hold()
    run_binary(SQL(ARRIVE).format(*map(Literal, given)), [total, file])
    LineColumns.objects.filter(source=contract_import.source_id).delete()  # what has arrived stands for it
    copies_carry(stamp)
    return lines


def stamp_hold() -> int:
    """The client's stamp, locked: nobody else writes lines from here on, so that a true copy is known to be one afterwards."""
    return LineStamp.objects.select_for_update().values_list("version", flat=True).first() or 0


def copies_carry(stamp: int) -> None:
    """Let copies that were true under an earlier stamp be true under the one of now."""
    LineColumns.objects.filter(version=stamp).update(version=LineStamp.objects.values("version")[:1])


def are_awaited() -> bool:
    """Whether lines of the client in scope wait for their rows."""
    return ArrivedLines.objects.exists()


def rows_begin() -> bool:
    """Count one more attempt of a job to write awaited rows; False where there are none, or somebody is at it."""
    return are_awaited() and rows_lock_free() and ArrivedLines.objects.update(attempts=F("attempts") + 1) > 0


def rows_lock_free() -> bool:
    """Whether nobody writes awaited rows of the client in scope; until the transaction ends nobody else begins to."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s, %s)", [ROWS_LOCK, scoped_client_id()])
        return bool(cursor.fetchone()[0])


def rows_write(progress: Progress | None = None) -> int:
    """Give all lines of the client in scope that have arrived their rows, in the transaction of the caller; returns how many.

    Whoever else is at it is waited for. The columns stay as the copy that they are from now on.
    """
    if not are_awaited():
        return 0
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [ROWS_LOCK, scoped_client_id()])
    stamp = stamp_hold()
    ids = list(ArrivedLines.objects.order_by("id").values_list("id", flat=True))
    count = sum(arrived_write(ArrivedLines.objects.get(pk=key), progress) for key in ids)
    for key in ids:  # when all are written: each statement moves the stamp
        run_binary(SQL(STAY).format(Literal(key)), [])
    ArrivedLines.objects.filter(pk__in=ids).delete()
    copies_carry(stamp)
    return count


def arrived_write(arrived: ArrivedLines, progress: Progress | None) -> int:
    """Give these lines their rows; returns how many."""
    lines = pl.read_ipc(io.BytesIO(arrived.lines)).cast(dict(LINE_SCHEMA.items()))
    lines = lines.with_columns(content_hash=pl.lit(None, pl.String)).select(COLUMNS)
    insert_lines(arrived.source_id, arrived.contract_import_id, lines, progress)
    return lines.height


# --- rows -----------------------------------------------------------------------------------------------------------


def insert_lines(source_id: int, import_id: int, lines: pl.DataFrame, progress: Progress | None = None) -> pl.DataFrame:
    """Add new lines, slice by slice, and return them with their content hashes; `progress` hears how many are written."""
    fixed = {
        "client_id": scoped_client_id(),
        "source_id": source_id,
        "first_import_id": import_id,
        "last_import_id": import_id,
    }
    insert = SQL("INSERT INTO {} ({}, {}) SELECT {}, {} FROM {}").format(
        Identifier(ContractLine._meta.db_table),
        names(fixed),
        names([MILLIONTHS.get(name, name) for name in COLUMNS]),
        SQL(", ").join(Literal(value) for value in fixed.values()),
        SQL(", ").join(staged(name) for name in COLUMNS),
        STAGE,
    )
    # Lines of a customer side by side: the trees over customers and contracts grow at one place, and a change reads few pages.
    # By one column, since that costs next to nothing where the file is ordered already.
    order = lines.select(pl.arg_sort_by("customer_id", maintain_order=True)).to_series()
    hashes: list[pl.Series] = []
    with connection.cursor() as cursor:
        stage_create(cursor, lines.schema)
        for text, part in encoded_ahead(lines, order):
            stage_copy(cursor, text)
            cursor.execute(insert)
            cursor.execute(SQL("TRUNCATE {}").format(STAGE))
            hashes.append(part)
            if progress:
                progress(sum(map(len, hashes)))
        cursor.execute(SQL("DROP TABLE {}").format(STAGE))
    return lines.with_columns(pl.concat(hashes).gather(order.arg_sort()))


def encoded_ahead(lines: pl.DataFrame, order: pl.Series) -> Iterator[tuple[bytes, pl.Series]]:
    """The lines in this order, slice by slice, as text for COPY with their hashes; the next slice is made while the caller
    uses this one.
    """
    waiting: Future[tuple[bytes, pl.Series]] | None = None
    with ThreadPoolExecutor(1) as pool:
        for start in range(0, len(order), SLICE):
            following = pool.submit(encoded, lines, order.slice(start, SLICE))
            if waiting:
                yield waiting.result()
            waiting = following
        if waiting:
            yield waiting.result()


def encoded(lines: pl.DataFrame, places: pl.Series) -> tuple[bytes, pl.Series]:
    """Some of the lines as text for COPY, and their content hashes. Dates are days since 1970: numbers are written and read
    quickest.
    """
    part = lines[places]
    if part["content_hash"].null_count():
        part = hashed(part)
    text = part.with_columns(pl.col(DATES).to_physical()).write_csv(include_header=False)
    return text.encode(), part["content_hash"]


def update_lines(source_id: int, import_id: int, lines: pl.DataFrame) -> None:
    """Give lines that exist their new state; one that had vanished stands again."""
    if lines.height <= repository.FEW:
        rows = json.dumps(
            [dict(zip(COLUMNS, row, strict=True)) for row in zip(*plain_columns(lines, COLUMNS), strict=True)]
        )
        run_binary(update_text(few=True), {"source": source_id, "import": import_id, "rows": rows})
        return
    with connection.cursor() as cursor:
        stage_create(cursor, lines.schema)
        for text, _ in encoded_ahead(lines, pl.int_range(lines.height, eager=True)):
            stage_copy(cursor, text)
        run_binary(update_text(few=False), {"source": source_id, "import": import_id})
        cursor.execute(SQL("DROP TABLE {}").format(STAGE))


@cache
def update_text(few: bool) -> bytes:
    """The statement that gives lines their new state: from the staged rows or, where they are few, from a parameter."""
    columns = SQL(", ").join(
        SQL("{} = {}").format(Identifier(MILLIONTHS.get(name, name)), staged(name))
        for name in COLUMNS
        if name != "line_id"
    )
    given = SQL("json_to_recordset(%(rows)b::json) AS {} ({})").format(STAGE, staged_columns(STORED))
    query = (
        "UPDATE {} line SET {}, last_import_id = %(import)b, removed_import_id = NULL FROM {}"
        " WHERE line.source_id = %(source)b AND line.line_id = incoming.line_id"
    )
    return SQL(query).format(Identifier(ContractLine._meta.db_table), columns, given if few else STAGE).as_bytes()


def stage_create(cursor: Any, schema: pl.Schema) -> None:
    """A temporary table for lines, which ends with the transaction."""
    cursor.execute(SQL("CREATE TEMP TABLE {} ({}) ON COMMIT DROP").format(STAGE, staged_columns(schema)))


def staged_columns(schema: pl.Schema) -> Composed:
    """The columns of lines with their types, as a table's definition has them."""
    types = {name: TYPES.get(dtype, "integer") for name, dtype in schema.items()}
    return SQL(", ").join(SQL("{} {}").format(Identifier(name), SQL(kind)) for name, kind in types.items())


def stage_copy(cursor: Any, text: bytes) -> None:
    """Copy encoded lines into the temporary table."""
    with cursor.copy(SQL("COPY {} FROM STDIN (FORMAT csv)").format(STAGE)) as copy:
        copy.write(text)


def staged(name: str) -> Composed:
    """A staged column as the table holds it."""
    column = SQL("{}.{}").format(STAGE, Identifier(name))
    if name in DATES:
        return SQL("{} + {}").format(SQL(repository.EPOCH), column)
    return SQL("{} * 0.000001").format(column) if name in MILLIONTHS else column


def names(columns: Sequence[str] | dict[str, Any]) -> Composed:
    return SQL(", ").join(Identifier(name) for name in columns)
