"""Which closed months a restatement under another policy would close again.

`restated_months(impact, reported, since) -> frozenset[int]`. Reads only; runs in the client's scope.

A restatement holds what the books say under the policy that is asked for against what was *reported*, whatever moved it: the
request itself, an earlier change that left closed months alone, or contracts that were corrected since. It compares all that a
close keeps, of ARR, CARR and LARR: where one of them differs anywhere, the month is closed again for all three. So does this,
from what is quick to see (the totals of the own book) to what is not.
"""

from collections.abc import Collection, Mapping
from typing import Final

import numpy as np

from metrics.engine.bridge import AMOUNTS, COUNTS
from metrics.engine.drill import Settled, settled_balances
from metrics.engine.series import FIGURES, Group
from metrics.engine.tally import RETAINED
from metrics.engine.valuation import line_values, rates_for
from metrics.models import CloseBalance, CloseBridge, MonthClose
from metrics.selectors.closes import latest_closes
from metrics.selectors.policy_impact import ImpactSide, PolicyImpact, computed_under, side_of

RETAINED_AT: Final = len(AMOUNTS) + len(COUNTS)
Series = dict[Group, tuple[int, ...]]


def restated_months(
    impact: PolicyImpact, reported: Mapping[int, Mapping[str, int]], since: int | None
) -> frozenset[int]:
    """The closed months that would be closed again from `since` on (None: nothing is restated).

    Of another recognition with other rules, and of months without a figure, it cannot be said: these are all of them.
    """
    if since is None or impact.changed == ("recognition",):
        return frozenset()
    later = {month for month in reported if month >= since}
    if "recognition" in impact.changed:
        return frozenset(later)
    after = impact.after
    found = {
        month for month in later
        if month not in impact.months or after.reason(month)
        or any(cents != after.cents(name, month) for name, cents in reported[month].items())
    }  # fmt: skip
    closes = latest_closes()
    for name in (
        after.policy.recognition,
        *sorted({close.recognition for close in closes} - {after.policy.recognition}),
    ):
        left = [close for close in closes if close.recognition == name and close.month in later - found]
        if left:
            found |= moved_months(impact, side_under(impact, name), left)
    return frozenset(found)


def side_under(impact: PolicyImpact, recognition: str) -> ImpactSide:
    """The book of a recognition under the policy that is asked for."""
    if recognition == impact.after.policy.recognition:
        return impact.after
    made = computed_under(impact.given, impact.after.policy.with_(recognition=recognition), impact.last)
    series = made[-1].series
    return side_of(*made, impact.first if series is None else min(series.first, impact.first), impact.last)


def moved_months(impact: PolicyImpact, side: ImpactSide, closes: Collection[MonthClose]) -> set[int]:
    """The months of these closes, all of one book, of which that says something else anywhere."""
    kept: dict[int, Series] = {close.pk: {} for close in closes}
    for row in CloseBridge.objects.filter(close__in=closes):
        money = [int(getattr(row, name).scaleb(2)) for name in AMOUNTS]
        figures = (*money, *(getattr(row, name) for name in COUNTS))
        kept[row.close_id][row.dimension, row.group] = (*figures, *(0 for _ in RETAINED))
    return {close.month for close in closes if is_moved(impact, side, close, kept[close.pk])}


def is_moved(impact: PolicyImpact, side: ImpactSide, close: MonthClose, bridge: Series) -> bool:
    """Whether a book says something else of a month than its close: of a group, of retention, or of a customer."""
    if side.reason(close.month):
        return True
    for dimension, groups in close.retention.items():
        for group, figures in groups.items():
            row = bridge.get((dimension, group), (0,) * len(FIGURES))
            bridge[dimension, group] = (*row[:RETAINED_AT], *(figures[name] for name in RETAINED))
    if without_nothing(bridge) != without_nothing(series_at(side, close.month)):
        return True
    return balances_kept(close) != balances_of(impact, side, close.month)


def series_at(side: ImpactSide, month: int) -> Series:
    """Every group of a book in a month."""
    return {key: tuple(values[:, month - side.first].tolist()) for key, values in side.groups.items()}


def without_nothing(series: Series) -> Series:
    """Without groups in which everything is 0: these are not kept."""
    return {key: values for key, values in series.items() if np.any(values)}


def balances_kept(close: MonthClose) -> list[tuple[str, str, str, int, int]]:
    """What a close keeps of each customer, product and currency, in cents."""
    return sorted(
        (row.customer, row.product, row.currency, int(row.local_amount.scaleb(2)), int(row.amount.scaleb(2)))
        for row in CloseBalance.objects.filter(close=close)
    )


def balances_of(impact: PolicyImpact, side: ImpactSide, month: int) -> list[tuple[str, str, str, int, int]]:
    """The same as a book has it; nothing of a month in which nobody had ARR yet."""
    series = side.computed.series
    if series is None or month < series.first:
        return []
    lines, settled = side.ready.lines, side.ready.settled
    rates = rates_for(lines, impact.given.rates, side.policy, month, month)
    at = Settled(lines, settled, rates, line_values(lines, settled, rates), side.policy, month)
    rows = settled_balances(at).select("customer", "product", "currency", "local_cents", "reporting_cents")
    return sorted(rows.iter_rows())
