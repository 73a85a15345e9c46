"""Which figures of pages, files and papers are disputed, and where a figure of a drawer is disputed.

`marked(context, marks, query, slug)` puts the marks into the page's tiles and rows · `tiles_marked` · `mark_rows` ·
`drawer_dispute(client, drawer, …)` · `row_notes` and `dispute_footnote` for files and papers
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from governance.dispute_links import mark_shown, raise_url
from governance.models import DisputedFigure
from governance.selectors.disputed_cells import FLOWS, in_book, is_shown_in
from governance.selectors.figure_disputes import Mark
from metrics.selectors.figures import BookHead, Bridge, BridgeRow, Cell
from metrics.selectors.retained import Retained
from portal.lib.dates import month_text
from reporting.arr_query import ArrQuery

TILES: Final = {"arr": "ending", "mrr": "ending"}
SIGN: Final = "†"
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
    own = of_groups(marks, head) if head is not None else ()
    if cut is None or not own:
        return context
    if context.get("tiles"):
        context["tiles"] = tiles_marked(context["tiles"], own, context["month"], cut, slug)
    bridge, table = context.get("bridge"), context.get("table")
    if bridge is not None and table is not None:
        mark_rows(bridge, table["rows"], own, cut, slug)
    return context


def of_groups(marks: Sequence[Mark], head: BookHead) -> tuple[Mark, ...]:
    """The marks of a book's figures of all customers and of groups, those of metrics that are such a figure too."""
    return tuple(each for each in in_book(marks, head) if not each.customer)


def tiles_marked(
    tiles: Sequence[dict[str, Any]], marks: Sequence[Mark], month: int, cut: tuple[str, str], slug: str
) -> list[dict[str, Any]]:
    """The tiles of a month, each with the disputes of its figure."""
    return [
        tile | {"disputes": [mark_shown(slug, each) for each in of_tile(marks, tile, month, cut)]} for tile in tiles
    ]


def of_tile(marks: Sequence[Mark], tile: dict[str, Any], month: int, cut: tuple[str, str]) -> list[Mark]:
    """The marks of the figure of a tile."""
    about = (TILES.get(tile["name"], tile["name"]), month, *cut)
    return [each for each in marks if (each.figure, each.month, each.dimension, each.group) == about]


def mark_rows(
    bridge: Bridge, rows: Sequence[dict[str, Any]], marks: Sequence[Mark], cut: tuple[str, str], slug: str
) -> None:
    """Mark the rows of the bridge of which a figure is disputed."""
    for shown, row in zip(rows, bridge.rows, strict=False):
        found = of_row(marks, bridge.dimension, row, cut)
        if found and isinstance(shown["cells"][0], dict):
            shown["cells"][0]["flags"] = [mark_shown(slug, each) for each in found]


def of_row(marks: Sequence[Mark], dimension: str, row: BridgeRow, cut: tuple[str, str] | None) -> list[Mark]:
    """The marks of what a row of a bridge shows; a group of which a filter leaves a part alone is another figure."""
    own = (dimension, row.group) if dimension != "total" else cut
    if own is None or cut is None or (cut[0] and cut != own):
        return []
    return [
        each
        for each in marks
        if (each.dimension, each.group) == own and is_shown_in(each, row.period.first, row.period.last)
    ]


def row_notes(bridge: Bridge, marks: Sequence[Mark], query: ArrQuery) -> list[list[Mark]]:
    """For every row of a bridge the marks of what it shows, for files and papers; empty where it shows nothing disputed."""
    own, cut = of_groups(marks, bridge.head), cut_of(query)
    found = [of_row(own, bridge.dimension, row, cut) for row in bridge.rows] if own else []
    return found if any(found) else []


def dispute_footnote(marks: Sequence[Mark], head: BookHead, locale: str) -> list[dict[str, str]]:
    """The footnote of a paper that shows disputed figures: each with its month and its dispute."""
    said = [
        f"{DisputedFigure(each.figure).label.replace('ARR', head.label)}{f', {each.group}' if each.group else ''}, "
        f"{month_text(each.month, locale)} (D-{each.number})"
        for each in sorted(set(marks), key=lambda each: (each.month, each.number))
    ]
    return [{"sign": SIGN, "text": f"Disputed, and not settled yet: {'; '.join(said)}."}] if said else []


def drawer_dispute(
    context: Mapping[str, Any], marks: Sequence[Mark], query: ArrQuery, slug: str, *, may_raise: bool
) -> dict[str, Any]:
    """What the foot of a drawer says: the disputes of its figure, and where it is disputed."""
    about = figure_of(context, query)
    if about is None:
        return {}
    named = {"dimension": "", "group": "", "customer": "", **about}
    own = in_book(marks, explained_head(context))
    found = [each for each in own if all(getattr(each, name) == value for name, value in named.items())]
    shown = [mark_shown(slug, each) for each in found]
    given = {name: str(value) for name, value in about.items() if name not in ("figure", "month")}
    url = raise_url(slug, about["figure"], about["month"], **given) if may_raise and not found else ""
    return {"disputes": shown, "dispute_url": url}


def explained_head(context: Mapping[str, Any]) -> BookHead:
    """The book whose figure a drawer explains."""
    head: BookHead = next(context[name] for name in ("why", "cell", "found") if context.get(name) is not None).head
    return head


def figure_of(context: Mapping[str, Any], query: ArrQuery) -> dict[str, Any] | None:
    """Which published figure a drawer explains; None where it is none (a part of a cohort), or of several months
    or groups at once.
    """
    why, cell, cut = context.get("why"), context.get("cell"), cut_of(query)
    if why is not None:
        return {"figure": "ending", "month": why.month, "recognition": why.head.recognition, "customer": why.customer}
    if cut is None or context.get("is_cohort"):
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
