"""One figure under several names: what is disputed as a metric is disputed in the bridge too, and the other way round.

`in_book(marks, head) -> tuple[Mark, …]` — the marks as the bridge of a book names its figures · `of_metric(marks, key, own)` —
those of a metric, where `own` is the recognition of the policy's own book · `is_shown_in(mark, first, last)` · `disputes_told`
and `metric_disputes` — for answers to programs

What the engine computes for pages keeps its shipped formula (`governance.engine_formulas`): so it stays the same figure.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from django.urls import reverse

from governance.models import DisputedFigure
from governance.selectors.figure_disputes import Mark, disputed_marks
from governance.selectors.metric_values import MetricValues, Point
from metrics.disputed import Disputed
from metrics.selectors.figures import BookHead
from portal.tenancy.models import Client

CELLS: Final[Mapping[str, tuple[str, str]]] = {
    "arr": ("ending", ""), "mrr": ("ending", ""), "carr": ("ending", "signed"), "larr": ("ending", "live"),
    "net_new_arr": ("net_new", ""), "fx_effect": ("fx", ""),
    **{f"{name}_arr": (name, "") for name in ("new", "expansion", "contraction", "churn", "reactivation")},
    **{name: (name, "") for name in ("nrr", "grr", "logo_churn")},
}  # fmt: skip
"""By the key of a shipped metric, the figure of all customers that it is, and of which book; empty: the policy's own."""


FLOWS: Final = ("net_new", "new", "expansion", "contraction", "churn", "reactivation", "fx")


def cell_of(key: str, own: str) -> tuple[str, str] | None:
    """Which figure of which book a metric is; None where no page but its own shows it."""
    if key not in CELLS:
        return None
    figure, book = CELLS[key]
    return figure, book or own


def in_book(marks: Iterable[Mark], head: BookHead) -> tuple[Mark, ...]:
    """The marks of a book's figures, those of metrics under the figure that they are."""
    own = head.recognition if head.is_policys_own else ""
    found = (as_cell(mark, own) for mark in marks)
    return tuple(mark for mark in found if mark is not None and mark.recognition == head.recognition)


def as_cell(mark: Mark, own: str) -> Mark | None:
    """A mark as the bridge names its figure; None where the bridge does not show it."""
    if not mark.metric:
        return mark
    cell = cell_of(mark.metric, own)
    return None if cell is None else replace(mark, figure=cell[0], recognition=cell[1])


def of_metric(marks: Iterable[Mark], key: str, own: str) -> tuple[Mark, ...]:
    """The marks of a metric, also those that were made where a page shows it as a figure of all customers; as the bridge
    names them, where it does.
    """
    cell = cell_of(key, own)
    if cell is None:
        return tuple(mark for mark in marks if mark.metric == key)
    found = (as_cell(mark, own) for mark in marks)
    return tuple(mark for mark in found if mark is not None and whole_cell(mark) == cell)


def whole_cell(mark: Mark) -> tuple[str, str] | None:
    """Which figure of all customers a mark is of; None where it is of a group or of one customer."""
    return None if mark.dimension or mark.customer else (mark.figure, mark.recognition)


def is_shown_in(mark: Mark, first: int, last: int) -> bool:
    """Whether a period shows the figure: a movement in any of its months, a balance or rate at its end; of a metric that is
    no figure of the bridge, a month is its own.
    """
    if mark.figure in FLOWS:
        return first <= mark.month <= last
    return mark.month == last and (mark.figure != DisputedFigure.METRIC or first == last)


def is_same(one: Mark, other: Mark, own: str) -> bool:
    """Whether two marks are of one figure."""
    if one.month != other.month:
        return False
    cells = as_cell(one, own), as_cell(other, own)
    if cells[0] is None or cells[1] is None:
        return bool(one.metric) and one.metric == other.metric
    names = ("figure", "recognition", "dimension", "group", "customer")
    return all(getattr(cells[0], name) == getattr(cells[1], name) for name in names)


def disputes_told(client: Client, head: BookHead) -> list[Disputed]:
    """The figures of a book that are disputed now, for answers that show it. One query."""
    return [disputed(client, mark) for mark in in_book(disputed_marks(), head)]


def metric_disputes(client: Client, values: MetricValues, key: str, points: Sequence[Point]) -> list[Disputed]:
    """The disputes of a metric in the periods of some points, for answers that show these. One query."""
    if not points:
        return []
    found = of_metric(disputed_marks(), key, values.reader.head("").recognition)
    spans = values.periods(points[0].month, points[-1].month)
    return [disputed(client, mark) for mark in found if any(is_shown_in(mark, each.first, each.last) for each in spans)]


def disputed(client: Client, mark: Mark) -> Disputed:
    """A mark as answers to programs name it."""
    path = reverse("dispute", kwargs={"client_slug": client.slug, "number": mark.number})
    return Disputed(f"D-{mark.number}", path, mark.figure, mark.month, mark.dimension, mark.group, mark.customer)
