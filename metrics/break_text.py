"""Changed definitions and restated months in words, the same on pages, on paper, in files and in the API."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Final

from metrics.selectors.breaks import DefinitionBreak, Restated
from metrics.selectors.clauses import TITLES, sentence_of
from metrics.selectors.figures import MOVEMENTS, ZERO, BridgeRow
from metrics.selectors.policies import policy_name
from portal.lib.dates import month_text
from portal.lib.money import money_text

FLOWS: Final = ("adjustment", *MOVEMENTS, "fx")
FLOW_WORDS: Final = {"adjustment": "the prior-period adjustment", "fx": "exchange rates"}


def source_words(found: DefinitionBreak) -> str:
    """By what a definition came into force: the decisions, or the version of the policy alone."""
    return ", ".join(cause.label for cause in found.causes) or policy_name(found.after)


def clauses_words(found: DefinitionBreak) -> str:
    """What the changed parameters say now."""
    return " ".join(
        f"{TITLES[change.parameter]}: {sentence_of(change.parameter, change.new)}" for change in found.changed
    )


def figures_words(found: DefinitionBreak, currency: str, locale: str, figure: str = "") -> str:
    """The month before under both definitions, and what of the difference each reason makes."""
    before = f"{figure} of {month_text(found.month - 1, locale)}" if figure else month_text(found.month - 1, locale)
    now, then = (money_text(amount, currency, locale) for amount in (found.under_new, found.reported))
    again = (
        "" if found.restated is None else f"as restated: {money_text(found.restated, currency, locale)} {currency}; "
    )
    how = "under the one before it" if found.was_open else "as reported"
    text = f"{before} under the new definition: {now} {currency}; {again}{how}: {then} {currency}."
    if found.definition is None or found.data is None:
        return f"{text} How much of it corrected contracts make cannot be told: the old definition cannot be valued."
    if not found.data:
        return text
    parts = [money_text(amount, currency, locale, plus=True) for amount in (found.definition, found.data)]
    what = "Of the difference" if found.restated is None else "Of the difference to what was restated"
    return f"{text} {what} the definition makes {parts[0]}, contracts corrected since {parts[1]}."


def since_words(found: DefinitionBreak, locale: str) -> str:
    """From when on another definition holds; of the numbers as they stand now, which months the one in force tells: it was
    decided for later ones.
    """
    month = month_text(found.month, locale)
    if not found.was_open:
        return f"From {month} another definition holds ({source_words(found)})."
    decided = [
        cause.label if cause.since is None else f"{cause.label}, decided from {month_text(cause.since, locale)}"
        for cause in found.causes
    ]
    by = "; ".join(decided) or source_words(found)
    return f"All months from {month}, the first that was ever closed, are told by the definition in force ({by})."


def break_words(found: DefinitionBreak, currency: str, locale: str, figure: str = "") -> str:
    """A changed definition as a footnote; `figure` names what its amounts are of, where something else is shown."""
    return f"{since_words(found, locale)} {clauses_words(found)} {figures_words(found, currency, locale, figure)}"


def restated_why(found: Restated) -> str:
    """Why a month was restated, each time in turn: the decision, or the reason that somebody gave."""
    again = found.revisions[1:]
    causes = [found.causes[close.pk].label if close.pk in found.causes else close.reason for close in again]
    return ", then ".join([*(why.rstrip(".") for why in causes[:-1]), causes[-1]])


def months_words(months: Iterable[int], locale: str) -> str:
    """Months as runs: "Jan 2025 to Mar 2025, May 2025"."""
    runs: list[list[int]] = []
    for month in sorted(months):
        if runs and month == runs[-1][1] + 1:
            runs[-1][1] = month
        else:
            runs.append([month, month])
    return ", ".join(
        month_text(first, locale) if first == last else f"{month_text(first, locale)} to {month_text(last, locale)}"
        for first, last in runs
    )


def restated_words(why: str, found: list[Restated], currency: str, locale: str) -> str:
    """Months that were restated for one reason as a footnote: the ending of the last of them both ways, and of several, or
    where it ends the same, what moved in them.
    """
    named = months_words([each.month for each in found], locale)
    said = why if why.endswith((".", "!", "?")) else f"{why}."
    last = found[-1]
    at = f"At the end of {month_text(last.month, locale)} as" if len(found) > 1 else "As"
    ending = both_words(last.restated.ending, last.reported.ending, currency, locale)
    text = f"{named} restated: {said} {at} {ending}."
    if len(found) == 1 and last.effect:
        return text
    moved = moved_words(found, currency, locale)
    return f"{text} {'In these months: ' if len(found) > 1 else 'In the month: '}{moved}."


def both_words(now: Decimal, then: Decimal, currency: str, locale: str) -> str:
    """An amount as restated and as reported, and the difference."""
    texts = [money_text(amount, currency, locale) for amount in (now, then)]
    change = money_text(now - then, currency, locale, plus=True)
    return f"restated {texts[0]} {currency}; as reported {texts[1]} {currency} ({change})"


def moved_words(found: list[Restated], currency: str, locale: str) -> str:
    """What some months begin with, and the movements whose sums were restated, both ways, so that they lead to the change of
    the ending; and the customers at the end where they differ.
    """
    said = []
    begun, reported = (rows[0].beginning for rows in both_rows(found))
    if begun != reported:
        said.append(f"the beginning as {both_words(begun, reported, currency, locale)}")
    for name in FLOWS:
        now, then = (sum((getattr(row, name) for row in rows), ZERO) for rows in both_rows(found))
        if now != then:
            said.append(f"{FLOW_WORDS.get(name, name)} as {both_words(now, then, currency, locale)}")
    now, then = (rows[-1].customers_ending for rows in both_rows(found))
    if now != then:
        said.append(f"customers as restated {now}; as reported {then}")
    return ", ".join(said) or "the sum of each movement is the same"


def both_rows(found: list[Restated]) -> tuple[list[BridgeRow], list[BridgeRow]]:
    """The bridges in total as restated, and as reported."""
    return [each.restated for each in found], [each.reported for each in found]
