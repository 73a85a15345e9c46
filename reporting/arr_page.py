"""Everything the ARR page shows, gathered from the selectors and made ready for its templates."""

from decimal import Decimal
from typing import Any

from metrics.break_text import months_words
from metrics.engine.csv_format import ADJUSTMENT
from metrics.models import Recognition
from metrics.selectors.books import bridge_get, groups_list, headline_get, page_heads
from metrics.selectors.breaks import Marks
from metrics.selectors.close_details import Kept, kept_get
from metrics.selectors.close_rows import Stored, is_stored
from metrics.selectors.cohorts import cohorts_get
from metrics.selectors.figures import (
    Basis,
    BookHead,
    Bridge,
    Cohort,
    CohortCell,
    Headline,
    Mover,
    Movers,
    chosen_values,
)
from metrics.selectors.findings import finding_sentence
from metrics.selectors.movers import movers_get
from metrics.selectors.periods import SHOWN_MONTHS, period_label
from metrics.selectors.reported import bridge_reported, endings_first, headline_reported
from portal.lib.dates import month_text
from portal.lib.money import unit_text
from portal.lib.periods import month_format
from portal.tenancy.models import Client
from reporting.arr_query import DIMENSIONS, ArrQuery, Reader
from reporting.break_notes import Notes, marks_of, noted
from reporting.break_trend import trend_chart
from reporting.bridge_view import bridge_table, moves_url, span_text, waterfall
from reporting.closed_figures import unkept_words
from reporting.customer_bridge import customer_table
from reporting.tiles import headline_noted, ratio_of, tiles_of

COHORT_COLUMNS = 12
COHORT_ROWS = 24
ADJUSTMENT_WORDS = "prior-period adjustment"


def arr_context(client: Client, query: ArrQuery, reader: Reader) -> dict[str, Any]:
    """The template context of the whole page; an empty or blocked book gives the reason and nothing else."""
    heads = page_heads(client)
    head = heads.get(query.recognition) or next(head for head in heads.values() if head.is_policys_own)
    stored = stored_for(client, query, head)
    headline = headline_for(client, query, head, query.last, stored)
    context = {
        "head": head,
        "query": query,
        "ignored": query.ignored,
        "currency": client.currency,
        "scale": query.scale,
        "filters": filters_of(client, query, head, reader),
        "segments": switches_of(query, head),
    }
    if headline.month is None:
        return context
    shown = query.having(first=first_month(query, headline), last=headline.month)
    marks = marks_of(client, query, head)
    bridge, notes = noted(client, shown, bridge_for(client, shown, head, stored), marks)
    kept = kept_get(head, shown.first or 0, headline.month) if shown.reported else Kept()
    movers = movers_get(client, head, shown.first, shown.last, 8, shown.filters, kept)
    told = headline_noted(client, query, headline, marks)
    return context | {
        "month": headline.month,
        "tiles": tiles_of(told, query, reader, marks, notes),
        "bases": bases_of(client, query, told, heads, reader, marks),
        **bridge_context(client, shown, bridge, notes, query, reader),
        "newest_break": marks.breaks[-1] if marks.breaks else None,
        "view_note": view_note(shown, kept, reader.locale),
        "movers_note": movers_note(kept, reader.locale),
        "mover_tables": [mover_table(movers, way, shown, reader) for way in ("gains", "losses")],
        "cohorts": cohorts_context(client, head, headline.month, query, reader, kept),
    }


def first_month(query: ArrQuery, headline: Headline) -> int:
    """Twelve months unless the address says otherwise; the book decides how far back there is anything."""
    if query.first is not None:
        return query.first
    assert headline.month is not None
    return headline.month - SHOWN_MONTHS + 1


def headline_for(
    client: Client, query: ArrQuery, head: BookHead, month: int | None, stored: Stored | None = None
) -> Headline:
    """The headline that a question asks for: as reported, or as the contracts stand now."""
    if not query.reported:
        return headline_get(client, head, month, query.filters)
    return headline_reported(client, head, month, query.filters, stored=stored)


def bridge_for(client: Client, query: ArrQuery, basis: Basis, stored: Stored | None = None) -> Bridge:
    """The bridge that a question asks for: as reported, or as the contracts stand now."""
    asked = (query.first, query.last, query.by, query.grain, query.filters)
    if not query.reported:
        return bridge_get(client, basis, *asked)
    return bridge_reported(client, basis, *asked, stored=stored)


def stored_for(client: Client, query: ArrQuery, head: BookHead) -> Stored | None:
    """What closes hold of an unsplit question, which headline and bridge both read; None where they read nothing alike."""
    if not query.reported or not head.may_have_closes or query.by != "total":
        return None
    return Stored.of(client, head.recognition, query.by, chosen_values(query.filters), None)


