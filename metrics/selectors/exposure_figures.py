"""What exposure and the effect of a policy are told in: frozen values, amounts in the client's currency."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from metrics.selectors.month_ends import NoValue


@dataclass(frozen=True)
class Difference:
    """Two amounts of the same thing."""

    before: Decimal
    after: Decimal

    @property
    def change(self) -> Decimal:
        """After less before."""
        return self.after - self.before


@dataclass(frozen=True)
class Moved(Difference):
    """A customer (or the companies of one parent) whose ARR differs; where several parameters changed, those that move it."""

    customer: str
    name: str
    parameters: tuple[str, ...] = ()


@dataclass(frozen=True)
class ChoiceArr:
    """One choice of a parameter: its value and sentence, and ARR under it; `reason` where there is no figure."""

    value: Any
    sentence: str
    arr: Decimal | None
    reason: NoValue | None
    is_in_force: bool


@dataclass(frozen=True)
class Exposure:
    """What an open question is worth: ARR at a month end under every choice, and the two choices that lie furthest apart.

    `amount` is |ARR under `second` − ARR under `first`|; None with a `reason` where a choice cannot be valued. `moved` are the
    customers whose ARR differs between the two, the largest change first (`moved_count` of them in all); they may be there
    where `amount` is 0, because changes can cancel out. `moves_arr` is False for a parameter that never touches ARR.
    """

    parameter: str
    title: str
    month: int | None
    currency: str
    choices: tuple[ChoiceArr, ...]
    first: ChoiceArr | None
    second: ChoiceArr | None
    amount: Decimal | None
    reason: NoValue | None
    moved: tuple[Moved, ...]
    moved_count: int
    moves_arr: bool
    sentence: str


@dataclass(frozen=True)
class SegmentEffect(Difference):
    """A segment before and after."""

    segment: str


@dataclass(frozen=True)
class Cause:
    """A parameter that differs, and what changing it alone would do to ARR; None with a `reason` where it cannot be valued."""

    parameter: str
    title: str
    old: Any
    new: Any
    old_sentence: str
    new_sentence: str
    alone: Decimal | None
    reason: NoValue | None


@dataclass(frozen=True)
class PolicyEffect:
    """ARR at a month end under one policy and another; all None and empty with a `reason` where one cannot be valued.

    `interplay` is what the change is more than the sum of its causes alone.
    """

    month: int | None
    currency: str
    before: Decimal | None
    after: Decimal | None
    reason: NoValue | None
    segments: tuple[SegmentEffect, ...]
    moved: tuple[Moved, ...]
    moved_count: int
    causes: tuple[Cause, ...]

    @property
    def change(self) -> Decimal | None:
        """After less before."""
        return None if self.before is None or self.after is None else self.after - self.before

    @property
    def interplay(self) -> Decimal | None:
        """The change less the effects of its causes alone; None where one of them has no figure."""
        parts = [cause.alone for cause in self.causes]
        if self.change is None or any(part is None for part in parts):
            return None
        return self.change - sum((part for part in parts if part is not None), Decimal(0))
