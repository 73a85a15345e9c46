"""Rows of tables of figures in templates. A template builtin, as `figures` is: pages need no `{% load %}`.

A page has hundreds of these cells, so that they are put together as plain text; whatever a caller gives goes through `escaped`.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from django import template
from django.template.context import Context
from django.utils.html import format_html
from django.utils.safestring import SafeString

from portal.tenancy.templatetags.figures import (
    NO_REASON,
    Amount,
    count,
    dash,
    date_long,
    escaped,
    heat_level,
    icon,
    money,
    month_label,
    percent,
    reader_locale,
    state,
)

register = template.Library()


HIDDEN_WORDS = SafeString('<span class="visually-hidden">as reported </span>')


def cell_text(context: Context, kind: str, cell: Any) -> SafeString | str:
    """One value by the kind of its column; a dict carries `href`, `note`, `reason` and the rest beside its `value`. What it has
    `beside` it is the next column's text, for screens too narrow for that.

    Under it stands what was `reported` before a restatement, where that is another figure; where no row says so, it says
    what it is itself (`is_named`).
    """
    given = cell if isinstance(cell, Mapping) else {"value": cell}
    shown = value_text(context, kind, given)
    if given.get("reported") is None:
        return shown
    reported = value_text(context, kind, {"value": given["reported"], "currency": given.get("currency")})
    words = "as reported " if given.get("is_named") else HIDDEN_WORDS
    return format_html('{}<span class="sub">{}{}</span>', shown, words, reported)


def value_text(context: Context, kind: str, given: Mapping[str, Any]) -> SafeString | str:
    """The value of a cell, without what was reported before."""
    value, href = given.get("value"), str(given.get("href") or "")
    reason = str(given.get("reason") or NO_REASON)
    if value is None:
        return dash(reason, reader_locale(context))
    if kind in ("money", "signed"):
        return money(context, value, str(given.get("currency") or ""), plus=kind == "signed", href=href)
    if kind == "percent":
        return percent(context, value, href=href)
    if kind in ("count", "moved"):
        return count(context, value, plus=kind == "moved", href=href)
    if kind == "state":
        return state(*value) if isinstance(value, tuple | list) else state(value)
    if kind == "date" and isinstance(value, date):
        value = date_long(context, value)
    elif kind == "month" and isinstance(value, int | date):
        value = month_label(context, value)
    text = format_html('<a href="{}">{}</a>', href, value) if href else format_html("{}", value)
    return named(text, given)


def named(text: SafeString, given: Mapping[str, Any]) -> SafeString:
    """A value with its footnote sign, its flags, and what stands under it."""
    if given.get("mark"):
        text = format_html('{}<sup class="footmark">{}</sup>', text, given["mark"])
    for flag in given.get("flags", ()):
        text = format_html('{} <a class="flag" href="{}">{}</a>', text, flag["url"], flag["label"])
    if given.get("beside"):
        text = format_html('{}<span class="sub narrow-only" aria-hidden="true">{}</span>', text, given["beside"])
    return format_html('{}<span class="sub">{}</span>', text, given["note"]) if given.get("note") else text


ROW_CLASSES = {"is_break": "row-break", "is_restated": "row-restated", "is_sum": "row-sum"}
TEXT_KINDS = {"", "text", "state", "date", "month", "code"}
ZEROS = {"0", "0.0", "0.00", "0.000"}


def sort_key(cell: Any) -> str:
    """What a sort in the page compares: the bare number or the ISO date, never the text shown."""
    value = cell.get("value") if isinstance(cell, Mapping) else cell
    return "" if value is None else str(value)


def expander(row: Mapping[str, Any]) -> str:
    """The button that opens the sub-rows, when there are any; `children_url` fetches them on the first press."""
    lazy = row.get("children_url")
    if not lazy and not row.get("children"):
        return ""
    fetch = (
        f' hx-get="{escaped(lazy)}" hx-trigger="click once" hx-target="closest tr" hx-swap="afterend"' if lazy else ""
    )
    return (
        f'<button class="expand" type="button" aria-expanded="false" data-expand="{escaped(row["id"])}"{fetch}'
        f' aria-label="Rows under {escaped(sort_key(row["cells"][0]))}">{icon("next", 16)}</button>'
    )


@register.simple_tag(takes_context=True)
def table_row(
    context: Context, columns: Sequence[Mapping[str, Any]], row: Mapping[str, Any], parent: Any = ""
) -> SafeString:
    """A whole `<tr>`: the first cell names the row, the others are figures of the kind of their column."""
    parts = []
    for position, (column, cell) in enumerate(zip(columns, row["cells"], strict=False)):
        kind = str(column.get("kind") or "")
        inner = escaped(cell_text(context, kind, cell))
        if position == 0:
            whole = ' class="whole"' if kind == "date" else ""
            parts.append(f'<th scope="row"{whole}>{expander(row)}{inner}</th>')
            continue
        key = sort_key(cell)
        classes = "text" if kind in TEXT_KINDS else "num zero" if key in ZEROS else "num"
        classes += " stays" if column.get("stays") else ""
        label = f' data-label="{escaped(column["label"])}"' if column.get("is_named") else ""
        parts.append(f'<td class="{classes}"{label} data-sort="{escaped(key)}">{inner}</td>')
    level = f' data-level="{escaped(row.get("level", 1))}"' if parent or "level" in row else ""
    child = f' data-parent="{escaped(parent)}"{level} hidden' if parent else level
    named = " ".join(name for key, name in ROW_CLASSES.items() if row.get(key))
    marked = f' class="{named}"' if named else ""
    return SafeString(f"<tr{child}{marked}>{''.join(parts)}</tr>")


@register.simple_tag(takes_context=True)
def heat_cells(context: Context, cells: Sequence[Mapping[str, Any] | None], reason: str) -> SafeString:
    """The cells of a row of rates, tinted by `heat_level`: {share, url, reported}, or None where nothing belongs; `reason` says
    why a share has no value.
    """
    parts = []
    for cell in cells:
        if cell is None or cell["share"] is None:
            parts.append(f'<td class="heat-none">{dash(reason, reader_locale(context)) if cell else ""}</td>')
            continue
        share: Amount = cell["share"]
        text = escaped(percent(context, share, 0, href=cell["url"]))
        if cell.get("reported") is not None:
            text += f'<span class="sub">{HIDDEN_WORDS}{escaped(percent(context, cell["reported"], 0))}</span>'
        parts.append(f'<td class="heat-{heat_level(share)}">{text}</td>')
    return SafeString("".join(parts))
