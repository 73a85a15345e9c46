"""The thresholds of a metric: a fixed figure, or one that follows something else. Pure: text and figures in, verdicts out.

`threshold_read(text) -> Threshold` · `verdict_of(content, value, read) -> Verdict` · `target_fault(key, contents, currency)`

| text | beyond it is what is worse than |
| --- | --- |
| `0.95` | the figure itself |
| `10% from previous`, `10% from last_year` | the metric one month or one year before, by more than a tenth |
| `10% from arr_plan` | that metric in the same month, its target, by more than a tenth |
| `3 deviations` | the median of the twelve months before, by more than 3 deviations |
| `3 deviations from last_year` | the same of the changes on the year before, which leaves seasons and growth out |

What is worse is said by the metric: below where higher is better, above where lower is, either where neither. A deviation is
the robust one, 1.4826 times the median of the distances from the median, of at least eight months. All figures are the metric's
as they are shown, rounded half away from zero (to cents, or four decimals); from there on nothing is rounded. What is missing
gives no verdict.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import Final

from metrics.formula.faults import Missing
from metrics.formula.nodes import LAGS
from metrics.formula.units import unit_read

LIMITS: Final = {"alert": "alert_at", "warn": "warn_at"}
"""By level, the more serious first, the field of the threshold that it is beyond."""
MONTHS_BEFORE: Final = ("previous", "last_year")
# 1.4826: the standard deviation of a bell curve whose distances have the median 1
OF_ROBUST: Final = Fraction(7413, 5000)
HISTORY, ENOUGH, YEAR = 12, 8, 12
DIGITS: Final = 15  # before the point
MOST_PLACES: Final = 15  # after the point: 1e-999999 is short to write and a megabyte to keep
MOST_SHARE, MOST_DEVIATIONS = 1000, 100
SHARE_TEXT: Final = re.compile(r"(?P<number>\S+?) ?% from (?P<base>[a-z][a-z0-9_]*)")
DEVIATIONS_TEXT: Final = re.compile(r"(?P<number>\S+) deviations?(?P<base> from last_year)?")
WANTED: Final = (
    "is no number such as 0.95, nor “10% from previous”, “10% from last_year”, “10% from” a metric, “3 deviations”"
)

Read = Callable[[str, int], Fraction | Missing]
"""What a metric (empty: the one itself) is, so many months before."""


@dataclass(frozen=True)
class Threshold:
    """`kind` is figure, share (in per cent) or deviations; `base` is of what: a month before, a metric, or nothing."""

    kind: str
    number: Decimal
    base: str = ""

    @property
    def text(self) -> str:
        """As it is kept."""
        number = f"{self.number.normalize():f}"
        if self.kind == "share":
            return f"{number}% from {self.base}"
        tail = f" from {self.base}" if self.base else ""
        return number if self.kind == "figure" else f"{number} deviation{'' if self.number == 1 else 's'}{tail}"

    @property
    def target(self) -> str:
        """The metric that it is held against; empty where it is another figure."""
        return self.base if self.kind == "share" and self.base not in MONTHS_BEFORE else ""


@dataclass(frozen=True)
class Verdict:
    """The most serious level that a value is beyond (`alert`, `warn` or none), the figure there and on which side of it the
    value lies; `reason` says why a threshold could not be held against the value.
    """

    level: str = ""
    limit: Fraction | None = None
    side: str = ""
    reason: str = ""


def threshold_read(text: str) -> Threshold:
    """What a threshold says. ValueError says what is wrong with it."""
    if match := SHARE_TEXT.fullmatch(text):
        share = Threshold("share", number_read(match["number"]), match["base"])
        if not 0 <= share.number <= MOST_SHARE:
            raise ValueError(f"is a share from 0 to {MOST_SHARE} per cent")
        return share
    if match := DEVIATIONS_TEXT.fullmatch(text):
        found = Threshold("deviations", number_read(match["number"]), "last_year" if match["base"] else "")
        if not 0 < found.number <= MOST_DEVIATIONS:
            raise ValueError(f"is more than 0 deviations and at most {MOST_DEVIATIONS}")
        return found
    return Threshold("figure", number_read(text))


def number_read(text: str) -> Decimal:
    """A number of a threshold. ValueError."""
    try:
        number = Decimal(text)
    except InvalidOperation:
        raise ValueError(WANTED) from None
    # An order of magnitude is compared, and no figure: 1e999999999 is larger than any that arithmetic takes.
    if not number.is_finite() or (number and number.adjusted() >= DIGITS) or number.adjusted() < -MOST_PLACES:
        raise ValueError(WANTED)
    return number or Decimal(0)  # nothing has no sign


def targets_of(content: Mapping[str, str]) -> tuple[str, ...]:
    """The metrics that the thresholds of a metric are held against."""
    found = (threshold_read(content[name]).target for name in LIMITS.values() if content.get(name))
    return tuple(dict.fromkeys(target for target in found if target))


def target_fault(key: str, contents: Mapping[str, Mapping[str, str]], currency: str) -> str:
    """Why a metric's thresholds cannot be held against their target, of all metrics by key; empty where they can, and
    before there is the metric.
    """
    own = contents.get(key, {})
    for target in targets_of(own):
        if target == key:
            return f"a threshold of “{own['name']}” has the metric itself as its target. Name another one"
        if target not in contents:
            return (
                f"a threshold of “{own['name']}” has the target “{target}”, which is no metric in use. Name one that is"
            )
        if unit_read(contents[target]["unit"], currency) != unit_read(own["unit"], currency):
            name, unit = contents[target]["name"], contents[target]["unit"]
            return f"“{own['name']}” is in {own['unit']} and its target “{name}” in {unit}: both need one unit"
    return ""


# --- held against figures ---------------------------------------------------------------------------------------------


def verdict_of(content: Mapping[str, str], value: Decimal | None, read: Read) -> Verdict:
    """A value held against the thresholds of its metric, the more serious first."""
    if value is None:
        return Verdict()
    reason = ""
    for level, name in LIMITS.items():
        if not content[name]:
            continue
        found = band_of(threshold_read(content[name]), content["better"], read)
        if isinstance(found, Missing):
            reason = reason or found.reason
        elif (beyond := side_beyond(Fraction(value), found, content["better"])) is not None:
            return Verdict(level, *beyond, reason)
    return Verdict(reason=reason)


def bands_of(content: Mapping[str, str], read: Read) -> dict[str, tuple[Fraction | None, Fraction | None] | Missing]:
    """By level of the thresholds that a metric has, below and above what it rings; None on a side that is not worse."""
    found: dict[str, tuple[Fraction | None, Fraction | None] | Missing] = {}
    for level, name in LIMITS.items():
        if not content[name]:
            continue
        band = band_of(threshold_read(content[name]), content["better"], read)
        if isinstance(band, Missing):
            found[level] = band
        else:
            low, high = band
            found[level] = (None if content["better"] == "down" else low, None if content["better"] == "up" else high)
    return found


def side_beyond(value: Fraction, band: tuple[Fraction, Fraction], better: str) -> tuple[Fraction, str] | None:
    """The end of a band that a value is beyond on the side that is worse, and which side that is; None where it is not."""
    low, high = band
    if better != "down" and value < low:
        return low, "below"
    return (high, "above") if better != "up" and value > high else None


def band_of(threshold: Threshold, better: str, read: Read) -> tuple[Fraction, Fraction] | Missing:
    """From where to where a value is within a threshold."""
    number = Fraction(threshold.number)
    if threshold.kind == "figure":  # where neither side is better, as far on both sides of 0
        return around(Fraction(0), number) if better == "none" else (number, number)
    if threshold.kind == "share":
        back = LAGS[threshold.base] if threshold.base in MONTHS_BEFORE else 0
        base = read(threshold.target, back)
        if isinstance(base, Missing):
            return base
        if base == 0:
            return Missing("what it is held against is 0, of which there is no share")
        return around(base, abs(base) * number / 100)
    return usual_band(number, read, is_seasonal=bool(threshold.base))


def usual_band(number: Fraction, read: Read, *, is_seasonal: bool) -> tuple[Fraction, Fraction] | Missing:
    """What is usual by the twelve months before: of the metric, or of its changes on the year before."""
    base = read("", YEAR) if is_seasonal else Fraction(0)
    if isinstance(base, Missing):
        return base
    history = [
        found for back in range(1, HISTORY + 1)
        if (found := change_on(read, back) if is_seasonal else known(read("", back))) is not None
    ]  # fmt: skip
    if len(history) < ENOUGH:
        what = "a change on the year before" if is_seasonal else "a value by the same formula"
        return Missing(f"{len(history)} of the twelve months before have {what}, and {ENOUGH} are needed")
    center = median(history)
    spread = median([abs(each - center) for each in history])
    if spread == 0:
        return Missing("most of the twelve months before are alike, so that nothing is usual or unusual")
    return around(base + center, number * OF_ROBUST * spread)


def change_on(read: Read, back: int) -> Fraction | None:
    """The change of a month on the year before it."""
    new, old = known(read("", back)), known(read("", back + YEAR))
    return None if new is None or old is None else new - old


def known(found: Fraction | Missing) -> Fraction | None:
    """A figure, where there is one."""
    return None if isinstance(found, Missing) else found


def around(center: Fraction, distance: Fraction) -> tuple[Fraction, Fraction]:
    """So far on both sides."""
    return center - distance, center + distance


def median(figures: Sequence[Fraction]) -> Fraction:
    """The middle figure, or the mean of the two in the middle."""
    ordered, half = sorted(figures), len(figures) // 2
    return ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2
