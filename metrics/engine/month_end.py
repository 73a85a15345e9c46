"""ARR at one month end, line by line: what every comparison of two policies or of two sources starts from.

Source: ARR semantics, sections 4 and 5. Only the month end itself is valued — no history, no month before — so that
many policies can be tried at once. The contributions of the lines add up to the bridge's ending exactly: amounts are
rounded once per customer × product × currency, and the lines of such a grain, in order of line id, carry that
rounding between them, as in ``metrics.engine.explain``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import polars as pl

from metrics.engine.arrays import Ints, first_days_of_months, grouped_sum
from metrics.engine.fx import RATE_ONE, DailyRates, converter, day_rates, month_rates
from metrics.engine.lines import CodedLines
from metrics.engine.policy import Policy
from metrics.engine.settlement import Settlement
from metrics.engine.valuation import GAP_SCHEMA, NAMED_LINES, MissingRates, contract_days, line_gaps, lines_at

# What settling depends on; policies that differ elsewhere share one settlement.
SETTLING = (
    "recognition",
    "included_charge_types",
    "minimum_term_months",
    "overage",
    "discounts",
    "renewal_grace_days",
    "customer_unit",
)


@dataclass(frozen=True, slots=True)
class MonthEnd:
    """What each line adds to ARR at a month end: the lines at ``rows`` (in order) add ``cents`` of the reporting
    currency, each above or at 0; every other line adds nothing. ``settle`` gives the settlement behind it, which is
    ten times as large and seldom asked for.
    """

    lines: CodedLines
    settle: Callable[[], Settlement]
    rows: Ints
    cents: Ints

    @property
    def settled(self) -> Settlement:
        """From when until when each line counts."""
        return self.settle()

    @property
    def total(self) -> int:
        """ARR at the month end, the bridge's ending."""
        return int(self.cents.sum())

    def by(self, codes: Ints, size: int) -> Ints:
        """ARR by any code of the lines (one per line of the frame, in ``range(size)``)."""
        return grouped_sum(codes[self.rows], self.cents, size)

    def by_line(self) -> Ints:
        """What each line of the frame adds."""
        added = np.zeros(len(self.lines), dtype=np.int64)
        added[self.rows] = self.cents
        return added


def month_end(
    lines: CodedLines, settled: Settlement, rates: pl.DataFrame | DailyRates, policy: Policy, month: int
) -> MonthEnd:
    """ARR at a month end under a policy; ``settled`` are the lines settled under it.

    Raises ``MissingRates`` where a line that counts then cannot be valued.
    """
    rows = np.flatnonzero(lines_at(settled, month))
    rate = rates_at(lines, rows, rates, policy, month)
    if (missing := rows[rate == 0]).size:
        raise MissingRates(gaps_at(lines, missing, policy, month))
    local = settled.annual_value[rows]
    if policy.fx == "contract_date":
        # Each line is converted and rounded alone; above that everything is a plain sum.
        cents = converter(largest(local), largest(rate))(local, rate)
    else:
        cents = carried(lines, rows, local, rate)
    return MonthEnd(lines, lambda: settled, rows, cents)


def rates_at(lines: CodedLines, rows: Ints, rates: pl.DataFrame | DailyRates, policy: Policy, month: int) -> Ints:
    """The rate that values each of the rows at a month end, ``rate_e10``; 0 where there is none."""
    home = policy.reporting_currency
    if policy.fx == "contract_date":
        return day_rates(rates, lines.currency_names, home, lines.currency[rows], contract_days(lines)[rows])
    table = month_rates(rates, lines.currency_names, home, policy.fx, np.array([month]))
    return np.asarray(table[lines.currency[rows], 0])


def carried(lines: CodedLines, rows: Ints, local: Ints, rate: Ints) -> Ints:
    """What each of the rows adds, where a grain is converted and rounded as a whole; ``rate`` is one per currency."""
    if len(rows) == 0:
        return rows
    products, currencies = max(len(lines.product_names), 1), max(len(lines.currency_names), 1)
    grain = (lines.unit[rows] * products + lines.product[rows]) * currencies + lines.currency[rows]
    by_id = lines.frame["line_id"].gather(rows).arg_sort().to_numpy()
    order = by_id[np.argsort(grain[by_id], kind="stable")]
    running, sorted_grain = np.cumsum(local[order]), grain[order]
    first = np.append(True, sorted_grain[1:] != sorted_grain[:-1])
    before = np.append(0, running[:-1])[first]
    within = running - np.repeat(before, np.diff(np.append(np.flatnonzero(first), len(rows))))
    converted = converter(largest(within), largest(rate))(within, rate[order])
    added = np.diff(converted, prepend=0)
    added[first] = converted[first]
    cents = np.empty(len(rows), dtype=np.int64)
    cents[order] = added
    return cents


def largest(values: Ints) -> int:
    """The greatest value, at least that of the reporting currency's own rate."""
    return int(values.max(initial=RATE_ONE))


def gaps_at(lines: CodedLines, missing: Ints, policy: Policy, month: int) -> pl.DataFrame:
    """The rates that the lines at ``missing`` need and that are not there, as ``missing_rates`` reports them."""
    if policy.fx == "contract_date":
        return line_gaps(lines, missing)
    month_end_day = int(first_days_of_months(np.array([month + 1]))[0]) - 1
    day = np.datetime64(month_end_day, "D").item() if policy.fx == "spot" else None
    gaps = []
    for code in np.unique(lines.currency[missing]).tolist():
        names = lines.frame["line_id"].gather(missing[lines.currency[missing] == code]).sort()
        ids = names.head(NAMED_LINES).to_list()
        gap = {"currency": lines.currency_names[code], "month": month, "day": day, "lines": len(names), "line_ids": ids}
        gaps.append(gap)
    return pl.DataFrame(gaps, schema=GAP_SCHEMA).sort("currency")


def settling_key(policy: Policy) -> tuple[object, ...]:
    """Equal for policies under which lines settle alike."""
    return tuple(getattr(policy, name) for name in SETTLING)
