"""Where the months of a metric do not go on as they began: its formula became another one.

`formula_breaks(values, key, first, last) -> list[FormulaBreak]`
"""

from dataclasses import dataclass

from governance.metric_figures import figure_text, unit_words
from governance.selectors.metric_values import MetricValues, Point
from governance.selectors.registry import VersionShown
from portal.lib.dates import month_text


@dataclass(frozen=True)
class FormulaBreak:
    """From `month` on a version with another formula holds. `earlier` is the month before it as it was computed, `later` as the
    new formula would have it.
    """

    month: int
    before: VersionShown
    after: VersionShown
    earlier: Point
    later: Point


def formula_breaks(values: MetricValues, key: str, first: int, last: int) -> list[FormulaBreak]:
    """The months from `first` to `last` in which another formula holds than in the month before, in order."""
    entry = values.registry.entries[key]
    found = []
    for month in range(first, last + 1):
        before, after = entry.at(month - 1), entry.at(month)
        if before is None or after is None or before.content["formula"] == after.content["formula"]:
            continue
        changed = MetricValues(
            values.client, values.registry.having(key, after.content, None), values.reader, is_trial=True
        )
        earlier, later = values.point(key, month - 1), changed.point(key, month - 1)
        found.append(FormulaBreak(month, before, after, earlier, later))
    return found


def break_sentence(each: FormulaBreak, currency: str, locale: str) -> str:
    """The footnote of a break: from when, by which decision, and the month before by both formulas."""
    month, before = month_text(each.month, locale), month_text(each.month - 1, locale)
    why = f": {each.after.reason}" if each.after.reason else ""
    figures = [
        f"{figure_text(point.value, version.content['unit'], currency, locale)} "
        f"{unit_words(version.content['unit'], currency)}".strip()
        if point.value is not None
        else "no value"
        for point, version in ((each.earlier, each.before), (each.later, each.after))
    ]
    return (
        f"From {month} another formula holds (v{each.after.number}{why}). "
        f"{before} by the formula before: {figures[0]}; by the new one: {figures[1]}."
    )
