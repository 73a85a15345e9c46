"""The bridge on paper: the figures, marks and footnotes of the page, one to three sheets.

`arr_paper(client, query, locale) -> bytes`
"""

import hashlib
from typing import Any, Final

from django.utils.safestring import SafeString

from metrics.selectors.books import book_head
from metrics.selectors.figures import Bridge, BridgeRow
from metrics.selectors.findings import finding_sentence
from metrics.selectors.periods import period_label
from portal.lib.money import money_text, percent_text, unit_text
from portal.lib.paper import PaperError, paper
from portal.lib.periods import last_day
from portal.tenancy.models import Client
from reporting.arr_page import TILES, Reader, bridge_for, first_month, headline_for, tiles_of
from reporting.arr_query import ArrQuery
from reporting.break_notes import Notes, notes_of
from reporting.break_trend import trend_chart
from reporting.bridge_view import LABELS, STANDS, columns_of, span_amounts, waterfall
from reporting.exports import bridge_csv
from reporting.paper_chart import bridge_svg, lines_svg

MOST_ROWS: Final = 300


def arr_paper(client: Client, query: ArrQuery, locale: str, size: str) -> bytes:
    """The document as PDF. PaperError where there is nothing to set, or more rows than anybody reads on paper."""
    head = book_head(client, query.recognition or None)
    headline = headline_for(client, query, head, query.last)
    if headline.month is None:
        raise PaperError("there are no numbers yet")
    shown = query.having(first=first_month(query, headline), last=headline.month)
    bridge = bridge_for(client, shown, head)
    if not bridge.totals:
        raise PaperError("nobody with these properties had ARR in this period")
    if len(bridge.rows) > MOST_ROWS:
        raise PaperError(f"these are {len(bridge.rows)} rows: choose fewer months, quarters or years, or no split")
    notes = notes_of(client, shown, bridge)
    reader = Reader(locale, "")
    context = {
        "client_name": client.name,
        "document_name": f"{head.label} bridge",
        "sha256": hashlib.sha256(bridge_csv(bridge, notes).encode()).hexdigest(),
        "as_of": last_day(headline.month),
        "reader": {"locale": locale},
        "head": head,
        "view": "closed months as reported" if query.reported else "as the contracts stand now",
        "filters": [f"{name.title()}: {', '.join(values)}" for name, values in query.filters.items()],
        "finding": finding_sentence(bridge, locale),
        "unit": unit_text(client.currency, "full"),
        "tiles": [tile_texts(tile, client.currency, locale) for tile in tiles_of(headline, query, reader)],
        **table_of(bridge, shown, notes, locale),
        "footnotes": notes.footnotes(client.currency, locale),
        "chart": chart_of(bridge, shown, notes, locale),
    }
    return paper("pdf/arr.html", context, size=size)


def tile_texts(tile: dict[str, Any], currency: str, locale: str) -> dict[str, str]:
    """One headline figure as text, in full."""
    value = tile["figure"].value
    kinds = {name: kind for name, kind, _ in TILES}
    if value is None:
        return {"label": tile["label"], "value": "–"}
    is_rate = kinds[tile["name"]] == "percent"
    text = (
        percent_text(value, locale) if is_rate else money_text(value, currency, locale, plus=tile["kind"] == "signed")
    )
    return {"label": tile["label"], "value": text}


def table_of(bridge: Bridge, query: ArrQuery, notes: Notes, locale: str) -> dict[str, Any]:
    """Heads, rows and the total row of the table, as text."""
    names = columns_of(bridge.totals)
    grouped = bridge.dimension != "total"
    heads = ["Period", *([bridge.dimension.title()] if grouped else []), *(LABELS[name] for name in names)]
    heads += ["As reported", "Restated by"] if notes.restated else []
    signs, currency = notes.signs(bridge.periods), bridge.head.currency
    rows = []
    for row in bridge.rows:
        first = period_label(row.period, query.grain, locale)
        cells = [*([row.group] if grouped else []), *row_texts(row, names, notes, currency, locale)]
        rows.append(
            {
                "first": first,
                "mark": signs.get(row.period.key, ""),
                "is_break": notes.begins_in(row.period),
                "cells": cells,
            }
        )
    amounts = span_amounts(bridge.totals, names)
    total = [money_text(amount, currency, locale, plus=name not in STANDS) for name, amount in amounts.items()]
    total = [*([""] if grouped else []), *total, *(["", ""] if notes.restated else [])]
    return {"heads": heads, "rows": rows, "total": total, "text_columns": 2 if grouped else 1}


def row_texts(row: BridgeRow, names: list[str], notes: Notes, currency: str, locale: str) -> list[str]:
    """The figures of a row, and of a restated one what was reported."""
    texts = [money_text(getattr(row, name), currency, locale, plus=name not in STANDS) for name in names]
    if not notes.restated:
        return texts
    found = notes.restatement_of(row)
    if found is None:
        return [*texts, "", ""]
    reported, change = found
    return [*texts, money_text(reported, currency, locale), money_text(change, currency, locale, plus=True)]


def chart_of(bridge: Bridge, query: ArrQuery, notes: Notes, locale: str) -> dict[str, SafeString | str]:
    """The endings as a line, where they are not all of one definition; else the steps from the beginning to the ending."""
    if chart := trend_chart(bridge, notes, query.grain, unit="", locale=locale, scale="full"):
        return {"title": chart["title"], "unit": unit_text(bridge.head.currency), "svg": lines_svg(chart)}
    ends = [period_label(row.period, query.grain, locale) for row in (bridge.totals[0], bridge.totals[-1])]
    title = f"{bridge.head.label}, {' to '.join(dict.fromkeys(ends))}"
    steps = waterfall(bridge, query.having(scale="full"), "", notes, title=title, unit="", locale=locale)
    return {"title": title, "unit": unit_text(bridge.head.currency), "svg": bridge_svg(steps)}
