"""Cents of the stored series as exact decimals."""

from decimal import Decimal

CENT = Decimal("0.01")


def from_cents(cents: int) -> Decimal:
    """An amount of cents with two decimals, whatever the reporting currency: the engine rounds to cents."""
    return Decimal(cents).scaleb(-2)
