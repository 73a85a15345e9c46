"""Reasons and results of a reconciliation in plain words. Days are ISO, for `dated` to show in the reader's form."""

from decimal import Decimal
from typing import Final

from metrics.engine.reconcile_lines import LineFacts, Reason
from metrics.figures import from_cents
from metrics.selectors.reconciliation_figures import ABOVE, RED, WITHIN, Levels, ReasonTold
from portal.lib.money import percent_text
from portal.lib.periods import month_format

DATE_WORDS: Final = {"starts_on": "starts", "ends_on": "ends", "signed_on": "was signed", "live_on": "went live"}


def reason_told(reason: Reason, base: str, other: str) -> ReasonTold:
    """A reason with its sentence; `base` and `other` are the names of the sources."""
    sentence = sentence_of(reason, base, other)
    return ReasonTold(reason.code, from_cents(reason.cents), sentence, reason.base, reason.other)


def sentence_of(reason: Reason, base: str, other: str) -> str:
    """What a reason says."""
    if reason.code == "missing_account":
        return f"{other if reason.cents < 0 else base} has no line of this account."
    if reason.code == "rounding":
        return "Both say the same; a sum is rounded differently because the lines are grouped by other products."
    if reason.base is None or reason.other is None:
        return lone_sentence(reason, base, other)
    return pair_sentence(reason, reason.base, reason.other, (base, other))


def lone_sentence(reason: Reason, base: str, other: str) -> str:
    """What there is to say of a line that one source alone has."""
    line = reason.base or reason.other
    has, lacks = (base, other) if reason.base else (other, base)
    what = line_words(line) if line else ""
    if reason.code == "duplicate":
        return f"{has} has {what} twice."
    return f"{lacks} has no line like {what} of {has}."


def pair_sentence(reason: Reason, mine: LineFacts, theirs: LineFacts, names: tuple[str, str]) -> str:
    """In what two lines that mean the same differ."""
    base, other = names
    what = line_words(mine)
    if reason.code == "currency":
        return f"{what} is in {mine.currency} in {base}, in {theirs.currency} in {other}."
    if reason.code == "amount":
        values = [f"{from_cents(line.annual_cents):,.2f} {line.currency}" for line in (mine, theirs)]
        return f"{what} is {values[0]} a year in {base}, {values[1]} in {other}."
    if reason.code == "charge_type":
        kinds = [line.charge_type.replace("_", " ") for line in (mine, theirs)]
        return f"{what} is {kinds[0]} in {base}, {kinds[1]} in {other}."
    if reason.code == "cancellation":
        return cancellation_sentence(what, mine, theirs, names)
    if reason.code == "dates":
        days = [getattr(line, reason.field) or "no date" for line in (mine, theirs)]
        return f"{what} {DATE_WORDS[reason.field]} {days[0]} in {base}, {days[1]} in {other}."
    return f"{what} is the same in both, but counts differently because of the lines around it."


def cancellation_sentence(what: str, mine: LineFacts, theirs: LineFacts, names: tuple[str, str]) -> str:
    """Who knows of a cancellation, and from when."""
    base, other = names
    if theirs.cancelled_on is None:
        return f"{what} was cancelled {mine.cancelled_on} in {base}; {other} does not know of it."
    if mine.cancelled_on is None:
        return f"{what} was cancelled {theirs.cancelled_on} in {other}; {base} does not know of it."
    return f"{what} was cancelled {mine.cancelled_on} in {base}, {theirs.cancelled_on} in {other}."


def line_words(line: LineFacts) -> str:
    """A line, as a sentence names it."""
    return f"{line.product or 'Line'} ({line.line_id})"


def result_sentence(month: int, names: tuple[str, str], variance: Decimal | None, level: str, levels: Levels) -> str:
    """The result in one sentence."""
    base, other = names
    at = f"at the end of {month_format(month)}"
    if variance is None:
        return f"{base} has no ARR {at}, so there is no variance."
    if variance == 0 and level == WITHIN:
        return f"{base} and {other} agree {at}, to less than 0.01%."
    more = "above" if variance > 0 else "below"
    against = {
        WITHIN: f"within the tolerance of {percent_text(levels.tolerance, places=2)}",
        ABOVE: f"above the tolerance of {percent_text(levels.tolerance, places=2)}",
        RED: f"above the red flag of {percent_text(levels.red_flag, places=2)}",
    }[level]
    return f"{other} is {percent_text(abs(variance), places=2)} {more} {base} {at}: {against}."
