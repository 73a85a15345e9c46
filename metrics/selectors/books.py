"""The numbers of the pages, read from the stored books. Runs in the client's scope.

- `book_head(client, basis=None) -> BookHead`, `book_heads(client)`, `page_heads(client)` — a basis is a recognition, a head
  that is at hand already, or None for the policy's own, here and everywhere below
- `bridge_get(client, basis=None, first=None, last=None, dimension="total", grain="month", filters=None) -> Bridge`
- `headline_get(client, basis=None, month=None, filters=None) -> Headline`
- `retention_get(client, basis=None, first=None, last=None, dimension="total", filters=None) -> list[RetentionRow]`
- `groups_list(client, dimensions, basis=None) -> dict[str, list[str]]` — the values that filters can have
- elsewhere: `metrics.selectors.cohorts.cohorts_get`, `metrics.selectors.movers.movers_get`, `metrics.selectors.drill` (cells,
  lines, why), `metrics.selectors.reported` (as reported), `metrics.selectors.findings.finding_sentence`

Without a filter, or with one filter that is itself a stored dimension, a result costs one query on the head and one on the
series; other filters run the engine in memory and are remembered by the version of the book.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any, Final

import numpy as np
from django.db.models import Exists, OuterRef

from metrics.book_rows import load_group_names, load_groups, load_totals
from metrics.engine.arrays import Ints
from metrics.engine.bridge import AMOUNTS, TOTAL
from metrics.engine.retention import ratio4
from metrics.engine.series import FIGURES
from metrics.figures import from_cents
from metrics.models import ArrBook, MonthClose, Recognition
from metrics.selectors.figures import (
    BRIDGE_COLUMNS,
    Basis,
    BookHead,
    Bridge,
    BridgeRow,
    Figure,
    Filters,
    Headline,
    RetentionRow,
    chosen_values,
)
from metrics.selectors.filtered import filtered_groups
from metrics.selectors.periods import Grain, Period, periods_of
from metrics.selectors.policies import policy_in_force
from portal.tenancy.models import Client

PLACE: Final = {name: place for place, name in enumerate(FIGURES)}
OPENING: Final = {"beginning", "customers_beginning"}
CLOSING: Final = {"ending", "customers_ending"}
SPARK_MONTHS: Final = 12


def book_head(client: Client, basis: Basis = None) -> BookHead:
    """Which book is meant, and its state; a client without any book has an empty one."""
    if isinstance(basis, BookHead):
        return basis
    heads = book_heads(client)
    return heads[basis] if basis else next(head for head in heads.values() if head.is_policys_own)


def book_heads(client: Client) -> dict[str, BookHead]:
    """The heads of ARR, CARR and LARR by recognition, in one query."""
    return heads_of(client, ArrBook.objects.select_related("policy"))


def page_heads(client: Client) -> dict[str, BookHead]:
    """`book_heads` for a page that asks many things of them: with the totals of all, and whether there are closed months."""
    closes = MonthClose.objects.filter(recognition=OuterRef("recognition"))
    heads = heads_of(client, ArrBook.objects.select_related("policy").annotate(has_closes=Exists(closes)))
    totals = load_totals([head.id for head in heads.values() if head.id and head.has_numbers])
    return {name: replace(head, total=totals.get(head.id or 0)) for name, head in heads.items()}


def heads_of(client: Client, found: Iterable[ArrBook]) -> dict[str, BookHead]:
    """The heads of a client's books by recognition; a book that is not there has an empty one."""
    books = {book.recognition: book for book in found}
    own = next((book.policy.parameters["recognition"] for book in books.values() if book.policy), None)
    own = own or policy_in_force(client).recognition
    return {name: head_of(client, books.get(name) or ArrBook(recognition=name), own) for name in Recognition.values}


def head_of(client: Client, book: ArrBook, own: str) -> BookHead:
    """The head of a book."""
    return BookHead(
        recognition=book.recognition,
        label=Recognition(book.recognition).label,
        state=book.state,
        message=book.message,
        gaps=book.gaps,
        first_month=book.first_month,
        last_month=book.last_month,
        retention_from=book.retention_from,
        version=book.version,
        policy_number=book.policy.number if book.policy else None,
        built_at=book.built_at,
        currency=client.currency,
        is_policys_own=book.recognition == own,
        id=book.pk,
        may_have_closes=getattr(book, "has_closes", True),
    )


# --- bridge -----------------------------------------------------------------------------------------------------------


def bridge_get(
    client: Client,
    basis: Basis = None,
    first: int | None = None,
    last: int | None = None,
    dimension: str = TOTAL,
    grain: Grain = "month",
    filters: Filters = None,
) -> Bridge:
    """The bridge of the months from `first` to `last` (cut to those the book has), as the contracts stand now.

    `filters` are exact values by dimension name. Of several products the figures are the sums of each product's own: a
    customer of two of them is counted in both. Flows of a quarter or year are the sums of its months.
    """
    head = book_head(client, basis)
    start, end = shown_months(head, first, last)
    groups = series_of(client, head, dimension, filters)
    return bridge_of(client, head, groups, dimension, grain, (start, end))


