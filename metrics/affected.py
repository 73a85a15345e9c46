"""Which lines a change can reach, found in the database without reading the client's other lines.

The same closure as `metrics.engine.links.affected_customers`: customers joined by replaces links, before and after the change.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from metrics.engine.few_lines import LineRow
from metrics.engine.lines import LINE_SCHEMA
from metrics.repository import EXPRESSIONS
from portal.postgres.prepared import run_binary

UNIT_SQL: Final = {"customer": "customer_id", "parent": "coalesce(parent_customer_id, customer_id)"}
OF_UNITS: Final = {
    "customer": "customer_id = ANY(%(units)b::text[])",
    "parent": "(parent_customer_id = ANY(%(units)b::text[])"
    " OR (parent_customer_id IS NULL AND customer_id = ANY(%(units)b::text[])))",
}
LIVE: Final = "FROM metrics_contractline WHERE source_id = %(source)b AND removed_import_id IS NULL"
COLUMNS: Final = ", ".join(EXPRESSIONS.get(name, name) for name in LINE_SCHEMA)
LINKS: Final = {
    "line_id": "replaces_line_id",
    "contract_id": "replaces_contract_id",
    "replaces_line_id": "line_id",
    "replaces_contract_id": "contract_id",
}  # a line is linked with those whose first name is its second


@dataclass(frozen=True)
class Affected:
    """The customers that a change can reach, and all their lines before it and after it."""

    customers: frozenset[str]
    before: list[LineRow]
    after: list[LineRow]


def affected_lines(
    source_id: int, customer_unit: str, before: Sequence[LineRow], after: Sequence[LineRow], most: int
) -> Affected | None:
    """The closure of a change that is already written: `before` and `after` are the changed lines in both states.

    None when more than `most` lines are reached: then a rebuild is the shorter way.
    """
    if len(before) + len(after) > most:
        return None
    known: set[str] = set()
    found: list[LineRow] = []
    wanted = {row.unit(customer_unit) for row in (*before, *after)}
    while wanted:
        known |= wanted
        lines = lines_of_units(source_id, customer_unit, wanted)
        found += lines
        if len(found) > most:
            return None
        names = link_names([*lines, *(row for row in before if row.unit(customer_unit) in wanted)])
        # The earlier states are no longer in the database.
        linked = {row.unit(customer_unit) for row in before if any(getattr(row, name) in names[name] for name in LINKS)}
        wanted = (linked_units(source_id, customer_unit, names) | linked) - known
    changed = {row.line_id for row in after}
    kept = [row for row in found if row.line_id not in changed]
    return Affected(frozenset(known), [*kept, *before], found)


def lines_of_units(source_id: int, customer_unit: str, units: Iterable[str]) -> list[LineRow]:
    """All live lines of some customers."""
    query = f"SELECT {COLUMNS} {LIVE} AND {OF_UNITS[customer_unit]}"
    rows = run_binary(query.encode(), {"source": source_id, "units": sorted(units)})
    return [
        LineRow._make(None if value == "" else value for value in row) if "" in row else LineRow._make(row)
        for row in rows
    ]


def link_names(lines: Iterable[LineRow]) -> dict[str, set[str]]:
    """What a line linked with one of these is called, by the column that says so."""
    names: dict[str, set[str]] = {name: set() for name in LINKS}
    for row in lines:
        for name, other in LINKS.items():
            value = getattr(row, other)
            if value is not None:
                names[name].add(value)
    return names


def linked_units(source_id: int, customer_unit: str, names: dict[str, set[str]]) -> set[str]:
    """The customers of the live lines that have one of these names, by column."""
    asked = {column: sorted(values) for column, values in names.items() if values}
    if not asked:
        return set()
    unit = UNIT_SQL[customer_unit]
    query = " UNION ".join(f"SELECT {unit} {LIVE} AND {column} = ANY(%({column})b::text[])" for column in asked)
    return {found for (found,) in run_binary(query.encode(), {"source": source_id, **asked})}
