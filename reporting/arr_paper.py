"""The bridge on paper: the figures, marks and footnotes of the page, its chart, and who moved most: two sheets, as a rule.

`arr_paper(client, query, locale) -> bytes`
"""

import hashlib
from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Final

from django.utils.safestring import SafeString

from governance.selectors.figure_disputes import Mark, disputed_marks
from metrics.selectors.books import book_head
from metrics.selectors.close_details import Kept, kept_get
from metrics.selectors.closes import policy_of_month
from metrics.selectors.figures import BookHead, Bridge, BridgeRow, Mover
from metrics.selectors.findings import finding_sentence
from metrics.selectors.movers import movers_get
from metrics.selectors.periods import period_label
from portal.lib.money import money_text, number_text, percent_text, unit_text
from portal.lib.paper import PaperError, paper
from portal.lib.periods import last_day
from portal.tenancy.clock import paper_reader
from portal.tenancy.models import Client
from reporting.arr_page import bridge_for, first_month, headline_for, movers_note, parts_words
from reporting.arr_query import ArrQuery, Reader
from reporting.break_notes import Notes, marks_of, noted
from reporting.break_trend import trend_chart
from reporting.bridge_view import (
    COUNT_LABELS,
    LABELS,
    STANDS,
    STATED,
    columns_of,
    figures_of,
    reported_note,
    waterfall,
    whole_of,
)
from reporting.customer_bridge import COLUMNS, STAND, CustomerRow, customer_rows
from reporting.dispute_marks import SIGN, cut_of, dispute_footnote, of_groups, of_tile, row_notes
from reporting.exports import bridge_csv
from reporting.paper_chart import bridge_svg, lines_svg
from reporting.tiles import headline_noted, method_of, tiles_of

MOST_ROWS: Final = 300
MOST_MOVERS: Final = 8


def arr_paper(client: Client, query: ArrQuery, locale: str, size: str) -> bytes:
    """The document as PDF. PaperError where there is nothing to set, or more rows than anybody reads on paper."""
    head = book_head(client, query.recognition or None)
    headline = headline_for(client, query, head, query.last)
    if headline.month is None:
        raise PaperError("there are no numbers yet")
    shown = query.having(first=first_month(query, headline), last=headline.month)
    marks = marks_of(client, shown, head)
    bridge, notes = noted(client, shown, bridge_for(client, shown, head), marks)
    if not bridge.totals:
        raise PaperError("nobody with these properties had ARR in this period")
    if len(bridge.rows) > MOST_ROWS:
        raise PaperError(f"these are {len(bridge.rows)} rows: choose fewer months, quarters or years, or no split")
    told = headline_noted(client, shown, headline, marks)
    disputed = disputed_marks()
    disputes, own, cut = row_notes(bridge, disputed, shown), of_groups(disputed, head), cut_of(shown)
    tiles = tiles_of(told, query, Reader(locale, ""), marks, notes)
    of_tiles = [of_tile(own, tile, headline.month, cut) if cut is not None else [] for tile in tiles]
    context = {
        "client_name": client.name,
        "document_name": f"{head.label} bridge",
        "sha256": hashlib.sha256(bridge_csv(bridge, notes, disputes).encode()).hexdigest(),
        "as_of": last_day(headline.month),
        "reader": paper_reader(client) | {"locale": locale},
        "head": head,
        "policy_number": policy_of_month(head, headline.month) if query.reported else head.policy_number,
        "view": view_words(query, notes),
        "filters": [f"{name.title()}: {', '.join(values)}" for name, values in query.filters.items()],
        "finding": finding_sentence(bridge, locale),
        "finding_mark": notes.signs_between(bridge.totals[0].period.first, bridge.totals[-1].period.last),
        "unit": unit_text(client.currency, "full"),
        "tiles": [
            tile_texts(tile, client.currency, locale, is_disputed=bool(found))
            for tile, found in zip(tiles, of_tiles, strict=True)
        ],
        "retention_method": method_of(head),
        **table_of(bridge, shown, notes, locale, disputes),
        "customers": customers_of(bridge, shown, notes, locale),
        "footnotes": [
            *notes.footnotes(client.currency, locale),
            *dispute_footnote([each for found in (*disputes, *of_tiles) for each in found], head, locale),
        ],
        "chart": chart_of(bridge, shown, notes, locale),
        **movers_of(client, shown, head, locale),
    }
    return paper("pdf/arr.html", context, size=size)


def view_words(query: ArrQuery, notes: Notes) -> str:
    """Which figures of closed months these are."""
    if not query.reported:
        return "as the contracts stand now"
    return f"closed months as reported{', or restated with what was reported below' if notes.restated else ''}"


def tile_texts(tile: dict[str, Any], currency: str, locale: str, *, is_disputed: bool = False) -> dict[str, str]:
    """One headline figure as text, in full, and what was first reported in its place."""

    def text(amount: Decimal) -> str:
        if tile["kind"] == "percent":
            return percent_text(amount, locale)
        return money_text(amount, currency, locale, plus=tile["kind"] == "signed")

    value, reported = tile["figure"].value, tile["reported"]
    return {
        "label": tile["label"],
        "mark": signed(tile["mark"], is_disputed),
        "value": "–" if value is None else text(value),
        "reported": "" if reported is None else text(reported),
    }