def bridge_of(
    client: Client,
    head: BookHead,
    groups: dict[tuple[str, str], Ints],
    dimension: str,
    grain: Grain,
    months: tuple[int, int],
) -> Bridge:
    """Series as rows by period and group; rows of a group in which everything is 0 are left out, totals never are."""
    periods = tuple(periods_of(*months, grain, client.fiscal_year_start))
    offset = head.first_month or 0
    names = sorted(group for name, group in groups if name == dimension) if dimension != TOTAL else []
    total = groups.get((TOTAL, ""))
    totals = tuple(bridge_rows(total, offset, periods, "")) if total is not None and periods else ()
    by_group = [bridge_rows(groups[dimension, group], offset, periods, group) for group in names if periods]
    rows = [row for same_period in zip(*by_group, strict=True) for row in same_period if row is not None]
    present = {row.group for row in rows}
    kept = tuple(name for name in names if name in present)
    return Bridge(head, dimension, grain, periods, kept, tuple(rows) if dimension != TOTAL else totals, totals)


def bridge_rows(series: Ints, offset: int, periods: tuple[Period, ...], group: str) -> list[Any]:
    """A series, whose first place is the month `offset`, by period; None for a period of a group in which everything is 0.

    The first beginning, the last ending, and the sums of the flows; all periods at once, because a page has thousands of cells.
    A period begins with what the month before it ended with: where that is under another policy, the step is its adjustment.
    """
    first, last = [period.first - offset for period in periods], [period.last - offset for period in periods]
    sums = np.add.reduceat(series[: len(BRIDGE_COLUMNS), : last[-1] + 1], first, axis=1)
    for name in OPENING:
        sums[PLACE[name]] = series[PLACE[name], first]
    for name in CLOSING:
        sums[PLACE[name]] = series[PLACE[name], last]
    beginning, ending = PLACE["beginning"], PLACE["ending"]
    sums[beginning] = [series[ending, place - 1] if place else series[beginning, place] for place in first]
    adjusted = sums[ending] - sums[[PLACE[name] for name in AMOUNTS if name != "ending"]].sum(axis=0)
    came = sums[PLACE["customers_new"]] + sums[PLACE["customers_reactivated"]] - sums[PLACE["customers_churned"]]
    had, has = PLACE["customers_beginning"], PLACE["customers_ending"]
    stood = np.array([series[has, place - 1] if place else series[had, place] for place in first])
    others = (sums[has] - stood - came).tolist()
    kept = [group == "" or bool(column.any()) for column in sums.T]
    columns: list[list[Any]] = [[from_cents(cents) for cents in row] for row in sums[: len(AMOUNTS)].tolist()]
    figures = zip(*columns, *sums[len(AMOUNTS) :].tolist(), map(from_cents, adjusted.tolist()), others, strict=True)
    return [
        BridgeRow(period, group, *values) if is_kept else None
        for period, values, is_kept in zip(periods, figures, kept, strict=True)
    ]


def shown_months(head: BookHead, first: int | None, last: int | None) -> tuple[int, int]:
    """The asked months that the book has; an empty range (1, 0) where there are none."""
    if head.first_month is None or head.last_month is None:
        return 1, 0
    start = head.first_month if first is None else max(first, head.first_month)
    end = head.last_month if last is None else min(last, head.last_month)
    return (start, end) if start <= end else (1, 0)


def series_of(client: Client, head: BookHead, dimension: str, filters: Filters) -> dict[tuple[str, str], Ints]:
    """The total and the groups of a dimension, of the customers and products that the filters leave."""
    if head.id is None or not head.has_numbers:
        return {}
    book = ArrBook(pk=head.id, client=client)
    wanted = chosen_values(filters)
    if not wanted:
        if dimension == TOTAL and head.total is not None:
            return {(TOTAL, ""): head.total}
        return load_groups(book, [TOTAL, dimension])
    if len(wanted) == 1:
        (name, values), *_ = wanted.items()
        if dimension in (TOTAL, name):
            found = load_groups(book, [name], values)
            nothing = np.zeros((len(FIGURES), 1 + (head.last_month or 0) - (head.first_month or 0)), dtype=np.int64)
            groups = {(TOTAL, ""): sum(found.values(), nothing)}
            return groups | (found if dimension == name else {})
    return filtered_groups(client, head, dimension, wanted)


