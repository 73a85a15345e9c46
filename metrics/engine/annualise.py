"""The annual value of a contract line, in its own currency.

Source: ARR semantics, section 3. All arithmetic is on integers; a value is rounded once, half away from zero.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from metrics.engine.arrays import Ints, days_moved_by_months, months_of_days
from metrics.engine.lines import AMOUNT_BASES, CodedLines

MILLIONTHS_PER_CENT: Final = 10_000
MONTHS_PER_YEAR: Final = 12
DAYS_PER_YEAR: Final = 365
OVERAGE_PERIODS_PER_YEAR: Final = 4
PERIODS_PER_YEAR: Final = {"month": 12, "quarter": 4, "year": 1, "total": 1}


def annual_factor(lines: CodedLines) -> tuple[Ints, Ints]:
    """What each line's amount is multiplied by and divided by to pay for one year.

    Basis ``month`` 12 / 1, ``quarter`` 4 / 1, ``year`` 1 / 1; ``total`` 12 / m where the term is m whole months,
    otherwise 365 / days. Overage is 4 / 1, whatever its basis.
    """
    times = np.array([PERIODS_PER_YEAR[basis] for basis in AMOUNT_BASES], dtype=np.int64)[lines.basis]
    divided_by = np.ones(len(lines), dtype=np.int64)
    total = np.flatnonzero(lines.basis == AMOUNT_BASES.index("total"))
    times[total], divided_by[total] = term_factor(lines.starts[total], lines.natural_end[total])
    overage = np.flatnonzero(lines.is_overage)
    times[overage], divided_by[overage] = OVERAGE_PERIODS_PER_YEAR, 1
    return times, divided_by


def term_factor(starts: Ints, natural_end: Ints) -> tuple[Ints, Ints]:
    """12 / whole months of the term ``[starts, natural_end)``, or 365 / its days where it is no whole number of
    months.
    """
    months = months_of_days(natural_end) - months_of_days(starts)
    whole = (days_moved_by_months(starts, months) == natural_end) & (months > 0)
    return np.where(whole, MONTHS_PER_YEAR, DAYS_PER_YEAR), np.where(whole, months, natural_end - starts)


def annual_values(lines: CodedLines, discounts: str) -> Ints:
    """The annual value of each line in cents of its own currency; the discount is left out under ``list``, and
    always for overage.
    """
    amount = lines.frame["amount_e6"].to_numpy()
    if discounts == "net":
        discount = lines.frame["discount_e6"]
        discount = discount.fill_null(0) if discount.null_count() else discount
        amount = amount - np.where(lines.is_overage, 0, discount.to_numpy())
    return scaled_cents(amount, *annual_factor(lines))


def scaled_cents(amount_e6: Ints, times: Ints, divided_by: Ints) -> Ints:
    """``amount × times / divided_by`` in cents, rounded once, half away from zero; amounts are not negative.

    The quotient is taken before the multiplication, so that no product leaves 64 bits for any amount a frame can
    hold a year of.
    """
    value = rounded_quotient(amount_e6, times, MILLIONTHS_PER_CENT)
    # Most are divided by one number, which takes a tenth of the time that a division by a number of each line's own does.
    rows = np.flatnonzero(divided_by != 1)
    value[rows] = rounded_quotient(amount_e6[rows], times[rows], divided_by[rows] * MILLIONTHS_PER_CENT)
    return value


def rounded_quotient(amounts: Ints, times: Ints, divisor: Ints | int) -> Ints:
    """``amounts × times / divisor``, rounded half up; nothing is negative."""
    whole = amounts // divisor
    rest = amounts - whole * divisor
    return np.asarray(whole * times + (rest * times + divisor // 2) // divisor)