def signed(mark: str, is_disputed: bool) -> str:
    """The signs of a figure's footnotes, with that of a dispute."""
    return ", ".join([*([mark] if mark else []), *([SIGN] if is_disputed else [])])


def table_of(
    bridge: Bridge, query: ArrQuery, notes: Notes, locale: str, disputes: Sequence[Sequence[Mark]] = ()
) -> dict[str, Any]:
    """Heads, rows and the total row of the table, as text."""
    whole = whole_of(bridge.totals)
    names = columns_of([*bridge.totals, whole])
    grouped = bridge.dimension != "total"
    heads = ["Period", *([bridge.dimension.title()] if grouped else []), *(LABELS[name] for name in names), "Customers"]
    signs, currency = notes.signs(bridge.periods), bridge.head.currency
    rows = [
        {
            "first": period_label(row.period, query.grain, locale),
            "note": reported_note(row, names) or STATED.get(row.state, ""),
            "mark": signed(signs.get(row.period.key, ""), bool(disputed)),
            "is_break": notes.begins_in(row.period),
            "cells": [*([(row.group, "")] if grouped else []), *row_texts(row, names, currency, locale)],
        }
        for row, disputed in zip(bridge.rows, disputes or [()] * len(bridge.rows), strict=True)
    ]
    total = {
        "note": reported_note(whole, names),
        "cells": [*([("", "")] if grouped else []), *row_texts(whole, names, currency, locale)],
    }
    return {"heads": heads, "rows": rows, "total": total, "text_columns": 2 if grouped else 1}


def row_texts(row: BridgeRow, names: list[str], currency: str, locale: str) -> list[tuple[str, str]]:
    """The figures of a row with its customers, each with what was first reported in its place, if that is another one."""

    def text(name: str, figure: Any) -> str:
        if name in COUNT_LABELS:
            return number_text(figure, locale)
        return money_text(figure, currency, locale, plus=name not in STANDS)

    return [
        (text(name, figure), "" if reported is None else text(name, reported))
        for name, figure, reported in figures_of(row, [*names, "customers_ending"])
    ]


def customers_of(bridge: Bridge, query: ArrQuery, notes: Notes, locale: str) -> dict[str, Any] | None:
    """How the number of customers goes on, as text; None where nothing but who came and went made it."""
    rows, grouped = customer_rows(bridge, query), bridge.dimension != "total"
    if not rows:
        return None
    signs = notes.signs(bridge.periods)
    heads = ["Period", *([bridge.dimension.title()] if grouped else []), *COLUMNS.values()]
    told = [
        {
            "first": period_label(each.row.period, query.grain, locale) if each is not rows[-1] else "All periods",
            "note": each.note if each is not rows[-1] or each.reported else "",
            "mark": signs.get(each.row.period.key, ""),
            "cells": [*([(each.row.group, "")] if grouped else []), *customer_texts(each, locale)],
        }
        for each in rows
    ]
    return {"heads": heads, "rows": told[:-1], "total": told[-1]}


def customer_texts(found: CustomerRow, locale: str) -> list[tuple[str, str]]:
    """The numbers of a row, each with what was first reported in its place, if that is another one."""

    def text(name: str, figure: int | None) -> str:
        return "" if figure is None else number_text(figure, locale, plus=name not in STAND)

    return [(text(name, figure), text(name, reported)) for name, figure, reported in found.figures()]


def movers_of(client: Client, shown: ArrQuery, head: BookHead, locale: str) -> dict[str, Any]:
    """Who gained and who lost most, as the page has them, each with the parts of its net change; and what to know of them."""
    kept = kept_get(head, shown.first or 0, shown.last or 0) if shown.reported else Kept()
    movers = movers_get(client, head, shown.first, shown.last, MOST_MOVERS, shown.filters, kept)
    tables = [
        {"title": title, "rows": [mover_texts(each, client.currency, locale) for each in found]}
        for title, found in (("Largest gains", movers.gains), ("Largest losses", movers.losses))
        if found
    ]
    return {"movers": tables, "movers_note": movers_note(kept, locale)}


def mover_texts(mover: Mover, currency: str, locale: str) -> dict[str, str]:
    """One customer's net change as text."""
    first = None if mover.as_reported == mover.amount else mover.as_reported
    return {
        "name": mover.name,
        "parts": parts_words(mover),
        "amount": money_text(mover.amount, currency, locale, plus=True),
        "reported": "" if first is None else money_text(first, currency, locale, plus=True),
    }


def chart_of(bridge: Bridge, query: ArrQuery, notes: Notes, locale: str) -> dict[str, SafeString | str]:
    """The endings as a line, where they are not all of one definition; else the steps from the beginning to the ending."""
    if chart := trend_chart(bridge, notes, query.grain, unit="", locale=locale, scale="full"):
        return {"title": chart["title"], "unit": unit_text(bridge.head.currency), "svg": lines_svg(chart)}
    ends = [period_label(row.period, query.grain, locale) for row in (bridge.totals[0], bridge.totals[-1])]
    title = f"{bridge.head.label}, {' to '.join(dict.fromkeys(ends))}"
    steps = waterfall(bridge, query.having(scale="full"), "", notes, title=title, unit="", locale=locale)
    drawn = {"title": title, "unit": unit_text(bridge.head.currency), "svg": bridge_svg(steps)}
    return drawn | {"mark": steps["mark"], "note": steps["note"]}
