"""The finding a chart's title says, made from the data.

`finding_sentence(bridge, locale="en") -> str`
"""

from decimal import Decimal

from metrics.selectors.figures import Bridge, BridgeRow
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
# What answers what: customers who come and go, what those who stay buy more and less, and what nobody decided.
GROUPS = (("new", "reactivation", "churn"), ("expansion", "contraction"), ("fx",), ("adjustment",))


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
    return f"{label} {how} {ending} {span}, mostly by {cause} ({moved})"


def span_text(first: int, last: int, locale: str) -> str:
    """ "in Dec 2025", "from Jan 2025 to Dec 2025"."""
    end = month_text(last, locale)
    return f"in {end}" if first == last else f"from {month_text(first, locale)} to {end}"


def main_cause(rows: tuple[BridgeRow, ...], grew: bool) -> tuple[str, Decimal]:
    """What did most in the direction of the change, in words, and how much it did.

    Movements that answer each other are held against each other first, so that two large ones that cancel out are not taken for
    the cause of a change that came from elsewhere. The group that is left with most is the cause: its strongest movement, or,
    where the others took back more than half of that, what is left of it net of the strongest of them. Ties go to the first.
    """
    sums = {name: sum((getattr(row, name) for row in rows), Decimal(0)) * (1 if grew else -1) for name in CAUSES}
    group = max(GROUPS, key=lambda names: sum(sums[name] for name in names))
    net = sum((sums[name] for name in group), Decimal(0))
    first, last = max(group, key=sums.__getitem__), min(group, key=sums.__getitem__)
    is_net = net * 2 < sums[first]
    words = f"{CAUSES[first]} net of {CAUSES[last]}" if is_net else CAUSES[first]
    return words, (net if is_net else sums[first]) * (1 if grew else -1)
