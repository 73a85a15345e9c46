"""What was kept of metrics when months were closed. Runs in the client's scope.

`KeptValues(grain).at(key, month) -> Kept | None` · `.first_at(key, month)` · `.closed`
"""

from collections.abc import Collection
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from typing import Final, Self

from governance.models import KeptValue
from metrics.formula.faults import Missing
from metrics.formula.nodes import Node, Number
from metrics.models import MonthClose
from metrics.selectors.periods import Grain

At = tuple[str, int]  # a metric's key and a month
COLUMNS: Final = ("metric__key", "month", "version", "exact", "reason", "close__policy__parameters__recognition")


@dataclass(frozen=True)
class Kept:
    """A metric in a month as a close found it, and the version of the metric that computed it. `recognition` names the book
    that the policy of that close showed first.
    """

    version: int | None
    exact: str
    reason: str
    recognition: str = field(default="", compare=False)

    @property
    def found(self) -> Fraction | Missing:
        """The value, or why there was none."""
        return Fraction(self.exact) if self.exact else Missing(self.reason)

    @property
    def node(self) -> Node | Missing:
        """It as the formula of the metric in that month: what is kept is computed no more."""
        found = self.found
        return found if isinstance(found, Missing) else Number(0, 0, 0, found, self.exact)


class KeptValues:
    """All kept values of one grain, read when they are first asked for. Two queries."""

    def __init__(self, grain: Grain) -> None:
        self.grain = grain
        self.dropped: Collection[At] = frozenset()

    def without(self, dropped: Collection[At]) -> Self:
        """These, less the ones that are computed anew."""
        made = type(self)(self.grain)
        made.dropped = dropped
        return made

    @cached_property
    def closed(self) -> frozenset[int]:
        """The months that are closed."""
        return frozenset(MonthClose.objects.values_list("month", flat=True))

    @cached_property
    def rows(self) -> dict[At, list[Kept]]:
        """Everything that was kept of a metric and month, as reported first."""
        found: dict[At, list[Kept]] = {}
        kept = KeptValue.objects.filter(grain=self.grain).order_by("id")
        for key, month, *rest in kept.values_list(*COLUMNS):
            found.setdefault((key, month), []).append(Kept(*rest))
        return found

    @cached_property
    def kept_months(self) -> frozenset[int]:
        """The months of which anything was kept: what was not, was in use nowhere then, or moved by no restatement."""
        return frozenset(month for _, month in self.rows)

    def at(self, key: str, month: int) -> Kept | None:
        """What counts of a metric and month: the newest."""
        return None if (key, month) in self.dropped else self.rows.get((key, month), [None])[-1]

    def first_at(self, key: str, month: int) -> Kept | None:
        """What was reported first, where it was restated since."""
        found = self.rows.get((key, month), [])
        return found[0] if len(found) > 1 else None


class NothingKept(KeptValues):
    """For what only is tried: every month is computed, as if it were open."""

    @cached_property
    def closed(self) -> frozenset[int]:
        return frozenset()

    @cached_property
    def rows(self) -> dict[At, list[Kept]]:
        return {}
