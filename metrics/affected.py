"""Which lines a change can reach, found in the database without reading the client's other lines.

The same closure as `metrics.engine.links.affected_customers`: customers joined by replaces links, before and after the change.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import polars as pl
from django.db import connection
from psycopg.sql import SQL, Identifier, Literal

from metrics.engine.lines import LINE_SCHEMA, unit_expression
from metrics.repository import EXPRESSIONS, LIVE_LINES, frame_of_query

UNIT_SQL: Final = {"customer": "customer_id", "parent": "coalesce(parent_customer_id, customer_id)"}
LINK_COLUMNS: Final = ("line_id", "contract_id", "replaces_line_id", "replaces_contract_id")


@dataclass(frozen=True)
class Affected:
    """The customers that a change can reach, and all their lines before it and after it."""

    customers: frozenset[str]
    before: pl.DataFrame
    after: pl.DataFrame


def affected_lines(
    source_id: int, customer_unit: str, before: pl.DataFrame, after: pl.DataFrame, most: int
) -> Affected | None:
    """The closure of a change that is already written: `before` and `after` are the changed lines in both states.

    None when more than `most` lines are reached: then a rebuild is the shorter way.
    """
    old, new = before.select(LINE_SCHEMA.names()), after.select(LINE_SCHEMA.names())
    if old.height + new.height > most:
        return None
    known: set[str] = set()
    found = new.clear()
    wanted = units_of(old, customer_unit) | units_of(new, customer_unit)
    while wanted:
        known |= wanted
        lines = lines_of_units(source_id, customer_unit, wanted)
        found = pl.concat([found, lines])
        if found.height > most:
            return None
        reached = pl.concat([lines, old.filter(unit_expression(customer_unit).is_in(list(wanted)))])
        wanted = (linked_units(source_id, customer_unit, reached) | linked_in(old, customer_unit, reached)) - known
    kept = found.join(new, on="line_id", how="anti")
    return Affected(frozenset(known), pl.concat([kept, old]), found)


def units_of(lines: pl.DataFrame, customer_unit: str) -> set[str]:
    """The customers of some lines."""
    return set(lines.select(unit_expression(customer_unit).alias("unit"))["unit"].to_list())


def lines_of_units(source_id: int, customer_unit: str, units: Iterable[str]) -> pl.DataFrame:
    """All live lines of some customers."""
    columns = SQL(", ").join(SQL(EXPRESSIONS.get(name, name)) for name in LINE_SCHEMA)
    ids = Literal(sorted(units))
    condition = SQL("customer_id = ANY({0})").format(ids)
    if customer_unit == "parent":
        condition = SQL(
            "(parent_customer_id = ANY({0}) OR (parent_customer_id IS NULL AND customer_id = ANY({0})))"
        ).format(ids)
    query = SQL("SELECT {} {} AND {}").format(columns, LIVE_LINES.format(Literal(source_id)), condition)
    return frame_of_query(query, LINE_SCHEMA)


def linked_units(source_id: int, customer_unit: str, lines: pl.DataFrame) -> set[str]:
    """The customers of lines that replace one of these or are replaced by one, directly."""
    texts = {name: sorted(set(lines[name].drop_nulls().to_list())) for name in LINK_COLUMNS}
    pairs = [
        ("line_id", texts["replaces_line_id"]),
        ("contract_id", texts["replaces_contract_id"]),
        ("replaces_line_id", texts["line_id"]),
        ("replaces_contract_id", texts["contract_id"]),
    ]
    parts = [
        SQL("SELECT {} {} AND {} = ANY({})").format(
            SQL(UNIT_SQL[customer_unit]), LIVE_LINES.format(Literal(source_id)), Identifier(column), Literal(values)
        )
        for column, values in pairs
        if values
    ]
    if not parts:
        return set()
    with connection.cursor() as cursor:
        cursor.execute(SQL(" UNION ").join(parts))
        return {row[0] for row in cursor.fetchall()}


def linked_in(old: pl.DataFrame, customer_unit: str, lines: pl.DataFrame) -> set[str]:
    """`linked_units` among the earlier states, which are no longer in the database."""
    named = old.filter(
        pl.col("line_id").is_in(lines["replaces_line_id"].drop_nulls().to_list())
        | pl.col("contract_id").is_in(lines["replaces_contract_id"].drop_nulls().to_list())
        | pl.col("replaces_line_id").is_in(lines["line_id"].to_list())
        | pl.col("replaces_contract_id").is_in(lines["contract_id"].to_list())
    )
    return units_of(named, customer_unit)
