"""As reported beside as restated: what a restated month was reported with first, at every row that stands otherwise now.

- `bridge_beside(client, bridge, marks, filters=None) -> Bridge` · `headline_beside(client, headline, marks, filters=None)`
- `retention_beside(client, basis, rows, dimension, marks, filters=None) -> list[RetentionRow]`

Each gives what `metrics.selectors.reported` answered, with `as_reported` at the rows of periods in which a month was restated,
and at those of a bridge beside them that were reported otherwise: the month after a restated one began where that had ended as
reported. So the rows as reported go on from each other, and lead to their total, as the rows as restated do. `marks` are of all
months. A group that has something only as it was reported is a row with nothing in it.
"""

from collections.abc import Callable, Collection, Hashable, Iterable
from dataclasses import replace
from typing import TypeVar

from metrics.engine.tally import RETAINED
from metrics.selectors.books import book_head, retention_row_of
from metrics.selectors.breaks import Marks
from metrics.selectors.close_details import months_detailed
from metrics.selectors.close_rows import is_stored
from metrics.selectors.figures import BRIDGE_COLUMNS, Basis, Bridge, BridgeRow, Filters, Headline, RetentionRow
from metrics.selectors.periods import Period
from metrics.selectors.reported import bridge_reported, empty_row, headline_reported, retention_reported
from portal.tenancy.models import Client

Row = TypeVar("Row", BridgeRow, RetentionRow)


def bridge_beside(client: Client, bridge: Bridge, marks: Marks, filters: Filters = None) -> Bridge:
    """A bridge as reported, the rows and totals that restatements touch with what was reported first."""
    unkept = unkept_months(bridge.head.recognition, marks.restated, bridge.dimension, filters)
    near = {row.period for row in bridge.totals if is_known(marks, around(row.period), unkept)}
    restated = {row.period for row in bridge.totals if is_known(marks, row.period, unkept)}
    if not near | restated:
        return bridge
    months = bridge.totals[0].period.first, bridge.totals[-1].period.last
    first = bridge_reported(client, bridge.head, *months, bridge.dimension, bridge.grain, filters, original=True)

    def beside(rows: tuple[BridgeRow, ...], firsts: tuple[BridgeRow, ...]) -> tuple[BridgeRow, ...]:
        touched = [row for row in firsts if row.period in near | restated]
        made = rows_beside(rows, touched, bridge_key, lambda row: row.period in near | restated, bridge_nothing)
        told = (row if row.period in restated or is_other(row) else replace(row, as_reported=None) for row in made)
        return tuple(sorted(told, key=bridge_key))

    rows = beside(bridge.rows, first.rows)
    groups = tuple(sorted({*bridge.groups, *(row.group for row in rows if row.group)}))
    return replace(bridge, groups=groups, rows=rows, totals=beside(bridge.totals, first.totals))


def is_known(marks: Marks, period: Period, unkept: Collection[int]) -> bool:
    """Whether a month of a period was restated, and what was reported of the whole period is known: of a cut of which months
    closed long ago kept nothing, it may not be.
    """
    own = [each.month for each in marks.restated_in(period)]
    return bool(own) and not set(own).intersection(unkept)


def around(period: Period) -> Period:
    """A period with the month before it, which it begins after, and the one after it: a restatement of the first closed month
    may leave the open one before it with another ending than was reported.
    """
    return replace(period, first=period.first - 1, last=period.last + 1)


def is_other(row: BridgeRow) -> bool:
    """Whether any figure of a row was reported otherwise."""
    first = row.as_reported
    names = (*BRIDGE_COLUMNS, "adjustment", "customers_adjusted")
    return first is not None and any(getattr(row, name) != getattr(first, name) for name in names)


def marks_of_cut(client: Client, basis: Basis, marks: Marks, dimension: str, filters: Filters) -> Marks:
    """Of a cut that closes hold as no rows only the definitions that follow a month of which it was kept: other months follow
    the definition in force.
    """
    if not marks.breaks or is_stored(dimension, filters):
        return marks
    kept = months_detailed(book_head(client, basis).recognition)
    return replace(
        marks,
        breaks=tuple(each for each in marks.breaks if each.month - 1 in kept or each.month == min(kept, default=None)),
    )


def unkept_months(recognition: str, months: Collection[int], dimension: str, filters: Filters) -> frozenset[int]:
    """The closed months among some of which a close did not keep what is asked."""
    if not months or is_stored(dimension, filters):
        return frozenset()
    return frozenset(months) - months_detailed(recognition)


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
    recognition = book_head(client, basis).recognition if marks.restated else ""
    known = marks.restated.keys() - unkept_months(recognition, marks.restated, dimension, filters)
    if not known:
        return rows
    firsts = retention_reported(client, basis, min(known), max(known), dimension, filters, original=True)
    touched = [row for row in firsts if row.month in known]
    made = rows_beside(rows, touched, retention_key, lambda row: row.month in known, retention_nothing)
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
