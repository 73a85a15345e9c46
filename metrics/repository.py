"""The engine's frames from the database, and frames into the database, by COPY.

Everything here runs inside the client's scope: the row policies pick the client's rows, so that no statement names a client but
those that write. PostgreSQL refuses COPY FROM on a table with row policies, so bulk rows go through a temporary table.
"""

import hashlib
import io
from collections.abc import Collection, Iterable
from functools import lru_cache, partial
from typing import Any, Final

import polars as pl
from django.db import connection, models
from psycopg.sql import SQL, Composable, Identifier, Literal

from metrics.engine.arrays import Ints
from metrics.engine.fx import DailyRates, currency_rates
from metrics.engine.lines import LINE_SCHEMA, RATE_SCHEMA, empty_lines, empty_rates
from metrics.intake.ecb import ecb_currencies, ecb_rates
from metrics.memory import Memory
from metrics.models import FxRate, RateImport, Source
from portal.tenancy.models import Client
from portal.tenancy.scope import scoped_client_id

EPOCH: Final = "'1970-01-01'::date"
EXPRESSIONS: Final = {
    "amount_e6": "(amount * 1000000)::bigint",
    "discount_e6": "(discount * 1000000)::bigint",
    **{name: f"{name} - {EPOCH}" for name, dtype in LINE_SCHEMA.items() if dtype == pl.Date()},
}
LIVE_LINES: Final = SQL("FROM metrics_contractline WHERE source_id = {} AND removed_import_id IS NULL")
FEW: Final = 200  # rows, below which a frame operation costs more than a loop
TEMPORARY: Final = "incoming"
RATES: Final[Memory[pl.DataFrame]] = Memory(500_000)
DAILY: Final[Memory[tuple[Ints, Ints]]] = Memory(500_000)
RateStamp = tuple[int, int, int]  # of the newest file of own rates: its id, and how many rates it added and changed


# --- reading ----------------------------------------------------------------------------------------------------------


def authoritative_source() -> Source | None:
    """The source whose lines make ARR, if the client has any source yet."""
    source: Source | None = Source.objects.filter(is_authoritative=True).first()
    return source


def lines_frame(source: Source | None, customers: Collection[str] | None = None) -> pl.DataFrame:
    """The live lines of a source in the engine's schema; of all its customers, or of those with these ids.

    `customers` are ids as the lines name them, as customer or as parent.
    """
    if source is None:
        return empty_lines()
    columns = SQL(", ").join(SQL(EXPRESSIONS.get(name, name)) for name in LINE_SCHEMA)
    query = SQL("SELECT {} ").format(columns) + LIVE_LINES.format(Literal(source.pk))
    if customers is not None:
        wanted = Literal(list(customers))
        query += SQL(" AND (customer_id = ANY({0}) OR parent_customer_id = ANY({0}))").format(wanted)
    return frame_of_query(query, LINE_SCHEMA)


def frame_of_query(query: Composable, schema: pl.Schema) -> pl.DataFrame:
    """The rows of a query as a frame, by COPY; dates are asked for as days since 1970-01-01. Blank text is null."""
    buffer = io.BytesIO()
    with connection.cursor() as cursor, cursor.copy(SQL("COPY ({}) TO STDOUT (FORMAT csv)").format(query)) as rows:
        for chunk in rows:
            buffer.write(chunk)
    if buffer.tell() == 0:
        return schema.to_frame()
    physical = {name: pl.Int32() if dtype == pl.Date() else dtype for name, dtype in schema.items()}
    buffer.seek(0)
    return pl.read_csv(buffer, has_header=False, schema=physical).cast(schema)


def lines_sum(source: Source | None) -> int:
    """The sum of the content hashes of all live lines in two 64-bit lanes: the half of an input hash that a patch moves.

    Equal lines give equal sums in any order; it tells accidental differences, it is no signature (a close has `input_digest`).
    """
    if source is None:
        return 0
    lane = "coalesce(sum(('x' || substr(content_hash, {}, 16))::bit(64)::bigint), 0)"
    with connection.cursor() as cursor:
        cursor.execute(SQL(f"SELECT {lane.format(1)}, {lane.format(17)} ") + LIVE_LINES.format(Literal(source.pk)))
        high, low = cursor.fetchone()
    return lanes(int(high), int(low))


def hashes_sum(hashes: pl.Series) -> int:
    """`lines_sum` of lines with these content hashes."""
    if len(hashes) <= FEW:
        texts = hashes.to_list()
        return lanes(sum(int(text[:16], 16) for text in texts), sum(int(text[16:32], 16) for text in texts))
    parts = [int(hashes.str.slice(at, 8).str.to_integer(base=16, dtype=pl.Int64).sum()) for at in range(0, 32, 8)]
    return lanes((parts[0] << 32) + parts[1], (parts[2] << 32) + parts[3])


def lanes(high: int, low: int) -> int:
    """Two sums modulo 2^64 as one number."""
    return (high % 2**64) << 64 | low % 2**64


