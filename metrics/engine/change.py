"""What a change of some lines does to the books, in one pass over the affected customers before and after it.

The lines before and after stand side by side as different customers (every name of a side begins with its mark), so that
nothing of one side meets the other; the figures of one side are subtracted from those of the other. All recognitions are
computed together, as customers of their own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

import numpy as np

from metrics.engine.arrays import NEVER, Bools, Ints, grouped_sum
from metrics.engine.balances import Counting
from metrics.engine.bridge import AMOUNTS, COUNTS, TOTAL
from metrics.engine.dense import Figures, figures_of_units
from metrics.engine.few_lines import Groups, LineRow, code_rows, groups_of_units
from metrics.engine.fx import RATE_ONE, DailyRates, converter
from metrics.engine.lines import CodedLines
from metrics.engine.movements import Terms
from metrics.engine.policy import Policy
from metrics.engine.series import FIGURES, Group
from metrics.engine.settlement import Settlement, relate_lines, settle_related
from metrics.engine.tally import KINDS
from metrics.engine.valuation import MissingRates, Rates, line_values, rate_gaps, rates_for

BEFORE: Final = "-"
AFTER: Final = "+"
UNITS_AT_ONCE: Final = 1 << 10
COHORT_ROWS: Final = (AMOUNTS.index("ending"), len(AMOUNTS) + COUNTS.index("customers_ending"))
Movement = tuple[int, str, str, str, int]
Key = TypeVar("Key")


@dataclass(frozen=True, slots=True)
class BookMonths:
    """A book: its recognition, and its first and last month; one without months begins after it ends."""

    recognition: str
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class BookChange:
    """What to add to the series of a book, and the affected customers' movements as they are now.

    ``groups`` and ``cohorts`` hold what changes, as in ``BookSeries``; ``movements`` are month, customer, product, kind and
    cents. ``began`` and ``begins`` are the first months in which the affected customers had and have ARR, ``NEVER`` for none.
    """

    groups: dict[Group, Ints]
    cohorts: dict[int, Ints]
    movements: list[Movement]
    began: int
    begins: int


@dataclass(frozen=True, slots=True)
class Sides:
    """The lines before and after a change as one set of coded lines; ready to be settled under any recognition."""

    lines: CodedLines
    is_after: Bools
    groups: Groups

    @property
    def unit_is_after(self) -> Bools:
        """The side of each customer."""
        side = np.zeros(len(self.lines.unit_names), dtype=np.bool_)
        side[self.lines.unit] = self.is_after
        return side


def two_sides(before: Sequence[LineRow], after: Sequence[LineRow], customer_unit: str) -> Sides:
    """Both states of the affected lines, each name with the mark of its side."""
    rows = [*before, *after]
    coded = code_rows(rows, customer_unit, [BEFORE] * len(before) + [AFTER] * len(after))
    return Sides(coded, np.arange(len(rows)) >= len(before), groups_of_units(rows, coded))


def book_changes(sides: Sides, rates: DailyRates, policy: Policy, books: list[BookMonths]) -> list[BookChange]:
    """The change of each book, which differ in nothing but recognition and months. Raises ``MissingRates``."""
    related = relate_lines(sides.lines, policy)
    settled = [settle_related(related, book.recognition) for book in books]
    begin = [[first_month(each, side) for side in (~sides.is_after, sides.is_after)] for each in settled]
    last = max(book.last for book in books)
    if min(min(months) for months in begin) > last:
        return [BookChange({}, {}, [], *months) for months in begin]
    first = min(book.first for book in books)
    table = rates_for(sides.lines, rates, policy, first, last)
    refuse_gaps(sides.lines, settled, table, policy, books)
    values = line_values(sides.lines, settled[0], table)
    counting = stacked_lines(sides.lines, settled, values)
    terms = terms_of(counting, table, policy, first, last)
    stacked = Stacked.empty(sides, settled, books, terms)
    for low in range(0, len(stacked.sign), UNITS_AT_ONCE):
        high = min(low + UNITS_AT_ONCE, len(stacked.sign))
        stacked.add(low, figures_of_units(counting.of_units(low, high), high - low, terms))
    return [stacked.change(place, book, *begin[place]) for place, book in enumerate(books)]


def terms_of(lines: Counting, rates: Rates, policy: Policy, first: int, last: int) -> Terms:
    """What computing the figures needs to know."""
    # No change and no balance is larger than all values of its customer together.
    largest = grouped_sum(lines.unit, lines.cents, int(lines.unit.max(initial=0)) + 1).max(initial=0)
    window = policy.reactivation_window_months
    return Terms(
        first=first,
        last=last,
        window=NEVER if window is None else window,
        rates=rates,
        convert=converter(int(largest), int(rates.by_month.max(initial=RATE_ONE))),
        constant_retention=policy.retention_fx == "constant",
        with_retention=True,
        with_cohorts=True,
    )


def first_month(settled: Settlement, side: Bools) -> int:
    """The first month end at which a line of one side gives ARR, or ``NEVER``."""
    return int(settled.month_from[settled.has_value & side].min(initial=NEVER))


def refuse_gaps(
    lines: CodedLines, settled: list[Settlement], table: Rates, policy: Policy, books: list[BookMonths]
) -> None:
    """Raise ``MissingRates`` where a book lacks a rate."""
    if not may_lack_rates(lines, settled, table):
        return
    for each, book in zip(settled, books, strict=True):
        gaps = rate_gaps(lines, each, table, policy, book.first, book.last, True)
        if gaps.height:
            raise MissingRates(gaps)


def may_lack_rates(lines: CodedLines, settled: list[Settlement], table: Rates) -> bool:
    """Whether a rate is missing that any balance can need: under no rule is a rate older than the balance it values."""
    if table.by_line is not None:
        return not table.by_line.all()
    begins = np.full(len(lines.currency_names), NEVER)
    for each in settled:
        np.minimum.at(begins, lines.currency[each.has_value], each.month_from[each.has_value])
    months = table.first_month + np.arange(table.by_month.shape[1])
    return bool(((table.by_month == 0) & (months >= begins[:, None])).any())


def stacked_lines(lines: CodedLines, settled: list[Settlement], values: Ints) -> Counting:
    """The lines that give ARR under each recognition; the customers of the second come after those of the first."""
    rows = [np.flatnonzero(each.has_value) for each in settled]
    every, units = np.concatenate(rows), len(lines.unit_names)
    shift = np.repeat(np.arange(len(rows)) * units, [len(own) for own in rows])
    months = [
        np.concatenate([getattr(each, name)[own] for each, own in zip(settled, rows, strict=True)])
        for name in ("month_from", "month_until")
    ]
    unit, product, currency = lines.unit[every] + shift, lines.product[every], lines.currency[every]
    return Counting(unit, product, currency, months[0], months[1], values[every])


@dataclass(frozen=True, slots=True)
class Stacked:
    """The sums of several books side by side: by dimension (book, group) × ``FIGURES`` × month; the cohorts likewise.

    ``codes`` gives each stacked customer its place in these sums, ``keys`` the groups that the places of one book stand for;
    ``sign`` is −1 for a customer before the change.
    """

    sides: Sides
    terms: Terms
    sign: Ints
    keys: dict[str, list[str]]
    codes: dict[str, Ints]
    sums: dict[str, Ints]
    cohort_keys: list[int]
    cohort_codes: Ints
    cohorts: Ints
    movements: list[list[Ints]]

    @classmethod
    def empty(cls, sides: Sides, settled: list[Settlement], books: list[BookMonths], terms: Terms) -> Stacked:
        """Nothing yet, of so many books."""
        count, units, months = len(books), len(sides.lines.unit_names), terms.last - terms.first + 1
        keys = {TOTAL: [""]} | sides.groups.names | {"product": sides.lines.product_names.to_list()}
        own = sides.groups.codes | {TOTAL: np.zeros(units, dtype=np.int64)}
        first = np.concatenate([first_months(sides.lines, each) for each in settled])
        cohorts, cohort = np.unique(first, return_inverse=True)
        book = np.repeat(np.arange(count), units)
        return cls(
            sides=sides,
            terms=terms,
            sign=np.tile(np.where(sides.unit_is_after, 1, -1), count),
            keys=keys,
            codes={name: book * len(keys[name]) + np.tile(code, count) for name, code in own.items()},
            sums={name: np.zeros((count * len(keys[name]), len(FIGURES), months), dtype=np.int64) for name in keys},
            cohort_keys=cohorts.tolist(),
            cohort_codes=book * len(cohorts) + cohort,
            cohorts=np.zeros((count * len(cohorts), len(COHORT_ROWS), months), dtype=np.int64),
            movements=[],
        )

    def add(self, low: int, found: Figures) -> None:
        """Add the figures of the stacked customers from ``low`` on."""
        own = slice(low, low + found.units.shape[1])
        figures = by_row(found.units, self.sign[own])
        for name, code in self.codes.items():
            add_by(self.sums[name], figures, code[own])
        add_by(self.cohorts, figures[:, list(COHORT_ROWS)], self.cohort_codes[own])
        unit, products = found.pair_unit + low, len(self.keys["product"])
        code = unit // len(self.sides.lines.unit_names) * products + found.pair_product
        add_by(self.sums["product"][:, : len(found.pairs)], by_row(found.pairs, self.sign[unit]), code)
        month, moved, *rest = found.movements
        self.movements.append([month, moved + low, *rest])

    def change(self, place: int, book: BookMonths, began: int, begins: int) -> BookChange:
        """The change of one of the books."""
        months = slice(book.first - self.terms.first, book.last - self.terms.first + 1)
        groups: dict[Group, Ints] = {}
        for name, keys in self.keys.items():
            own = self.sums[name][place * len(keys) : (place + 1) * len(keys), :, months]
            for code in np.flatnonzero(own.any(axis=(1, 2))).tolist():
                groups[name, keys[code]] = own[code]
        count = len(self.cohort_keys)
        own = self.cohorts[place * count : (place + 1) * count, :, months]
        changed = np.flatnonzero(own.any(axis=(1, 2))).tolist()
        cohorts = {self.cohort_keys[code]: own[code] for code in changed}
        return BookChange(groups, cohorts, self.moved(place, book), began, begins)

    def moved(self, place: int, book: BookMonths) -> list[Movement]:
        """The movements of the customers after the change, with the names as they are."""
        lines = self.sides.lines
        names, products = lines.unit_names.to_list(), lines.product_names.to_list()
        low, found = place * len(names), []
        for month, unit, product, kind, cents in self.movements:
            kept = (unit >= low) & (unit < low + len(names)) & (month >= book.first) & (month <= book.last)
            kept &= self.sign[unit] > 0
            rows = (column[kept].tolist() for column in (month, unit - low, product, kind, cents))
            for m, u, p, k, c in zip(*rows, strict=True):
                found.append((m, names[u][1:], products[p], KINDS[k], c))
        return found


def first_months(lines: CodedLines, settled: Settlement) -> Ints:
    """The first month with ARR of each customer, or ``NEVER``: its cohort."""
    first, rows = np.full(len(lines.unit_names), NEVER), settled.has_value
    np.minimum.at(first, lines.unit[rows], settled.month_from[rows])
    return first


def by_row(figures: Ints, sign: Ints) -> Ints:
    """Figures × row × month as row × figures × month, each row with its sign: rows that lie together are summed quickest."""
    return np.multiply(figures.transpose(1, 0, 2), sign[:, None, None], order="C")


def add_by(sums: Ints, figures: Ints, codes: Ints) -> None:
    """Add row × figures × month to the sums of each row's code."""
    # Row by row: the rows are few and long, and NumPy's sums by group are three times as slow for such.
    for row, code in enumerate(codes.tolist()):
        sums[code] += figures[row]


