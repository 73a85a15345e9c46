"""Hours of work as a playbook states them: one number, or a range."""

import re
from dataclasses import dataclass
from decimal import Decimal

WRITTEN = re.compile(r"(\d{1,4}(?:\.\d{1,2})?)(?:\s*[-–]\s*(\d{1,4}(?:\.\d{1,2})?))?\s*(?:h|hours?)?\Z")


@dataclass(frozen=True)
class Hours:
    """From `low` to `high` hours; the two are equal where the playbook gives one number."""

    low: Decimal
    high: Decimal

    @classmethod
    def parse(cls, text: str) -> "Hours":
        """`3h`, `2.5` or `2-4 hours`. ValueError with what is wrong."""
        found = WRITTEN.match(text.strip())
        if found is None:
            raise ValueError(f"'{text}' is no number of hours: write 3, 2.5 or 2-4")
        low = Decimal(found[1])
        high = Decimal(found[2]) if found[2] else low
        if high < low:
            raise ValueError(f"'{text}' ends below its beginning")
        return cls(low, high)

    def __str__(self) -> str:
        low, high = plain(self.low), plain(self.high)
        return low if low == high else f"{low}-{high}"


def plain(hours: Decimal) -> str:
    """Hours as people write them: 44, 34.5."""
    text = f"{hours:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def total(estimates: list["Hours | None"]) -> Hours:
    """The sum of estimates; what has none counts nothing."""
    known = [each for each in estimates if each is not None]
    return Hours(sum((each.low for each in known), Decimal(0)), sum((each.high for each in known), Decimal(0)))
