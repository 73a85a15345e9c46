"""Hours of work as every page, paper and sentence writes them: "2 h", "34.5 h", "2–4 h"."""

from decimal import Decimal
from typing import Any


def hours_text(low: Any, high: Any = None) -> str:
    """Hours, or from `low` to `high`, to the hundredth; `low` may be a text such as `2-4`. Empty for None and for ""."""
    if low is None or low == "":
        return ""
    bounds = str(low).split("-") if high is None else [str(low), str(high)]
    shown = [plain(Decimal(each)) for each in bounds]
    return f"{'–'.join(dict.fromkeys(shown))} h"


def minutes_text(minutes: int) -> str:
    """Minutes as hours; empty for none."""
    return hours_text(Decimal(minutes) / 60) if minutes else ""


def plain(hours: Decimal) -> str:
    """A number of hours without zeros at its end: 44, 34.5, 0.33."""
    text = f"{hours.quantize(Decimal('0.01')):f}"
    return text.rstrip("0").rstrip(".")
