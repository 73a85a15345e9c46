"""The finding a chart's title says, made from the data.

`finding_sentence(bridge, locale="en") -> str`
"""

from decimal import Decimal

from metrics.selectors.figures import MOVEMENTS, Bridge, BridgeRow
from portal.lib.dates import month_text
from portal.lib.money import money_text, percent_text

CAUSES = {
    "new": "new customers",
    "expansion": "expansion",
    "contraction": "contraction",
    "churn": "churn",
    "reactivation": "returning customers",
    "fx": "exchange rates",
    "adjustment": "the prior-period adjustment",
}


def finding_sentence(bridge: Bridge, locale: str = "en") -> str:
    """What happened from the first to the last period: how much ARR moved, and what moved it most.

    For example "ARR grew 12.4% to 8,334,450 USD from Jan 2025 to Dec 2025, mostly by new customers (+3,100,000)".
    """
    if not bridge.totals:
        return bridge.head.message or "There are no figures yet."
    first, last = bridge.totals[0], bridge.totals[-1]
    label, currency = bridge.head.label, bridge.head.currency
    span = span_text(first.period.first, last.period.last, locale)
    ending = f"{money_text(last.ending, currency, locale, places=0)} {currency}"
    change = last.ending - first.beginning
    if change == 0:
        return f"{label} stood at {ending} {span}"
    verb = "grew" if change > 0 else "fell"
    by = percent_text(abs(change) / first.beginning, locale) if first.beginning else ""
    how = f"{verb} {by} to" if by else ("grew from nothing to" if change > 0 else "fell to")
    cause, amount = main_cause(bridge.totals, change > 0)
    moved = money_text(amount, currency, locale, places=0, plus=True)
    return f"{label} {how} {ending} {span}, mostly by {CAUSES[cause]} ({moved})"


def span_text(first: int, last: int, locale: str) -> str:
    """ "in Dec 2025", "from Jan 2025 to Dec 2025"."""
    end = month_text(last, locale)
    return f"in {end}" if first == last else f"from {month_text(first, locale)} to {end}"


def main_cause(rows: tuple[BridgeRow, ...], grew: bool) -> tuple[str, Decimal]:
    """The movement that did most in the direction of the change; ties go to the first in the order of the bridge."""
    sums = {name: sum((getattr(row, name) for row in rows), Decimal(0)) for name in (*MOVEMENTS, "fx", "adjustment")}
    return max(sums.items(), key=lambda item: item[1] if grew else -item[1])
