"""What each cohort has left: `cohorts_get(client, basis=None, grain="month", last=None, filters=None, …) -> Cohorts`."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from metrics.book_rows import load_cohorts
from metrics.engine.arrays import Ints
from metrics.engine.retention import ratio4
from metrics.engine.series import COHORT_FIGURES
from metrics.figures import from_cents
from metrics.models import ArrBook
from metrics.packing import COHORT_START
from metrics.selectors.books import book_head, shown_months
from metrics.selectors.close_cohorts import cohorts_cut
from metrics.selectors.close_details import Kept
from metrics.selectors.figures import Basis, Cohort, CohortCell, Cohorts, Filters, chosen_values
from metrics.selectors.filtered import filtered_cohorts
from metrics.selectors.periods import Grain, Period, period_start, periods_of
from portal.tenancy.models import Client

Columns = dict[
    int, list[int]
]  # by month of the first ARR: that month, its first months' cents and customers, both at the end


def cohorts_get(
    client: Client,
    basis: Basis = None,
    grain: Grain = "month",
    last: int | None = None,
    filters: Filters = None,
    newest: int | None = None,
    ages: int | None = None,
    kept: Kept | None = None,
) -> Cohorts:
    """Each cohort's ARR and customers at the end of its first period and of every period after it.

    Under filters it is that of the customers with these properties, and of products that of the ARR that these products give:
    a customer's first ARR is then its first in them. The share is of the first period. A cohort from before the book's first
    month has no such base: `is_cut`, no shares. For a page that shows no more: only the `newest` so many cohorts, and of each
    only its first `ages` periods.

    With what closes `kept` a cell of a closed month is as its close had it, with the first period that it had then, and of a
    restated month has what was reported first; under filters so too (`metrics.selectors.close_cohorts`). Closed months stay
    where the book ends before them, because a rate is missing by now.
    """
    head = book_head(client, basis)
    start, end = shown_months(head, None, last)
    if head.id is None or end < start:
        return Cohorts(head, grain, (), 0)
    wanted = chosen_values(filters)
    stored = {**filtered_cohorts(client, head, wanted)} if wanted else load_cohorts(ArrBook(pk=head.id, client=client))
    tables = kept.cohorts if kept else {}
    if tables and wanted:
        since = max(start, shown_since([at for at in stored if at <= end], newest, grain, client.fiscal_year_start))
        tables = cohorts_cut(head, wanted, stored, start, (since, max(tables)))
    width = (head.last_month or 0) - start + 1
    while end >= (head.last_month or 0) and end + 1 in tables:
        end, width = end + 1, width + 1
        stored = {cohort: np.pad(values, ((0, 0), (0, 1))) for cohort, values in stored.items()}
    for cohort in {int(each) for own in tables.values() for table in own for each in table[0]} - stored.keys():
        stored[cohort] = np.zeros((len(COHORT_FIGURES), width), dtype=np.int64)
    closed = {month: [by_cohort(table) for table in own] for month, own in tables.items()}
    periods = periods_of(min([*stored, start]), end, grain, client.fiscal_year_start)
    cohorts: list[Cohort] = []
    for place, period in reversed([*enumerate(periods)]):
        members = [values for month, values in stored.items() if period.first <= month <= period.last]
        if members and (newest is None or len(cohorts) < newest):
            shown = periods[place:] if ages is None else periods[place : place + ages]
            cells = cohort_cells(np.sum(members, axis=0), shown, start)
            if period.first >= start:
                cells = tuple(closed_cell(cell, period, closed.get(cell.period.last)) for cell in cells)
            cohorts.append(Cohort(period, cells, is_cut=period.first < start))
    cohorts.reverse()
    return Cohorts(head, grain, tuple(cohorts), max((len(cohort.cells) for cohort in cohorts), default=0))


def shown_since(begun: Sequence[int], newest: int | None, grain: Grain, fiscal_year_start: int) -> int:
    """The month before which no cohort is shown: of a page that shows only the newest, closes before it are not read."""
    starts = sorted({period_start(month, grain, fiscal_year_start) for month in begun}, reverse=True)
    return starts[newest - 1] if newest is not None and len(starts) >= newest else 0


def by_cohort(table: Ints) -> Columns:
    """The table of a close (`metrics.services.close_details.cohort_table`) by the month in which a cohort began."""
    return {column[0]: column for column in table.T.tolist()}


def closed_cell(cell: CohortCell, period: Period, revisions: Sequence[Columns] | None) -> CohortCell:
    """A cell as the close of its month had it, by its revisions; an open month's cell as it is."""
    if not revisions:
        return cell
    now = told_cell(cell, period, revisions[-1])
    return replace(now, as_reported=told_cell(cell, period, revisions[0])) if len(revisions) > 1 else now


def told_cell(cell: CohortCell, period: Period, columns: Columns) -> CohortCell:
    """A cell of the cohorts of a period by what a close has of each."""
    own = [columns[month] for month in range(period.first, period.last + 1) if month in columns]
    end = min(period.last, cell.period.last)
    base = [sum(column[1 + offset + end - column[0]] for column in own) for offset in (0, COHORT_START)]
    arr, customers = sum(column[-2] for column in own), sum(column[-1] for column in own)
    shares = ratio4(arr, base[0]), ratio4(customers, base[1])
    return CohortCell(cell.age, cell.period, from_cents(arr), customers, *shares)


def cohort_cells(values: Ints, periods: list[Period], start: int) -> tuple[CohortCell, ...]:
    """A cohort at the end of every period that the book has, with shares of its own period if that is among them."""
    arr, customers = values.tolist()
    shown = [(age, period, period.last - start) for age, period in enumerate(periods) if period.last >= start]
    base = shown[0][2] if shown and shown[0][0] == 0 else None
    return tuple(
        CohortCell(
            age,
            period,
            from_cents(arr[at]),
            customers[at],
            None if base is None else ratio4(arr[at], arr[base]),
            None if base is None else ratio4(customers[at], customers[base]),
        )
        for age, period, at in shown
    )
