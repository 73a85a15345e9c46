"""The figures on the page of one metric: by month, quarter or fiscal year, with what changed and where a formula begins."""

from collections import Counter
from string import ascii_lowercase
from typing import Any, Final, cast
from urllib.parse import urlencode

from django.urls import reverse

from governance.dispute_links import mark_shown
from governance.metric_breaks import Noted, breaks_noted, marks_by_book, marks_together
from governance.metric_figures import change_text, point_shown, sentence, unit_words, verdict_text
from governance.metric_uses import why_url
from governance.models import MetricStatus
from governance.selectors.disputed_cells import is_shown_in, of_metric
from governance.selectors.figure_disputes import disputed_marks
from governance.selectors.metric_values import MetricValues, Point
from governance.selectors.metric_verdicts import verdict_at
from governance.selectors.registry import Entry, Registry
from governance.thresholds import Verdict
from metrics.selectors.breaks import Marks, Restated
from metrics.selectors.periods import MONTHS, Grain, Period, period_label
from portal.lib.dates import dated_text, month_text
from portal.lib.periods import month_format
from portal.tenancy.access import TenantRequest
from portal.tenancy.permissions import RAISE_DISPUTES
from portal.tenancy.reader import locale_of

SHOWN: Final[dict[str, int]] = {"month": 12, "quarter": 8, "year": 5}
"""How many periods are shown; one more is computed, for the change of the oldest."""
GRAINS: Final = (("month", "Month"), ("quarter", "Quarter"), ("year", "Fiscal year"))
NOT_KEPT: Final = "computed now, not kept when the month was closed"
COMPUTED_SIGNS: Final = "*†‡"
WORDS: Final = {name: label.lower() for name, label in GRAINS}


def grain_of(request: TenantRequest) -> Grain:
    """By which periods the reader asked for the figures."""
    asked = request.GET.get("grain", "")
    return cast(Grain, asked) if asked in MONTHS else "month"


def values_context(request: TenantRequest, registry: Registry, key: str) -> dict[str, Any]:
    """The newest value and those before it, each month with the way to what it is made of, and to what was reported first."""
    grain = grain_of(request)
    values = MetricValues(request.client, registry, grain=grain)
    if values.months is None:
        return {"no_numbers": sentence(values.point(key, registry.month).reason)}
    first, last = values.months
    entry, locale = registry.entries[key], locale_of(request)
    unit, currency = entry.content["unit"], request.client.currency
    points = values.series(key, max(first, last - SHOWN[grain] * MONTHS[grain]), last)
    rows = rows_of(request, values, entry, points)
    mark_disputed(request.client.slug, rows, values, key, points)
    books = marks_by_book(values, key, points)
    for row, point in zip(rows, points, strict=True):
        row["computed"] = computed_words(values, entry, point)
    mark_restated(request, rows, values, points, marks_together(books))
    shown = rows[:0:-1] if len(rows) > SHOWN[grain] else rows[::-1]
    breaks = breaks_noted(values, key, points, books, locale)
    may_dispute = grain == "month" and request.standing.may(RAISE_DISPUTES)
    return {
        "grain": grain,
        "grain_word": WORDS[grain],
        "grains": [
            {"label": label, "url": f"?{urlencode({'grain': name})}#values-caption", "active": name == grain}
            for name, label in GRAINS
        ],
        "newest": rows[-1],
        "newest_unit": unit_words(unit, currency, points[-1].value),
        "rows": shown,
        "computed_notes": say_once(shown, WORDS[grain]),
        "footnotes": mark_breaks(rows, points, breaks),
        "reason": dated_text(sentence(points[-1].reason), locale_of(request)),
        "level": rows[-1]["level"],
        "alert_text": level_text(rows[-1], entry) if rows[-1]["level"] else "",
        "no_verdict": rows[-1]["no_verdict"],
        "dispute_base": raise_base(request, key) if may_dispute else "",
    }


def rows_of(request: TenantRequest, values: MetricValues, entry: Entry, points: list[Point]) -> list[dict[str, Any]]:
    """The points as rows, each with its change against the one before it."""
    unit, currency, locale = entry.content["unit"], request.client.currency, locale_of(request)
    periods = values.periods(points[0].month, points[-1].month)
    rows: list[dict[str, Any]] = [
        {
            **point_shown(point, unit, currency, locale),
            "label": period_label(period, values.grain, locale),
            "url": why_url(request.standing, values.registry, entry.key, point.month)
            if values.grain == "month"
            else "",
            "at": month_format(point.month),
        }
        for point, period in zip(points, periods, strict=True)
    ]
    for row, point in zip(rows, points, strict=True):
        version = entry.at(point.month) if values.grain == "month" else None
        found = verdict_at(values, entry.key, point.month) if version else Verdict()
        row["level"], row["no_verdict"] = found.level, dated_text(sentence(found.reason), locale)
        row["limit"] = (
            verdict_text(found, version.content, currency, locale, values.registry.labels)
            if version and found.level
            else ""
        )
    for row, before, point, period in zip(rows[1:], points, points[1:], periods[1:], strict=False):
        is_part = period.last - period.first + 1 < MONTHS[values.grain]
        other = values.point(entry.key, period.last - MONTHS[values.grain]) if is_part else before
        row["against"] = f"against the same months of the {WORDS[values.grain]} before" if is_part else ""
        if point.value is not None and other.value is not None:
            row["change"] = change_text(point.value - other.value, unit, currency, locale)
    return rows


