"""The tables and the chart of a change request's impact, made of its stored result for `table.html` and `chart.html`."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from governance.change_impact import REST, TOTAL, Impact
from governance.metric_figures import figure_text, unit_words
from metrics.engine.bridge import AMOUNTS, COUNTS
from metrics.figures import from_cents
from metrics.models import Recognition
from metrics.selectors.periods import Grain, Period, period_label, periods_of
from portal.lib.money import figure_style, money_text, number_text, percent_text, unit_text

SIDES: Final = ("before", "after")
MOST_COLUMNS: Final = 6
MORE_DIGITS: Final = 6
OPENING: Final = ("beginning", "customers_beginning")
CLOSING: Final = ("ending", "customers_ending")
RATIOS: Final = (("now_cents", "NRR"), ("kept_cents", "GRR"))
LABELS: Final = {
    "beginning": "Beginning",
    "new": "New",
    "reactivation": "Reactivation",
    "expansion": "Expansion",
    "contraction": "Contraction",
    "churn": "Churn",
    "fx": "FX",
    "ending": "Ending",
    "customers_beginning": "Customers at the beginning",
    "customers_new": "New customers",
    "customers_reactivated": "Returning customers",
    "customers_churned": "Lost customers",
    "customers_ending": "Customers at the end",
}
"""The figures of a bridge in the order in which they are read."""
OTHERS: Final = "All others"
TOLD_APART: Final = Decimal("0.05")  # of what the axis spans: some ten pixels


@dataclass(frozen=True)
class Shown:
    """An impact as a reader looks at it: by month or quarter, in their locale."""

    impact: Impact
    grain: Grain
    fiscal_year_start: int
    locale: str
    arr_url: str = ""

    @property
    def currency(self) -> str:
        return str(self.impact.content["currency"])

    @property
    def periods(self) -> list[Period]:
        """The periods of the book, the oldest first."""
        months = self.impact.months
        return periods_of(months[0], months[-1], self.grain, self.fiscal_year_start) if months else []

    @property
    def bases(self) -> tuple[str, str]:
        """What the balances before and after are of: ARR both, unless the request takes another recognition."""
        before, after = self.impact.bases or (Recognition.START, Recognition.START)
        return str(Recognition(before).label), str(Recognition(after).label)

    @property
    def balances(self) -> list[str]:
        """The columns of the balances before and after."""
        return [f"{name} {side}" for name, side in zip(self.bases, SIDES, strict=True)]

    def label(self, period: Period) -> str:
        """“Dec 2025”, “Q4 FY2025”."""
        return period_label(period, self.grain, self.locale)

    def cents(self, side: str, figure: str, period: Period, dimension: str = TOTAL, group: str = REST) -> int | None:
        """A figure of a period: a balance at its first or last month, a flow as the sum of its months."""
        if figure in OPENING:
            return self.impact.cents(side, figure, period.first, dimension, group)
        if figure in CLOSING:
            return self.impact.cents(side, figure, period.last, dimension, group)
        parts = [
            self.impact.cents(side, figure, month, dimension, group) for month in range(period.first, period.last + 1)
        ]
        return None if any(part is None for part in parts) else sum(part for part in parts if part is not None)

    def cell(self, side: str, figure: str, period: Period, dimension: str = TOTAL, group: str = REST) -> dict[str, Any]:
        """A figure for a table, in money or customers; a dash with its reason where there is none."""
        found = self.cents(side, figure, period, dimension, group)
        value = None if found is None else from_cents(found) if figure in AMOUNTS else found
        return {"value": value, "reason": self.impact.reason(side, period.last)}

    def change(self, figure: str, period: Period, dimension: str = TOTAL, group: str = REST) -> dict[str, Any]:
        """After less before, for a table."""
        before, after = (self.cents(side, figure, period, dimension, group) for side in SIDES)
        if before is None or after is None:
            reasons = (self.impact.reason(side, period.last) for side in SIDES)
            return {"value": None, "reason": next(filter(None, reasons), "No figure")}
        return {"value": from_cents(after - before) if figure in AMOUNTS else after - before}

    def ratio(self, side: str, over: str, period: Period, dimension: str = TOTAL, group: str = REST) -> dict[str, Any]:
        """NRR or GRR at a period's end, for a table."""
        reason = self.impact.reason(side, period.last) or "Nobody had ARR twelve months before, or rates are missing"
        return {"value": self.impact.ratio(side, over, period.last, dimension, group), "reason": reason}

    def differs(self, period: Period, dimension: str = TOTAL, group: str = REST) -> bool:
        """Whether any figure of a period differs, or has none on one side."""
        figures = (*AMOUNTS, *COUNTS, "base_cents", "now_cents", "kept_cents")
        return any(self.cents("before", name, period, dimension, group) != self.cents("after", name, period, dimension, group)
                   for name in figures)  # fmt: skip


