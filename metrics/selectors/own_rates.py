"""What a client's own rates leave without a rate: once a currency has any of its own, the ECB's no longer count for it.

`own_rates_lacking(client, through) -> list[Lacking]`
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import polars as pl

from metrics import repository
from metrics.computation import first_month_with_arr
from metrics.engine.settlement import settle_lines
from metrics.engine.valuation import rate_gaps, rates_for
from metrics.memory import Memory
from metrics.selectors.live import live_input
from metrics.selectors.policies import policy_before_closes, policy_in_force
from metrics.selectors.stamp import lines_stamp
from portal.lib.periods import month_format, month_of
from portal.tenancy.models import Client

NAMED: Final = 4  # runs of months


@dataclass(frozen=True)
class Lacking:
    """A currency with own rates, and the months of the book, of so many, that need one which is not among them."""

    currency: str
    months: tuple[int, ...]
    of: int

    @property
    def text(self) -> str:
        """ "EUR: 22 of 25 months have no rate of your own: 2025-02 to 2026-11." """
        count = len(self.months)
        verb = "has" if count == 1 else "have"
        said = runs_text(self.months)
        return f"{self.currency}: {count} of {self.of} month{'' if self.of == 1 else 's'} {verb} no rate of your own: {said}."


FOUND: Final[Memory[list[Lacking]]] = Memory(20_000)


def own_rates_lacking(client: Client, through: int) -> list[Lacking]:
    """The months from the first with ARR to `through` that cannot be valued by the client's own rates.

    Under rates of the contract's date it is the months of those dates. Reads all lines, and only where there are own rates;
    remembered as long as lines, rates and policies stay as they are.
    """
    own = repository.own_rate_currencies()
    if not own:
        return []
    key = (lines_stamp(client), policy_in_force(client), policy_before_closes(), through)
    return FOUND.get(key, lambda: lacking_now(client, own, through), lambda found: len(found) + 1)


def lacking_now(client: Client, own: set[str], through: int) -> list[Lacking]:
    """`own_rates_lacking` of these currencies, computed from the lines."""
    given = live_input(client)
    settled = settle_lines(given.coded, given.policy)
    first = first_month_with_arr(settled, through)
    if first is None:
        return []
    table = rates_for(given.coded, given.rates, given.policy, first, through)
    gaps = rate_gaps(given.coded, settled, table, given.policy, first, through, False)
    found: dict[str, set[int]] = {}
    for row in gaps.filter(pl.col("currency").is_in(sorted(own))).iter_rows(named=True):
        month = row["month"] if row["month"] is not None else month_of(row["day"])
        if row["month"] is None or first <= month <= through:
            found.setdefault(row["currency"], set()).add(month)
    return [lacking(currency, months, first, through) for currency, months in sorted(found.items())]


def lacking(currency: str, months: set[int], first: int, through: int) -> Lacking:
    """One currency; a contract may have been signed before the book begins."""
    return Lacking(currency, tuple(sorted(months)), len({*range(first, through + 1)} | months))


def runs_text(months: tuple[int, ...]) -> str:
    """Months as runs: "2025-02 to 2025-06, 2025-09", the first few of them."""
    runs = [[months[0], months[0]]]
    for before, month in pairwise(months):
        if month == before + 1:
            runs[-1][1] = month
        else:
            runs.append([month, month])
    texts = [month_format(a) if a == b else f"{month_format(a)} to {month_format(b)}" for a, b in runs[:NAMED]]
    rest = sum(b - a + 1 for a, b in runs[NAMED:])
    return ", ".join(texts) + (f" and {rest} more" if rest else "")