def groups_list(client: Client, dimensions: Sequence[str], basis: Basis = None) -> dict[str, list[str]]:
    """The values of each of some dimensions that ever had ARR, in order: what filters offer."""
    head = book_head(client, basis)
    return load_group_names(ArrBook(pk=head.id, client=client), dimensions) if head.id else {n: [] for n in dimensions}


# --- headline, retention, cohorts -------------------------------------------------------------------------------------


def headline_get(client: Client, basis: Basis = None, month: int | None = None, filters: Filters = None) -> Headline:
    """The headline figures at a month end (the newest), each beside the month before and with twelve months to draw."""
    head = book_head(client, basis)
    start, end = shown_months(head, None, month)
    series = series_of(client, head, TOTAL, filters).get((TOTAL, ""))
    months = list(range(max(start, end - SPARK_MONTHS), end + 1)) if series is not None else []
    rows = [month_figures(series, m - start, head.retention_from, m) for m in months] if series is not None else []
    return headline_of(head, months, rows)


def headline_of(head: BookHead, months: list[int], rows: list[dict[str, Decimal | None]]) -> Headline:
    """The figures of consecutive months as a headline of the last: one month more than drawn gives the last change's base."""
    shown = rows[-SPARK_MONTHS - 1 :]
    figures: dict[str, Any] = {name: headline_figure(name, [row[name] for row in shown]) for name in HEADLINES}
    return Headline(head, months[-1] if months else None, tuple(months[-SPARK_MONTHS:]), **figures)


HEADLINES: Final = ("arr", "mrr", "net_new", "nrr", "grr", "logo_churn")


def month_figures(series: Ints, place: int, retention_from: int | None, month: int) -> dict[str, Decimal | None]:
    """All headline figures of one month of a series."""
    at = {name: int(series[row, place]) for name, row in PLACE.items()}
    flows = ("new", "reactivation", "expansion", "contraction", "churn")
    net_new = from_cents(sum(at[name] for name in flows))
    retained = retention_row(series, place, month, "", retention_from)
    return figures_at(from_cents(at["ending"]), net_new, at["customers_churned"], at["customers_beginning"], retained)


def figures_at(
    ending: Decimal, net_new: Decimal, churned: int, beginning: int, retained: RetentionRow | None
) -> dict[str, Decimal | None]:
    """All headline figures of one month, from the amounts of its bridge and its retention."""
    cents = int(ending.scaleb(2))
    return {
        "arr": ending,
        "mrr": from_cents((cents * 2 + 12) // 24),  # a twelfth, half away from zero; ARR is never negative
        "net_new": net_new,
        "nrr": retained.nrr if retained else None,
        "grr": retained.grr if retained else None,
        "logo_churn": ratio4(churned, beginning),
    }


def headline_figure(name: str, values: list[Decimal | None]) -> Figure:
    """The last value, the one before, and their difference."""
    value = values[-1] if values else None
    previous = values[-2] if len(values) > 1 else None
    change = value - previous if value is not None and previous is not None else None
    return Figure(name, value, previous, change, tuple(values[-SPARK_MONTHS:]))


def retention_get(
    client: Client,
    basis: Basis = None,
    first: int | None = None,
    last: int | None = None,
    dimension: str = TOTAL,
    filters: Filters = None,
) -> list[RetentionRow]:
    """NRR, GRR and logo churn by month, in total or by segment, region or rep (retention has no products)."""
    head = book_head(client, basis)
    start, end = shown_months(head, first, last)
    groups = series_of(client, head, dimension, filters)
    wanted = sorted((name, group) for name, group in groups if name == dimension)
    offset = head.first_month or 0
    return [
        retention_row(groups[key], month - offset, month, key[1], head.retention_from)
        for month in range(start, end + 1)
        for key in wanted
    ]


def retention_row(series: Ints, place: int, month: int, group: str, retention_from: int | None) -> RetentionRow:
    """The retention of one group at one month of a series."""
    at = {name: int(series[row, place]) for name, row in PLACE.items()}
    retained = retention_from is not None and month >= retention_from
    return retention_row_of(month, group, at, at["customers_churned"], at["customers_beginning"], is_valued=retained)


def retention_row_of(
    month: int, group: str, at: Mapping[str, int], churned: int, beginning: int, *, is_valued: bool = True
) -> RetentionRow:
    """The retention of one group at one month, from its sums in cents and its customers."""
    return RetentionRow(
        month=month,
        group=group,
        nrr=ratio4(at["now_cents"], at["base_cents"]) if is_valued else None,
        grr=ratio4(at["kept_cents"], at["base_cents"]) if is_valued else None,
        logo_churn=ratio4(churned, beginning),
        base=from_cents(at["base_cents"]),
        now=from_cents(at["now_cents"]),
        kept=from_cents(at["kept_cents"]),
        customers_base=at["customers_base"],
        customers_kept=at["customers_kept"],
    )
