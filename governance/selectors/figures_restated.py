"""What a disputed figure was reported with and what it was restated to, where its month was closed again. Runs in the
client's scope.

`figures_restated(client, rows) -> dict[number, RestatedFigure]` — of disputes, those whose month was restated ·
`subject_restated(client, subject)` — of a figure that is about to be disputed
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from governance.models import DisputedFigure, FigureDispute
from governance.selectors.metric_values import MetricValues
from governance.selectors.published_figures import RATES, Subject
from metrics.break_text import restated_why
from metrics.causes import Cause
from metrics.selectors.beside import bridge_beside, retention_beside
from metrics.selectors.books import book_head
from metrics.selectors.breaks import Marks, Restated, restated_get
from metrics.selectors.closes import customer_closed
from metrics.selectors.figures import BookHead, BridgeRow, RetentionRow
from metrics.selectors.reported import bridge_reported, retention_reported
from portal.tenancy.models import Client

Both = tuple[Decimal | None, Decimal | None]  # as reported, as restated


@dataclass(frozen=True)
class RestatedFigure:
    """A figure of a restated month: what was reported first, and what is published since the newest restatement.

    None where it had no value. `was_restated` says whether the month had been restated when the dispute was raised, `since`
    whether it was after that.
    """

    month: Restated
    reported: Decimal | None
    restated: Decimal | None
    was_restated: bool
    since: bool

    @property
    def is_same(self) -> bool:
        """Whether the restatement left this figure as it was."""
        return self.reported == self.restated

    @property
    def why(self) -> str:
        """The decisions behind it, or the reasons that were given, each time in turn."""
        return restated_why(self.month)

    @property
    def causes(self) -> tuple[Cause, ...]:
        """The decisions behind it."""
        return tuple(dict.fromkeys(self.month.causes.values()))


def figures_restated(client: Client, rows: Iterable[FigureDispute]) -> dict[int, RestatedFigure]:
    """By number of a dispute what its figure was reported with and restated to; only those of restated months are in it.

    Each book is asked once for its restated months, and once for each split in which a figure of these is disputed.
    """
    found: dict[int, RestatedFigure] = {}
    by_book: defaultdict[str, list[FigureDispute]] = defaultdict(list)
    for row in rows:
        by_book[row.recognition].append(row)
    for recognition, disputes in by_book.items():
        head = book_head(client, recognition or None)
        months = restated_get(client, head)
        touched = [row for row in disputes if row.month in months]
        figures = both_of(client, head, months, [subject_of(row) for row in touched])
        for row, (reported, restated) in zip(touched, figures, strict=True):
            again = [close.closed_at < row.raised_at for close in months[row.month].revisions[1:]]
            told = RestatedFigure(months[row.month], reported, restated, any(again), not all(again))
            found[row.number] = told
    return found


def subject_restated(client: Client, subject: Subject) -> RestatedFigure | None:
    """Of a figure that nobody disputes yet; None where its month was not restated."""
    head = book_head(client, subject.recognition or None)
    months = restated_get(client, head)
    if subject.month not in months:
        return None
    ((reported, restated),) = both_of(client, head, months, [subject])
    return RestatedFigure(months[subject.month], reported, restated, was_restated=True, since=False)


def subject_of(row: FigureDispute) -> Subject:
    """Which figure a dispute is about."""
    key = str(row.metric.key) if row.metric else ""
    return Subject(row.figure, row.month, row.recognition, row.dimension, row.group, row.customer, key)


def both_of(client: Client, head: BookHead, months: dict[int, Restated], subjects: list[Subject]) -> list[Both]:
    """As reported and as restated, of some figures of restated months of one book."""
    found = Figures(client, head, months, subjects)
    return [found.both(each) for each in subjects]


class Figures:
    """What restated months were reported with and restated to, each split of the book read when it is first asked for."""

    def __init__(self, client: Client, head: BookHead, months: dict[int, Restated], subjects: list[Subject]) -> None:
        self.client, self.head = client, head
        asked = [each.month for each in subjects]
        self.span = (min(asked), max(asked)) if asked else (0, -1)
        self.marks = Marks(restated={at: each for at, each in months.items() if self.span[0] <= at <= self.span[1]})
        self.bridges: dict[str, dict[tuple[int, str], BridgeRow]] = {}
        self.retentions: dict[str, dict[tuple[int, str], RetentionRow]] = {}
        self.values: MetricValues | None = None

    def both(self, subject: Subject) -> Both:
        """One figure."""
        if subject.figure == DisputedFigure.METRIC:
            return self.of_metric(subject)
        if subject.customer:
            closed = customer_closed(self.head.recognition, subject.customer, subject.month)
            return closed[0], closed[-1]
        rows = self.retention if subject.figure in RATES else self.bridge
        row = rows(subject.dimension or "total").get((subject.month, subject.group))
        first = row.as_reported if row is not None else None
        return getattr(first or row, subject.figure, None), getattr(row, subject.figure, None)

    def bridge(self, dimension: str) -> dict[tuple[int, str], BridgeRow]:
        """The bridge of a split as its page shows it."""
        if dimension not in self.bridges:
            shown = bridge_reported(self.client, self.head, *self.span, dimension)
            beside = bridge_beside(self.client, shown, self.marks)
            self.bridges[dimension] = {(row.period.first, row.group): row for row in beside.rows}
        return self.bridges[dimension]

    def retention(self, dimension: str) -> dict[tuple[int, str], RetentionRow]:
        """Retention of a split as its page shows it."""
        if dimension not in self.retentions:
            shown = retention_reported(self.client, self.head, *self.span, dimension)
            beside = retention_beside(self.client, self.head, shown, dimension, self.marks)
            self.retentions[dimension] = {(row.month, row.group): row for row in beside}
        return self.retentions[dimension]

    def of_metric(self, subject: Subject) -> Both:
        """A metric of the registry: what closes kept of it."""
        self.values = self.values or MetricValues(self.client)
        if subject.metric not in self.values.registry.entries:
            return None, None
        point = self.values.point(subject.metric, subject.month)
        return (point.reported or point).value, point.value
