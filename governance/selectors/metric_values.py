"""What metrics are in each month, computed by their formulas from the client's own figures. Runs in the client's scope.

`MetricValues(client, registry).point(key, month) -> Point` · `.series(key, first, last)` · `.of_formula(node, unit, month)`

With a `grain` the values are those of quarters or years of the client's fiscal year, each under its last month: the formula is
computed over the period's own measures, so that a share of a quarter is no mean of three months.
Values are exact until they are shown: `Point.value` is rounded half up to `places_of(unit)`, `Point.exact` is not.

A closed month has the values that were kept when it was closed (`governance.selectors.kept_values`); what was not kept is
computed now, and says so by its `standing`. Values that are only tried, of another registry or policy, read nothing kept.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from typing import Final, Literal

from governance.selectors.kept_values import Kept, KeptValues, NothingKept
from governance.selectors.registry import Registry, registry_get
from metrics.formula.evaluate import Evaluator
from metrics.formula.faults import FormulaError, Missing
from metrics.formula.nodes import Node
from metrics.selectors.measure_values import MeasureReader
from metrics.selectors.period_measures import PeriodMeasures
from metrics.selectors.periods import Grain, Period, period_key, period_start, periods_of
from portal.lib.money import minor_digits
from portal.tenancy.models import Client

SHARE_PLACES: Final = 4
Standing = Literal["open", "kept", "computed"]


@dataclass(frozen=True)
class Point:
    """A metric in a month: its value, or why there is none. `version` is the version of the metric that computed it.

    `period` is the quarter or year that ends with the month, where it was asked for by these; else the month. `standing` says
    whether the month is open, or the value was kept when it was closed, or computed now although the month is closed: nothing
    was kept then. `reported` is what was kept first, where a restatement gave another value.
    """

    month: int
    value: Decimal | None
    exact: Fraction | None
    reason: str = ""
    version: int | None = None
    period: str = ""
    standing: Standing = "open"
    reported: "Point | None" = None


def places_of(unit: str, currency: str) -> int:
    """To how many decimals a figure is shown: those of the currency for money, else four."""
    return minor_digits(currency) if unit.split(" ")[0] == "money" else SHARE_PLACES


def rounded(value: Fraction, places: int) -> Decimal:
    """An exact figure with a fixed number of decimals, half away from zero."""
    scaled = abs(value) * 10**places
    units = (2 * scaled.numerator + scaled.denominator) // (2 * scaled.denominator)
    return Decimal(units if value >= 0 else -units).scaleb(-places)


@dataclass(frozen=True)
class Formulas:
    """By what a metric is computed in a period: what was kept of it, or its formula."""

    kept: KeptValues
    registry: Registry
    spans: PeriodMeasures

    def at(self, key: str, month: int) -> Node | Missing | None:
        """What gives a metric in the period that ends with a month; a Missing says why there is nothing."""
        if (kept := self.kept.at(key, month)) is not None:
            return kept.node
        found = self.registry.formula_at(key, month)
        return self.spans.readable(found) or found if isinstance(found, Node) else found


class MetricValues:
    """The values of one client's registry; each measure is read once, and each metric and month computed once."""

    def __init__(
        self,
        client: Client,
        registry: Registry | None = None,
        reader: MeasureReader | None = None,
        grain: Grain = "month",
        *,
        is_trial: bool = False,
        kept: KeptValues | None = None,
    ) -> None:
        self.client, self.grain = client, grain
        self.kept = kept or (NothingKept if is_trial else KeptValues)(grain)
        self.registry = registry or registry_get(client)
        self.reader = reader or MeasureReader(client)
        self.spans = PeriodMeasures(self.reader, grain, client.fiscal_year_start)
        # Of parts of its own: one that held this whole would keep the books that the reader reads after everybody is done.
        formulas = Formulas(self.kept, self.registry, self.spans)
        self.evaluator = Evaluator(formulas.at, self.spans.at, self.registry.labels, weight_at=self.registry.weight_at)

    @cached_property
    def months(self) -> tuple[int, int] | None:
        """The first and the last month that have numbers; None where there are none."""
        return self.reader.months

    def point(self, key: str, month: int) -> Point:
        """A metric in a month."""
        if (kept := self.kept.at(key, month)) is not None:
            first = self.kept.first_at(key, month)
            reported = self.of_kept(key, month, first) if first else None
            return replace(self.of_kept(key, month, kept), reported=reported)
        entry = self.registry.entries[key]
        version = entry.at(month)
        unit = (version or entry.current).content["unit"]
        try:
            found = self.evaluator.value(key, month)
        except FormulaError as error:
            found = Missing(error.message)
        made = self.shown(found, unit, month, version.number if version else None)
        return replace(made, standing="computed") if month in self.kept.closed else made

    def of_kept(self, key: str, month: int, kept: Kept) -> Point:
        """What was kept of a metric in a month, in the unit of the version that computed it."""
        entry = self.registry.entries[key]
        version = next((each for each in entry.versions if each.number == kept.version), entry.current)
        made = self.shown(kept.found, version.content["unit"], month, kept.version)
        return replace(made, standing="kept")

    def series(self, key: str, first: int, last: int) -> list[Point]:
        """A metric month by month, or by the periods that these months reach, each under its last month."""
        return [self.point(key, period.last) for period in self.periods(first, last)]

    def periods(self, first: int, last: int) -> list[Period]:
        """The months, quarters or years from the one in which `first` lies to `last`, which may cut the last one short."""
        start = self.client.fiscal_year_start
        return periods_of(period_start(first, self.grain, start), last, self.grain, start)

    def of_formula(self, node: Node, unit: str, months: Iterable[int]) -> list[Point]:
        """A formula that is no metric's yet, in some months. FormulaError where it cannot be computed."""
        return [self.shown(self.evaluator.of(node, month), unit, month) for month in months]

    def shown(self, found: Fraction | Missing, unit: str, month: int, version: int | None = None) -> Point:
        """An outcome as a point."""
        if isinstance(found, Missing):
            return Point(month, None, None, found.reason, version, self.period_key(month))
        value = rounded(found, places_of(unit, self.client.currency))
        return Point(month, value, found, "", version, self.period_key(month))

    def period_key(self, month: int) -> str:
        """The period that a month ends, as `metrics.selectors.periods` names it."""
        start = self.client.fiscal_year_start
        return period_key(period_start(month, self.grain, start), self.grain, start)
