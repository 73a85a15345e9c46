"""Marks and footnotes of a bridge whose months do not all follow one definition, or were restated.

`noted(client, query, bridge) -> tuple[Bridge, Notes]`: the bridge with what was first reported beside its restated rows, and
what the page, the paper and the files have to say of its months. `marks_of` and `notes_between` where several surfaces of one
page share what is known. Where every month is shown as the contracts stand now, all follow the definition in force and there
is nothing to mark.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from metrics.break_text import break_words, restated_why, restated_words, source_words
from metrics.causes import Cause
from metrics.selectors.beside import bridge_beside, marks_of_cut
from metrics.selectors.breaks import DefinitionBreak, Marks, Restated, breaks_get, breaks_now, restated_get
from metrics.selectors.figures import ZERO, Basis, Bridge, BridgeRow
from metrics.selectors.periods import Period
from metrics.selectors.teams import TeamRow
from portal.lib.spreadsheets import harmless
from portal.tenancy.models import Client
from reporting.arr_query import ArrQuery


@dataclass(frozen=True)
class Footnote:
    """One footnote: its sign, its sentence, the decisions behind it, and the months that it is about."""

    sign: str
    text: str
    causes: tuple[Cause, ...]
    months: tuple[int, ...]
    is_break: bool


@dataclass(frozen=True)
class Notes(Marks):
    """What there is to say of the months that are shown.

    `ahead` are definitions that hold from the month after them on: nothing is broken yet, and a footnote says so.
    """

    is_filtered: bool = False
    ahead: tuple[DefinitionBreak, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.breaks or self.restated)

    def breaks_in(self, period: Period) -> list[DefinitionBreak]:
        """The definitions that begin in a period."""
        return [each for each in self.breaks if period.first <= each.month <= period.last]

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

    def signs(self, periods: Iterable[Period]) -> dict[str, str]:
        """By period the signs of the footnotes about any of its months."""
        notes = self.footnotes("", "en")
        found = {
            period.key: ", ".join(
                note.sign for note in notes if any(period.first <= m <= period.last for m in note.months)
            )
            for period in periods
        }
        return {key: signs for key, signs in found.items() if signs}

    def signs_between(self, first: int, last: int) -> str:
        """The signs of the footnotes about any of the months from `first` to `last`."""
        return self.signs([Period("", first, last)]).get("", "")

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


def marks_of(client: Client, query: ArrQuery, basis: Basis) -> Marks:
    """Everything that a question's figures go across; as the contracts stand now, the end of the months before the first close.

    Of a cut of which months closed long ago kept nothing, only what its figures go across.
    """
    if not query.reported:
        return Marks(breaks_now(client, basis))
    marks = Marks(breaks_get(client, basis), restated_get(client, basis))
    return marks_of_cut(client, basis, marks, query.by, query.filters)


def notes_between(marks: Marks, query: ArrQuery, first: int, last: int) -> Notes:
    """What there is to say of the months from `first` to `last`."""
    return Notes(
        tuple(each for each in marks.breaks if first <= each.month <= last),
        {month: each for month, each in marks.restated.items() if first <= month <= last},
        is_filtered=bool(query.filters),
        ahead=tuple(each for each in marks.breaks if each.month == last + 1 and not each.is_closed),
    )


def noted(client: Client, query: ArrQuery, bridge: Bridge, marks: Marks | None = None) -> tuple[Bridge, Notes]:
    """A bridge with what was first reported beside its restated rows, and what there is to say of its months; `marks` where
    they are at hand.
    """
    if not bridge.totals:
        return bridge, Notes()
    known = marks_of(client, query, bridge.head) if marks is None else marks
    notes = notes_between(known, query, bridge.totals[0].period.first, bridge.totals[-1].period.last)
    return bridge_beside(client, bridge, known, query.filters), notes


def rows_noted(client: Client, query: ArrQuery, bridge: Bridge) -> Bridge:
    """A bridge with what was first reported beside its restated rows, where nothing else is asked for."""
    restated = restated_get(client, bridge.head) if query.reported else {}
    return noted(client, query, bridge, Marks(restated=restated))[0]


# --- in files -----------------------------------------------------------------------------------------------------------

BREAK_COLUMNS = (
    "break", "before_as_reported", "before_as_restated", "before_under_new", "by_definition", "by_corrections",
)  # fmt: skip


def break_cells(notes: Notes, row: BridgeRow | TeamRow) -> list[str]:
    """The cells of `BREAK_COLUMNS` in a row: figures of all customers, so that a group or a filtered bridge names it alone."""
    found = notes.breaks_in(row.period)
    if not found:
        return [""] * len(BREAK_COLUMNS)
    name = harmless("; ".join(source_words(each) for each in found))
    if row.group or notes.is_filtered or len(found) > 1:
        return [name, *[""] * (len(BREAK_COLUMNS) - 1)]
    (one,) = found
    parts = [one.reported, one.restated, one.under_new, one.definition, one.data]
    return [name, *("" if part is None else str(part) for part in parts)]
