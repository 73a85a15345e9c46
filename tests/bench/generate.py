"""Contract lines by the million: customers who start, renew by name, grow, shrink, leave and return, in four currencies."""

import datetime as dt
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from metrics.engine.lines import LINE_SCHEMA, RATE_SCHEMA
from metrics.intake.layout import CONTRACT_COLUMNS

FIRST, LAST = 2021 * 12, 2025 * 12 + 11  # sixty months, in which every line starts
YEARS, LONGEST_GAP = 5, 90
SEGMENTS = np.array(["Enterprise", "Mid-Market", "SMB", ""])
REGIONS = np.array(["AMER", "EMEA", "APAC"])
PRODUCTS = np.array(["Platform", "Insights", "Connect", "Support"])
CURRENCIES = np.array(["USD", "EUR", "GBP", "JPY"])
LINES_PER_CUSTOMER = 5

POLICY: dict[str, Any] = {
    "reporting_currency": "USD",
    "recognition": "start",
    "fx": "spot",
    "included_charge_types": ["recurring", "usage_minimum"],
    "overage": "trailing_3_months",
    "discounts": "net",
    "renewal_grace_days": 30,
    "reactivation_window_months": 6,
    "customer_unit": "customer",
    "minimum_term_months": 1,
    "retention_fx": "constant",
}


def lines(count: int, seed: int = 1) -> pl.DataFrame:
    """`count` lines in the engine's schema, about five a customer: a chain of yearly terms and, from the sixth on, add-ons."""
    dice = np.random.default_rng(seed)
    customers = max(1, count // LINES_PER_CUSTOMER)
    owner = np.sort(dice.integers(0, customers, count))
    step = np.arange(count) - np.searchsorted(owner, owner)  # 0, 1, 2 … within a customer
    terms = np.clip(np.bincount(owner, minlength=customers), 1, YEARS)
    base = np.datetime64("2021-01-01") + dice.integers(0, (YEARS + 1 - terms) * 365 - LONGEST_GAP, customers)
    gap = np.where(dice.random(count) < 0.85, 0, dice.integers(1, LONGEST_GAP, count))
    start = base[owner] + step % YEARS * 365 + gap
    days = dice.choice([364, 364, 364, 181, 729], count)
    amount = dice.integers(1_000, 90_000, count) * 1_000_000
    product = np.where(step % 4 == 3, dice.integers(1, 4, count), owner % 4)
    charge = dice.choice(["recurring", "usage_minimum", "usage_overage", "one_time"], count, p=[0.88, 0.05, 0.04, 0.03])
    cancelled = np.where(dice.random(count) < 0.03, 1, 0)
    number = np.arange(count)
    frame = pl.DataFrame(
        {
            "number": number,
            "owner": owner,
            "step": step,
            "product": PRODUCTS[product],
            "charge_type": charge,
            "amount_basis": dice.choice(["year", "total", "quarter", "month"], count, p=[0.6, 0.3, 0.05, 0.05]),
            "currency": CURRENCIES[dice.choice(4, customers, p=[0.6, 0.2, 0.15, 0.05])][owner],
            "amount_e6": amount,
            "discount_e6": np.where(dice.random(count) < 0.2, amount // 10_000_000 * 1_000_000, 0),
            "starts_on": start.astype("datetime64[D]"),
            "days": days,
            "cancelled": cancelled,
            "segment": SEGMENTS[dice.integers(0, 4, customers)][owner],
            "region": REGIONS[dice.integers(0, 3, customers)][owner],
            "rep": dice.integers(0, 40, customers)[owner],
        },
        schema_overrides={"starts_on": pl.Date},
    )
    return named(frame)


def named(frame: pl.DataFrame) -> pl.DataFrame:
    """Ids, names and dates in the engine's schema."""
    contract = pl.format("K{}-{}", "owner", "step")
    return frame.select(
        line_id=pl.format("L{}", pl.col("number").cast(pl.String).str.zfill(8)),
        contract_id=contract,
        customer_id=pl.format("C{}", "owner"),
        customer_name=pl.format("Customer {}", "owner"),
        parent_customer_id=pl.lit(None, pl.String),
        product=pl.col("product"),
        charge_type=pl.col("charge_type"),
        amount_basis=pl.col("amount_basis"),
        currency=pl.col("currency"),
        amount_e6=pl.col("amount_e6"),
        discount_e6=pl.col("discount_e6"),
        signed_on=pl.col("starts_on") - pl.duration(days=20),
        starts_on=pl.col("starts_on"),
        ends_on=pl.col("starts_on") + pl.duration(days="days"),
        live_on=pl.col("starts_on") + pl.duration(days=10),
        cancelled_on=pl.when(pl.col("cancelled") == 1).then(pl.col("starts_on") + pl.duration(days=150)),
        replaces_contract_id=pl.when(pl.col("step") % YEARS > 0).then(pl.format("K{}-{}", "owner", pl.col("step") - 1)),
        replaces_line_id=pl.lit(None, pl.String),
        segment=pl.col("segment").replace("", None),
        region=pl.col("region"),
        rep=pl.format("Rep {}", "rep"),
    ).cast(LINE_SCHEMA)


def rates() -> pl.DataFrame:
    """A rate for every weekday from December 2019 to the end of 2026."""
    days = [day for n in range(365 * 7) if (day := dt.date(2019, 12, 1) + dt.timedelta(days=n)).weekday() < 5]
    level = {"EUR": 11_000_000_000, "GBP": 13_000_000_000, "JPY": 70_000_000}
    frames = [
        pl.DataFrame(
            {"currency": code, "day": days, "rate_e10": [rate + n * (rate // 90_000) for n in range(len(days))]}
        )
        for code, rate in level.items()
    ]
    return pl.concat(frames).cast(RATE_SCHEMA)


def simple(frame: pl.DataFrame) -> pl.DataFrame:
    """What the peers get: one currency, a start, an end, a yearly value, a segment. Everything hard is left out for them."""
    value = (
        pl.when(pl.col("amount_basis") == "month")
        .then(12)
        .when(pl.col("amount_basis") == "quarter")
        .then(4)
        .otherwise(1)
    )
    return frame.filter(pl.col("charge_type").is_in(["recurring", "usage_minimum"])).select(
        "customer_id",
        pl.col("segment").fill_null("(none)"),
        "starts_on",
        ends_on=pl.min_horizontal(pl.col("ends_on") + pl.duration(days=1), pl.col("cancelled_on")),
        value=(pl.col("amount_e6") - pl.col("discount_e6")) // 10_000 * value,
    )


def write_csv(frame: pl.DataFrame, path: Path) -> None:
    """The lines as a file in Tieout's own format: what a client would upload."""
    amounts = [(pl.col(name) // 1_000_000).alias(name) for name in ("amount_e6", "discount_e6")]
    frame.with_columns(amounts).select(
        pl.col(column.target).alias(column.name) for column in CONTRACT_COLUMNS
    ).write_csv(path)
