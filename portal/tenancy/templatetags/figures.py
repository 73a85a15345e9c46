"""Figures, dates, icons and marks in templates. A template builtin: pages need no `{% load %}`.

The reader's locale comes from the context (`reader.locale`), as do `currency` and `scale` when a tag is not given its
own, so that a page names them once. Everything returns finished text or a small piece of markup.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from html import escape
from typing import Any

from django import template
from django.template.context import Context
from django.templatetags.static import static
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from portal.lib import dates
from portal.lib import money as figures
from portal.lib.hours import hours_text
from portal.lib.money import DEFAULT_LOCALE, SCALES, Negative, Scale

register = template.Library()
Amount = Decimal | int | None

DASH = "\u2013"
NO_REASON = "No value"
STATES = {
    "draft": ("Draft", "pencil"),
    "waiting": ("Waiting", "clock"),
    "agreed": ("Agreed", "check"),
    "done": ("Done", "lock"),
    "refused": ("Refused", "cross"),
    "lapsed": ("Lapsed", "lapsed"),
    "info": ("Information", "info"),
}
TRUST = {
    "tied": ("Ties to the source", "tied"),
    "open": ("Not yet reconciled", "open"),
    "stale": ("Older than agreed", "clock"),
    "locked": ("Month is locked", "lock"),
}


def reader_value(context: Context, name: str, default: str) -> str:
    """One of the reader's settings, from an object or a dict."""
    reader = context.get("reader")
    found = reader.get(name) if isinstance(reader, Mapping) else getattr(reader, name, None)
    return str(found) if found else default


def reader_locale(context: Context) -> str:
    return reader_value(context, "locale", DEFAULT_LOCALE)


def reader_zone(context: Context) -> str:
    return reader_value(context, "time_zone", timezone.get_current_timezone_name())


def reader_negative(context: Context) -> Negative:
    return "parentheses" if reader_value(context, "negative", "minus") == "parentheses" else "minus"


def shown_scale(context: Context, scale: str) -> Scale:
    """The scale asked for, else the page's, else full."""
    return SCALES.get(str(scale or context.get("scale") or ""), "full")


def dash(reason: str = NO_REASON, locale: str = DEFAULT_LOCALE) -> SafeString:
    """A dash whose reason, its days and months in the reader's form, shows on hover and focus and is read aloud."""
    said = dates.dated_text(str(reason or NO_REASON), locale)
    return format_html(
        '<span class="no-value" tabindex="0" data-tip="{}"><span aria-hidden="true">{}</span>'
        '<span class="visually-hidden">{}</span></span>',
        said,
        DASH,
        said,
    )


def escaped(text: object) -> str:
    """What `format_html` makes of one value, for markup of which a page has hundreds: that takes a fifth of its time."""
    return text if isinstance(text, SafeString) else escape(str(text))


def linked(text: str, href: str) -> SafeString | str:
    """The figure as a link that opens the "why this number" drawer; plain text when it leads nowhere."""
    if text.endswith(")"):
        text = SafeString(f'{escaped(text[:-1])}<span class="paren">)</span>')
    return SafeString(f'<a class="why" href="{escaped(href)}">{escaped(text)}</a>') if href else text


@register.simple_tag(takes_context=True)
def money(
    context: Context,
    amount: Amount,
    currency: str = "",
    *,
    scale: str = "",
    places: int | None = None,
    plus: bool = False,
    href: str = "",
    reason: str = NO_REASON,
) -> SafeString | str:
    """An amount in the reader's separators; the currency itself stands in the head of the table (`unit`)."""
    if amount is None:
        return dash(reason, reader_locale(context))
    text = figures.money_text(
        amount,
        currency or str(context.get("currency") or ""),
        reader_locale(context),
        scale=shown_scale(context, scale),
        places=places,
        negative=reader_negative(context),
        plus=plus,
    )
    return linked(text, href)


@register.simple_tag(takes_context=True)
def stated_money(context: Context, amount: Decimal, currency: str) -> SafeString | str:
    """An amount as somebody else stated it: in full, however fine, where `money` rounds to what the currency has."""
    return money(context, amount, currency, scale="full", places=figures.exact_places(amount, currency))


@register.simple_tag(takes_context=True)
def signed_money(context: Context, amount: Amount, currency: str = "", **options: Any) -> SafeString | str:
    """An amount of change: a plus or a minus is always there, except on zero."""
    return money(context, amount, currency, plus=True, **options)


