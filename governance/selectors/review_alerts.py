"""The chapter of the board's review on metrics that were beyond their own thresholds."""

from governance.chapters import Chapter, chapter, counted
from governance.metric_figures import figure_text, unit_words, verdict_text
from governance.selectors.metric_alerts import Beyond, alert_history
from governance.selectors.metric_values import MetricValues, Point
from governance.selectors.review_chapters import MOST_ROWS, Span
from governance.thresholds import LIMITS
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
    alerts = sum(each.level == "alert" for each in found)
    times = f"{counted(alerts, 'time')} an alert, {counted(len(found) - alerts, 'time')} worth a look"
    return chapter(
        "alerts", "Alerts",
        f"{counted(len({each.entry.key for each in found}), 'metric')} went beyond a threshold: {times}." if found
        else "No metric was beyond its thresholds.",
        columns=("Metric", "Month", "Value", "Level", "Threshold", "Told", "Owner") if found else (),
        rows=[row_of(span, values, each) for each in found], most=MOST_ROWS, figures=(2,),
    )  # fmt: skip


def row_of(span: Span, values: MetricValues, found: Beyond) -> tuple[str, ...]:
    """A metric and month of the table."""
    owner = found.entry.metric.owner
    return (
        found.entry.name, month_format(found.point.month), figure_of(span, found, found.point), WORDS[found.level],
        verdict_text(
            found.verdict, found.version.content, span.client.currency, span.client.locale, values.registry.labels
        ),
        told_text(span, found), owner.get_full_name() if owner else "Nobody yet",
    )  # fmt: skip


def figure_of(span: Span, found: Beyond, point: Point) -> str:
    """A figure with its unit; of a closed month that kept none, that it is computed now."""
    if point.value is None:
        return "no value"
    unit, currency = found.version.content["unit"], span.client.currency
    of = unit_words(unit, currency, point.value)
    figure = f"{figure_text(point.value, unit, currency, span.client.locale)} {of}".strip()
    return f"{figure}, computed now" if point.standing == "computed" else figure


def told_text(span: Span, found: Beyond) -> str:
    """When somebody was told of it, and what the figure is by now where that is another one."""
    if found.told_at is None:
        return "Not told"
    said = date_text(day_at(span.client, found.told_at), span.client.locale)
    now = figure_of(span, found, found.now) if found.now is not None else ""
    return f"{said}; now {now}" if now and now != figure_of(span, found, found.point) else said
