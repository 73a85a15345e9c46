"""At which figures a metric would ring under other thresholds, and at which it does now, in words made of a kept impact."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from governance.change_impact_tables import MORE_DIGITS, SIDES, Shown, figure_of
from portal.lib.dates import dated_text, month_text

RINGS: Final = {"alert": "alerts", "warn": "is worth a look"}
NAMES: Final = {"alert": "alert threshold", "warn": "threshold for a look"}
LEVELS: Final = {"": ("", "None"), "warn": ("waiting", "Worth a look"), "alert": ("refused", "Alert")}
Limit = Mapping[str, Any]


def limits_told(shown: Shown) -> list[str]:
    """Of the newest month, by level: the figure at which the metric would ring, at which it does, and in how many months.

    Nothing for whatever is no request about thresholds, and for a preview that did not keep the figures yet.
    """
    told = [each for each in shown.impact.content["metrics"] if each["role"] == "changed" and each["points"]]
    if not told or "limits_after" not in told[0]["points"][-1]:
        return []
    return [sentence for level in RINGS if (sentence := level_told(shown, told[0], level))]


def alerts_told(shown: Shown) -> dict[str, Any] | None:
    """Which alerts would have fired month by month, under the thresholds as they stand and as they are asked for; None for
    whatever is no request about thresholds.
    """
    metric = next(
        (each for each in shown.impact.content["metrics"] if "level_after" in (each["points"] or [{}])[-1]), None
    )
    if metric is None:
        return None
    points = metric["points"]
    fired = {
        level: [sum(each[f"level_{side}"] == level for each in points) for side in SIDES] for level in ("alert", "warn")
    }
    rung = [each for each in reversed(points) if each["level_before"] or each["level_after"]]
    rows = [alert_row(shown, metric, each) for each in rung]
    none = "No alert would have fired and no month would have been worth a look, as it stands and as it is asked for"
    return {
        "key": metric["key"], "name": metric["name"], "months": len(points),
        "finding": none if not rung else f"{fired_words('alert', fired)}; {fired_words('warn', fired)}",
        "rows": rows, "has_limits": len({row["limits"] for row in rows}) > 1,  # those that are alike stand above
    }  # fmt: skip


def fired_words(level: str, fired: Mapping[str, list[int]]) -> str:
    """How often a level was reached as it stands and would have been: "3 alerts instead of 1"."""
    was, then = fired[level]
    name = {"alert": "alert", "warn": "month"}[level] + ("" if then == 1 else "s")
    return f"{then} {name}{' worth a look' if level == 'warn' else ''}{', as before' if was == then else f' instead of {was}'}"


def alert_row(shown: Shown, metric: Mapping[str, Any], point: Mapping[str, Any]) -> dict[str, Any]:
    """One month in which the metric rings under one of the two."""
    value = point["after"]
    return {
        "month": month_text(point["month"], shown.locale),
        "value": figure_of(shown, metric["unit"], None if value is None else Decimal(value)),
        "before": LEVELS[point["level_before"]], "after": LEVELS[point["level_after"]],
        "differs": point["level_before"] != point["level_after"],
        "limits": month_limits(shown, metric["unit"], dict(point)),
    }  # fmt: skip


def level_told(shown: Shown, metric: dict[str, Any], level: str) -> str:
    """One level as sentences; empty where neither side has a threshold of it."""
    points, newest = metric["points"], metric["points"][-1]
    if not any(level in newest[f"limits_{side}"] for side in SIDES):
        return ""
    month = month_text(newest["month"], shown.locale)
    was, then = (sum(each[f"level_{side}"] == level for each in points) for side in SIDES)
    months = "1 month" if len(points) == 1 else f"{len(points)} months"
    change = limit_change(shown, metric["unit"], newest, level)
    return f"In {month} it {change}. It would do so in {then} of {months}, before: {was}."


def limit_change(shown: Shown, unit: str, point: dict[str, Any], level: str, *, is_row: bool = False) -> str:
    """Beyond what a metric rings in a month: "alerts below 1,234 USD; was 1,100 USD". That it rang at no figure so far is said
    of every month at once: a row leaves it out.
    """
    old, new = (point[f"limits_{side}"].get(level) for side in SIDES)
    before, after = limit_pair(shown, unit, old, new)
    if new is None:
        return f"{RINGS[level]} at no figure any more; was {before}"
    if new["reason"]:
        now = f"cannot be held against its {NAMES[level]}: {dated_text(new['reason'], shown.locale)}"
    else:
        now = f"{RINGS[level]} {after}"
    if old is None:
        return now if is_row else f"{now}; so far at no figure"
    return f"{now}, as before" if old == new else f"{now}; was {before}"


def limit_pair(shown: Shown, unit: str, old: Limit | None, new: Limit | None) -> tuple[str, str]:
    """Two limits as text, with as many digits as tell them apart."""
    texts = ("", "")
    for more in range(MORE_DIGITS + 1):
        texts = (limit_text(shown, unit, old, more), limit_text(shown, unit, new, more))
        if texts[0] != texts[1] or old == new:
            break
    return texts


def limit_text(shown: Shown, unit: str, limit: Limit | None, more: int = 0) -> str:
    """A limit as text: below and above what, or why it cannot be said; empty where there is none."""
    if limit is None:
        return ""
    if limit["reason"]:
        return f"not to be said ({dated_text(limit['reason'], shown.locale)})"
    ends = [
        f"{side} {figure_of(shown, unit, Decimal(limit[side]), more)}"
        for side in ("below", "above")
        if limit[side] is not None
    ]
    return " or ".join(ends)


def month_limits(shown: Shown, unit: str, point: dict[str, Any]) -> str:
    """The figures of one month, for the list of all months; empty where none were kept."""
    if "limits_after" not in point:
        return ""
    return "; ".join(
        limit_change(shown, unit, point, level, is_row=True)
        for level in RINGS
        if any(level in point[f"limits_{side}"] for side in SIDES)
    )
