"""What a reconciliation is told in: frozen values, amounts in the client's currency."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from metrics.engine.reconcile import DIFFERENT, MATCHED, MISSING_BASE, MISSING_OTHER
from metrics.engine.reconcile_lines import LineFacts
from metrics.models import AccountExplanation, Source
from metrics.selectors.month_ends import NoValue

EXPLAINED: Final = "explained"
WITHIN, ABOVE, RED, NONE = "within", "above", "red", "none"
STATE_WORDS: Final = {
    DIFFERENT: "Different",
    MISSING_BASE: "Missing in {base}",
    MISSING_OTHER: "Missing in {other}",
    EXPLAINED: "Explained",
    MATCHED: "Matched",
}
LEVEL_WORDS: Final = {WITHIN: "Within tolerance", ABOVE: "Above tolerance", RED: "Red flag", NONE: "No variance"}


@dataclass(frozen=True)
class Levels:
    """How closely two sources have to agree, as ratios (0.02 is 2 %)."""

    tolerance: Decimal
    red_flag: Decimal


@dataclass(frozen=True)
class ReasonTold:
    """One cause of a difference: by how much the other source has more because of it, and the lines it is about."""

    code: str
    amount: Decimal
    sentence: str
    base_line: LineFacts | None
    other_line: LineFacts | None


@dataclass(frozen=True)
class AccountRow:
    """One account; an amount is None where the source has no line of it. `difference` is what the other source has more.

    `state` is matched, different, missing_in_base, missing_in_other or explained. `explanation` may be there without the state
    explained: then the difference has changed since it was written. `namesake` is an account of the other side with that name.
    """

    account: str
    name: str
    base: Decimal | None
    other: Decimal | None
    difference: Decimal
    ratio: Decimal | None
    state: str
    state_words: str
    reasons: tuple[ReasonTold, ...]
    namesake: str
    explanation: AccountExplanation | None

    @property
    def is_outdated(self) -> bool:
        """Whether there is an explanation that no longer explains the difference."""
        return self.explanation is not None and self.state != EXPLAINED


@dataclass(frozen=True)
class SideLine:
    """A line of an account in one source: a year's value in its own currency, what it adds at the month end, and its row."""

    facts: LineFacts
    annual_value: Decimal
    arr: Decimal
    pk: int | None


@dataclass(frozen=True)
class StateSum:
    """The accounts of one state together."""

    state: str
    words: str
    count: int
    difference: Decimal


@dataclass(frozen=True)
class Reconciliation:
    """Two sources at a month end. All figures are None and `rows` empty with a `reason`, where a side has no value.

    `variance` = (other − base) / base, 4 decimals; None with `level` none where the base has no ARR. `level` compares the exact
    ratio: within the tolerance, above it, or above the red flag. `reported` is what was reported of the month, if it is closed.
    """

    base: Source | None
    other: Source | None
    month: int | None
    currency: str
    policy_number: int | None
    levels: Levels
    base_arr: Decimal | None
    other_arr: Decimal | None
    variance: Decimal | None
    level: str
    sentence: str
    rows: tuple[AccountRow, ...]
    sums: tuple[StateSum, ...]
    reported: Decimal | None
    reason: NoValue | None

    @property
    def difference(self) -> Decimal | None:
        """What the other source has more in total."""
        return None if self.base_arr is None or self.other_arr is None else self.other_arr - self.base_arr

    def account(self, account: str) -> AccountRow | None:
        """The row of an account; None where it has no ARR in either source."""
        return next((row for row in self.rows if row.account == account), None)

    @property
    def unexplained(self) -> Decimal:
        """The sum of the differences that nobody has explained."""
        return sum((row.difference for row in self.rows if row.state != EXPLAINED), Decimal("0.00"))

    @property
    def level_words(self) -> str:
        """The level in words."""
        return LEVEL_WORDS[self.level]


@dataclass(frozen=True)
class Check:
    """A computed criterion: whether it holds, in a sentence why, and the figures it was decided by."""

    holds: bool
    sentence: str
    month: int | None
    variance: Decimal | None = None
    tolerance: Decimal | None = None
