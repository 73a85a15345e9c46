"""A metric beyond a threshold in words: for the notice that tells of it, and for the home of whom it concerns."""

from collections.abc import Mapping

from governance.metric_figures import figure_text, unit_words, verdict_text
from governance.selectors.metric_alerts import Beyond
from portal.lib.dates import month_text


def beyond_words(found: Beyond, currency: str, locale: str, labels: Mapping[str, str]) -> str:
    """What it is in its month, and what that is beyond: "NRR is 93.0% in Mar 2026, below 95.0%"."""
    content, point = found.version.content, found.point
    assert point.value is not None
    unit = content["unit"]
    figure = figure_text(point.value, unit, currency, locale)
    if unit.split(" ")[0] == "money":
        figure = f"{figure} {unit_words(unit, currency)}"
    limit = verdict_text(found.verdict, content, currency, locale, labels)
    return f"{found.entry.name} is {figure} in {month_text(point.month, locale)}, {limit}"
