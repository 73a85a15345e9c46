"""Where a series of months does not go on as it began: changed definitions and restated months. Runs in the client's scope.

- `breaks_get(client, basis=None) -> tuple[DefinitionBreak, …]` · `restated_get(client, basis=None) -> dict[month, Restated]`
- `marks_get(client, basis) -> Marks` — both; `Marks.between(first, last)` those of a span of months
- `breaks_now(client, basis=None) -> tuple[DefinitionBreak, …]` — of the numbers as the contracts stand now

A changed definition leaves closed months as they are: the first month under it begins with what the month before ends with
under the new definition, and the difference to what was reported is split to the cent into what the definition makes and what
corrected contracts make.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from itertools import pairwise
from typing import Any, Final

from django.db.models import Q

from metrics.causes import Cause, Causes, causes_of
from metrics.engine.bridge import TOTAL
from metrics.engine.month_end import MonthEnd
from metrics.engine.policy import Policy
from metrics.figures import from_cents
from metrics.models import CloseBridge, MonthClose, PolicyVersion
from metrics.selectors.books import book_head, bridge_get
from metrics.selectors.close_memory import bridges_kept, closes_kept, newest_close
from metrics.selectors.closes import first_told, latest_of, reported_row
from metrics.selectors.figures import ZERO, Basis, BookHead, BridgeRow
from metrics.selectors.month_ends import MonthEnds
from metrics.selectors.periods import Period
from metrics.selectors.policies import Change, first_close, policy_version_get
from portal.tenancy.models import Client

OWN_OF_BOOK: Final = (
    "recognition",
)  # ARR, CARR and LARR are books of their own: a policy that takes another breaks none


@dataclass(frozen=True)
class DefinitionBreak:
    """From `month` on another definition holds than in the month before it.

    `reported` is what the month before was closed with first, `restated` at last, where it was restated; before the first
    close, what that one reported as its beginning, and of the numbers as they stand now (`was_open`) what it ends with.
    `under_new` is what it ends with under the new definition and the contracts that the month begins with. `definition` +
    `data` = `difference`; None where the old definition can no longer be valued on these contracts.
    """

    month: int
    before: int
    after: int
    changed: tuple[Change, ...]
    reported: Decimal
    under_new: Decimal
    definition: Decimal | None
    data: Decimal | None
    is_closed: bool
    restated: Decimal | None = None
    was_open: bool = False
    causes: tuple[Cause, ...] = ()

    @property
    def cause(self) -> Cause | None:
        """The newest decision behind it."""
        return self.causes[-1] if self.causes else None

    @property
    def versions(self) -> list[int]:
        """The versions of the policy that may lead to it: also those between that no month was closed under."""
        return [*range(self.before + 1, self.after), self.after]

    @property
    def difference(self) -> Decimal:
        """What the month before would have, less what it stands with."""
        return self.under_new - (self.reported if self.restated is None else self.restated)


@dataclass(frozen=True)
class Restated:
    """A closed month that was closed again: its revisions, the first one first, and the bridges in total of first and newest:
    both begin where the month before ended, as the rows of the bridge do.

    `causes` are the decisions behind its restatements, by id of the close; one by hand has none.
    """

    month: int
    revisions: tuple[MonthClose, ...]
    reported: BridgeRow
    restated: BridgeRow
    causes: Mapping[int, Cause]

    @property
    def latest(self) -> MonthClose:
        return self.revisions[-1]

    @property
    def cause(self) -> Cause | None:
        """The decision behind the newest restatement."""
        return self.causes.get(self.latest.pk)

    @property
    def effect(self) -> Decimal:
        """As restated less as reported, of the ending."""
        return self.restated.ending - self.reported.ending


@dataclass(frozen=True)
class Marks:
    """What has to be marked in a span of months: the definitions that begin in it, and its restated months."""

    breaks: tuple[DefinitionBreak, ...] = ()
    restated: Mapping[int, Restated] = field(default_factory=dict)

    def between(self, first: int, last: int) -> "Marks":
        """Those of the months from `first` to `last`."""
        breaks = tuple(each for each in self.breaks if first <= each.month <= last)
        return Marks(breaks, {month: each for month, each in self.restated.items() if first <= month <= last})

    def restated_in(self, period: Period) -> list[Restated]:
        """The restated months of a period."""
        return [each for month, each in self.restated.items() if period.first <= month <= period.last]


@dataclass(frozen=True)
class Stand:
    """What a month is computed under, and the ARR that it begins and ends with. `opening` is what it would begin with under
    the policy of the month before; None where that is not known, or the same policy. `first` is what it was reported to end
    with, where it was restated.
    """

    month: int
    policy: int
    parameters: Mapping[str, Any]
    beginning: Decimal
    ending: Decimal
    opening: Decimal | None
    is_closed: bool
    first: Decimal | None = None


def breaks_get(client: Client, basis: Basis = None) -> tuple[DefinitionBreak, ...]:
    """Every changed definition from the first closed month on, the oldest first; none without closed months."""
    head = book_head(client, basis)
    newest = newest_close() if head.may_have_closes else None
    own = [close for close in closes_kept(newest) if close.recognition == head.recognition]
    closes, totals = latest_of(own), totals_kept(newest)
    if not closes:
        return ()
    versions = versions_behind(closes, head)
    stands = closed_stands(own, versions, totals)
    earlier, later = earlier_stand(head, own, totals), open_stand(client, head, stands[-1], versions)
    found = breaks_between([*([earlier] if earlier else []), *stands, *([later] if later else [])])
    return caused(client, found)


def breaks_now(client: Client, basis: Basis = None) -> tuple[DefinitionBreak, ...]:
    """Where the numbers as the contracts stand now go over to another definition: after the months before the first close."""
    head = book_head(client, basis)
    first = first_close() if head.may_have_closes else None
    if first is None or head.policy_number in (None, first.policy.number):
        return ()
    version = policy_version_get(head.policy_number or 0)
    if version is None:
        return ()
    rows = bridge_get(client, head, first.month - 1, first.month).totals
    changed = changes_between(first.policy_parameters, version.parameters)
    if len(rows) < 2 or not changed:
        return ()
    then, now = rows[0].ending, rows[1].beginning + rows[1].adjustment
    found = DefinitionBreak(
        first.month,
        first.policy.number,
        version.number,
        changed,
        then,
        now,
        now - then,
        ZERO,
        is_closed=False,
        was_open=True,
    )
    return caused(client, [found])


def caused(client: Client, found: Sequence[DefinitionBreak]) -> tuple[DefinitionBreak, ...]:
    """Breaks with the decisions that they come from."""
    causes = causes_of(client, {number for each in found for number in each.versions}, [])
    between = {number for each in found if len(each.versions) > 1 for number in (each.before, *each.versions)}
    rows = PolicyVersion.objects.filter(number__in=between).order_by("number") if between else []
    parameters = {row.number: row.parameters for row in rows}
    return tuple(with_causes(each, causes, parameters) for each in found)


def deciding(found: DefinitionBreak, parameters: Mapping[int, Mapping[str, Any]]) -> list[int]:
    """The versions that make a break: those that gave a changed parameter the value that it has now. One between of which a
    later one changed everything anew never held in these months.
    """
    if len(found.versions) == 1:
        return found.versions
    last = {
        change.parameter: number
        for earlier, number in pairwise(each for each in (found.before, *found.versions) if each in parameters)
        for change in found.changed
        if parameters[earlier].get(change.parameter) != parameters[number].get(change.parameter)
    }
    return sorted(set(last.values())) or found.versions


def marks_get(client: Client, basis: Basis) -> Marks:
    """All changed definitions and restated months."""
    head = book_head(client, basis)
    return Marks(breaks_get(client, head), restated_get(client, head))


def with_causes(found: DefinitionBreak, causes: Causes, parameters: Mapping[int, Mapping[str, Any]]) -> DefinitionBreak:
    """A break with the decisions that it comes from."""
    known = (causes.versions.get(number) for number in deciding(found, parameters))
    return replace(found, causes=tuple(dict.fromkeys(filter(None, known))))


def versions_behind(closes: Sequence[MonthClose], head: BookHead) -> dict[int, PolicyVersion]:
    """By id: the versions that closed months were closed under, and the one that the book follows."""
    wanted = Q(pk__in={close.policy_id for close in closes}) | Q(number=head.policy_number)
    return {row.pk: row for row in PolicyVersion.objects.filter(wanted)}


def closed_stands(
    own: Sequence[MonthClose], versions: Mapping[int, PolicyVersion], by_close: Mapping[int, CloseBridge]
) -> list[Stand]:
    """The closed months, the oldest first; `own` are all revisions of a book, with their bridges in total."""
    closes = latest_of(own)
    again = {close.month for close in closes if close.revision > 1}
    first = [close for close in own if close.revision == 1 and close.month in again]
    reported = {close.month: by_close[close.pk].ending for close in first}
    return [
        Stand(
            close.month, versions[close.policy_id].number, close.policy_parameters, by_close[close.pk].beginning,
            by_close[close.pk].ending, close.opening_before, is_closed=True, first=reported.get(close.month),
        )
        for close in reversed(closes)
    ]  # fmt: skip


def earlier_stand(head: BookHead, own: Sequence[MonthClose], by_close: Mapping[int, CloseBridge]) -> Stand | None:
    """The month before the first close, which follows the policy that this one was closed under first; None where that is
    still the same, or the book has no month before it.
    """
    close = latest_of(own)[-1]
    if close.revision == 1 or head.first_month is None or head.first_month >= close.month:
        return None
    told = first_told(own, head.recognition, close.month)
    if not changes_between(told.policy_parameters, close.policy_parameters):
        return None
    begun = by_close[told.pk].beginning
    return Stand(close.month - 1, told.policy.number, told.policy_parameters, begun, begun, None, is_closed=False)


def totals_kept(newest: int | None) -> dict[int, CloseBridge]:
    """By id of a close its bridge of all customers."""
    return {close: rows[0] for close, rows in bridges_kept(newest, TOTAL).items()}


def open_stand(client: Client, head: BookHead, newest: Stand, versions: Mapping[int, PolicyVersion]) -> Stand | None:
    """The first open month after the closed ones, also where it is not over yet; None where the policy is still the same."""
    version = next((row for row in versions.values() if row.number == head.policy_number), None)
    if version is None or not changes_between(newest.parameters, version.parameters):
        return None
    live = bridge_get(client, head, newest.month, newest.month).totals
    if not live:
        return None
    old = Policy.from_dict(newest.parameters).with_(recognition=head.recognition)
    end = MonthEnds.of(client).at(old, newest.month)
    opening = from_cents(end.total) if isinstance(end, MonthEnd) else None
    now = live[0].ending
    return Stand(newest.month + 1, version.number, version.parameters, now, now, opening, is_closed=False)


def breaks_between(stands: Sequence[Stand]) -> list[DefinitionBreak]:
    """The breaks of consecutive months.

    A restatement leaves months alone in which the new definition changes nothing: they keep their older version, and where the
    figures go on without a step they break nothing.
    """
    found: list[DefinitionBreak] = []
    holding = stands[0]
    for before, now in pairwise(stands):
        changed = changes_between(holding.parameters, now.parameters)
        is_left_alone = now.policy < holding.policy and now.beginning == before.ending
        if not changed:
            holding = now
        elif now.month == before.month + 1 and not is_left_alone:
            found.append(break_of(holding, before, now, changed))
            holding = now
    return found


def break_of(holding: Stand, before: Stand, now: Stand, changed: tuple[Change, ...]) -> DefinitionBreak:
    """One break; where the month before was left alone by a restatement, the older version is only its label."""
    known = now.opening is not None
    definition = now.beginning - now.opening if now.opening is not None else None
    data = now.opening - before.ending if now.opening is not None else None
    if not known and now.beginning == before.ending:
        definition = data = ZERO
    first, again = (before.ending, None) if before.first is None else (before.first, before.ending)
    return DefinitionBreak(
        now.month, holding.policy, now.policy, changed, first, now.beginning, definition, data, now.is_closed, again
    )


def changes_between(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[Change, ...]:
    """The parameters in which two versions differ that decide the figures of one book."""
    return tuple(
        Change(name, before.get(name), value)
        for name, value in after.items()
        if before.get(name) != value and name not in OWN_OF_BOOK
    )


def restated_get(client: Client, basis: Basis = None) -> dict[int, Restated]:
    """Every closed month that was closed again, with what was reported first beside what is reported now."""
    head = book_head(client, basis)
    if not head.may_have_closes:
        return {}
    again = MonthClose.objects.filter(recognition=head.recognition, revision=2).values("month")
    closes = MonthClose.objects.filter(recognition=head.recognition, month__in=again).defer("retention")
    months: defaultdict[int, list[MonthClose]] = defaultdict(list)
    for close in closes.select_related("policy", "closed_by").order_by("month", "revision"):
        months[close.month].append(close)
    if not months:
        return {}
    newest = newest_close()
    totals = totals_kept(newest)
    own = [close for close in closes_kept(newest) if close.recognition == head.recognition]
    reported, restated = begun_rows(own, totals, head)
    causes = causes_of(client, [], [close for revisions in months.values() for close in revisions[1:]]).closes
    return {
        month: Restated(
            month, tuple(revisions), reported[month], restated[month],
            {close.pk: causes[close.pk] for close in revisions if close.pk in causes},
        )
        for month, revisions in months.items()
    }  # fmt: skip


def begun_rows(
    own: Sequence[MonthClose], totals: Mapping[int, CloseBridge], head: BookHead
) -> tuple[dict[int, BridgeRow], dict[int, BridgeRow]]:
    """By month the bridges in total of a book's first and newest closes, each begun where the month before ended."""
    firsts = {close.month: close for close in own if close.revision == 1}
    oldest = min(firsts)
    told = first_told(own, head.recognition, oldest)
    is_begun = head.first_month is not None and head.first_month < oldest
    begun = [reported_row(totals[close.pk]) if is_begun else None for close in (firsts[oldest], told)]
    ways = (firsts, {close.month: close for close in latest_of(own)})
    reported, restated = (
        chained({month: reported_row(totals[close.pk]) for month, close in way.items()}, start)
        for way, start in zip(ways, begun, strict=True)
    )
    return reported, restated


def chained(rows: Mapping[int, BridgeRow], begun: BridgeRow | None) -> dict[int, BridgeRow]:
    """Closed months that begin where the month before ended, the first one as `begun`; the step is the adjustment, of ARR and
    of customers.
    """
    found: dict[int, BridgeRow] = {}
    start = None if begun is None else (begun.beginning, begun.customers_beginning)
    for month, row in sorted(rows.items()):
        amount, customers = start or (row.beginning, row.customers_beginning)
        adjusted = {"adjustment": row.beginning - amount, "customers_adjusted": row.customers_beginning - customers}
        found[month] = replace(row, beginning=amount, **adjusted)  # type: ignore[arg-type]
        start = row.ending, row.customers_ending
    return found
