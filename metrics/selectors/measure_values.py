"""What each measure is in a month, as reported: a closed month as it was closed, an open one as the contracts stand now.

Two sources are valued under the policy that a month was closed under.

`MeasureReader(client, policy=None).at(name, month) -> Fraction | Missing` · `terms_of(currency) -> dict[str, Term]`

Each book is read once, with all its months. Runs in the client's scope.
"""

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from functools import cached_property, lru_cache

from metrics.book_rows import load_cohorts
from metrics.engine.policy import Policy
from metrics.formula.check import Term
from metrics.formula.faults import NO_DATA, Missing
from metrics.formula.units import unit_read
from metrics.measures import MEASURES, SOURCES
from metrics.models import ArrBook, Source
from metrics.models.intake import SourceKind
from metrics.selectors.books import book_heads
from metrics.selectors.closes import latest_closes
from metrics.selectors.figures import BookHead, BridgeRow, RetentionRow
from metrics.selectors.month_ends import MonthEnds, NoValue
from metrics.selectors.policies import policy_in_force
from metrics.selectors.reconciliation import reconciliation_get
from metrics.selectors.reported import bridge_reported, retention_reported
from portal.lib.dates import month_text
from portal.tenancy.models import Client

NO_BOOK = Missing("there are no contract lines yet: import contracts first")
NOT_VALUED = Missing("retention needs the rates of twelve months before, and they begin later")


@lru_cache(maxsize=64)
def terms_of(currency: str) -> Mapping[str, Term]:
    """Every measure as formulas know it, money being of the client's reporting currency."""
    return {
        name: Term(measure.label, unit_read(measure.unit, currency), measure.is_each)
        for name, measure in MEASURES.items()
    }


def firsts_of(client: Client, head: BookHead) -> dict[int, int]:
    """By month of a stored book how many customers have ARR for the first time: each cohort as it began."""
    first = head.first_month
    if head.id is None or first is None:
        return {}
    cohorts = load_cohorts(ArrBook(pk=head.id, client=client))
    return {month: int(values[1, month - first]) for month, values in cohorts.items() if month >= first}


