"""Which closed months a restatement under another policy would close again.

`restated_months(impact, reported, since, books) -> frozenset[int]` · `most_restated(impact, since, books)` — of each book the
month that moves most. Reads only; runs in the client's scope.

A restatement holds what the books say under the policy that is asked for against what was *reported*, whatever moved it: the
request itself, an earlier change that left closed months alone, or contracts that were corrected since. It compares all that a
close keeps, of ARR, CARR and LARR: where one of them differs anywhere, the month is closed again for all three. So does this,
from what is quick to see (the totals of the own book) to what is not.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial

from metrics.engine.bridge import TOTAL
from metrics.engine.drill import Settled
from metrics.engine.threads import in_threads
from metrics.engine.valuation import line_values, rates_for
from metrics.models import CloseBridge, MonthClose
from metrics.month_content import month_content
from metrics.selectors.closes import latest_closes
from metrics.selectors.policy_impact import ImpactSide, PolicyImpact, computed_under, side_of


@dataclass(frozen=True)
class MostRestated:
    """The closed month of a book whose ending a restatement moves most, the newest of several: cents as reported in its newest
    revision, and as restated.
    """

    recognition: str
    month: int
    reported: int
    restated: int


@dataclass
class Books:
    """The books of every recognition under the policy that is asked for, each computed when it is first asked for."""

    impact: PolicyImpact
    sides: dict[str, ImpactSide] = field(default_factory=dict)

    def under(self, recognition: str) -> ImpactSide:
        if recognition not in self.sides:
            self.sides[recognition] = side_under(self.impact, recognition)
        return self.sides[recognition]


def most_restated(impact: PolicyImpact, since: int | None, books: Books) -> tuple[MostRestated, ...]:
    """Of ARR, CARR and LARR, which are restated together, the closed month from `since` on that moves most (None: nothing is
    restated). Each book is held against itself, also where the request takes another one; months without a figure are left out.
    """
    if since is None:
        return ()
    closes = [close for close in latest_closes() if close.month >= since]
    endings = CloseBridge.objects.filter(close__in=[close.pk for close in closes], dimension=TOTAL)
    reported = dict(endings.values_list("close_id", "ending"))
    found: dict[str, MostRestated] = {}
    for close in sorted(closes, key=lambda each: each.month):
        side = books.under(close.recognition)
        if side.first <= close.month <= impact.last and not side.reason(close.month):
            before, after = int(reported[close.pk].scaleb(2)), side.cents("ending", close.month)
            best = found.get(close.recognition)
            if best is None or abs(after - before) >= abs(best.restated - best.reported):
                found[close.recognition] = MostRestated(close.recognition, close.month, before, after)
    return tuple(found[name] for name in sorted(found))


def restated_months(
    impact: PolicyImpact, reported: Mapping[int, Mapping[str, int]], since: int | None, books: Books
) -> frozenset[int]:
    """The closed months that would be closed again from `since` on (None: nothing is restated).

    Of another recognition with other rules, and of months without a figure, it cannot be said: these are all of them. Another
    recognition alone moves no book, but what else moved since is taken up as by any restatement: each is held against itself.
    """
    if since is None:
        return frozenset()
    later = {month for month in reported if month >= since}
    is_book_alone = impact.changed == ("recognition",)
    if "recognition" in impact.changed and not is_book_alone:
        return frozenset(later)
    after = impact.after
    found = set() if is_book_alone else {
        month for month in later
        if month not in impact.months or after.reason(month)
        or any(cents != after.cents(name, month) for name, cents in reported[month].items())
    }  # fmt: skip
    closes = latest_closes()
    for name in (
        after.policy.recognition,
        *sorted({close.recognition for close in closes} - {after.policy.recognition}),
    ):
        left = [close for close in closes if close.recognition == name and close.month in later - found]
        if left:
            side = books.under(name)
            moved = in_threads(impact.given.lines.height, partial(is_moved, impact, side), left)
            found |= {close.month for close, is_other in zip(left, moved, strict=True) if is_other}
    return frozenset(found)


def side_under(impact: PolicyImpact, recognition: str) -> ImpactSide:
    """The book of a recognition under the policy that is asked for."""
    if recognition == impact.after.policy.recognition:
        return impact.after
    made = computed_under(impact.given, impact.after.policy.with_(recognition=recognition), impact.last)
    series = made[-1].series
    return side_of(*made, impact.first if series is None else min(series.first, impact.first), impact.last)


def is_moved(impact: PolicyImpact, side: ImpactSide, close: MonthClose) -> bool:
    """Whether a book says something else of a month than its close: of a group, of retention, or of a customer."""
    if side.reason(close.month):
        return True
    series = {key: values[:, close.month - side.first] for key, values in side.groups.items()}
    return month_content(series, settled_at(impact, side, close.month)).content_hash != close.content_hash


def settled_at(impact: PolicyImpact, side: ImpactSide, month: int) -> Settled | None:
    """The settled lines of a book, valued in a month; None where nobody had ARR yet."""
    series = side.computed.series
    if series is None or month < series.first:
        return None
    lines, settled = side.ready.lines, side.ready.settled
    rates = rates_for(lines, impact.given.rates, side.policy, month, month)
    return Settled(lines, settled, rates, line_values(lines, settled, rates), side.policy, month)