def level_text(row: dict[str, Any], entry: Entry) -> str:
    """What it means that the newest month is beyond a threshold."""
    owner = entry.metric.owner
    whom = f"{owner.get_full_name()}, who owns the metric," if owner else "RevOps, as nobody owns the metric,"
    what = f"{whom} is told in the morning" if row["level"] == "alert" else "it deserves a look"
    return f"{row['label']} is {row['limit']}: {what}."


def mark_breaks(rows: list[dict[str, Any]], points: list[Point], breaks: list[Noted]) -> list[dict[str, Any]]:
    """Mark the periods in which something else begins, the newest first; gives their footnotes."""
    footnotes = []
    for sign, each in zip(ascii_lowercase, reversed(breaks), strict=False):
        place = next(place for place, point in enumerate(points) if point.month >= each.month)
        rows[place]["sign"] = f"{rows[place].get('sign', '')} {sign}".strip()
        rows[place - 1]["is_before_break"] = True
        footnotes.append({"sign": sign, "text": each.text, "cause": each.cause})
    return footnotes


def mark_disputed(slug: str, rows: list[dict[str, Any]], values: MetricValues, key: str, points: list[Point]) -> None:
    """Mark every period that shows a disputed figure, wherever it was disputed: here, or where a page shows it."""
    marks = of_metric(disputed_marks(), key, values.reader.head("").recognition)
    for row, period in zip(rows, values.periods(points[0].month, points[-1].month), strict=True):
        row["disputes"] = [mark_shown(slug, mark) for mark in marks if is_shown_in(mark, period.first, period.last)]


def computed_words(values: MetricValues, entry: Entry, point: Point) -> str:
    """What a value of a closed month is that was not kept when the month was closed; empty for every other one."""
    if point.standing != "computed" or point.value is None:
        return ""
    if entry.metric.status == MetricStatus.PROPOSED:
        return "computed now, never reported: the metric is only proposed"
    if point.month in values.kept.kept_months:
        return "computed now, never reported: the metric was not in use when the month was closed"
    return NOT_KEPT


def say_once(rows: list[dict[str, Any]], word: str) -> list[dict[str, str]]:
    """What several rows would say alike of values that were not kept, once for all, with a sign at each of these rows."""
    counts = Counter(row["computed"] for row in rows if row["computed"])
    notes = []
    for sign, text in zip(COMPUTED_SIGNS, [text for text, count in counts.items() if count > 1], strict=False):
        for row in rows:
            if row["computed"] == text:
                row["computed"], row["computed_sign"] = "", sign
        of = f"every {word} here" if counts[text] == len(rows) else f"{counts[text]} {word}s"
        notes.append({"sign": sign, "text": f"{text[0].upper()}{text[1:]} ({of})."})
    return notes


def mark_restated(
    request: TenantRequest, rows: list[dict[str, Any]], values: MetricValues, points: list[Point], marks: Marks
) -> None:
    """Beside every figure that a restatement gave, what was reported first, and the way to its restated months."""
    for row, period in zip(rows, values.periods(points[0].month, points[-1].month), strict=True):
        own = marks.restated_in(period)
        is_unknown = row["computed"] == NOT_KEPT and bool(own)
        if not row["reported"] and not is_unknown:
            continue
        row["is_restated"] = True
        row["restated"] = [restated_link(request, each, period) for each in own]


def restated_link(request: TenantRequest, found: Restated, period: Period) -> dict[str, str]:
    """The page of the newest revision of a restated month; in a longer period under the month's name."""
    about = {"month": month_format(found.month), "revision": found.latest.revision}
    name = month_text(found.month, locale_of(request))
    return {
        "label": "restated" if period.first == period.last else f"{name} restated",
        "url": reverse("month", kwargs={"client_slug": request.client.slug, **about}),
    }


def raise_base(request: TenantRequest, key: str) -> str:
    """Where a month of the metric is disputed, but for the month."""
    address = reverse("dispute_new", kwargs={"client_slug": request.client.slug})
    return f"{address}?figure=metric&metric={key}"