@register.simple_tag(takes_context=True)
def unit(context: Context, currency: str = "", scale: str = "") -> str:
    """The unit of a table or tile: "EUR", "EUR thousands"."""
    return figures.unit_text(currency or str(context.get("currency") or ""), shown_scale(context, scale))


@register.simple_tag(takes_context=True)
def percent(
    context: Context,
    ratio: Amount,
    places: int = 1,
    *,
    plus: bool = False,
    href: str = "",
    reason: str = NO_REASON,
) -> SafeString | str:
    """A ratio as per cent: 1.042 → "104.2%"."""
    if ratio is None:
        return dash(reason, reader_locale(context))
    text = figures.percent_text(
        ratio, reader_locale(context), places=places, negative=reader_negative(context), plus=plus
    )
    return linked(text, href)


@register.simple_tag(takes_context=True)
def count(
    context: Context, number: Amount, *, places: int = 0, plus: bool = False, href: str = "", reason: str = NO_REASON
) -> SafeString | str:
    """A plain number with separators."""
    if number is None:
        return dash(reason, reader_locale(context))
    text = figures.number_text(
        number, reader_locale(context), places=places, plus=plus, negative=reader_negative(context)
    )
    return linked(text, href)


@register.simple_tag(takes_context=True)
def change(
    context: Context,
    amount: Amount = None,
    ratio: Amount = None,
    period: str = "",
    *,
    currency: str = "",
    scale: str = "",
    good: str = "up",
    points: bool = False,
) -> SafeString:
    """A change with amount, per cent and period; `good="down"` where less is better; `points` when a rate changed."""
    leading = amount if amount is not None else ratio
    if leading is None:
        return dash("Nothing to compare with")
    locale = reader_locale(context)
    parts = []
    if points and amount is not None:
        parts.append(f"{figures.number_text(amount * 100, locale, places=1, plus=True)} points")
    elif amount is not None:
        code = currency or str(context.get("currency") or "")
        parts.append(figures.money_text(amount, code, locale, scale=shown_scale(context, scale), plus=True))
    if ratio is not None:
        text = figures.percent_text(ratio, locale, plus=True)
        parts.append(f"({text})" if parts else text)
    way = "up" if leading > 0 else "down" if leading < 0 else "flat"
    tone = "flat" if way == "flat" else "gain" if way == good else "loss"
    ending = format_html(' <span class="change-period">{}</span>', period) if period else ""
    return format_html(
        '<span class="change change-{}">{}<span>{}</span>{}</span>', tone, icon(way, size=14), " ".join(parts), ending
    )


@register.simple_tag(takes_context=True)
def date_long(context: Context, day: date | None, *, reason: str = "No date") -> SafeString | str:
    """A day: "31 Dec 2025"; of a moment the day that it is then where the reader is."""
    if day is None:
        return dash(reason, reader_locale(context))
    if isinstance(day, datetime):
        day = day.astimezone(dates.time_zone(reader_zone(context))).date()
    return dates.date_text(day, reader_locale(context))


@register.filter
def hours(low: object, high: object = None) -> str:
    """Hours of work: `{{ estimate.low|hours:estimate.high }}` → "2–4 h"."""
    return hours_text(low, high)


@register.simple_tag(takes_context=True)
def month_label(context: Context, month: int | date | None, *, reason: str = "No month") -> SafeString | str:
    """A month, "Dec 2025", from a date or from `year * 12 + month - 1`."""
    return dash(reason, reader_locale(context)) if month is None else dates.month_text(month, reader_locale(context))


@register.simple_tag(takes_context=True)
def instant(context: Context, moment: datetime | None, *, reason: str = "Never") -> SafeString | str:
    """A moment in the reader's time zone: "31 Dec 2025, 14:05 CET"."""
    if moment is None:
        return dash(reason, reader_locale(context))
    text = dates.instant_text(moment, reader_locale(context), reader_zone(context))
    return format_html('<time datetime="{}">{}</time>', moment.isoformat(), text)


@register.simple_tag(takes_context=True)
def ago(context: Context, moment: datetime) -> str:
    """How long ago a moment was, "3 hours ago"; it stands beside the moment, never alone."""
    return dates.relative_text(moment, timezone.now(), reader_locale(context))


@register.simple_tag(takes_context=True)
def dated(context: Context, text: str) -> str:
    """A sentence that the program made, its ISO days, months and quarters in the reader's form."""
    return dates.dated_text(text, reader_locale(context))


