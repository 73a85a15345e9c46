"""Charts as vector graphics on paper, from the same descriptions as on screen; every coordinate is an integer.

`lines_svg(chart) -> SafeString` · `bridge_svg(chart) -> SafeString`
"""

from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Any, Final

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from portal.lib.money import number_text

WIDTH, HEIGHT = 2600, 560  # tenths of a millimetre
LEFT, RIGHT, TOP, BOTTOM = 20, 20, 80, 60
AXIS: Final = 190  # what the amounts beside lines take
MOST_STEPS: Final = 5
COLOURS: Final = {"accent": "#1f5fbf", "neutral": "#5c6b7f", "fx": "#8a4f00"}
STEPS: Final = {
    "beginning": "#4c5a6d", "ending": "#4c5a6d", "new": "#0b6a5c", "expansion": "#3d9a89", "reactivation": "#8ecabd",
    "contraction": "#de8b76", "churn": "#ab2f1d", "fx": "#8d97a5",
}  # fmt: skip
STANDING: Final = ("beginning", "ending")
SHARE: Final = Decimal("0.25")  # of the whole: steps that are smaller are shown on bars that are cut
CUT: Final = "The axis does not start at zero, so the first and last bar are cut."
DASHES: Final = {"accent": "none", "neutral": "16 10", "fx": "4 10"}


def lines_svg(chart: dict[str, Any]) -> SafeString:
    """The series of a chart of kind `lines` over an axis of round amounts, with its breaks and names."""
    count = len(chart["labels"])
    amounts = [Decimal(value) for series in chart["series"] for value in series["values"] if value is not None]
    ticks = ticks_between(min(amounts), max(amounts))
    step = (WIDTH - AXIS - RIGHT) // max(count - 1, 1)
    parts = [tick_rule(tick, ticks, chart["locale"]) for tick in ticks]
    parts += [series_path(series, ticks, step) for series in chart["series"]]
    parts += [break_rule(mark, step) for mark in chart.get("breaks", ())]
    parts += [period_text(place, label, step, count) for place, label in enumerate(chart["labels"])]
    parts += [key_of(place, series) for place, series in enumerate(chart["series"])]
    return format_html(
        '<svg viewBox="0 0 {} {}" width="100%" role="img" aria-label="{}">{}</svg>',
        WIDTH, HEIGHT, chart["title"], format_html_join("", "{}", ((part,) for part in parts)),
    )  # fmt: skip


def ticks_between(low: Decimal, high: Decimal) -> list[Decimal]:
    """Round amounts, as far from one another each, from one that is at most `low` to one that is at least `high`."""
    least = (high - low or abs(high) or Decimal(1)) / MOST_STEPS
    unit = Decimal(10) ** least.adjusted()
    step = next(unit * times for times in (1, 2, 5, 10) if unit * times >= least)
    first = int((low / step).to_integral_value(ROUND_FLOOR))
    last = int((high / step).to_integral_value(ROUND_CEILING))
    return [step * place for place in range(first, max(last, first + 1) + 1)]


def level_of(amount: Decimal, ticks: list[Decimal]) -> int:
    """How far down an amount of the axis lies."""
    return HEIGHT - BOTTOM - int((amount - ticks[0]) * (HEIGHT - TOP - BOTTOM) / (ticks[-1] - ticks[0]))


def tick_rule(tick: Decimal, ticks: list[Decimal], locale: str) -> SafeString:
    """A thin line across at a round amount, with the amount to its left."""
    at, places = level_of(tick, ticks), max(0, -(ticks[1] - ticks[0]).adjusted())
    return format_html(
        '<path d="M{} {}H{}" stroke="#dde2e8" stroke-width="3"/>'
        '<text x="{}" y="{}" font-size="26" fill="#4b5768" text-anchor="end">{}</text>',
        AXIS, at, WIDTH - RIGHT, AXIS - 16, at + 9, number_text(tick, locale, places=places),
    )  # fmt: skip


def series_path(series: dict[str, Any], ticks: list[Decimal], step: int) -> SafeString:
    """One series; where it has no value there is a gap."""
    path, pen = [], "M"
    for place, value in enumerate(series["values"]):
        if value is None:
            pen = "M"
            continue
        path.append(f"{pen}{AXIS + place * step} {level_of(Decimal(value), ticks)}")
        pen = "L"
    return format_html(
        '<path d="{}" fill="none" stroke="{}" stroke-width="7" stroke-dasharray="{}"/>',
        "".join(path), COLOURS[series["role"]], DASHES[series["role"]],
    )  # fmt: skip