def bridge_context(
    client: Client, shown: ArrQuery, bridge: Bridge, notes: Notes, query: ArrQuery, reader: Reader
) -> dict[str, Any]:
    """Waterfall, table, footnotes and trend; nothing where nobody had ARR."""
    if not bridge.totals:
        return {}
    unit = unit_text(client.currency, query.scale)
    title = finding_sentence(bridge, reader.locale)
    return {
        "bridge": bridge,
        "finding": title,
        "chart": waterfall(bridge, query, reader.base, notes, title=title, unit=unit, locale=reader.locale),
        "table": bridge_table(bridge, query, reader.base, notes, unit=unit, locale=reader.locale),
        "customer_table": customer_table(bridge, query, reader.base, notes.signs(bridge.periods), reader.locale),
        "footnotes": notes.footnotes(client.currency, reader.locale),
        "trend": trend_chart(bridge, notes, query.grain, unit=unit, locale=reader.locale, scale=query.scale),
        "export_url": shown.address(f"{reader.base}bridge.csv"),
        "paper_url": shown.address(f"{reader.base}bridge.pdf"),
    }


def view_note(shown: ArrQuery, kept: Kept, locale: str) -> str:
    """What a reader of closed months has to know: of which of them closes kept less than is shown."""
    said = []
    if older := sorted(set(kept.closed) - set(kept.cohorts)):
        what = "movers and cohorts" if is_stored(shown.by, shown.filters) else "figures of several properties at once"
        named = months_words(older, locale)
        said.append(f"{named} closed before closes kept customers: {what} are there as the contracts stand now.")
    return " ".join(said)


def movers_note(kept: Kept, locale: str) -> str:
    """Of which closed months the movers are those of now; empty where closes kept all of them."""
    words = unkept_words([month for month in kept.closed if month in kept.unkept], locale)
    return words and f"{words}: what moved in them is as the contracts stand now."


def bases_of(
    client: Client, query: ArrQuery, headline: Headline, heads: dict[str, BookHead], reader: Reader, marks: Marks
) -> list[dict[str, Any]]:
    """ARR, CARR and LARR side by side: what is running, what is signed, what is live."""
    found, month = [], headline.month or 0
    first = first_endings(client, query, headline, marks)
    for recognition in Recognition:
        other = (
            headline
            if recognition == headline.head.recognition
            else headline_for(client, query, heads[recognition], headline.month)
        )
        figure, endings = other.arr, first.get(recognition, {})
        series = tuple(endings.get(at, ending) for at, ending in zip(other.months, figure.series, strict=True))
        found.append(
            {
                "label": recognition.label,
                "head": other.head,
                "figure": figure,
                "reported": endings[month] if endings.get(month, figure.value) != figure.value else None,
                "drawn": series if series != figure.series else None,
                "active": recognition == headline.head.recognition,
                "ratio": ratio_of(figure),
                "why": query.having(recognition=recognition.value).address(
                    reader.base, why=f"cell:{span_text(month, month)}:ending"
                ),
                "url": query.having(recognition="" if other.head.is_policys_own else recognition.value).address(
                    reader.base
                ),
            }
        )
    return found


def first_endings(client: Client, query: ArrQuery, headline: Headline, marks: Marks) -> dict[str, dict[int, Decimal]]:
    """By basis and month what the restated months that are drawn ended with as they were reported; all books are restated
    together.
    """
    months = [month for month in headline.months if month in marks.restated]
    return endings_first(client, months, query.filters) if months else {}


def filters_of(client: Client, query: ArrQuery, head: BookHead, reader: Reader) -> list[dict[str, Any]]:
    """The selects of the filter bar."""
    if not head.has_numbers:
        return []
    bar = [
        month_filter("from", "From", query.first, head, reader),
        month_filter("to", "To", query.last, head, reader),
    ]
    bar.append(choice("grain", "Period", [("month", "Month"), ("quarter", "Quarter"), ("year", "Year")], query.grain))
    splits = [("", "No split"), *((name, name.title()) for name in DIMENSIONS)]
    bar.append(choice("by", "Split by", splits, query.by))
    known = groups_list(client, DIMENSIONS, head)
    return [*bar, *(several(name, known[name], query.filters.get(name, ())) for name in DIMENSIONS)]


def several(name: str, known: list[str], chosen: tuple[str, ...]) -> dict[str, Any]:
    """A filter of which any number of values may be chosen; one that is chosen and no longer there stays, to be taken away."""
    values = [*known, *(value for value in chosen if value not in known)]
    options = [{"value": value, "label": value, "selected": value in chosen} for value in values]
    summary = "All" if not chosen else chosen[0] if len(chosen) == 1 else f"{len(chosen)} chosen"
    return {"name": name, "label": name.title(), "options": options, "several": True, "summary": summary}


