"""A request that takes effect in words and figures, for notices, histories, closes and pages."""

import datetime as dt
from collections.abc import Mapping
from typing import Final

from governance.change_content import rule_name
from governance.change_impact import Impact
from governance.models import ChangeEffect, ChangeKind, ChangeRequest
from governance.selectors.registry import Registry
from metrics.figures import from_cents
from metrics.models import Recognition
from metrics.selectors.clauses import TITLES, sentence_of
from portal.lib.dates import date_text, month_text
from portal.lib.money import DEFAULT_LOCALE, money_text

STILL: Final[dict[str, str]] = {
    ChangeKind.METRIC_NEW: "They see a metric more; no number of theirs moves",
    ChangeKind.METRIC_RETIRE: "They see a metric that ends; no number moves",
    ChangeKind.THRESHOLD: "The thresholds of a metric that they see change; no number moves",
    ChangeKind.QUOTA_RULE: "Quotas or pay are set by another rule; no number moves",
}
"""Why whoever sees figures is told of a request that is of a kind which moves none."""


def moved_words(request: ChangeRequest) -> str:
    """Why whoever sees the figures of the whole client is told of a request: what it does to them, by its preview."""
    if request.kind in STILL:
        return STILL[request.kind]
    if request.preview is None or request.preview.result is None:
        return "Their numbers may move"
    impact = Impact(request.preview.result)
    if impact.restated is not None and impact.restated.cents:
        return "Their numbers move"
    if impact.takes_another_book:
        return "Their pages show another book first; no number of either moves"
    return "Their numbers move" if impact.moves else "They see the numbers that it is about; none moves"


def source_of(request: ChangeRequest) -> str:
    """Where something comes from, as it stands beside what was changed for ever."""
    return f"{request}: {request.title}"


def parameters_words(parameters: Mapping[str, object]) -> str:
    """Changed parameters as clauses."""
    return " ".join(
        f"{TITLES[name]}: {sentence_of(name, value)}" for name, value in parameters.items() if name in TITLES
    )


def metric_name(registry: Registry, key: str) -> str:
    """A metric as people call it; its key where there is none of it."""
    entry = registry.entries.get(key)
    return entry.name if entry is not None else key


def content_words(request: ChangeRequest, registry: Registry, locale: str) -> str:
    """What a request changes, in a sentence or two."""
    content = request.content
    if request.kind == ChangeKind.POLICY:
        return parameters_words(content["parameters"])
    if request.kind == ChangeKind.QUOTA_RULE:
        return f"Quota rule “{rule_name(content['key'])}”: {content['rule']}"
    if request.kind == ChangeKind.METRIC_RETIRE:
        successor = f" “{metric_name(registry, content['successor'])}” takes its place." if content["successor"] else ""
        name = metric_name(registry, content["key"])
        return f"The metric “{name}” is last shown on {ends_text(request, locale)}, then retired.{successor}"
    words = {ChangeKind.METRIC_NEW: "A new metric", ChangeKind.METRIC_CHANGE: "Another definition of the metric"}
    named = f"“{metric_name(registry, content['key'])}”"
    return f"{words.get(ChangeKind(request.kind), 'Other thresholds of the metric')}: {named}."


def largest_words(request: ChangeRequest, currency: str, locale: str) -> str:
    """The largest change of ARR by which a request is decided: at the end of a month that it changes, the step with which
    the first of them begins, or what it restates of a closed month; empty where none is known.
    """
    preview = request.preview
    if preview is None or not preview.effect_cents:
        return ""
    is_signed = preview.effect_month is not None
    amount = f"{money_text(from_cents(preview.effect_cents), currency, locale, plus=is_signed)} {currency}"
    if not is_signed:
        return f"At most {amount} in a month: the decision rights go by that."
    month = month_text(preview.effect_month, locale)
    if preview.effect_is_step:
        return (
            f"Its largest effect is the step of {amount} with which {month} begins, booked there as a prior-period adjustment: "
            "the decision rights go by that, as no month end moves by more."
        )
    if preview.effect_is_restated:
        named = f"{book_words(preview.effect_book)}{month}"
        most = f"It restates {named} by {amount} against what was reported, more than any other month"
        return f"{most}: the decision rights go by that."
    if request.from_month is not None and preview.effect_month < request.from_month:
        return (
            f"None of its months has ended. Had it held in the last twelve, the largest change would be {amount}, in {month}: "
            "the decision rights go by that."
        )
    return f"The largest change in the months that it changes is {amount}, in {month}: the decision rights go by that."


