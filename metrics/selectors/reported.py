"""The numbers as reported: closed months as they were closed, open months as the contracts stand now.

- `bridge_reported(client, basis=None, first=None, last=None, dimension="total", grain="month", filters=None, on=None)`
- `headline_reported(client, basis=None, month=None, filters=None, on=None) -> Headline`
- `retention_reported(client, basis=None, first=None, last=None, dimension="total", filters=None, on=None)`

- `reported_frames(client, recognition, first, last, dimension, on) -> tuple[bridge, retention]` — the stored rows, for files

With `on`, what had been reported at the end of that day where the client is: the months closed by then, in the revisions of
then, and no open month. With `original`, closed months as they were closed first, whatever was restated since.
`is_stored(dimension, filters)` says whether closes hold what a question needs as rows; every other cut is summed from what they
keep customer by customer, and a month closed before they did is then an open one.
"""

import datetime as dt
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from decimal import Decimal

import polars as pl

from metrics.engine.bridge import AMOUNTS, BRIDGE_SCHEMA, COUNTS, RETENTION_SCHEMA, TOTAL
from metrics.engine.tally import RETAINED
from metrics.models import CloseBridge, Recognition
from metrics.selectors.books import (
    SPARK_MONTHS,
    book_head,
    bridge_get,
    figures_at,
    headline_get,
    headline_of,
    retention_get,
    retention_row_of,
)
from metrics.selectors.close_memory import bridges_kept, closes_kept, newest_close, retention_kept
from metrics.selectors.close_rows import Stored, closes_behind, is_stored
from metrics.selectors.closes import reported_row
from metrics.selectors.figures import (
    BRIDGE_COLUMNS,
    ZERO,
    Basis,
    BookHead,
    Bridge,
    BridgeRow,
    Filters,
    Headline,
    RetentionRow,
    chosen_values,
)
from metrics.selectors.periods import Grain, Period, periods_of
from portal.lib.periods import month_format
from portal.tenancy.models import Client

Retained = dict[int, dict[str, dict[str, int]]]


def bridge_reported(
    client: Client,
    basis: Basis = None,
    first: int | None = None,
    last: int | None = None,
    dimension: str = TOTAL,
    grain: Grain = "month",
    filters: Filters = None,
    on: dt.date | None = None,
    *,
    original: bool = False,
    stored: Stored | None = None,
) -> Bridge:
    """The bridge with closed months as they were reported and open months as the contracts stand now.

    A month that does not begin where the month before it ended carries the difference as its `adjustment`: what corrections or
    another definition changed in closed months, in the first month after them. The open month before the first close ends with
    what that one reported as its beginning: what contracts say otherwise since is its own adjustment. So every month begins
    where the one before ended, every row adds up, and no closed month moves with an open one. With `on`, NotStored is raised of
    more than one filter, or a filter and another dimension. `stored` where it is at hand.
    """
    wanted = chosen_values(filters)
    is_open = isinstance(basis, BookHead) and not basis.may_have_closes
    if on is None and is_open:
        return bridge_get(client, basis, first, last, dimension, grain, wanted)
    live = bridge_get(client, basis, None, None, dimension, "month", wanted)
    if on is not None:
        live = replace(live, periods=(), groups=(), rows=(), totals=())
    kept = stored or Stored.of(client, live.head.recognition, dimension, wanted, on, original=original)
    closed = stored_rows(kept.rows, dimension, kept.filters)
    opening = {} if on is not None else stored_rows(kept.begun, dimension, kept.filters)
    start, end = reported_months(live, closed, first, last)
    periods = tuple(periods_of(start, end, grain, client.fiscal_year_start)) if start <= end else ()
    totals = reported_group(live.totals, closed.get(TOTAL, {}), opening.get(TOTAL, {}), "", (start, end), periods)
    if dimension == TOTAL:
        return replace(live, grain=grain, periods=periods, rows=totals, totals=totals)
    made = reported_groups(live, closed.get(dimension, {}), opening.get(dimension, {}), (start, end), periods)
    place = {period: number for number, period in enumerate(periods)}
    rows = tuple(sorted(made, key=lambda row: (place[row.period], row.group)))
    shown = tuple(sorted({row.group for row in rows}))
    return replace(live, grain=grain, periods=periods, groups=shown, rows=rows, totals=totals)


