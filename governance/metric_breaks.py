"""Where the months of a metric do not go on as they began: its formula became another one, or the definition of what it reads.

- `marks_by_book(values, key, points) -> list[OfBook]` · `marks_together(books) -> Marks` — of the books that it reads
- `turns_between(values, key, points) -> list[BookTurn]` — the months from which it is computed from another book
- `breaks_noted(values, key, points, books, locale) -> list[Noted]` · `formula_breaks(values, key, first, last)`
- `book_turns(values, key, points, locale) -> list[Noted]` — where it goes on with another book than before
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from governance.metric_figures import figure_text, unit_words
from governance.selectors.metric_values import MetricValues, Point
from governance.selectors.registry import VersionShown
from metrics.break_text import break_words
from metrics.causes import Cause
from metrics.measures import MEASURES
from metrics.models import Recognition
from metrics.selectors.breaks import Marks, marks_get
from metrics.selectors.figures import BookHead
from metrics.selectors.periods import Period
from portal.lib.dates import month_text

BOOK_READERS: Final = ("bridge", "retention")
OWN_BOOK: Final = ("bridge::", "retention::")
OfBook = tuple[BookHead, Marks]


@dataclass(frozen=True)
class FormulaBreak:
    """From `month` on a version with another formula holds. `earlier` is the month before it as it was computed, `later` as the
    new formula would have it.
    """

    month: int
    before: VersionShown
    after: VersionShown
    earlier: Point
    later: Point


def formula_breaks(values: MetricValues, key: str, first: int, last: int) -> list[FormulaBreak]:
    """The months from `first` to `last` in which another formula holds than in the month before, in order."""
    entry = values.registry.entries[key]
    found = []
    for month in range(first, last + 1):
        before, after = entry.at(month - 1), entry.at(month)
        if before is None or after is None or before.content["formula"] == after.content["formula"]:
            continue
        changed = MetricValues(
            values.client, values.registry.having(key, after.content, None), values.reader, is_trial=True
        )
        earlier, later = values.point(key, month - 1), changed.point(key, month - 1)
        found.append(FormulaBreak(month, before, after, earlier, later))
    return found


@dataclass(frozen=True)
class Noted:
    """A month in which something else begins: its footnote, and the decision behind it where one is known."""

    month: int
    text: str
    cause: Cause | None = None


def breaks_noted(
    values: MetricValues, key: str, points: Sequence[Point], books: Sequence[OfBook], locale: str
) -> list[Noted]:
    """The breaks after the first of some points, in order: those of the metric's formula, and those of the books it reads."""
    client, first = values.client, points[0].month + 1
    monthly = MetricValues(client, values.registry, values.reader)
    found = [
        Noted(each.month, break_sentence(each, client.currency, locale))
        for each in formula_breaks(monthly, key, first, points[-1].month)
    ]
    for head, marks in books:
        found += [
            Noted(each.month, break_words(each, client.currency, locale, head.label), each.cause)
            for each in marks.breaks
            if each.month >= first
        ]
    found += book_turns(values, key, points, locale)
    return sorted(found, key=lambda each: each.month)


@dataclass(frozen=True)
class BookTurn:
    """From `month` on a metric is computed from the book `after`, until then from `before`: ARR, CARR or LARR."""

    month: int
    before: str
    after: str


def turns_between(values: MetricValues, key: str, points: Sequence[Point]) -> list[BookTurn]:
    """The points from which a metric of the policy's own book is computed from another one than the point before."""
    books = own_books(values, key, points)
    return [
        BookTurn(point.month, old, new)
        for (old, new), point in zip(pairwise(books), points[1:], strict=False)
        if old != new
    ]


def own_books(values: MetricValues, key: str, points: Sequence[Point]) -> list[str]:
    """The book that each point is computed from, of a metric of the policy's own book; nothing of every other one.

    What a close kept stays of the book that pages showed first then; months that are open go by the policy in force.
    """
    readers = [MEASURES[name].reader for name in values.registry.measures_of(key)]
    if not any(reader.startswith(OWN_BOOK) for reader in readers):
        return []
    now = str(values.reader.head("").recognition)
    kept = [values.kept.at(key, point.month) for point in points]
    return [(each.recognition if each is not None else "") or now for each in kept]


def book_turns(values: MetricValues, key: str, points: Sequence[Point], locale: str) -> list[Noted]:
    """The months from which a metric is computed from another book, in words."""
    return [
        Noted(
            each.month,
            f"From {month_text(each.month, locale)} it is computed from {Recognition(each.after).label}, before from "
            f"{Recognition(each.before).label}: two books of the same contracts. "
            "What lies between these months is not one movement.",
        )
        for each in turns_between(values, key, points)
    ]


def marks_by_book(values: MetricValues, key: str, points: Sequence[Point]) -> list[OfBook]:
    """What has to be marked in the periods of some points, by the books that the metric is computed from: of the policy's own
    book in each period that of the book which was it then.
    """
    if not points:
        return []
    periods = values.periods(points[0].month, points[-1].month)
    spans = {book: list(periods) for book in books_named(values, key)}
    own = {book: [period for each, period in zip(own_books(values, key, points), periods, strict=True) if each == book]
           for book in dict.fromkeys(own_books(values, key, points))}  # fmt: skip
    heads = [(values.reader.head(book), found) for book, found in (own | spans).items()]
    return [(head, marks_within(marks_get(values.client, head), found)) for head, found in heads]


def marks_within(marks: Marks, periods: Sequence[Period]) -> Marks:
    """Those of some periods."""
    parts = [marks.between(period.first, period.last) for period in periods]
    return marks_together([(None, part) for part in parts])


def marks_together(books: Sequence[tuple[object, Marks]]) -> Marks:
    """What has to be marked, of whichever book."""
    breaks = tuple(each for _, marks in books for each in marks.breaks)
    return Marks(breaks, {month: each for _, marks in books for month, each in marks.restated.items()})


def books_named(values: MetricValues, key: str) -> list[str]:
    """The books that a metric is computed from whichever the policy shows first, through all metrics between; the policy's own
    too where it reads what data sources hold.
    """
    readers = [MEASURES[name].reader for name in values.registry.measures_of(key)]
    named = [reader.split(":")[1] for reader in readers if reader.startswith(BOOK_READERS)]
    found = [book for book in named if book]
    if any(reader.startswith("sources") for reader in readers) and "" not in named:
        found.append(str(values.reader.head("").recognition))
    return list(dict.fromkeys(found))


def break_sentence(each: FormulaBreak, currency: str, locale: str) -> str:
    """The footnote of a break: from when, by which decision, and the month before by both formulas."""
    month, before = month_text(each.month, locale), month_text(each.month - 1, locale)
    why = f": {each.after.reason}" if each.after.reason else ""
    figures = [
        f"{figure_text(point.value, version.content['unit'], currency, locale)} "
        f"{unit_words(version.content['unit'], currency, point.value)}".strip()
        if point.value is not None
        else "no value"
        for point, version in ((each.earlier, each.before), (each.later, each.after))
    ]
    return (
        f"From {month} another formula holds (v{each.after.number}{why}). "
        f"{before} by the formula before: {figures[0]}; by the new one: {figures[1]}."
    )
