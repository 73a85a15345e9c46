"""What another policy would make of a client's whole book: every month and group before and after, and who moves.

`policy_impact(client, after, before=None, since=None, tell=…) -> PolicyImpact | NoValue` ·
`months_changed(months, since) -> range`. Reads only; runs in the client's scope.

Both sides are computed by the engine from the lines as they are now, up to the book's last completed month, by the function
that rebuilds a stored book. So `before` is what the pages of numbers show of open months, and `after` what they would show.
The months before the first close follow a policy of their own, which neither changes: both sides have what the stored books do.
Why customers move is told by `metrics.selectors.policy_impact_why`, what it means for closed months by
`metrics.selectors.policy_impact_closed`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property, partial
from typing import Final

import numpy as np
import polars as pl

from metrics.book_rows import load_groups
from metrics.computation import Computed, EngineInput, compute_settled
from metrics.engine.arrays import Ints
from metrics.engine.book import MOVEMENT_SCHEMA, Ready
from metrics.engine.bridge import TOTAL
from metrics.engine.impact import MOVED_SCHEMA, TOLD_SCHEMA, Units, moved_customers, told_otherwise, with_told
from metrics.engine.policy import Policy
from metrics.engine.retention import ratio4
from metrics.engine.series import FIGURES, Group
from metrics.engine.settlement import Related, relate_lines
from metrics.engine.threads import together
from metrics.models import ArrBook
from metrics.selectors.month_ends import NO_LINES, NO_MONTH, MonthEnds, NoValue, SourceInput
from metrics.selectors.policies import policy_before_closes, policy_in_force
from metrics.selectors.policy_effect import changed_parameters
from portal.lib.dates import month_text
from portal.tenancy.models import Client

Tell = Callable[[str, int], None]
Side = tuple[Policy, Related, Ready, Computed]
AHEAD_MONTHS: Final = 12
PLACE: Final = {name: place for place, name in enumerate(FIGURES)}


@dataclass(frozen=True)
class ImpactSide:
    """The book under one policy over the months `first` to `last` of the impact.

    `groups` are `FIGURES` × these months in cents and customers, by dimension and group. `valued` is the run of months that
    can be valued (None: none can be), `retention_from` the first with retention; `message` says what is missing.
    """

    policy: Policy
    related: Related
    ready: Ready
    computed: Computed
    first: int
    last: int
    valued: tuple[int, int] | None
    retention_from: int | None
    message: str
    groups: dict[Group, Ints]

    def reason(self, month: int) -> str:
        """Why a month has no figure; empty where it has."""
        if self.valued is not None and self.valued[0] <= month <= self.valued[1]:
            return ""
        return self.message or f"{month_text(month)} cannot be valued"

    def retention_reason(self, month: int, group: Group = (TOTAL, "")) -> str:
        """Why NRR and GRR of a month have no figure; empty where they have."""
        if reason := self.reason(month):
            return reason
        if self.retention_from is None or month < self.retention_from:
            return "Retention needs the rates of twelve months before, and they begin later."
        if self.cents("base_cents", month, group) == 0:
            return "Nobody had ARR twelve months before."
        return ""

    def cents(self, figure: str, month: int, group: Group = (TOTAL, "")) -> int:
        """A figure of a month in cents or customers, whether or not it can be valued."""
        series = self.groups.get(group)
        return 0 if series is None else int(series[PLACE[figure], month - self.first])

    def ratio(self, over: str, month: int, group: Group = (TOTAL, "")) -> Decimal | None:
        """NRR (`now_cents`) or GRR (`kept_cents`) of a month; None where `retention_reason` says why."""
        if self.retention_reason(month, group):
            return None
        return ratio4(self.cents(over, month, group), self.cents("base_cents", month, group))


@dataclass(frozen=True)
class PolicyImpact:
    """Two policies on one client's lines, from month `first` to `last`; `end` is the newest that both can value.

    `moved` are the customers whose ARR or movements differ in the months `compared` (`engine.impact.MOVED_SCHEMA`): those that
    are changed and that both can value; empty where there are none, for the `reason`. `told` are the movements of these months
    that are told differently. Months before `until`, where it is one, are on both sides as they are stored.
    """

    client: Client
    changed: tuple[str, ...]
    before: ImpactSide
    after: ImpactSide
    first: int
    last: int
    end: int | None
    compared: range
    reason: str
    moved: pl.DataFrame
    told: pl.DataFrame
    given: SourceInput
    units: Units  # the customers by which the two are compared
    until: int | None = None

    @property
    def months(self) -> range:
        """All months, those without a figure too."""
        return range(self.first, self.last + 1)

    @cached_property
    def dimensions(self) -> dict[str, list[str]]:
        """The groups of each dimension that either side has, in order."""
        keys = self.before.groups.keys() | self.after.groups.keys()
        names = sorted({dimension for dimension, _ in keys} - {TOTAL})
        return {name: sorted(group for dimension, group in keys if dimension == name) for name in names}


def months_changed(months: range, since: int | None) -> range:
    """The months of a book that a policy changes which holds from `since` on (None: from ever).

    Where none of them has ended yet, the newest twelve: what it would have done in them is what there is to decide by.
    """
    if since is None or since <= months.start:
        return months
    return months[since - months.start :] if since in months else months[-AHEAD_MONTHS:]


def policy_impact(
    client: Client,
    after: Policy,
    before: Policy | None = None,
    since: int | None = None,
    tell: Tell | None = None,
) -> PolicyImpact | NoValue:
    """What changing from one policy (None: the one in force) to another does from a month on; NoValue where there is nothing to
    compute from.

    A missing rate is no NoValue: it leaves months of one side without a figure, and that side says so. `tell(step, percent)`
    hears how far it is.
    """
    say = tell or (lambda step, percent: None)
    old = before or policy_in_force(client)
    through = ArrBook.objects.order_by("-through_month").values_list("through_month", flat=True)
    newest = through.filter(through_month__isnull=False).first()
    say("Reading the contract lines", 5)
    ends = MonthEnds.of(client)
    if ends.source is None or ends.given.lines.height == 0:
        return NO_LINES
    if newest is None:
        return NO_MONTH
    for policy in (old, after):
        if policy.reporting_currency != client.currency:
            wanted = policy.reporting_currency
            return NoValue("other_currency", f"Rates are kept in {client.currency}: nothing is valued in {wanted}.")
    say("Computing the numbers as they are and under the new rule", 15)
    both = both_computed(ends.given, (old, after), newest)
    say("Comparing customers", 60)
    return held_against(client, ends.given, *both, newest, since)


def both_computed(given: SourceInput, policies: tuple[Policy, Policy], through: int) -> tuple[Side, Side]:
    """The books under two policies, side by side; the codes, which both read, are made before."""
    for unit in {policy.customer_unit for policy in policies}:
        given.coded_for(unit)
    works = (partial(computed_under, given, policy, through) for policy in policies)
    before, after = together(given.lines.height, *works)
    return before, after


def computed_under(given: SourceInput, policy: Policy, through: int) -> Side:
    """The lines related and settled, and the book, under a policy."""
    whole = EngineInput(given.coded_for(policy.customer_unit), given.rates, policy)
    related = relate_lines(whole.coded, policy)
    ready = Ready.of_related(related, policy)
    return policy, related, ready, compute_settled(whole, ready, through, with_cohorts=False)


def held_against(
    client: Client, given: SourceInput, before: Side, after: Side, through: int, since: int | None
) -> PolicyImpact:
    """Two computed books over the months of both, and the customers that move in those that change."""
    earlier = policy_before_closes()
    kept: dict[str, KeptBefore | None] = {}
    if earlier is not None:
        kept = {side[0].recognition: kept_before(side[0].recognition, earlier.until) for side in (before, after)}
    starts = [each.series.first for *_, each in (before, after) if each.series is not None]
    first, last = min([*starts, *(each.first for each in kept.values() if each is not None)], default=through), through
    old, new = side_of(*before, first, last), side_of(*after, first, last)
    months = both_valued(old, new)
    compared = overlap(months, months_changed(range(first, last + 1), since))
    if earlier is not None:
        for side in (old, new):
            put_before(side, kept[side.policy.recognition], earlier.until)
        compared = overlap(compared, range(earlier.until, last + 1))
    units = Units.of(old.ready.lines, new.ready.lines)
    reason, moved, told = "", MOVED_SCHEMA.to_frame(), TOLD_SCHEMA.to_frame()
    if not compared:
        reason = old.message or new.message or "No month that it changes can be valued under both rules."
    else:
        window = compared[0], compared[-1]
        told, arr = together(
            given.lines.height,
            lambda: told_otherwise(*(movements_of(side, units, window) for side in (old, new))),
            lambda: moved_customers(units, old.ready, new.ready, given.rates, *window),
        )
        moved = with_told(arr, told)
    changed = changed_parameters(old.policy, new.policy)
    end = months[-1] if months else None
    until = earlier.until if earlier is not None else None
    return PolicyImpact(client, changed, old, new, first, last, end, compared, reason, moved, told, given, units, until)


@dataclass(frozen=True)
class KeptBefore:
    """The series of a stored book from its month `first` until the first close."""

    first: int
    groups: dict[Group, Ints]


def kept_before(recognition: str, until: int) -> KeptBefore | None:
    """What a book says of the months before the first close; None where it has none of them."""
    book = ArrBook.objects.filter(recognition=recognition).first()
    if book is None or book.first_month is None or book.first_month >= until:
        return None
    months = until - book.first_month
    return KeptBefore(book.first_month, {key: values[:, :months] for key, values in load_groups(book).items()})


def put_before(side: ImpactSide, kept: KeptBefore | None, until: int) -> None:
    """Lay what is stored of the months before the first close over those of a side."""
    months = until - side.first
    if months <= 0:
        return
    for values in side.groups.values():
        values[:, :months] = 0
    for key, stored in kept.groups.items() if kept is not None else ():
        if key in side.groups or stored.any():
            own = side.groups.setdefault(key, np.zeros((len(FIGURES), side.last - side.first + 1), dtype=np.int64))
            own[:, kept.first - side.first : months] = stored  # type: ignore[union-attr]


def side_of(policy: Policy, related: Related, ready: Ready, computed: Computed, first: int, last: int) -> ImpactSide:
    """A computed book laid over the months of the impact; before its first ARR everything is 0, which is a figure."""
    groups: dict[Group, Ints] = {(TOTAL, ""): np.zeros((len(FIGURES), last - first + 1), dtype=np.int64)}
    series, valued = computed.series, (first, last)
    for key, values in series.groups.items() if series is not None else ():
        groups[key] = np.zeros((len(FIGURES), last - first + 1), dtype=np.int64)
        groups[key][:, series.first - first : series.last - first + 1] = values  # type: ignore[union-attr]
    if computed.gaps:
        run = (series.first, series.last) if series is not None else None
        return ImpactSide(
            policy, related, ready, computed, first, last, run, computed.retention_from, computed.message, groups
        )
    return ImpactSide(policy, related, ready, computed, first, last, valued, first, "", groups)


def both_valued(one: ImpactSide, other: ImpactSide) -> range:
    """The months that both sides can value."""
    if one.valued is None or other.valued is None:
        return range(0)
    return overlap(*(range(first, last + 1) for first, last in (one.valued, other.valued)))


def overlap(one: range, other: range) -> range:
    """The months that are in both."""
    return range(max(one.start, other.start), min(one.stop, other.stop))


def movements_of(side: ImpactSide, units: Units, months: tuple[int, int]) -> pl.DataFrame:
    """The movements of one side in the months that both have, under the names by which customers are compared."""
    series = side.computed.series
    if series is None:
        return MOVEMENT_SCHEMA.to_frame()
    found = series.movements.filter(pl.col("month").is_between(*months))
    names = units.names_of(side.ready.lines)
    if (names["customer"] == names["unit"]).all():
        return found
    joined = found.join(names, on="customer", how="left")
    return joined.with_columns(pl.col("unit").alias("customer")).drop("unit")
