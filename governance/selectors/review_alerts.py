"""The chapter of the board's review on metrics that were beyond their own thresholds."""

from collections.abc import Sequence
from dataclasses import dataclass

from governance.board_words import joined
from governance.chapters import Chapter, chapter, counted
from governance.metric_breaks import own_books
from governance.metric_figures import figure_text, unit_words, verdict_text
from governance.selectors.metric_alerts import Beyond, alert_history
from governance.selectors.metric_values import MetricValues, Point
from governance.selectors.review_chapters import MOST_ROWS, Span
from governance.thresholds import LIMITS
from metrics.models import Recognition
from metrics.selectors.policies import policy_versions
from portal.lib.dates import date_text
from portal.lib.periods import month_format
from portal.tenancy.clock import day_at

WORDS = {"alert": "Alert", "warn": "Worth a look"}


def alerts_chapter(span: Span) -> Chapter | None:
    """Which metrics were beyond a threshold in which month; none where nothing has a threshold, or there are no figures."""
    values = MetricValues(span.client)
    months = values.months
    watched = sum(any(entry.content[name] for name in LIMITS.values()) for entry in values.registry.entries.values())
    if months is None or not watched or span.period.first > months[1]:
        return None
    found = alert_history(values, max(span.period.first, months[0]), min(span.period.last, months[1]))
    told, books = alerts_told(span, values, found)
    alerts = sum(each.level == "alert" for each in found)
    times = f"{counted(alerts, 'time')} an alert, {counted(len(found) - alerts, 'time')} worth a look"
    return chapter(
        "alerts", "Alerts",
        f"{counted(len({each.entry.key for each in found}), 'metric')} went beyond a threshold: {times}." if found
        else "No metric was beyond its thresholds.",
        f"What is computed from {joined(books)} says so: these are books of the same contracts, and what lies between a figure "
        "of one and a figure of another is no movement." if books else "",
        columns=("Metric", "Month", "Value", "Level", "Threshold", "Told", "Owner") if found else (),
        rows=[row_of(span, values, each) for each in told], most=MOST_ROWS, figures=(2,),
    )  # fmt: skip


@dataclass(frozen=True)
class ToldOf:
    """What was beyond a threshold, with the books that its figure and the one of now are computed from; empty where all figures
    of the chapter are of one book, or the metric is of no such book.
    """

    found: Beyond
    then: str = ""
    now: str = ""


def alerts_told(span: Span, values: MetricValues, found: Sequence[Beyond]) -> tuple[list[ToldOf], list[str]]:
    """What is told of, each with its books; and the names of these, where they are several."""
    versions = [(row.created_at, row.parameters["recognition"]) for row in policy_versions()]
    books = {"": "", **dict(Recognition.choices)}
    told = []
    for each in found:
        now = next(iter(own_books(values, each.entry.key, [each.point])), "")
        at = each.told_at
        then = next((book for since, book in versions if now and at is not None and since <= at), now)
        told.append(ToldOf(each, books[then], books[now] if at is not None else ""))
    named = list(dict.fromkeys(book for each in told for book in (each.then, each.now) if book))
    if len(named) > 1:
        return told, named
    return [ToldOf(each.found) for each in told], []


def row_of(span: Span, values: MetricValues, told: ToldOf) -> tuple[str, ...]:
    """A metric and month of the table."""
    found = told.found
    owner = found.entry.metric.owner
    return (
        found.entry.name, month_format(found.point.month), figure_of(span, told, found.point, told.then),
        WORDS[found.level],
        verdict_text(
            found.verdict, found.version.content, span.client.currency, span.client.locale, values.registry.labels
        ),
        told_text(span, told), owner.get_full_name() if owner else "Nobody yet",
    )  # fmt: skip


def figure_of(span: Span, told: ToldOf, point: Point, book: str) -> str:
    """A figure with its unit and book; of a closed month that kept none, that it is computed now."""
    if point.value is None:
        return "no value"
    unit, currency = told.found.version.content["unit"], span.client.currency
    of = unit_words(unit, currency, point.value)
    figure = f"{figure_text(point.value, unit, currency, span.client.locale)} {of}".strip()
    figure = f"{figure} ({book})" if book else figure
    return f"{figure}, computed now" if point.standing == "computed" else figure


def told_text(span: Span, told: ToldOf) -> str:
    """When somebody was told of it, and what the figure is by now where that is another one."""
    found = told.found
    if found.told_at is None:
        return "Not told"
    said = date_text(day_at(span.client, found.told_at), span.client.locale)
    now = figure_of(span, told, found.now, told.now) if found.now is not None else ""
    return f"{said}; now {now}" if now and now != figure_of(span, told, found.point, told.then) else said
