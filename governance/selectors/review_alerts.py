"""The chapter of the board's review on metrics that were beyond their own thresholds."""

from governance.chapters import Chapter, chapter, counted
from governance.metric_figures import LIMITS, figure_text, limit_text, unit_words
from governance.selectors.metric_alerts import Beyond, beyond_list
from governance.selectors.metric_values import MetricValues
from governance.selectors.review_chapters import MOST_ROWS, Span
from portal.lib.periods import month_format

WORDS = {"alert": "Alert", "warn": "Worth a look"}


def alerts_chapter(span: Span) -> Chapter | None:
    """Which metrics were beyond a threshold in which month; none where nothing has a threshold, or there are no figures."""
    values = MetricValues(span.client)
    months = values.months
    watched = sum(any(entry.content[name] for name in LIMITS.values()) for entry in values.registry.entries.values())
    if months is None or not watched or span.period.first > months[1]:
        return None
    found = beyond_list(values, max(span.period.first, months[0]), min(span.period.last, months[1]))
    alerts = sum(each.level == "alert" for each in found)
    times = f"{counted(alerts, 'time')} an alert, {counted(len(found) - alerts, 'time')} worth a look"
    return chapter(
        "alerts", "Alerts",
        f"{counted(len({each.entry.key for each in found}), 'metric')} went beyond a threshold: {times}." if found
        else "No metric was beyond its thresholds.",
        columns=("Metric", "Month", "Value", "Level", "Threshold", "Owner") if found else (),
        rows=[row_of(span, each) for each in found], most=MOST_ROWS, figures=(2,),
    )  # fmt: skip


def row_of(span: Span, found: Beyond) -> tuple[str, ...]:
    """A metric and month of the table."""
    content, currency, locale = found.version.content, span.client.currency, span.client.locale
    assert found.point.value is not None
    owner = found.entry.metric.owner
    figure = (
        f"{figure_text(found.point.value, content['unit'], currency, locale)} {unit_words(content['unit'], currency)}"
    )
    return (
        found.entry.name, month_format(found.point.month), figure.strip(), WORDS[found.level],
        limit_text(content, LIMITS[found.level], currency, locale), owner.get_full_name() if owner else "",
    )  # fmt: skip