def reported_groups(
    live: Bridge,
    stored: Mapping[int, Mapping[str, BridgeRow]],
    opening: Mapping[int, Mapping[str, BridgeRow]],
    months: tuple[int, int],
    periods: tuple[Period, ...],
) -> list[BridgeRow]:
    """`reported_group` of every group that is live or was reported, without rows in which everything is 0."""
    named = {group for rows in (*stored.values(), *opening.values()) for group in rows}
    own: dict[str, list[BridgeRow]] = {group: [] for group in named}
    for row in live.rows:
        own.setdefault(row.group, []).append(row)
    made = [reported_group(tuple(rows), stored, opening, group, months, periods) for group, rows in own.items()]
    return [row for rows in made for row in rows if not is_nothing(row)]


def stored_rows(
    rows: Iterable[CloseBridge], dimension: str, filters: Mapping[str, tuple[str, ...]]
) -> dict[str, dict[int, dict[str, BridgeRow]]]:
    """By dimension, closed month and group: the stored rows; a group without a row had nothing then."""
    found: dict[str, dict[int, dict[str, BridgeRow]]] = {TOTAL: {}, dimension: {}}
    (name, values) = next(iter(filters.items()), (TOTAL, ("",)))
    for row in rows:
        shown = reported_row(row)
        if filters:
            if row.dimension == TOTAL:
                found[TOTAL].setdefault(row.month, {})
                found[dimension].setdefault(row.month, {})
            elif row.group in values:
                total = found[TOTAL].setdefault(row.month, {})
                total[""] = together(total[""], shown) if "" in total else replace(shown, group="")
                if dimension == name:
                    found[name].setdefault(row.month, {})[row.group] = shown
            continue
        found[row.dimension].setdefault(row.month, {})[row.group] = shown
        found[dimension].setdefault(row.month, {})
    return found


def together(one: BridgeRow, other: BridgeRow) -> BridgeRow:
    """Two groups of one month as one row."""
    return replace(one, **{name: getattr(one, name) + getattr(other, name) for name in BRIDGE_COLUMNS})


def reported_months(
    live: Bridge, stored: Mapping[str, Mapping[int, object]], first: int | None, last: int | None
) -> tuple[int, int]:
    """The asked months for which anything was reported or can be computed."""
    months = [*stored[TOTAL], *(row.period.first for row in live.totals)]
    if not months:
        return 1, 0
    start, end = min(months), max(months)
    return (start if first is None else max(first, start)), (end if last is None else min(last, end))


def reported_group(
    live: tuple[BridgeRow, ...],
    stored: Mapping[int, Mapping[str, BridgeRow]],
    opening: Mapping[int, Mapping[str, BridgeRow]],
    group: str,
    months: tuple[int, int],
    periods: tuple[Period, ...],
) -> tuple[BridgeRow, ...]:
    """One group by period: each month as reported or live, with the adjustment that lets it begin where the one before ended;
    the month before that of `opening` ends with what that one began with.
    """
    by_month = {row.period.first: row for row in live}
    chain: dict[int, BridgeRow] = {}
    before: BridgeRow | None = None
    start = max(months[0] - 1, min([*by_month, *stored, months[0]]))  # by the month before it the first one is adjusted
    for month in range(start, months[1] + 1):
        nothing = empty_row(month, group, "closed" if month in stored else "live")
        row = stored[month].get(group, nothing) if month in stored else by_month.get(month, nothing)
        if before is not None:
            row = gone_on(row, before)
        if month + 1 in opening:
            begun = opening[month + 1][group].beginning if group in opening[month + 1] else ZERO
            row = replace(row, adjustment=row.adjustment + begun - row.ending, ending=begun)
        chain[month] = before = row
    return tuple(merged([chain[month] for month in range(period.first, period.last + 1)], period) for period in periods)


