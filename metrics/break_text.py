"""Changed definitions and restated months in words, the same on pages, on paper, in files and in the API."""

from collections.abc import Iterable
from decimal import Decimal

from metrics.selectors.breaks import DefinitionBreak, Restated
from metrics.selectors.clauses import TITLES, sentence_of
from portal.lib.dates import month_text
from portal.lib.money import money_text


def source_words(found: DefinitionBreak) -> str:
    """By what a definition came into force: the decisions, or the version of the policy alone."""
    return ", ".join(cause.label for cause in found.causes) or f"policy v{found.after}"


def clauses_words(found: DefinitionBreak) -> str:
    """What the changed parameters say now."""
    return " ".join(
        f"{TITLES[change.parameter]}: {sentence_of(change.parameter, change.new)}" for change in found.changed
    )


def figures_words(found: DefinitionBreak, currency: str, locale: str, figure: str = "") -> str:
    """The month before under both definitions, and what of the difference each reason makes."""
    before = f"{figure} of {month_text(found.month - 1, locale)}" if figure else month_text(found.month - 1, locale)
    now, then = (money_text(amount, currency, locale) for amount in (found.under_new, found.reported))
    how = "restated" if found.was_restated else "reported"
    text = f"{before} under the new definition: {now} {currency}; as {how}: {then} {currency}."
    if found.definition is None or found.data is None:
        return f"{text} How much of it corrected contracts make cannot be told: the old definition cannot be valued."
    if not found.data:
        return text
    parts = [money_text(amount, currency, locale, plus=True) for amount in (found.definition, found.data)]
    return f"{text} Of the difference the definition makes {parts[0]}, contracts corrected since {parts[1]}."


def break_words(found: DefinitionBreak, currency: str, locale: str, figure: str = "") -> str:
    """A changed definition as a footnote; `figure` names what its amounts are of, where something else is shown."""
    since = f"From {month_text(found.month, locale)} another definition holds ({source_words(found)})."
    return f"{since} {clauses_words(found)} {figures_words(found, currency, locale, figure)}"


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
    """Months that were restated for one reason as a footnote; of a single one the figures."""
    named = months_words([each.month for each in found], locale)
    said = why if why.endswith((".", "!", "?")) else f"{why}."
    if len(found) > 1:
        return f"{named} restated: {said} As reported stands beside as restated."
    (one,) = found
    amounts: tuple[Decimal, Decimal] = (one.restated.ending, one.reported.ending)
    now, then = (money_text(amount, currency, locale) for amount in amounts)
    change = money_text(one.effect, currency, locale, plus=True)
    return f"{named} restated: {said} As restated {now} {currency}; as reported {then} {currency} ({change})."
