"""Exchange rates: which rate values an amount, and the exact conversion.

Source: ARR semantics, section 5. A rate is ``rate_e10``, ten-billionths of the reporting currency for one unit; a
table holds 0 where there is no rate. Nothing is guessed and nothing is a float.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeAlias

import numpy as np
import polars as pl

from metrics.engine.arrays import Ints, first_days_of_months, ints, months_of_days

# By currency what ``currency_rates`` gives; the reporting currency needs none.
DailyRates: TypeAlias = dict[str, tuple[Ints, Ints]]
Convert: TypeAlias = Callable[[Ints, Ints | int], Ints]

RATE_ONE: Final = 10**10
HALF_LIMB: Final = 10**5
OLDEST_RATE_DAYS: Final = 7
NO_RATES: Final = np.empty(0, dtype=np.int64)
# Averages are rounded to 8 decimals, that is to hundreds of ten-billionths.
AVERAGE_STEP: Final = 100
INT64_MAX: Final = 2**63 - 1


def converter(largest_cents: int, largest_rate_e10: int) -> Convert:
    """The function that values cents at a rate, rounded to cents half away from zero.

    The product of cents and ``rate_e10`` may leave 64 bits; then the rate is taken in two parts of five digits. Only
    where even those could overflow for amounts up to ``largest_cents`` is the slow exact arithmetic of Python
    integers used.
    """
    if largest_cents * largest_rate_e10 + RATE_ONE // 2 <= INT64_MAX:
        return convert_at_once
    high = largest_rate_e10 // HALF_LIMB + 1
    fits = largest_cents * (high + 1) < INT64_MAX and (largest_cents + HALF_LIMB) * HALF_LIMB < INT64_MAX
    return convert_in_parts if fits else convert_wide


def convert_at_once(cents: Ints, rate_e10: Ints | int) -> Ints:
    """Cents at a rate, whose product fits into 64 bits; the amounts are not negative."""
    product = np.asarray(cents * rate_e10)
    product += RATE_ONE // 2
    # Numbers without a sign are divided in half the time.
    unsigned = product.view(np.uint64)
    unsigned //= np.uint64(RATE_ONE)
    return product


def convert_in_parts(cents: Ints, rate_e10: Ints | int) -> Ints:
    """Cents at a rate in 64-bit arithmetic; the amounts are not negative and within the limits of ``converter``."""
    high, low = divmod(rate_e10, HALF_LIMB)
    carried = (cents * low + RATE_ONE // 2) // HALF_LIMB
    return np.asarray((cents * high + carried) // HALF_LIMB)


def convert_wide(cents: Ints, rate_e10: Ints | int) -> Ints:
    """Cents at a rate in Python integers of any size; the amounts are not negative."""
    return np.asarray((cents.astype(object) * rate_e10 + RATE_ONE // 2) // RATE_ONE).astype(np.int64)


def convert_change(convert: Convert, cents: Ints, rate_e10: Ints | int) -> Ints:
    """A change in cents, of either sign, at a rate, rounded half away from zero."""
    return np.asarray(np.sign(cents) * convert(np.abs(cents), rate_e10))


def month_rates(rates: pl.DataFrame | DailyRates, currencies: list[str], reporting: str, fx: str, months: Ints) -> Ints:
    """The rate of each currency (row) for each month (column) under ``spot`` or ``monthly_average``; 0 where there
    is none.
    """
    month_ends = first_days_of_months(months + 1) - 1
    table = np.zeros((len(currencies), len(months)), dtype=np.int64)
    for code, currency in enumerate(currencies):
        if currency == reporting:
            table[code] = RATE_ONE
            continue
        days, values = currency_rates(rates, currency)
        table[code] = (
            average_rates(days, values, months) if fx == "monthly_average" else rates_on(days, values, month_ends)[0]
        )
    return table


def currency_rates(rates: pl.DataFrame | DailyRates, currency: str) -> tuple[Ints, Ints]:
    """The days and rates of one currency in the order of the days."""
    if isinstance(rates, dict):
        return rates.get(currency, (NO_RATES, NO_RATES))
    own = np.flatnonzero((rates["currency"] == currency).to_numpy())
    days, values = ints(rates["day"])[own], ints(rates["rate_e10"])[own]
    order = np.argsort(days, kind="stable")
    return days[order], values[order]


def daily_rates(rates: pl.DataFrame) -> DailyRates:
    """The rates of every currency, for whoever asks for many days of few lines."""
    return {currency: currency_rates(rates, currency) for currency in rates["currency"].unique().to_list()}


def rates_on(days: Ints, values: Ints, wanted: Ints) -> tuple[Ints, Ints]:
    """The rate on each wanted day, or the nearest earlier one at most 7 days older, and the day of that rate; 0 and
    −1 for none.
    """
    if len(days) == 0:
        return np.zeros(len(wanted), dtype=np.int64), np.full(len(wanted), -1)
    place = np.searchsorted(days, wanted, side="right") - 1
    found = (place >= 0) & (wanted - days[place] <= OLDEST_RATE_DAYS)
    return np.where(found, values[place], 0), np.where(found, days[place], -1)


def average_rates(days: Ints, values: Ints, months: Ints) -> Ints:
    """The mean of the rates that each month has, rounded to 8 decimals half away from zero; 0 for a month without
    rates.
    """
    if len(months) == 0:
        return months
    index = months_of_days(days) - months[0]
    inside = (index >= 0) & (index <= months[-1] - months[0])
    total, count = np.zeros((2, int(months[-1] - months[0]) + 1), dtype=np.int64)
    np.add.at(total, index[inside], values[inside])
    np.add.at(count, index[inside], 1)
    step = np.maximum(count, 1) * AVERAGE_STEP
    mean: Ints = (2 * total + step) // (2 * step) * AVERAGE_STEP
    chosen: Ints = mean[months - months[0]]
    return chosen


def day_rates(
    rates: pl.DataFrame | DailyRates, currencies: list[str], reporting: str, currency: Ints, days: Ints
) -> Ints:
    """The rate of each row's currency on its day with the 7-day rule, under ``contract_date``; 0 where there is
    none.
    """
    found = np.zeros(len(days), dtype=np.int64)
    for code, name in enumerate(currencies):
        rows = np.flatnonzero(currency == code)
        found[rows] = RATE_ONE if name == reporting else rates_on(*currency_rates(rates, name), days[rows])[0]
    return found