@register.simple_tag(takes_context=True)
def no_value(context: Context, reason: str = NO_REASON) -> SafeString:
    """A dash with its reason."""
    return dash(reason, reader_locale(context))


@register.simple_tag
def icon(name: str, size: int = 20, label: str = "") -> SafeString:
    """A symbol of `static/img/icons.svg`; decorative unless it has a label."""
    return drawn_icon(name, size, label, static("img/icons.svg"))


@lru_cache(maxsize=512)
def drawn_icon(name: str, size: int, label: str, sprite: str) -> SafeString:
    """The markup of an icon; a page has dozens of the same few."""
    named = format_html('role="img" aria-label="{}"', label) if label else mark_safe('aria-hidden="true"')
    return format_html(
        '<svg class="ico" width="{}" height="{}" {}><use href="{}#{}"/></svg>',
        size,
        size,
        named,
        sprite,
        name,
    )


@register.simple_tag
def icon_use(name: str) -> SafeString:
    """The inside of an icon whose `<svg>` a template writes itself."""
    return format_html('<use href="{}#{}"/>', static("img/icons.svg"), name)


@register.simple_tag
def state(name: str, label: str = "") -> SafeString:
    """A state badge: colour, sign and word together. draft, waiting, agreed, done, refused, lapsed, info."""
    known = name if name in STATES else "draft"
    word, symbol = STATES[known]
    return format_html('<span class="state state-{}">{}{}</span>', known, icon(symbol, size=14), label or word)


@register.simple_tag
def trust_mark(level: str, note: str = "") -> SafeString:
    """Whether a figure can be relied on: tied, open, stale, locked; the note says by what."""
    known = level if level in TRUST else "open"
    word, symbol = TRUST[known]
    return format_html(
        '<span class="trust trust-{}" tabindex="0" data-tip="{}">{}<span class="visually-hidden">{}</span></span>',
        known,
        note or word,
        icon(symbol, size=16),
        note or word,
    )


@register.simple_tag
def sparkline(
    values: Sequence[Amount],
    label: str = "",
    *,
    width: int = 96,
    height: int = 28,
    breaks: Sequence[int] = (),
    reported: Sequence[Amount] | None = None,
) -> SafeString:
    """A line of the last months as inline SVG, in integer tenths of a pixel; gaps stay gaps.

    `breaks` are the places from which on another definition holds: an upright line stands before each. A thin dashed line is
    what was `reported` before a restatement.
    """
    known = [value for value in (*values, *(reported or ())) if value is not None]
    if len([value for value in values if value is not None]) < 2:
        return mark_safe("")
    low, span = min(known), max(known) - min(known)
    inset, room = 30, height * 10 - 60
    step = (width * 10 - 2 * inset) // (len(values) - 1)

    def points(series: Sequence[Amount]) -> list[tuple[int, int] | None]:
        return [
            None if value is None
            else (inset + place * step, inset + room - (int((value - low) * room / span) if span else room // 2))
            for place, value in enumerate(series)
        ]  # fmt: skip

    shown = points(values)
    end = next(point for point in reversed(shown) if point is not None)
    rules = "".join(f"M{inset + at * step - step // 2} 10V{height * 10 - 10}" for at in breaks if at)
    marked = format_html('<path class="spark-break" d="{}"/>', rules) if rules else ""
    before = format_html('<path class="spark-reported" d="{}"/>', stroke(points(reported))) if reported else ""
    named = format_html('role="img" aria-label="{}"', label) if label else mark_safe('aria-hidden="true"')
    return format_html(
        '<svg class="spark" width="{}" height="{}" viewBox="0 0 {} {}" {}>'
        '{}{}<path d="{}"/><circle cx="{}" cy="{}" r="22"/></svg>',
        width, height, width * 10, height * 10, named, marked, before, stroke(shown), *end,
    )  # fmt: skip


def stroke(points: Sequence[tuple[int, int] | None]) -> str:
    """A line through points as the data of an SVG path; a point that is missing leaves a gap."""
    before = (None, *points)
    return "".join(
        f"{'M' if last is None else 'L'}{point[0]} {point[1]}"
        for last, point in zip(before, points, strict=False)
        if point is not None
    )


@register.simple_tag
def heat_level(ratio: Amount, low: Decimal = Decimal("0.5"), high: Decimal = Decimal("1.1")) -> int:
    """Which of the seven tints a retention rate gets: 0 at or under `low`, 6 at or over `high`."""
    if ratio is None or ratio <= low:
        return 0
    return min(6, int((ratio - low) * 7 / (high - low)))