class MeasureReader:
    """The measures of one client, read when they are first asked for.

    With a policy, that of a close, its recognition is that of every book which is not named, and open months end as it values
    them: what a corrected month compares with, as ARR of a year before, is of the definition that the month was closed under.
    """

    def __init__(self, client: Client, policy: Policy | None = None) -> None:
        self.client, self.policy = client, policy
        self.bridges: dict[str, dict[int, BridgeRow]] = {}
        self.sources: dict[int, tuple[Decimal | None, Decimal | None, str]] = {}

    def at(self, name: str, month: int) -> Fraction | Missing:
        """A measure in a month, or why it has none."""
        measure = MEASURES.get(name)
        if measure is None:
            return Missing(f"there is no measure or metric “{name}”")
        if not measure.reader:
            return self.not_loaded(measure.needs)
        kind, basis, column = measure.reader.split(":")
        if kind == "sources":
            return self.of_source(month, column)
        head = self.head(basis)
        if not head.has_numbers:
            return Missing(head.message.rstrip(".")) if head.message else NO_BOOK
        found: BridgeRow | RetentionRow | None = self.bridge(basis).get(month)
        if found is None:
            return self.outside(basis, month)
        if kind == "retention":
            found = self.retention.get(month)
            if found is None or (found.nrr is None and found.base == 0 and self.is_before_rates(month)):
                return NOT_VALUED
        if kind == "first":
            return Fraction(self.first_customers.get(month, 0))
        if column == "ending" and self.is_under_another and getattr(found, "state", "") == "live":
            return self.ending_under_policy(head, month)
        return Fraction(getattr(found, column))

    @cached_property
    def is_under_another(self) -> bool:
        """Whether the given policy is another than the books follow."""
        return self.policy is not None and self.policy != policy_in_force(self.client)

    def ending_under_policy(self, head: BookHead, month: int) -> Fraction | Missing:
        """ARR at the end of an open month under the given policy."""
        assert self.policy is not None
        end = self.ends.at(self.policy.with_(recognition=head.recognition), month)
        return Missing(end.sentence.rstrip(".")) if isinstance(end, NoValue) else Fraction(end.total, 100)

    @cached_property
    def ends(self) -> MonthEnds:
        """What values the lines under any policy."""
        return MonthEnds.of(self.client)

    @cached_property
    def policies(self) -> dict[int, Policy]:
        """By closed month the policy that it was closed under."""
        return {close.month: close.policy_then for close in latest_closes(self.head("").recognition)}

    def not_loaded(self, needs: str) -> Missing:
        """What a measure waits for; a CRM of which only contract lines are loaded is named, so that nobody looks for it."""
        said = f"it needs data that is not loaded: {SOURCES[needs].label}"
        names = [f"“{name}”" for name in self.crm_names] if needs == "opportunities" else []
        lines = f" ({', '.join(names)} {'holds' if len(names) == 1 else 'hold'} contract lines, no opportunities)"
        return Missing(said + lines if names else said)

    @cached_property
    def crm_names(self) -> list[str]:
        """The CRM sources of which contract lines are loaded."""
        found = Source.objects.filter(kind=SourceKind.CRM, line_count__gt=0).order_by("id")
        return list(found.values_list("name", flat=True))

    @cached_property
    def heads(self) -> dict[str, BookHead]:
        """The books by recognition."""
        return book_heads(self.client)

    def head(self, basis: str) -> BookHead:
        """A book by its recognition; without one, that of the policy."""
        name = basis or (self.policy.recognition if self.policy else "")
        return self.heads[name] if name else next(head for head in self.heads.values() if head.is_policys_own)

    def bridge(self, basis: str) -> dict[int, BridgeRow]:
        """The total of a book by month, as reported."""
        if basis not in self.bridges:
            rows = bridge_reported(self.client, self.head(basis)).totals
            self.bridges[basis] = {row.period.first: row for row in rows}
        return self.bridges[basis]

    @cached_property
    def first_customers(self) -> dict[int, int]:
        """By month of the policy's book how many customers have ARR for the first time ever: its cohort as it began."""
        return firsts_of(self.client, self.head(""))

    @cached_property
    def retention(self) -> dict[int, RetentionRow]:
        """The retention of the policy's book by month, as reported."""
        return {row.month: row for row in retention_reported(self.client, self.head(""))}

    def is_before_rates(self, month: int) -> bool:
        """Whether the retention of a month cannot be valued."""
        first = self.head("").retention_from
        return first is None or month < first

    def of_source(self, month: int, side: str) -> Fraction | Missing:
        """The ARR of one of the two sources at a month end."""
        if not self.head("").has_numbers:
            return NO_BOOK
        if month not in self.bridge(""):
            return self.outside("", month)
        if month not in self.sources:
            found = reconciliation_get(self.client, month, policy=self.policies.get(month))
            reason = found.reason.sentence.rstrip(".") if found.reason else ""
            self.sources[month] = (found.base_arr, found.other_arr, reason)
        base, other, reason = self.sources[month]
        value = base if side == "base" else other
        return Fraction(value) if value is not None else Missing(reason or NO_DATA.reason)

    def outside(self, basis: str, month: int) -> Missing:
        """Why a month has no numbers."""
        months = self.bridge(basis)
        if months and month < min(months):
            return Missing(f"the numbers begin in {month_text(min(months))}")
        return Missing(f"the numbers end in {month_text(max(months))}") if months else NO_DATA

    @property
    def months(self) -> tuple[int, int] | None:
        """The first and the last month of the policy's book; None without numbers."""
        months = self.bridge("") if self.head("").has_numbers else {}
        return (min(months), max(months)) if months else None
