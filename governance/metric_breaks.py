"""Where the months of a metric do not go on as they began: its formula became another one, or the definition of what it reads.

- `marks_by_book(values, key, points) -> list[OfBook]` · `marks_together(books) -> Marks` — of the books that it reads
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


def book_turns(values: MetricValues, key: str, points: Sequence[Point], locale: str) -> list[Noted]:
    """The months from which a metric of the policy's own book is computed from another one: ARR, CARR or LARR.

    What a close kept stays of the book that pages showed first then; months that are open go by the policy in force.
    """
    readers = [MEASURES[name].reader for name in values.registry.measures_of(key)]
    if not any(reader.startswith(OWN_BOOK) for reader in readers):
        return []
    now = values.reader.head("").recognition
    kept = [values.kept.at(key, point.month) for point in points]
    books = [(each.recognition if each is not None else "") or now for each in kept]
    return [
        Noted(
            after.month,
            f"From {month_text(after.month, locale)} it is computed from {Recognition(new).label}, before from "
            f"{Recognition(old).label}: two books of the same contracts. What lies between these months is not one movement.",
        )
        for (old, new), after in zip(pairwise(books), points[1:], strict=True)
        if old != new
    ]


def marks_by_book(values: MetricValues, key: str, points: Sequence[Point]) -> list[OfBook]:
    """What has to be marked in the periods of some points, by the books that the metric is computed from."""
    if not points:
        return []
    periods = values.periods(points[0].month, points[-1].month)
    span = periods[0].first, periods[-1].last
    return [(head, marks_get(values.client, head).between(*span)) for head in books_read(values, key)]


def marks_together(books: Sequence[OfBook]) -> Marks:
    """What has to be marked, of whichever book."""
    breaks = tuple(each for _, marks in books for each in marks.breaks)
    return Marks(breaks, {month: each for _, marks in books for month, each in marks.restated.items()})


def books_read(values: MetricValues, key: str) -> list[BookHead]:
    """The books that a metric is computed from, through all metrics between."""
    readers = [MEASURES[name].reader for name in values.registry.measures_of(key)]
    heads = [values.reader.head(reader.split(":")[1]) for reader in readers if reader.startswith(BOOK_READERS)]
    heads += [values.reader.head("") for reader in readers if reader.startswith("sources")]
    return list({head.recognition: head for head in heads}.values())


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