def figure_of(shown: Shown, unit: str, value: Decimal | None, more: int = 0) -> str | None:
    """A metric's figure as text with what it is of; None where there is no value."""
    if value is None:
        return None
    text = figure_text(value, unit, shown.currency, shown.locale, more=more)
    return f"{text} {unit_words(unit, shown.currency, value)}".strip()


def months_table(shown: Shown) -> dict[str, Any]:
    """ARR, NRR, GRR and customers by period, the newest first."""
    columns = [
        {"label": shown.grain.title(), "kind": "text"},
        *({"label": label, "kind": kind} for label, kind in (
            *((name, "money") for name in shown.balances), ("Change", "signed"), ("NRR before", "percent"),
            ("NRR after", "percent"), ("GRR before", "percent"), ("GRR after", "percent"), ("Customers before", "count"),
            ("Customers after", "count"),
        )),
    ]  # fmt: skip
    rows = []
    for period in reversed(shown.periods):
        figures = [shown.cell(side, "ending", period) for side in SIDES] + [shown.change("ending", period)]
        figures += [shown.ratio(side, over, period) for over, _ in RATIOS for side in SIDES]
        figures += [shown.cell(side, "customers_ending", period) for side in SIDES]
        rows.append({"id": f"impact-{period.key}", "cells": [shown.label(period), *figures]})
    return {
        "id": "impact-months", "caption": f"Before and after, by {shown.grain}", "unit": unit_text(shown.currency),
        "columns": columns, "rows": rows, "tall": len(rows) > 14,
    }  # fmt: skip


def groups_table(shown: Shown, dimension: str, period: Period) -> dict[str, Any]:
    """Every group that changes, with all others, in one period."""
    with_ratios = dimension != "product"
    names = [*shown.balances, "Change", *(("NRR before", "NRR after") if with_ratios else ()), "Customers before",
             "Customers after"]  # fmt: skip
    kinds = ["money", "money", "signed", *(("percent", "percent") if with_ratios else ()), "count", "count"]
    columns = [{"label": dimension.title(), "kind": "text"}]
    columns += [{"label": name, "kind": kind} for name, kind in zip(names, kinds, strict=True)]

    def cells(of: tuple[str, str]) -> list[dict[str, Any]]:
        made = [shown.cell(side, "ending", period, *of) for side in SIDES] + [shown.change("ending", period, *of)]
        made += [shown.ratio(side, "now_cents", period, *of) for side in SIDES] if with_ratios else []
        return made + [shown.cell(side, "customers_ending", period, *of) for side in SIDES]

    rows = [
        {"id": f"impact-{dimension}-{place}", "cells": [label, *cells((dimension, group))]}
        for place, (group, label) in enumerate(groups_of(shown.impact, dimension))
    ]
    total = {"id": f"impact-{dimension}-total", "cells": ["Total", *cells((TOTAL, REST))]}
    return {
        "id": "impact-groups", "caption": f"{shown.label(period)} by {dimension}", "unit": unit_text(shown.currency),
        "columns": columns, "rows": rows, "total": total,
        "empty": {"title": f"Nothing has a {dimension}", "text": ""},
    }  # fmt: skip


def groups_of(impact: Impact, dimension: str) -> list[tuple[str, str]]:
    """The groups of a dimension as (group, label): those that change by name, then all others together."""
    found = impact.book["groups"][dimension] if impact.book else {"changed": [], "rest": None}
    named = [(row["group"], row["group"]) for row in found["changed"]]
    return named + ([(REST, f"{OTHERS} ({found['rest']['count']})")] if found["rest"] else [])


