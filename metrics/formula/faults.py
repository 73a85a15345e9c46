"""What can be wrong with a formula, and why a formula has no value."""

from dataclasses import dataclass
from typing import Final, Literal

Code = Literal["zero_divisor", "missing", "too_large", "too_far"]


class FormulaError(ValueError):
    """A formula that cannot be used: what is wrong in words, and from where to where in its text."""

    def __init__(self, message: str, start: int = 0, end: int = 0) -> None:
        super().__init__(message)
        self.message, self.start, self.end = message, start, max(end, start)

    def split(self, text: str) -> tuple[str, str, str]:
        """The formula before, at and after the fault; a fault behind the last character is at a mark of its own."""
        start, end = min(self.start, len(text)), min(self.end, len(text))
        return text[:start], text[start:end] or ("" if end < len(text) else "…"), text[end:]


class CycleError(FormulaError):
    """Metrics that need each other: `names` is the way round, its first name once more at the end."""

    def __init__(self, names: tuple[str, ...]) -> None:
        if len(names) == 2:
            super().__init__(f"“{names[0]}” would be computed from itself. Take it out of its formula")
        else:
            super().__init__(
                f"these metrics need each other: {' → '.join(names)}. Take one out of the formula of another"
            )
        self.names = names


@dataclass(frozen=True)
class Missing:
    """There is no value, and why: never 0, never a guess."""

    reason: str
    code: Code = "missing"


NO_DATA: Final = Missing("there is no data for this month")