def book_changes_split(
    sides: Sides, rates: DailyRates, before: Policy, policy: Policy, until: int, books: list[BookMonths]
) -> list[BookChange]:
    """``book_changes`` of books of which the months before ``until`` follow the policy ``before``."""
    # A book that begins later is asked about one month before it, to be told whether the change lets it begin earlier.
    earlier = [BookMonths(book.recognition, min(book.first, until - 1), until - 1) for book in books]
    later = [BookMonths(book.recognition, max(book.first, until), book.last) for book in books]
    old, new = book_changes(sides, rates, before, earlier), book_changes(sides, rates, policy, later)
    return [joined_changes(book, one, other, until) for book, one, other in zip(books, old, new, strict=True)]


def joined_changes(book: BookMonths, before: BookChange, after: BookChange, until: int) -> BookChange:
    """The change of the months before ``until`` and that of those from it on as the change of one book."""
    began, begins = (
        old if old < until else max(new, until)
        for old, new in ((before.began, after.began), (before.begins, after.begins))
    )
    if book.first >= until:
        return BookChange(after.groups, after.cohorts, after.movements, began, begins)
    months = until - book.first, book.last - until + 1
    groups = side_by_side(before.groups, after.groups, months)
    cohorts = side_by_side(before.cohorts, after.cohorts, months)
    return BookChange(groups, cohorts, before.movements + after.movements, began, begins)


def side_by_side(before: dict[Key, Ints], after: dict[Key, Ints], months: tuple[int, int]) -> dict[Key, Ints]:
    """Series of so many months and of so many after them as one each; a key that one of them lacks has nothing there."""
    found: dict[Key, Ints] = {}
    for key in before.keys() | after.keys():
        rows = len(before[key] if key in before else after[key])
        parts = (before.get(key), after.get(key))
        found[key] = np.concatenate(
            [
                np.zeros((rows, size), dtype=np.int64) if part is None else part
                for part, size in zip(parts, months, strict=True)
            ],
            axis=1,
        )
    return found
