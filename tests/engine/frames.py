"""Readers and builders of engine frames for the tests: golden CSV files, and lines written out by hand."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl

from metrics.engine.lines import LINE_SCHEMA, RATE_SCHEMA
from metrics.engine.policy import Policy

DATE_COLUMNS = {
    "signed_date": "signed_on",
    "start_date": "starts_on",
    "end_date": "ends_on",
    "live_date": "live_on",
    "cancelled_date": "cancelled_on",
}


def read_lines(path: Path) -> pl.DataFrame:
    """A ``contracts.csv`` in the schema the engine takes."""
    text = pl.read_csv(path, infer_schema=False).rename(DATE_COLUMNS)
    return text.with_columns(
        scaled("amount", 6).alias("amount_e6"),
        scaled("discount", 6).fill_null(0).alias("discount_e6"),
        pl.col(list(DATE_COLUMNS.values())).str.to_date(),
    ).select(pl.col(name).cast(dtype) for name, dtype in LINE_SCHEMA.items())


def read_rates(path: Path) -> pl.DataFrame:
    """An ``fx_rates.csv`` in the schema the engine takes."""
    text = pl.read_csv(path, infer_schema=False)
    return text.select("currency", pl.col("date").str.to_date().alias("day"), scaled("rate", 10).alias("rate_e10"))


def scaled(name: str, places: int) -> pl.Expr:
    """A decimal text as an integer of so many places, without a float in between."""
    return pl.col(name).map_elements(lambda text: int(Decimal(text).scaleb(places)), return_dtype=pl.Int64)


def read_policy(path: Path) -> Policy:
    """A ``policy.json``."""
    return Policy.from_dict(json.loads(path.read_text()))


def plain_policy(**changes: Any) -> Policy:
    """A policy without any special rule: counts from the start, in USD, no grace."""
    return Policy(
        reporting_currency="USD",
        recognition="start",
        included_charge_types=("recurring", "usage_minimum"),
        minimum_term_months=0,
        overage="exclude",
        discounts="net",
        fx="spot",
        renewal_grace_days=0,
        reactivation_window_months=None,
        customer_unit="customer",
        retention_fx="constant",
    ).with_(**changes)


def day(text: str | None) -> dt.date | None:
    """An ISO date, or none."""
    return dt.date.fromisoformat(text) if text else None


def line(line_id: str = "L1", amount: str = "1200", **given: Any) -> dict[str, Any]:
    """One contract line as a row: a recurring line of 1,200 a year in USD for 2024, unless told otherwise; dates are
    ISO texts.
    """
    row: dict[str, Any] = dict.fromkeys(LINE_SCHEMA)
    row |= {
        "line_id": line_id,
        "contract_id": f"K-{line_id}",
        "customer_id": "C1",
        "product": "Platform",
        "charge_type": "recurring",
    }
    row |= {
        "amount_basis": "year",
        "currency": "USD",
        "starts_on": "2024-01-01",
        "ends_on": "2024-12-31",
        "discount": "0",
    }
    row |= given
    row["amount_e6"] = int(Decimal(amount).scaleb(6))
    row["discount_e6"] = int(Decimal(row.pop("discount")).scaleb(6))
    for name in DATE_COLUMNS.values():
        row[name] = day(row[name])
    return row


def frame(*rows: dict[str, Any]) -> pl.DataFrame:
    """Rows of ``line`` as an engine frame."""
    return pl.DataFrame(list(rows), schema=LINE_SCHEMA)


def rates(*rows: tuple[str, str, str]) -> pl.DataFrame:
    """Rates as (currency, day, rate) texts."""
    values = [(currency, day(on), int(Decimal(rate).scaleb(10))) for currency, on, rate in rows]
    return pl.DataFrame(values, schema=RATE_SCHEMA, orient="row")
