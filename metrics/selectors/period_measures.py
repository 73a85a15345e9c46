"""What each measure is in a quarter or a year of the client's fiscal year, made of its months.

`PeriodMeasures(reader, "quarter", fiscal_year_start).at(name, month) -> Fraction | Missing`

A period goes by the month with which it is asked for: it runs from the first month of that quarter or year to that month, so
that a quarter of which two months have gone is these two. Movements are added up; a balance is that of the period's own
begin or end; a share that somebody states for a month is never added. A period lacks a value where a month of it does.
"""

from dataclasses import dataclass
from fractions import Fraction

from metrics.formula.faults import Missing
from metrics.formula.nodes import Node
from metrics.measures import BEGIN, END, MEASURES, Measure
from metrics.selectors.measure_values import MeasureReader
from metrics.selectors.periods import MONTHS, Grain, period_start


@dataclass(frozen=True)
class PeriodMeasures:
    """The measures of one client by quarter or year."""

    reader: MeasureReader
    grain: Grain
    fiscal_year_start: int

    def at(self, name: str, month: int) -> Fraction | Missing:
        """A measure in the period until the end of a month, or why it has none."""
        measure = MEASURES.get(name)
        if self.grain == "month" or measure is None or measure.date == END:
            return self.reader.at(name, month)
        if measure.date != BEGIN and not is_additive(measure):
            return Missing(f"“{measure.label}” is stated by the month, and shares are not added up")
        total = Fraction()
        for each in self.months_of(measure, month):
            found = self.reader.at(name, each)
            if isinstance(found, Missing):
                return found
            total += found
        return total

    def months_of(self, measure: Measure, month: int) -> range:
        """The months of a period that a measure is made of."""
        first = month if measure.date == END else period_start(month, self.grain, self.fiscal_year_start)
        return range(first, first + 1 if measure.date == BEGIN else month + 1)

    def readable(self, node: Node) -> Missing | None:
        """Why a formula says nothing of a period: it reads an earlier month that is no whole number of periods earlier."""
        if self.grain == "month" or all(lag % MONTHS[self.grain] == 0 for _, lag in node.reads):
            return None
        return Missing(f"its formula compares with an earlier month that is no whole {self.grain} earlier")


def is_additive(measure: Measure) -> bool:
    """Whether the months of a measure add up to their quarter: amounts and counts of what happened in them."""
    return measure.date not in (BEGIN, END) and measure.unit not in ("percent", "ratio")
