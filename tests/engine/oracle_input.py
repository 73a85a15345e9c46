"""Engine frames as the oracle takes them, and what the oracle says of one month end."""

from dataclasses import fields
from fractions import Fraction
from typing import Any

import polars as pl

from metrics.engine.policy import Policy as EnginePolicy
from tests.engine.oracle import Oracle, Rates
from tests.engine.oracle_lines import Line, Policy

DATES = {"signed_date": "signed_on", "start_date": "starts_on", "end_date": "ends_on", "live_date": "live_on"}
DATES |= {"cancelled_date": "cancelled_on"}


def oracle_lines(frame: pl.DataFrame) -> list[Line]:
    """The rows of an engine frame."""
    return [oracle_line(row) for row in frame.to_dicts()]


def oracle_line(row: dict[str, Any]) -> Line:
    amounts: dict[str, Any] = {name: Fraction(row[f"{name}_e6"] or 0, 10**6) for name in ("amount", "discount")}
    dates: dict[str, Any] = {name: row[column] for name, column in DATES.items()}
    texts: dict[str, Any] = {
        each.name: row.get(each.name) or "" for each in fields(Line) if each.name not in {*amounts, *dates}
    }
    return Line(**texts, **amounts, **dates)


def oracle_rates(frame: pl.DataFrame) -> Rates:
    """The rows of a frame of rates."""
    rates: Rates = {}
    for currency, day, rate_e10 in frame.iter_rows():
        rates.setdefault(currency, {})[day] = Fraction(rate_e10, 10**10)
    return rates


def oracle_policy(policy: EnginePolicy) -> Policy:
    """The same parameters."""
    return Policy(**{**policy.to_dict(), "included_charge_types": tuple(policy.included_charge_types)})


def oracle_arr(lines: pl.DataFrame, rates: pl.DataFrame, policy: EnginePolicy, month: int) -> dict[str, int]:
    """ARR in cents at a month end by customer, those without any left out; KeyError with what has no rate."""
    oracle = Oracle(oracle_lines(lines), oracle_rates(rates), oracle_policy(policy), month, month)
    arr = {customer: oracle.valued(oracle.held(customer, month), month) for customer in oracle.customers}
    if oracle.exchange.missing:
        raise KeyError(sorted(oracle.exchange.missing))
    return {customer: cents for customer, cents in arr.items() if cents}


def oracle_segments(lines: pl.DataFrame, policy: EnginePolicy, arr: dict[str, int]) -> dict[str, int]:
    """ARR by the segment of its customer."""
    oracle = Oracle(oracle_lines(lines), {}, oracle_policy(policy), 0, 0)
    segments: dict[str, int] = {}
    for customer, cents in arr.items():
        segment = oracle.value_of(customer, "segment")
        segments[segment] = segments.get(segment, 0) + cents
    return segments
