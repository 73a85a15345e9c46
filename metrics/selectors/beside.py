"""As reported beside as restated: what a restated month was reported with first, at every row that stands otherwise now.

- `bridge_beside(client, bridge, marks, filters=None) -> Bridge` · `headline_beside(client, headline, marks, filters=None)`
- `retention_beside(client, basis, rows, dimension, marks, filters=None) -> list[RetentionRow]`

Each gives what `metrics.selectors.reported` answered, with `as_reported` at the rows of periods in which a month was restated.
A group that has something only as it was reported is a row with nothing in it.
"""

from collections.abc import Callable, Hashable, Iterable
from dataclasses import replace
from typing import TypeVar

from metrics.engine.tally import RETAINED
from metrics.selectors.books import retention_row_of
from metrics.selectors.breaks import Marks
from metrics.selectors.figures import Basis, Bridge, BridgeRow, Filters, Headline, RetentionRow
from metrics.selectors.reported import bridge_reported, empty_row, headline_reported, retention_reported
from portal.tenancy.models import Client

Row = TypeVar("Row", BridgeRow, RetentionRow)


def bridge_beside(client: Client, bridge: Bridge, marks: Marks, filters: Filters = None) -> Bridge:
    """A bridge as reported, its restated rows and totals with what was reported first."""
    if not marks.restated:
        return bridge
    months = bridge.totals[0].period.first, bridge.totals[-1].period.last
    first = bridge_reported(client, bridge.head, *months, bridge.dimension, bridge.grain, filters, original=True)

    def beside(rows: tuple[BridgeRow, ...], firsts: tuple[BridgeRow, ...]) -> tuple[BridgeRow, ...]:
        touched = [row for row in firsts if marks.restated_in(row.period)]
        made = rows_beside(rows, touched, bridge_key, lambda row: bool(marks.restated_in(row.period)), bridge_nothing)
        return tuple(sorted(made, key=bridge_key))

    rows = beside(bridge.rows, first.rows)
    groups = tuple(sorted({*bridge.groups, *(row.group for row in rows if row.group)}))
    return replace(bridge, groups=groups, rows=rows, totals=beside(bridge.totals, first.totals))


def bridge_key(row: BridgeRow) -> tuple[int, str]:
    """Where a row of a bridge stands."""
    return row.period.first, row.group


def bridge_nothing(row: BridgeRow) -> BridgeRow:
    """A row like another, with nothing in it."""
    return replace(empty_row(row.period.last, row.group, row.state), period=row.period)


def headline_beside(client: Client, headline: Headline, marks: Marks, filters: Filters = None) -> Headline:
    """A headline as reported, with the whole of it as it was first where any of its months was restated."""
    if not marks.restated:
        return headline
    first = headline_reported(client, headline.head, headline.month, filters, original=True)
    return replace(headline, as_reported=first)


def retention_beside(
    client: Client, basis: Basis, rows: list[RetentionRow], dimension: str, marks: Marks, filters: Filters = None
) -> list[RetentionRow]:
    """Retention as reported, its restated months with what was reported first."""
    if not marks.restated:
        return rows
    months = min(marks.restated), max(marks.restated)
    firsts = retention_reported(client, basis, *months, dimension, filters, original=True)
    touched = [row for row in firsts if row.month in marks.restated]
    made = rows_beside(rows, touched, retention_key, lambda row: row.month in marks.restated, retention_nothing)
    return sorted(made, key=retention_key)


def retention_key(row: RetentionRow) -> tuple[int, str]:
    """Where a row of retention stands."""
    return row.month, row.group


def retention_nothing(row: RetentionRow) -> RetentionRow:
    """A row like another, of nobody."""
    return retention_row_of(row.month, row.group, dict.fromkeys(RETAINED, 0), 0, 0)


def rows_beside(
    rows: Iterable[Row],
    firsts: Iterable[Row],
    key: Callable[[Row], Hashable],
    is_restated: Callable[[Row], bool],
    nothing: Callable[[Row], Row],
) -> list[Row]:
    """The rows, restated ones with what stood in their place first; `firsts` are of restated periods alone."""
    before = {key(row): row for row in firsts}
    made = [
        replace(row, as_reported=before.pop(key(row), None) or nothing(row)) if is_restated(row) else row
        for row in rows
    ]
    return made + [replace(nothing(row), as_reported=row) for row in before.values()]