def changes_table(shown: Shown, dimension: str) -> dict[str, Any]:
    """How ARR changes by period and group, the newest first; periods in which nothing does are left out."""
    groups = groups_of(shown.impact, dimension)
    told, more = groups[:MOST_COLUMNS], groups[MOST_COLUMNS:]
    columns = [{"label": shown.grain.title(), "kind": "text"}]
    columns += [{"label": label, "kind": "signed"} for _, label in told]
    columns += [{"label": f"{len(more)} more", "kind": "signed"}] if more else []
    columns += [{"label": "Total", "kind": "signed"}]
    rows = []
    for period in reversed(shown.periods):
        cells = [shown.change("ending", period, dimension, group) for group, _ in told]
        if more:
            values = [shown.change("ending", period, dimension, group)["value"] for group, _ in more]
            cells.append({"value": None if None in values else sum(values)})
        if any(cell["value"] for cell in cells):
            rows.append({"id": f"impact-change-{period.key}", "cells": [shown.label(period), *cells,
                                                                        shown.change("ending", period)]})  # fmt: skip
    return {
        "id": "impact-changes", "caption": f"Change of ARR by {shown.grain} and {dimension}", "unit": unit_text(shown.currency),
        "columns": columns, "rows": rows, "tall": len(rows) > 14,
        "empty": {"title": f"ARR changes in no {shown.grain}", "text": "What moves is told by the bridge."},
    }  # fmt: skip


def bridge_rows(shown: Shown, period: Period) -> list[dict[str, Any]]:
    """The bridge of one period before and after, line by line; what differs is marked."""
    rows = []
    for name, label in LABELS.items():
        before, after = (shown.cell(side, name, period) for side in SIDES)
        rows.append({
            "label": label, "before": before, "after": after, "change": shown.change(name, period), "is_money": name in AMOUNTS,
            "differs": before["value"] != after["value"], "is_sum": name in CLOSING,
        })  # fmt: skip
    for over, label in RATIOS:
        before, after = (shown.ratio(side, over, period) for side in SIDES)
        places = ratio_places(shown, before["value"], after["value"])
        rows.append({
            "label": label, "before": before, "after": after, "places": places,
            "points": points_text(shown, before["value"], after["value"], places),
            "is_ratio": True, "differs": before["value"] != after["value"],
        })  # fmt: skip
    return rows


def ratio_places(shown: Shown, before: Any, after: Any) -> int:
    """How many digits two ratios are shown with: one more where they differ and read the same otherwise."""
    if before is None or after is None or before == after:
        return 1
    return 1 if percent_text(before, shown.locale) != percent_text(after, shown.locale) else 2


def points_text(shown: Shown, before: Any, after: Any, places: int = 1) -> str:
    """How far two ratios lie apart, in percentage points; empty where one has no value."""
    if before is None or after is None:
        return ""
    return f"{number_text((after - before) * 100, shown.locale, places=places, plus=True)} points"


def impact_chart(shown: Shown, title: str) -> dict[str, Any]:
    """ARR before and after, as lines; a month without a figure is a gap. Where the lines would lie on each other, what lies
    between them, as columns.
    """
    periods, style = shown.periods, figure_style(shown.locale)
    before, after = ([shown.cell(side, "ending", period)["value"] for period in periods] for side in SIDES)
    made = {
        "id": "impact-chart", "kind": "lines", "title": title, "unit": unit_text(shown.currency),
        "labels": [shown.label(period) for period in periods], "separators": style.separators, "from_zero": False,
        "series": [
            chart_series(shown, "After", "accent", after), chart_series(shown, "Before", "neutral", before)
        ],
    }  # fmt: skip
    if not is_alike(before, after):
        return made
    apart = [shown.change("ending", period)["value"] for period in periods]
    series = [chart_series(shown, "After less before", "accent", apart, plus=True)]
    return made | {"kind": "columns", "unit": f"After less before, {made['unit']}", "series": series}


def chart_series(
    shown: Shown, name: str, role: str, values: Sequence[Decimal | None], *, plus: bool = False
) -> dict[str, Any]:
    """A line or a row of columns, with each value in words."""
    texts = [
        "no value" if each is None else money_text(each, shown.currency, shown.locale, plus=plus) for each in values
    ]
    return {
        "name": name,
        "role": role,
        "values": [None if each is None else str(each) for each in values],
        "texts": texts,
    }


def is_alike(before: Sequence[Decimal | None], after: Sequence[Decimal | None]) -> bool:
    """Whether the two differ, and so little that their lines could not be told apart in one chart."""
    pairs = [(old, new) for old, new in zip(before, after, strict=True) if old is not None and new is not None]
    if not pairs:
        return False
    levels = [level for pair in pairs for level in pair]
    most = max(abs(new - old) for old, new in pairs)
    return 0 < most < (max(levels) - min(levels)) * TOLD_APART
