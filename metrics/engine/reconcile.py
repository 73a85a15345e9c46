"""Two sources of one client at a month end, account by account.

Both sides are settled and valued under the same policy (``metrics.engine.month_end``). Accounts are joined by the
customer's id; a source that uses other ids brings a mapping of its own ids to the account's. An amount is ``None``
where the source has no line of the account at all: that is no value, and not 0.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import polars as pl

from metrics.engine.arrays import Bools, Ints
from metrics.engine.balances import latest_lines
from metrics.engine.month_end import MonthEnd
from metrics.engine.policy import Policy
from metrics.engine.reconcile_lines import LineFacts, Reason, reasons_of

MATCHED: Final = "matched"
DIFFERENT: Final = "different"
MISSING_BASE: Final = "missing_in_base"
MISSING_OTHER: Final = "missing_in_other"
STATES: Final = (DIFFERENT, MISSING_BASE, MISSING_OTHER, MATCHED)
FACTS: Final = ("line_id", "contract_id", "charge_type", "currency")
DAYS: Final = ("starts_on", "ends_on", "signed_on", "live_on", "cancelled_on")


@dataclass(frozen=True, slots=True)
class AccountResult:
    """One account: ARR in cents on either side, ``None`` where the source does not have it, and why they differ.

    ``namesake`` is, for an account that one source lacks, an account of that source with the same name which this
    one lacks: perhaps the same company under another id.
    """

    account: str
    name: str
    base: int | None
    other: int | None
    reasons: tuple[Reason, ...] = ()
    namesake: str = ""

    @property
    def state(self) -> str:
        """One of ``STATES``."""
        if self.base is None:
            return MISSING_BASE
        if self.other is None:
            return MISSING_OTHER
        return MATCHED if self.base == self.other else DIFFERENT

    @property
    def difference(self) -> int:
        """What the other source has more, in cents: an account that it lacks is missing with all it has here."""
        return (self.other or 0) - (self.base or 0)


@dataclass(frozen=True, slots=True)
class Side:
    """One source by account: ``of_line`` is the account of each line (a place in the accounts of both sides)."""

    end: MonthEnd
    of_line: Ints
    has: Bools
    arr: Ints
    names: dict[int, str]


def reconcile(
    base: MonthEnd, other: MonthEnd, base_ids: Mapping[str, str], other_ids: Mapping[str, str], policy: Policy
) -> list[AccountResult]:
    """Every account with ARR at the month end in either source: the largest differences first, then by id.

    ``base_ids`` and ``other_ids`` map a source's own customer ids to account ids; an id without an entry is the
    account's. The differences of the accounts add up to the difference of the two totals.
    """
    ids = [account_ids(base, base_ids), account_ids(other, other_ids)]
    accounts = sorted({*ids[0], *ids[1]})
    place = {account: index for index, account in enumerate(accounts)}
    mine, theirs = (
        side_of(end, [place[each] for each in own], len(accounts)) for end, own in zip((base, other), ids, strict=True)
    )
    shown = np.flatnonzero((mine.arr > 0) | (theirs.arr > 0))
    differing = shown[(mine.arr != theirs.arr)[shown] | ~(mine.has & theirs.has)[shown]]
    facts = facts_of(mine, differing), facts_of(theirs, differing)
    namesakes = namesakes_of(mine, theirs, accounts)
    results = []
    for index in shown.tolist():
        lines = facts[0].get(index, []), facts[1].get(index, [])
        results.append(result_of(accounts[index], index, (mine, theirs), lines, policy, namesakes.get(index, "")))
    return sorted(results, key=lambda each: (-abs(each.difference), each.account))


def account_ids(end: MonthEnd, mapping: Mapping[str, str]) -> list[str]:
    """The account of each customer of a source."""
    return [mapping.get(name, name) for name in end.lines.unit_names.to_list()]


def side_of(end: MonthEnd, places: list[int], accounts: int) -> Side:
    """A source by account."""
    of_unit = np.array(places, dtype=np.int64)
    of_line = of_unit[end.lines.unit] if len(of_unit) else end.lines.unit
    has = np.zeros(accounts, dtype=np.bool_)
    has[of_unit] = True
    names = (
        end.lines.frame["customer_name"].gather(latest_lines(end.lines)) if len(of_unit) else pl.Series(dtype=pl.String)
    )
    named = zip(places, names.to_list(), end.lines.unit_names.to_list(), strict=True)
    return Side(end, of_line, has, end.by(of_line, accounts), {at: name or unit for at, name, unit in named})


def facts_of(side: Side, accounts: Ints) -> dict[int, list[LineFacts]]:
    """The lines of the wanted accounts."""
    rows = np.flatnonzero(np.isin(side.of_line, accounts))
    found: dict[int, list[LineFacts]] = defaultdict(list)
    for account, line in zip(side.of_line[rows].tolist(), line_facts(side.end, rows), strict=True):
        found[account].append(line)
    return found


def line_facts(end: MonthEnd, rows: Ints) -> list[LineFacts]:
    """The lines at the rows."""
    frame = end.lines.frame[rows].select(*FACTS, pl.col("product").fill_null(""), *DAYS)
    values = zip(frame.to_dicts(), end.settled.annual_value[rows].tolist(), end.by_line()[rows].tolist(), strict=True)
    return [LineFacts(**row, annual_cents=annual, cents=cents) for row, annual, cents in values]


def account_lines(end: MonthEnd, mapping: Mapping[str, str], account: str) -> list[LineFacts]:
    """All lines of one account in one source, counted or not, by start and id."""
    units = [unit for unit, name in enumerate(account_ids(end, mapping)) if name == account]
    lines = line_facts(end, np.flatnonzero(np.isin(end.lines.unit, units)))
    return sorted(lines, key=lambda line: (line.starts_on, line.line_id))


def result_of(
    account: str,
    index: int,
    sides: tuple[Side, Side],
    lines: tuple[list[LineFacts], list[LineFacts]],
    policy: Policy,
    namesake: str,
) -> AccountResult:
    """One account with the reasons of its difference."""
    amounts = [int(side.arr[index]) if side.has[index] else None for side in sides]
    name = next((side.names[index] for side in sides if index in side.names), account)
    base, other = amounts
    reasons: tuple[Reason, ...] = ()
    if base is None or other is None:
        reasons = (Reason("missing_account", (other or 0) - (base or 0)),)
    elif base != other:
        reasons = tuple(reasons_of(*lines, policy.recognition, policy.fx))
    return AccountResult(account, name, base, other, reasons, namesake)


def namesakes_of(base: Side, other: Side, accounts: list[str]) -> dict[int, str]:
    """For accounts of one source alone: an account of the other source alone that has the same name."""
    lone: list[dict[str, int]] = []
    for side, counterpart in ((base, other), (other, base)):
        lone.append({plain(name): at for at, name in side.names.items() if not counterpart.has[at]})
    return {own[name]: accounts[others[name]] for own, others in (lone, lone[::-1]) for name in own if name in others}


def plain(name: Any) -> str:
    """A name without what people write in several ways: case, space, marks."""
    return "".join(letter for letter in str(name).casefold() if letter.isalnum())
