"""Which figures of the ARR page are disputed, and where a figure of a drawer is disputed.

`marked(context, marks, query, slug)` puts the marks into the page's tiles and rows · `drawer_dispute(client, drawer, …)`
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from governance.dispute_links import mark_shown, raise_url
from governance.selectors.figure_disputes import Mark
from metrics.selectors.figures import Bridge, Cell
from metrics.selectors.retained import Retained
from reporting.arr_query import ArrQuery

TILES: Final = {"arr": "ending", "mrr": "ending"}
FLOWS: Final = ("net_new", "new", "expansion", "contraction", "churn", "reactivation", "fx")
OF_CELLS: Final = {"customers_churned": "logo_churn"} | {name: name for name in ("ending", *FLOWS)}


def cut_of(query: ArrQuery) -> tuple[str, str] | None:
    """The group that the page's filters cut to, ("", "") without any; None where no single group is meant."""
    if not query.filters:
        return "", ""
    if len(query.filters) > 1:
        return None
    name, values = next(iter(query.filters.items()))
    return (name, values[0]) if len(values) == 1 else None


def marked(context: dict[str, Any], marks: Sequence[Mark], query: ArrQuery, slug: str) -> dict[str, Any]:
    """The page's context with its disputed figures marked; marks of one customer are shown with that customer alone."""
    cut, head = cut_of(query), context.get("head")
    own = [each for each in marks if head is not None and each.recognition == head.recognition and not each.customer]
    if cut is None or not own:
        return context
    for tile in context.get("tiles", ()):
        figure = TILES.get(tile["name"], tile["name"])
        found = [
            each for each in own
            if (each.figure, each.month, each.dimension, each.group) == (figure, context["month"], *cut)
        ]  # fmt: skip
        tile["disputes"] = [mark_shown(slug, each) for each in found]
    bridge, table = context.get("bridge"), context.get("table")
    if bridge is not None and table is not None:
        mark_rows(bridge, table["rows"], own, cut, slug)
    return context


def mark_rows(
    bridge: Bridge, rows: Sequence[dict[str, Any]], marks: Sequence[Mark], cut: tuple[str, str], slug: str
) -> None:
    """Mark the rows of the bridge of which a figure is disputed."""
    for shown, row in zip(rows, bridge.rows, strict=False):
        of = (bridge.dimension, row.group) if bridge.dimension != "total" else cut
        found = [
            each for each in marks
            if (each.dimension, each.group) == of and is_of_row(each, row.period.first, row.period.last)
        ]  # fmt: skip
        if found and isinstance(shown["cells"][0], dict):
            shown["cells"][0]["flags"] = [mark_shown(slug, each) for each in found]


def is_of_row(mark: Mark, first: int, last: int) -> bool:
    """Whether a period shows the figure: a balance or rate at its end, a movement in any of its months."""
    return first <= mark.month <= last if mark.figure in FLOWS else mark.month == last


def drawer_dispute(
    context: Mapping[str, Any], marks: Sequence[Mark], query: ArrQuery, slug: str, *, may_raise: bool
) -> dict[str, Any]:
    """What the foot of a drawer says: the disputes of its figure, and where it is disputed."""
    about = figure_of(context, query)
    if about is None:
        return {}
    named = {"dimension": "", "group": "", "customer": "", **about}
    found = [each for each in marks if all(getattr(each, name) == value for name, value in named.items())]
    shown = [mark_shown(slug, each) for each in found]
    given = {name: str(value) for name, value in about.items() if name not in ("figure", "month")}
    url = raise_url(slug, about["figure"], about["month"], **given) if may_raise and not found else ""
    return {"disputes": shown, "dispute_url": url}


def figure_of(context: Mapping[str, Any], query: ArrQuery) -> dict[str, Any] | None:
    """Which published figure a drawer explains; None where it is none, or of several months or groups at once."""
    why, cell, cut = context.get("why"), context.get("cell"), cut_of(query)
    if why is not None:
        return {"figure": "ending", "month": why.month, "recognition": why.head.recognition, "customer": why.customer}
    if cut is None:
        return None
    if isinstance(cell, Cell):
        return figure_of_cell(cell, cut)
    found = context.get("found")
    if isinstance(found, Retained):
        about = {"figure": "nrr", "month": found.month, "recognition": found.head.recognition}
        return about | ({"dimension": cut[0], "group": cut[1]} if cut[0] else {})
    return None


def figure_of_cell(cell: Cell, cut: tuple[str, str]) -> dict[str, Any] | None:
    """The figure of a cell: a balance at the end of its months, or a movement of one month."""
    figure = OF_CELLS.get(cell.column)
    is_one = cell.period.first == cell.period.last or figure == "ending"
    own = (cell.dimension, cell.group) if cell.group else ("", "")
    if figure is None or not is_one or (cut[0] and own[0] and cut != own):
        return None
    dimension, group = own if own[0] else cut
    about = {"figure": figure, "month": cell.period.last, "recognition": cell.head.recognition}
    return about | ({"dimension": dimension, "group": group} if dimension else {})