def gone_on(row: BridgeRow, before: BridgeRow) -> BridgeRow:
    """A month that begins where the one before ended, with the step as its adjustment, of ARR and of customers."""
    moved, others = row.beginning - before.ending, row.customers_beginning - before.customers_ending
    if not moved and others == row.customers_adjusted:
        return row
    return replace(row, adjustment=row.adjustment + moved, beginning=before.ending, customers_adjusted=others)


def empty_row(month: int, group: str, state: str) -> BridgeRow:
    """A month in which a group has nothing."""
    nothing = {name: ZERO if name in AMOUNTS else 0 for name in BRIDGE_COLUMNS}
    return BridgeRow(Period(month_format(month), month, month), group, **nothing, state=state)  # type: ignore[arg-type]


def is_nothing(row: BridgeRow) -> bool:
    """Whether everything in a row is 0."""
    return not row.adjustment and not any(getattr(row, name) for name in BRIDGE_COLUMNS)


def merged(rows: list[BridgeRow], period: Period) -> BridgeRow:
    """Consecutive months as one row, with the adjustments of all of them."""
    first, last = rows[0], rows[-1]
    opening, closing = ("beginning", "customers_beginning"), ("ending", "customers_ending")
    flows = [name for name in BRIDGE_COLUMNS if name not in opening + closing]
    figures = {name: sum(getattr(row, name) for row in rows[1:]) + getattr(first, name) for name in flows}
    figures |= {name: getattr(first, name) for name in opening} | {name: getattr(last, name) for name in closing}
    moved = sum((figures[name] for name in flows if name in AMOUNTS), ZERO)
    states = {row.state for row in rows}
    return BridgeRow(
        period=period,
        group=first.group,
        state=states.pop() if len(states) == 1 else "mixed",
        adjustment=last.ending - first.beginning - moved,
        customers_adjusted=sum(row.customers_adjusted for row in rows),
        **figures,
    )


# --- headline and retention as reported -------------------------------------------------------------------------------


def headline_reported(
    client: Client,
    basis: Basis = None,
    month: int | None = None,
    filters: Filters = None,
    on: dt.date | None = None,
    *,
    original: bool = False,
    stored: Stored | None = None,
) -> Headline:
    """`headline_get` with closed months as they were reported; with `on` of the newest month that had been closed by then.

    `stored` where it is at hand.
    """
    head, wanted = book_head(client, basis), chosen_values(filters)
    if on is None and not head.may_have_closes:
        return headline_get(client, head, month, filters)
    stored = stored or Stored.of(client, head.recognition, TOTAL, wanted, on, original=original)
    if on is None and not stored.closes:
        return headline_get(client, head, month, filters)
    known = [close.month for close in stored.closes[:1]] + ([] if on is not None else [head.last_month or 0])
    newest = max(known, default=0)
    first = (newest if month is None else min(month, newest)) - SPARK_MONTHS  # what a headline shows, and no month more
    bridge = bridge_reported(client, head, first, month, TOTAL, "month", filters, on, stored=stored)
    if not bridge.totals:
        return headline_of(bridge.head, [], [])
    months = [row.period.first for row in bridge.totals]
    retained = retention_reported(client, head, first, months[-1], TOTAL, filters, on, stored=stored)
    kept = {row.month: row for row in retained}
    rows = [
        figures_at(row.ending, row.net_new, row.customers_churned, row.customers_beginning, kept.get(row.period.first))
        for row in bridge.totals
    ]
    return headline_of(bridge.head, months, rows)