def book_words(recognition: str) -> str:
    """ "CARR of ", before a month of another book than the own."""
    return f"{Recognition(recognition).label} of " if recognition else ""


def figures_words(effect: ChangeEffect, currency: str, locale: str) -> str:
    """What it did to ARR at the month end at which it is measured; empty where it moves no money.

    A month before the one from which a prospective change holds stays as it is: it is told as what the next one begins with.
    """
    if effect.before_cents is None or effect.after_cents is None or effect.at_month is None:
        return ""
    before, after = (
        money_text(from_cents(cents), currency, locale) for cents in (effect.before_cents, effect.after_cents)
    )
    change = money_text(from_cents(effect.after_cents - effect.before_cents), currency, locale, plus=True)
    month, since = month_text(effect.at_month, locale), effect.request.from_month
    if effect.reported_of:
        label = Recognition(effect.reported_of).label
        return f"{label} at the end of {month}: {before} as reported → {after} {currency} as restated ({change})."
    if recognition := effect.request.content["parameters"].get("recognition"):
        old, new = (
            Recognition(name).label for name in (effect.request.present["parameters"]["recognition"], recognition)
        )
        return f"At the end of {month} {new} is {after} {currency}, where {old} is {before} ({change}): two books, both kept."
    if effect.request.is_restating or since is None or effect.at_month >= since:
        return f"ARR at the end of {month}: {before} → {after} {currency} ({change})."
    if effect.at_month == since - 1:
        begins = month_text(since, locale)
        if effect.after_cents == effect.before_cents:
            return f"{begins} begins with what {month} ends with, ARR of {after} {currency}: nothing steps."
        return f"{begins} begins with ARR of {after} {currency} instead of {before} ({change}); {month} stays as it is."
    return f"On the contracts of {month}, which stays as it is, ARR would be {after} {currency} instead of {before} ({change})."


def apart_words(effect: ChangeEffect, currency: str, locale: str) -> str:
    """How what it did differs from what was approved; empty where it does not."""
    if effect.effect_cents is None or effect.approved_cents in (None, effect.effect_cents):
        return ""
    approved, took = (
        money_text(from_cents(cents or 0), currency, locale, plus=True)
        for cents in (effect.approved_cents, effect.effect_cents)
    )
    return f"Approved at {approved} {currency}; took effect at {took}, {lines_words(effect.lines_changed)}."


def lines_words(count: int) -> str:
    """Why an effect is another one."""
    if not count:
        return "because the policy or a rate changed since"
    return "because 1 contract line changed since" if count == 1 else f"because {count} contract lines changed since"


def since_words(request: ChangeRequest, locale: str) -> str:
    """From when it holds."""
    if request.kind == ChangeKind.METRIC_RETIRE:
        return f"deprecated at once, last shown on {ends_text(request, locale)}"
    if request.from_month is None:
        return ""
    month = month_text(request.from_month, locale)
    if request.kind == ChangeKind.METRIC_NEW:
        return f"from {month} on, and earlier months are computed by it too"
    return f"closed months from {month} on are restated" if request.is_restating else f"from {month} on"


def ends_text(request: ChangeRequest, locale: str = DEFAULT_LOCALE) -> str:
    """The last day of a metric that is to be retired: all that somebody chose of its time."""
    return date_text(dt.date.fromisoformat(request.content["sunset_on"]), locale)
