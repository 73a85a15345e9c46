"""The numbers of a playbook: thresholds and limits, written as text and compared exactly."""

import re
from decimal import Decimal

FIGURE = re.compile(r"\d{1,12}(\.\d{1,4})?\Z", re.ASCII)
RANGE = re.compile(r"(\d{1,2})(?:-(\d{1,2}))?\Z", re.ASCII)


def figure_of(text: str) -> Decimal | None:
    """The number that a text writes out (`2`, `0.5`, `50000`); None for anything else."""
    return Decimal(text) if FIGURE.match(text) else None


def weeks_of(text: str) -> tuple[int, int] | None:
    """Fewest and most weeks of `2-4`, or of `2`; None for anything else."""
    found = RANGE.match(text)
    return (int(found[1]), int(found[2] or found[1])) if found else None