def lanes_moved(total: int, removed: int, added: int) -> int:
    """A sum of lanes after some lines went and others came."""
    parts = [(value >> 64, value % 2**64) for value in (total, removed, added)]
    high, low = (t - r + a for t, r, a in zip(*parts, strict=True))
    return lanes(high, low)


def rates_frame(client: Client, currencies: Iterable[str]) -> pl.DataFrame:
    """The exchange rates of these currencies in the engine's schema, in units of the client's reporting currency.

    A currency of which the client has rates of its own is valued by those alone; any other by the ECB's reference rates. One
    that neither has is left out: the engine then names the missing days.
    """
    wanted = {*currencies} - {client.currency}
    if not wanted:
        return empty_rates()
    newest = RateImport.objects.order_by("-id").values_list("id", "added_count", "changed_count").first()
    key = (scoped_client_id(), newest, client.currency, *sorted(wanted))
    return RATES.get(key, lambda: rates_now(client, sorted(wanted), newest), lambda frame: frame.height)


def rates_by_currency(client: Client, currencies: Iterable[str], newest: RateStamp | None) -> DailyRates:
    """`rates_frame` by currency, for few lines and whoever knows the newest file of own rates; remembered as that is."""

    def read(currency: str) -> tuple[Ints, Ints]:
        return currency_rates(rates_now(client, [currency], newest), currency)

    known = (scoped_client_id(), newest, client.currency)
    return {
        currency: DAILY.get((*known, currency), partial(read, currency), lambda rates: len(rates[0]))
        for currency in sorted({*currencies} - {client.currency})
    }


def rates_now(client: Client, wanted: list[str], newest: RateStamp | None) -> pl.DataFrame:
    """`rates_frame`, put together anew; without a file of own rates there are none of those.

    A file that is just being loaded has no counts yet: what is read before its rows are there is not what is read after.
    """
    own = own_rates(wanted) if newest else empty_rates()
    quoted = tuple(sorted(set(wanted) - set(own["currency"].unique())))
    return pl.concat([own, reference_rates(client.currency, quoted)])


def own_rates(currencies: list[str]) -> pl.DataFrame:
    """The client's own rates of these currencies, from the database."""
    query = SQL("SELECT currency, day - {}, (rate * 10000000000)::bigint FROM metrics_fxrate WHERE currency = ANY({})")
    return frame_of_query(query.format(SQL(EPOCH), Literal(currencies)), RATE_SCHEMA)


def own_rate_currencies() -> set[str]:
    """The currencies of which the client has rates of its own."""
    return set(FxRate.objects.order_by().values_list("currency", flat=True).distinct())


@lru_cache(maxsize=64)
def reference_rates(reporting: str, currencies: tuple[str, ...]) -> pl.DataFrame:
    """The ECB's cross rates for those of the currencies that it quotes."""
    known = set(ecb_currencies())
    quoted = [currency for currency in currencies if currency in known] if reporting in known else []
    return ecb_rates(reporting, quoted) if quoted else empty_rates()


def frame_digest(frame: pl.DataFrame, *order: str) -> str:
    """sha256 of a frame's rows in this order, the same under every version of Polars."""
    text = frame.sort(*order).with_columns(pl.col(pl.Date).dt.to_string("%Y-%m-%d")).write_csv()
    return hashlib.sha256(text.encode()).hexdigest()


# --- writing ----------------------------------------------------------------------------------------------------------


def rows_insert(model: type[models.Model], frame: pl.DataFrame, **constants: Any) -> int:
    """Insert the rows of a frame, whose columns are columns of the model's table; `constants` are columns with one value.

    Returns how many. The client is filled in; the row policy checks it like any insert.
    """
    if frame.height == 0:
        return 0
    table = Identifier(model._meta.db_table)
    columns = SQL(", ").join(Identifier(name) for name in frame.columns)
    fixed = {"client_id": scoped_client_id(), **constants}
    with connection.cursor() as cursor:
        rows_stage(cursor, table, columns, frame)
        cursor.execute(
            SQL("INSERT INTO {} ({}, {}) SELECT {}, {} FROM {}").format(
                table,
                SQL(", ").join(Identifier(name) for name in fixed),
                columns,
                SQL(", ").join(Literal(value) for value in fixed.values()),
                columns,
                Identifier(TEMPORARY),
            )
        )
        inserted: int = cursor.rowcount
        cursor.execute(SQL("DROP TABLE {}").format(Identifier(TEMPORARY)))
    return inserted


def rows_stage(cursor: Any, table: Composable, columns: Composable, frame: pl.DataFrame) -> None:
    """Copy the rows of a frame into the temporary table `incoming`, whose columns have the types of `table`'s."""
    incoming = Identifier(TEMPORARY)
    cursor.execute(
        SQL("CREATE TEMP TABLE {} ON COMMIT DROP AS SELECT {} FROM {} WITH NO DATA").format(incoming, columns, table)
    )
    with cursor.copy(SQL("COPY {} FROM STDIN (FORMAT csv)").format(incoming)) as copy:
        for part in frame.iter_slices(50_000):
            copy.write(part.write_csv(include_header=False).encode())