def month_filter(name: str, label: str, chosen: int | None, head: BookHead, reader: Reader) -> dict[str, Any]:
    assert head.first_month is not None and head.last_month is not None
    newest = "Last 12 months" if name == "from" else "Newest month"
    months = [(month_format(m), month_text(m, reader.locale)) for m in range(head.last_month, head.first_month - 1, -1)]
    return choice(name, label, [("", newest), *months], month_format(chosen) if chosen is not None else "")


def choice(name: str, label: str, options: list[tuple[str, str]], chosen: str) -> dict[str, Any]:
    shown = [{"value": value, "label": text, "selected": value == chosen} for value, text in options]
    return {"name": name, "label": label, "options": shown}


def switches_of(query: ArrQuery, head: BookHead) -> list[dict[str, Any]]:
    """The switches of the filter bar: basis, as reported or as it stands now, and the scale."""
    bases = [(value, label) for value, label in Recognition.choices]
    scales = [("full", "1"), ("thousands", "k"), ("millions", "m")]
    views = [("reported", "As reported"), ("current", "As it stands now")]
    return [
        choice("basis", "Basis", bases, query.recognition or head.recognition),
        choice("view", "Closed months", views, "reported" if query.reported else "current"),
        choice("scale", "Scale", scales, query.scale) | {"end": True},
    ]


def mover_table(movers: Movers, way: str, shown: ArrQuery, reader: Reader) -> dict[str, Any]:
    """The customers that gained or lost most, each with the parts of its movement."""
    rows = []
    for mover in getattr(movers, way):
        why = moves_url(shown, reader.base, (movers.first, movers.last), "net_change", mover.customer)
        first = None if mover.as_reported == mover.amount else mover.as_reported
        amount = {"value": mover.amount, "href": why, "reported": first, "is_named": True}
        rows.append(
            {
                "id": mover.customer,
                "cells": [{"value": mover.name, "href": why, "note": parts_words(mover)}, amount],
            }
        )
    title = "Largest gains" if way == "gains" else "Largest losses"
    columns = [{"label": "Customer", "kind": "text"}, {"label": "Net change", "kind": "signed"}]
    return {
        "id": way,
        "caption": title,
        "unit": unit_text(movers.head.currency, shown.scale),
        "columns": columns,
        "rows": rows,
        "empty": {"title": "Nobody", "text": "No customer's ARR moved that way in this period."},
    }


def parts_words(mover: Mover) -> str:
    """What a customer's net change is made of."""
    return ", ".join(ADJUSTMENT_WORDS if kind == ADJUSTMENT else kind for kind, _ in mover.parts)


def cohorts_context(
    client: Client, head: BookHead, month: int, query: ArrQuery, reader: Reader, kept: Kept
) -> dict[str, Any]:
    """Net ARR retention of the newest cohorts by age; a cohort from before the book's first month has no share and no row."""
    asked = (query.grain, month, query.filters)
    cohorts = cohorts_get(client, head, *asked, newest=COHORT_ROWS, ages=COHORT_COLUMNS + 1, kept=kept)
    rows = []
    first_kept = min(kept.cohorts, default=None) if query.filters else None
    shown = [found for found in cohorts.cohorts if not found.is_cut]
    of_now = [at for at in kept.unkept if any(at == cell.period.last for each in shown for cell in each.cells)]
    for cohort in shown:
        by_age = {cell.age: cell for cell in cohort.cells}
        cells = [cohort_cell(cohort, by_age.get(age), query, reader) for age in range(cohorts.ages)]
        label = period_label(cohort.period, cohorts.grain, reader.locale)
        rows.append(
            {"label": label, "size": by_age[0].customers, "cells": cells, "url": (cells[0] or {}).get("url", "")}
            | {"size_reported": by_age[0].as_reported and by_age[0].as_reported.customers}
        )
    return {
        "grain": cohorts.grain,
        "columns": [f"+{age}" for age in range(cohorts.ages)],
        "rows": rows,
        "most": COHORT_ROWS,
        "of": cohort_words(query),
        "first_kept": first_kept,
        "unkept": unkept_words(of_now, reader.locale),
        "is_begun_open": first_kept is not None and any(each.period.last < first_kept for each in shown),
        "is_restated": any(cell and cell["reported"] is not None for row in rows for cell in row["cells"]),
    }


def cohort_words(query: ArrQuery) -> str:
    """Whose cohorts these are."""
    return " and ".join(" or ".join(values) for values in query.filters.values()) or "all customers"


def cohort_cell(cohort: Cohort, cell: CohortCell | None, query: ArrQuery, reader: Reader) -> dict[str, Any] | None:
    """One share with the address of the customers behind it; None where there is no month yet."""
    if cell is None:
        return None
    span = span_text(cohort.period.first, cohort.period.last)
    url = query.address(reader.base, why=f"cohort:{span}:{month_format(cell.period.last)}")
    first = cell.as_reported.arr_share if cell.as_reported else None
    return {
        "share": cell.arr_share,
        "url": url if cell.customers else "",
        "reported": None if first == cell.arr_share else first,
    }