def break_rule(mark: dict[str, Any], step: int) -> SafeString:
    """An upright rule before the period from which on another definition holds, with its name above."""
    at = AXIS + mark["at"] * step - step // 2
    return format_html(
        '<path d="M{} {}V{}" stroke="#17202c" stroke-width="4" stroke-dasharray="14 10"/>'
        '<text x="{}" y="{}" font-size="26" fill="#17202c" text-anchor="{}">{}</text>',
        at, TOP, HEIGHT - BOTTOM, at, TOP - 8, "end" if at > WIDTH * 4 // 5 else "middle", mark["text"],
    )  # fmt: skip


def period_text(place: int, label: str, step: int, count: int) -> SafeString:
    """The name of a period under its place; of many, every other one and fewer."""
    if place % (count // 12 + 1):
        return mark_safe("")
    anchor = "start" if place == 0 else "end" if place == count - 1 else "middle"
    return format_html(
        '<text x="{}" y="{}" font-size="26" fill="#4b5768" text-anchor="{}">{}</text>',
        AXIS + place * step, HEIGHT - 14, anchor, label,
    )  # fmt: skip


def key_of(place: int, series: dict[str, Any]) -> SafeString:
    """A series by its stroke and name, above the lines."""
    at = AXIS + place * 800
    return format_html(
        '<path d="M{} 20H{}" stroke="{}" stroke-width="7" stroke-dasharray="{}"/>'
        '<text x="{}" y="29" font-size="26" fill="#17202c">{}</text>',
        at, at + 70, COLOURS[series["role"]], DASHES[series["role"]], at + 85, series["name"],
    )  # fmt: skip


def bridge_svg(chart: dict[str, Any]) -> SafeString:
    """The steps of a chart of kind `bridge`, each from where the one before it ended, with its amount and its name."""
    spans = spans_of(chart["steps"])
    floor = floor_of(spans)
    room = HEIGHT - TOP - BOTTOM
    high = max(max(span) for span in spans)
    width = (WIDTH - LEFT - RIGHT) // len(spans)

    def height(level: Decimal) -> int:
        return HEIGHT - BOTTOM - (int((max(level, floor) - floor) * room / (high - floor)) if high > floor else 0)

    parts = [
        step_bar(step, LEFT + place * width, width, height(max(span)), height(min(span)))
        for place, (step, span) in enumerate(zip(chart["steps"], spans, strict=True))
    ]
    if floor > 0:
        parts.append(format_html('<text x="{}" y="26" font-size="26" fill="#4b5768">{}</text>', LEFT, CUT))
    return format_html(
        '<svg viewBox="0 0 {} {}" width="100%" role="img" aria-label="{}">{}</svg>',
        WIDTH, HEIGHT, chart["title"], format_html_join("", "{}", ((part,) for part in parts)),
    )  # fmt: skip


def spans_of(steps: list[dict[str, Any]]) -> list[tuple[Decimal, Decimal]]:
    """From which level to which each step goes; what stands goes from zero."""
    level, spans = Decimal(0), []
    for step in steps:
        begin = Decimal(0) if step["role"] in STANDING else level
        level = begin + Decimal(step["amount"])
        spans.append((begin, level))
    return spans


def floor_of(spans: list[tuple[Decimal, Decimal]]) -> Decimal:
    """Where the axis starts: at zero, unless the steps would be too small to read, or below it where a level is."""
    levels = [level for _, level in spans]
    low, high = min(levels), max(levels)
    if low <= 0 or high - low > high * SHARE:
        return min(low, Decimal(0))
    return max(Decimal(0), low - ((high - low) or high * SHARE))


def step_bar(step: dict[str, Any], left: int, width: int, top: int, foot: int) -> SafeString:
    """One bar with its amount above and its name below."""
    middle = left + width // 2
    return format_html(
        '<rect x="{}" y="{}" width="{}" height="{}" fill="{}"/>'
        '<text x="{}" y="{}" font-size="26" fill="#17202c" text-anchor="middle">{}</text>'
        '<text x="{}" y="{}" font-size="26" fill="#4b5768" text-anchor="middle">{}</text>',
        left + width // 6, top, width * 2 // 3, max(foot - top, 3), STEPS[step["role"]],
        middle, top - 10, step["text"], middle, HEIGHT - 14, step["label"],
    )  # fmt: skip
