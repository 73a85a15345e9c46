"""Cents of the stored series as exact decimals, and as text; what rates over a year are called."""

from decimal import Decimal
from typing import Final

import polars as pl

RATE_LABELS: Final = {"nrr": "NRR, 12 months", "grr": "GRR, 12 months"}
LOGO_CHURN: Final = "Logo churn"  # by one name wherever it is shown; what it is of stands beside it
LOGO_CHURN_OF: Final = "customers lost in the month, of those at its beginning"


def from_cents(cents: int) -> Decimal:
    """An amount of cents with two decimals, whatever the reporting currency: the engine rounds to cents."""
    return Decimal(cents).scaleb(-2)


def amount_text(cents: pl.Expr) -> pl.Expr:
    """A column of cents as decimal text with two places."""
    sign = pl.when(cents < 0).then(pl.lit("-")).otherwise(pl.lit(""))
    return pl.format("{}{}.{}", sign, cents.abs() // 100, (cents.abs() % 100).cast(pl.String).str.zfill(2))