def retention_reported(
    client: Client,
    basis: Basis = None,
    first: int | None = None,
    last: int | None = None,
    dimension: str = TOTAL,
    filters: Filters = None,
    on: dt.date | None = None,
    *,
    original: bool = False,
    stored: Stored | None = None,
) -> list[RetentionRow]:
    """`retention_get` with closed months as they were reported; with `on` the months closed by then alone.

    `stored` where it is at hand.
    """
    wanted = chosen_values(filters)
    live = [] if on is not None else retention_get(client, basis, first, last, dimension, wanted)
    head = book_head(client, basis)
    kept = stored or Stored.of(client, head.recognition, dimension, wanted, on, original=original)
    (name, values) = next(iter(kept.filters.items()), (dimension, ()))
    closes = [
        close
        for close in kept.closes
        if (first is None or close.month >= first) and (last is None or close.month <= last)
    ]
    churn = churn_of(kept.rows, name)
    closed = {close.month for close in closes}
    made = [row for row in live if row.month not in closed]
    nothing = dict.fromkeys(RETAINED, 0)
    for close in closes:
        retained = kept.retention.get(close.pk, {}).get(name, {})
        lost = churn.get(close.pk, {})
        groups = {*values} if kept.filters else {*retained, *lost}
        parts = [(group, retained.get(group, nothing), lost.get(group, (0, 0))) for group in sorted(groups)]
        if dimension == TOTAL:
            parts = [("", *summed(parts))]
        made += [retention_row_of(close.month, group, own, *gone) for group, own, gone in parts]
    return sorted(made, key=lambda row: (row.month, row.group))


def churn_of(rows: Iterable[CloseBridge], dimension: str) -> dict[int, dict[str, tuple[int, int]]]:
    """By close and group of a dimension: how many customers churned, of how many."""
    found: dict[int, dict[str, tuple[int, int]]] = {}
    for row in rows:
        if row.dimension == dimension:
            found.setdefault(row.close_id, {})[row.group] = (row.customers_churned, row.customers_beginning)
    return found


def summed(parts: list[tuple[str, dict[str, int], tuple[int, int]]]) -> tuple[dict[str, int], tuple[int, int]]:
    """Retention and churn of several groups as one."""
    own = {name: sum(figures[name] for _, figures, _ in parts) for name in RETAINED}
    return own, (sum(lost[0] for *_, lost in parts), sum(lost[1] for *_, lost in parts))


def endings_first(client: Client, months: Collection[int], filters: Filters = None) -> dict[str, dict[int, Decimal]]:
    """By recognition and month what closed months ended with as they were closed first. A month of which a cut was not kept is
    left out.
    """
    if not is_stored(TOTAL, filters):
        cuts = {
            name: Stored.of(client, name, TOTAL, chosen_values(filters), None, original=True) for name in Recognition
        }
        return {name: {row.month: row.ending for row in cut.rows if row.month in months} for name, cut in cuts.items()}
    (name, values) = next(iter(chosen_values(filters).items()), (TOTAL, ("",)))
    found: dict[str, dict[int, Decimal]] = {recognition: dict.fromkeys(months, ZERO) for recognition in Recognition}
    newest = newest_close()
    kept = bridges_kept(newest, name)
    for close in closes_kept(newest):
        if close.revision == 1 and close.month in months:
            own = (row.ending for row in kept.get(close.pk, ()) if row.group in values)
            found[close.recognition][close.month] += sum(own, ZERO)
    return found


# --- as files have it -------------------------------------------------------------------------------------------------


def reported_frames(
    client: Client, recognition: str | None, first: int, last: int, dimension: str, on: dt.date
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Bridge and retention of the months closed by the end of `on`, row by row as they were stored, as `engine.book.Book`."""
    newest = newest_close()
    closes = closes_behind(client, closes_kept(newest), book_head(client, recognition).recognition, on)
    wanted = {close.pk: close for close in closes if first <= close.month <= last}
    stored = bridges_kept(newest, dimension)
    figures = [
        [dimension, row.group, row.month, *(int(getattr(row, name).scaleb(2)) for name in AMOUNTS)]
        + [getattr(row, name) for name in COUNTS]
        for close in wanted
        for row in stored.get(close, ())
        if dimension == TOTAL or any(getattr(row, name) for name in BRIDGE_COLUMNS)
    ]
    nothing, retained = dict.fromkeys(RETAINED, 0), retention_kept(newest, TOTAL)
    kept = [
        [TOTAL, "", close.month, *(retained[close.pk].get("", nothing)[name] for name in RETAINED)]
        for close in wanted.values()
    ]
    return (
        pl.DataFrame(figures, schema=BRIDGE_SCHEMA, orient="row"),
        pl.DataFrame(kept, schema=RETENTION_SCHEMA, orient="row"),
    )
