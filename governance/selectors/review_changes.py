"""The chapters of the board's review about what changed: requests, restated months, and what the numbers mean.

A quarter is also changed by what was decided after it: a request that holds from one of its months, a month of it that was
closed again. Both are named, with the day on which they happened.
"""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import F, Q

from governance.chapters import Chapter, chapter, counted
from governance.models import (
    ChangeEffect,
    ChangeRequest,
    ChangeState,
    MetricEvent,
    MetricHappening,
    MetricVersion,
    Publication,
)
from governance.selectors.changes import APPROVED
from governance.selectors.registry import metric_names
from governance.selectors.review_chapters import MOST_ROWS, Span
from metrics.break_text import months_words
from metrics.engine.bridge import TOTAL
from metrics.models import CloseBridge, MonthClose, PolicyVersion
from metrics.selectors.books import book_head
from metrics.selectors.clauses import TITLES, sentence_of
from metrics.selectors.policies import policy_changes, policy_versions
from portal.lib.periods import month_format

RESTATED_COLUMNS = ("Month", "Why", "As reported", "As restated", "Difference", "By this restatement", "Who", "On")
STEPS = ("submitted_at", "decided_at", "effective_at")


def changes_chapter(span: Span) -> Chapter:
    """What was asked to be changed, decided and put into effect in the quarter, and what changes it whenever that was."""
    asked = ChangeRequest.objects.exclude(state=ChangeState.DRAFT).select_related("requested_by")
    restated = dict(ChangeEffect.objects.values_list("request", "restated_months"))
    touched, changing = [], []
    for row in asked:
        is_changing = changes_quarter(span, row, restated.get(row.pk, []))
        changing += [row] if is_changing else []
        if is_changing or any(span.within(getattr(row, name)) for name in STEPS):
            touched.append(row)
    made, decided, effective = (sum(span.within(getattr(row, name)) for row in touched) for name in STEPS)
    rows = [
        (str(row), row.title, row.get_kind_display(), row.get_state_display(),
         row.requested_by.get_full_name() if row.requested_by else "",
         span.day(row.submitted_at), span.day(row.decided_at), held_from(row))
        for row in touched
    ]  # fmt: skip
    happened = made or decided or effective
    return chapter(
        "changes", "Change requests",
        f"{counted(made, 'request')} made, {decided} decided, {effective} in effect in the quarter." if happened
        else "No change was asked for, decided or put into effect in the quarter.",
        *(f"{row} changes months of the quarter, {held_words(row)}; {decided_words(span, row)}." for row in changing),
        columns=("Request", "What", "Kind", "State now", "Asked by", "Submitted", "Decided", "Holds from") if rows else (),
        rows=rows, most=MOST_ROWS,
    )  # fmt: skip


def changes_quarter(span: Span, row: ChangeRequest, restated: Iterable[int]) -> bool:
    """Whether an approved request changes months of the quarter: it holds from one of them, restated one of them, or was
    decided after the quarter from an earlier month on.
    """
    if row.state not in APPROVED or row.from_month is None:
        return False
    if span.holds(row.from_month) or any(span.holds(month) for month in restated):
        return True
    return bool(row.from_month < span.period.first and span.is_over_at(row.decided_at))


def held_from(row: ChangeRequest) -> str:
    """From which month on it holds, as ISO text."""
    return month_format(row.from_month) if row.from_month is not None else ""


def held_words(row: ChangeRequest) -> str:
    """From when it holds, and whether closed months are restated."""
    return f"{'restating them ' if row.is_restating else ''}from {held_from(row)} on"


def decided_words(span: Span, row: ChangeRequest) -> str:
    """When it was decided, seen from the quarter."""
    when = "after" if span.is_over_at(row.decided_at) else "in" if span.within(row.decided_at) else "before"
    return f"decided {when} the quarter, on {span.day(row.decided_at)}"


def restatements_chapter(span: Span) -> Chapter:
    """Which closed months were restated in the quarter, and which of its own whenever: why, and by how much."""
    recognition = book_head(span.client).recognition
    closes = MonthClose.objects.filter(recognition=recognition, revision__gt=1).select_related("closed_by")
    found = [row for row in closes.order_by("closed_at") if span.within(row.closed_at) or span.holds(row.month)]
    first = Q(close__recognition=recognition, close__revision=1, month__in=[row.month for row in found])
    bridges = CloseBridge.objects.filter(
        Q(close__in=[pk for row in found for pk in (row.pk, row.restates_id)]) | first, dimension=TOTAL
    )
    ends = list(bridges.values_list("close_id", "close__revision", "month", "ending"))
    endings: dict[int | None, Decimal] = {close: ending for close, *_, ending in ends}
    reported = {month: ending for _, revision, month, ending in ends if revision == 1}
    rows = [
        (month_format(row.month), row.reason, span.money(reported[row.month]), span.money(endings[row.pk]),
         span.money(endings[row.pk] - reported[row.month], plus=True),
         span.money(endings[row.pk] - endings[row.restates_id], plus=True),
         row.closed_by.get_full_name() if row.closed_by else "", span.day(row.closed_at))
        for row in found
    ]  # fmt: skip
    then = sum(span.within(row.closed_at) for row in found)
    later = [row for row in found if span.is_over_at(row.closed_at)]
    return chapter(
        "restatements", "Restatements",
        f"{counted(then, 'closed month')} {'was' if then == 1 else 'were'} restated in the quarter." if then
        else "No closed month was restated in the quarter.",
        *(f"{month_format(row.month)} was restated after the quarter, on {span.day(row.closed_at)}." for row in later),
        columns=RESTATED_COLUMNS if rows else (), rows=rows, most=MOST_ROWS, figures=(2, 3, 4, 5),
    )  # fmt: skip


