"""Retention ratios.

Source: ARR semantics, section 7: NRR = ARR now / ARR twelve months ago of the customers that had ARR then; GRR = the
lesser of the two per customer / ARR then; logo churn = churned customers / customers at the beginning.
"""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import Final

FOUR_PLACES: Final = Decimal("0.0001")


def ratio4(numerator: int, denominator: int) -> Decimal | None:
    """The ratio of two exact figures, rounded half away from zero to 4 decimals; ``None`` where the denominator is
    0.
    """
    if denominator == 0:
        return None
    # Rounded in integers: a Decimal division would first round to its context's precision.
    scaled = abs(numerator) * 20_000 // abs(denominator)
    rounded = (scaled + 1) // 2
    negative = (numerator < 0) != (denominator < 0)
    return (Decimal(-rounded if negative else rounded) / 10_000).quantize(FOUR_PLACES, ROUND_HALF_UP)
