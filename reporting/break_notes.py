"""Marks and footnotes of a bridge whose months do not all follow one definition, or were restated.

`notes_of(client, query, bridge) -> Notes`: what the page, the paper and the files show of it. Where every month is shown as the
contracts stand now, all follow the definition in force and there is nothing to mark.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property

from metrics.break_text import break_words, restated_why, restated_words, source_words
from metrics.causes import Cause
from metrics.selectors.breaks import DefinitionBreak, Restated, breaks_get, restated_get
from metrics.selectors.figures import ZERO, Basis, Bridge, BridgeRow
from metrics.selectors.periods import Period
from metrics.selectors.reported import bridge_reported, is_stored
from portal.lib.spreadsheets import harmless
from portal.tenancy.models import Client
from reporting.arr_query import ArrQuery

RowKey = tuple[str, str]  # period and group


@dataclass(frozen=True)
class Footnote:
    """One footnote: its sign, its sentence, the decisions behind it, and the months that it is about."""

    sign: str
    text: str
    causes: tuple[Cause, ...]
    months: tuple[int, ...]
    is_break: bool


@dataclass(frozen=True)
class Notes:
    """What there is to say of the months that are shown; `first_reported` has the bridge as it was before any restatement.

    `ahead` are definitions that hold from the month after them on: nothing is broken yet, and a footnote says so.
    """

    breaks: tuple[DefinitionBreak, ...] = ()
    restated: Mapping[int, Restated] = field(default_factory=dict)
    first_reported: Bridge | None = None
    is_filtered: bool = False
    ahead: tuple[DefinitionBreak, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.breaks or self.restated)

    @cached_property
    def reported_rows(self) -> dict[RowKey, BridgeRow]:
        """The rows as first reported, by period and group."""
        found = self.first_reported
        return {(row.period.key, row.group): row for row in (*found.rows, *found.totals)} if found else {}

    def breaks_in(self, period: Period) -> list[DefinitionBreak]:
        """The definitions that begin in a period."""
        return [each for each in self.breaks if period.first <= each.month <= period.last]

    def restated_in(self, period: Period) -> list[Restated]:
        """The restated months of a period."""
        return [each for month, each in self.restated.items() if period.first <= month <= period.last]

    def ending_reported(self, row: BridgeRow) -> Decimal | None:
        """What a row was first reported to end with; None where its last month was never restated."""
        if row.period.last not in self.restated:
            return None
        first = self.reported_rows.get((row.period.key, row.group))
        return first.ending if first else ZERO

    def restatement_of(self, row: BridgeRow) -> tuple[Decimal, Decimal] | None:
        """What a row was first reported to end with, and what restatements changed of that; None where they did nothing."""
        reported = self.ending_reported(row)
        return None if reported is None else (reported, row.ending - reported)

    def footnotes(self, currency: str, locale: str) -> list[Footnote]:
        """Every footnote in the order of its months, signed a, b, c, …"""
        scope = "All customers: " if self.is_filtered else ""
        found: list[tuple[tuple[int, ...], str, tuple[Cause, ...], bool]] = [
            ((each.month,), scope + break_words(each, currency, locale), each.causes, True)
            for each in (*self.breaks, *self.ahead)
        ]
        for why, rows in self.by_reason().items():
            text = scope + restated_words(why, rows, currency, locale)
            causes = tuple(dict.fromkeys(rows[0].causes.values()))
            found.append((tuple(each.month for each in rows), text, causes, False))
        ordered = sorted(found, key=lambda note: (note[0][0], not note[3]))
        return [
            Footnote(sign_of(place), text, causes, months, is_break)
            for place, (months, text, causes, is_break) in enumerate(ordered)
        ]

    def signs(self, periods: Sequence[Period]) -> dict[str, str]:
        """By period the signs of the footnotes about any of its months."""
        notes = self.footnotes("", "en")
        found = {
            period.key: ", ".join(
                note.sign for note in notes if any(period.first <= m <= period.last for m in note.months)
            )
            for period in periods
        }
        return {key: signs for key, signs in found.items() if signs}

    def begins_in(self, period: Period) -> bool:
        """Whether another definition begins in a period; a month that was only restated has a footnote, and no line."""
        return any(period.first <= each.month <= period.last for each in (*self.breaks, *self.ahead))

    def by_reason(self) -> dict[str, list[Restated]]:
        """The restated months by why they were."""
        found: dict[str, list[Restated]] = {}
        for each in self.restated.values():
            found.setdefault(restated_why(each), []).append(each)
        return found

    def parts_of_adjustment(self, total: Decimal) -> tuple[Decimal, Decimal] | None:
        """An adjustment of the whole span as what changed definitions and what corrected contracts make; None: not known."""
        known = [each.definition for each in self.breaks if each.definition is not None]
        if self.is_filtered or not self.breaks or len(known) < len(self.breaks):
            return None
        definition = sum(known, ZERO)
        return definition, total - definition


def sign_of(place: int) -> str:
    """a … z, aa, ab, …"""
    more, rest = divmod(place, 26)
    return (sign_of(more - 1) if more else "") + chr(ord("a") + rest)


def breaks_shown(client: Client, query: ArrQuery, basis: Basis) -> tuple[DefinitionBreak, ...]:
    """Every changed definition that a question's figures go across; none where all months follow the one in force."""
    return breaks_get(client, basis) if query.reported and is_stored(query.by, query.filters) else ()


def notes_of(
    client: Client, query: ArrQuery, bridge: Bridge, breaks: tuple[DefinitionBreak, ...] | None = None
) -> Notes:
    """What there is to say of the months of a bridge; `breaks` where they are at hand."""
    if not query.reported or not bridge.totals or not is_stored(query.by, query.filters):
        return Notes()
    first, last = bridge.totals[0].period.first, bridge.totals[-1].period.last
    found = breaks_get(client, bridge.head) if breaks is None else breaks
    within = tuple(each for each in found if first <= each.month <= last)
    restated = {month: row for month, row in restated_get(client, bridge.head).items() if first <= month <= last}
    before = None
    if restated:
        asked = (query.by, query.grain, query.filters)
        before = bridge_reported(client, bridge.head, first, last, *asked, original=True)
    ahead = tuple(each for each in found if each.month == last + 1 and not each.is_closed)
    return Notes(within, restated, before, is_filtered=bool(query.filters), ahead=ahead)


# --- in files -----------------------------------------------------------------------------------------------------------

BREAK_COLUMNS = ("break", "before_as_reported", "before_under_new", "by_definition", "by_corrections")


def break_cells(notes: Notes, row: BridgeRow) -> list[str]:
    """The cells of `BREAK_COLUMNS` in a row: figures of all customers, so that a group or a filtered bridge names it alone."""
    found = notes.breaks_in(row.period)
    if not found:
        return [""] * len(BREAK_COLUMNS)
    name = harmless("; ".join(source_words(each) for each in found))
    if row.group or notes.is_filtered or len(found) > 1:
        return [name, "", "", "", ""]
    (one,) = found
    parts = [one.reported, one.under_new, one.definition, one.data]
    return [name, *("" if part is None else str(part) for part in parts)]