# --- what the numbers mean ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Meaning:
    """One change of what the numbers mean: its row, when it was made as seen from the quarter, what it does to its months."""

    row: tuple[str, str, str, str, str]
    when: str
    does: str = ""

    @property
    def sentence(self) -> str:
        """How it changes months of the quarter, and when it was made."""
        on = f", on {self.row[0]}" if self.when != "in" else ""
        return f"{self.row[1]} {self.does}; it was made {self.when} the quarter{on}."


def definitions_chapter(span: Span) -> Chapter:
    """What changed in the policy and in the metrics in the quarter, and what was changed from one of its months on."""
    found = [*policy_meanings(span), *metric_meanings(span)]
    then = sum(each.when == "in" for each in found)
    none = "What the numbers mean did not change in the quarter"
    return chapter(
        "definitions", "Policy and metrics",
        f"{counted(then, 'change')} of what the numbers mean in the quarter." if then
        else f"{none}; its months were changed by what was made before or after it." if found else f"{none}.",
        *(each.sentence for each in found if each.does),
        columns=("On", "What", "Change", "Why", "Who") if found else (), rows=sorted(each.row for each in found),
        most=MOST_ROWS,
    )  # fmt: skip


def policy_meanings(span: Span) -> list[Meaning]:
    """Versions of the policy that were published in the quarter, hold from one of its months on, or restate some of these."""
    versions, months, restated = policy_versions(), policy_months(), months_restated(span)
    older: dict[int, PolicyVersion] = {each.number: each for each in versions}
    found = []
    for version in sorted(versions, key=lambda each: each.number):
        when = made_when(span, version.created_at)
        does = does_words(span, months.get(version.pk), when)
        if again := restated.get(version.pk):
            does = f"restates {months_words(again, span.client.locale)}"
        if version.number - 1 in older and (does or when == "in"):
            edits = policy_changes(older[version.number - 1], version)
            what = "; ".join(
                f"{TITLES[each.parameter]}: {sentence_of(each.parameter, each.old)} → {sentence_of(each.parameter, each.new)}"
                for each in edits
            )
            who = version.created_by.get_full_name() if version.created_by else ""
            row = (span.day(version.created_at), f"Policy v{version.number}", what or "no parameter", version.note, who)
            found.append(Meaning(row, when, does))
    return found


def made_when(span: Span, at: dt.datetime) -> str:
    """When something was made, as seen from the quarter."""
    return "after" if span.is_over_at(at) else "in" if span.within(at) else "before"


def does_words(span: Span, month: int | None, when: str) -> str:
    """From which month of the quarter on something holds that was not made in it; empty where that is none of its months."""
    return f"holds from {month_format(month)} on" if month is not None and span.holds(month) and when != "in" else ""


def months_restated(span: Span) -> dict[int, list[int]]:
    """By id of a policy version the months of the quarter that were closed again under it and not under the one before."""
    recognition, found = book_head(span.client).recognition, dict[int, list[int]]()
    again = MonthClose.objects.filter(
        recognition=recognition, revision__gt=1, month__gte=span.period.first, month__lte=span.period.last
    ).exclude(policy=F("restates__policy"))
    for policy, month in again.order_by("month").values_list("policy", "month").distinct():
        found.setdefault(policy, []).append(month)
    return found


def policy_months() -> dict[int, int]:
    """By id of a policy version the month that it was decided to hold from; versions without such a decision are left out."""
    by_request = ChangeEffect.objects.filter(policy_version__isnull=False).values_list(
        "policy_version", "request__from_month"
    )
    found: dict[int, int] = dict(Publication.objects.values_list("policy_version", "from_month"))
    return found | {version: month for version, month in by_request if month is not None}


def metric_meanings(span: Span) -> list[Meaning]:
    """Versions of metrics that were made in the quarter or hold from one of its months on, and what became of metrics in it."""
    names, found = metric_names(span.client), list[Meaning]()
    made = Q(at__gte=span.since) | Q(effective_month__gte=span.period.first, effective_month__lte=span.period.last)
    versions = MetricVersion.objects.filter(made, number__gt=1).select_related("metric", "by")
    for each in versions.order_by("at"):
        month, when = each.effective_month, made_when(span, each.at)
        does = does_words(span, month, when)
        if does or when == "in":
            since = "the beginning" if month is None else month_format(month)
            what = f"{names[each.metric.key]} v{each.number}"
            row = (span.day(each.at), what, f"from {since}", each.reason, name_of(each.by))
            found.append(Meaning(row, when, does))
    events = MetricEvent.objects.filter(kind=MetricHappening.STATUS, at__gte=span.since, at__lt=span.until)
    for event in events.select_related("metric", "by").order_by("at"):
        row = (span.day(event.at), names[event.metric.key], event.text, event.reason, name_of(event.by))
        found.append(Meaning(row, "in"))
    return found


def name_of(user: Any) -> str:
    """Who it was; empty where nobody is known."""
    return user.get_full_name() if user else ""
