"""Why a closed figure is another one by now, in words: another definition holds, contracts were corrected, or both.

`causes_words(client, closed, query, locale) -> str` of a cell · `moves_causes(client, found, kept) -> str` of one customer's
moves · `retention_causes(client, shown) -> str` · `adjustment_causes(client, found, locale, is_whole=) -> list[str]` of the
step between two months. Of a balance of all customers it says what each of them makes; of movements and of parts it is not told
apart, and both are named.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final, Self

from metrics.break_text import source_words
from metrics.engine.bridge import TOTAL
from metrics.engine.month_end import MonthEnd
from metrics.engine.policy import Policy
from metrics.figures import from_cents
from metrics.models import ContractImport, MonthClose, PolicyVersion
from metrics.models.intake import ImportState
from metrics.selectors.adjustments import Adjustment
from metrics.selectors.breaks import DefinitionBreak, Marks, caused, changes_between, marks_get
from metrics.selectors.close_cells import ClosedCell
from metrics.selectors.close_details import Kept
from metrics.selectors.closes import latest_closes
from metrics.selectors.figures import ZERO, BookHead
from metrics.selectors.month_ends import MonthEnds
from metrics.selectors.moves import Moves
from portal.lib.dates import date_text, month_text
from portal.lib.money import money_text
from portal.tenancy.clock import day_at
from portal.tenancy.models import Client
from reporting.arr_query import ArrQuery
from reporting.bridge_view import STANDS
from reporting.closed_retention import RetentionShown

CORRECTED: Final = "The contracts say something else now"
MOST_MONTHS: Final = 6
MOST_IMPORTS: Final = 3
BOTH: Final = "Another definition holds now ({}), and contracts may have been corrected since"


def causes_words(client: Client, closed: ClosedCell, query: ArrQuery, locale: str) -> str:
    """What makes the difference to the contracts of now; empty where no customer has another part."""
    if not closed.is_other:
        return ""
    head, numbers = closed.cell.head, {close.policy for close in closed.closes}
    other = other_definition(client, head, numbers, closed.cell.period.last)
    if other is None:
        return CORRECTED
    own = Policy.from_dict(other.parameters).with_(recognition=head.recognition)
    parts = None if query.filters else parts_of(client, closed, own)
    if parts is None:
        return BOTH.format(other.source)
    texts = [f"{money_text(part, head.currency, locale, plus=True)} {head.currency}" for part in parts]
    if not parts[1]:
        return f"Another definition holds now ({other.source}): it makes {texts[0]}"
    return f"Another definition holds now ({other.source}) and makes {texts[0]}; corrected contracts make {texts[1]}"


def moves_causes(client: Client, found: Moves, kept: Kept) -> str:
    """What may make the difference of one customer's moves to the contracts of now; empty where these say the same."""
    if not found.is_other:
        return ""
    other = other_definition(client, found.head, {kept.closes[month][-1][1] for month in found.closed}, found.last)
    return CORRECTED if other is None else BOTH.format(other.source)


def retention_causes(client: Client, shown: RetentionShown) -> str:
    """What may make the difference of a closed month's retention to the contracts of now; empty where these say the same."""
    if not shown.is_other:
        return ""
    found = shown.found
    other = other_definition(client, found.head, {shown.closed.policy}, found.month)
    return CORRECTED if other is None else BOTH.format(other.source)


def adjustment_causes(client: Client, found: Adjustment, locale: str, *, is_whole: bool) -> list[str]:
    """Why the months behind an adjustment begin elsewhere than the months before them ended, each month in a sentence: the
    decision, the restatement, and the imports that corrected contracts. Of all customers (`is_whole`) what a definition makes.
    """
    head, marks = found.head, marks_get(client, found.head)
    closes = {close.month: close for close in latest_closes(head.recognition)}
    breaks = {each.month: each for each in marks.breaks}
    said = []
    for month in found.months[:MOST_MONTHS]:
        if not closes.keys() & {month - 1, month, month + 1}:
            continue
        step, changed = Step.of(month, closes), breaks.get(month)
        if changed is not None and is_whole and changed.definition == ZERO:
            changed = None  # it makes nothing of the step
        words = [] if changed is None else [definition_words(changed, head, locale, is_whole=is_whole)]
        words += restated_told(step, marks, locale)
        words += corrected_told(client, step, locale) if changed is None or changed.data != ZERO else []
        said.append(f"{month_text(month, locale)}: {', and '.join(words)}.")
    more = len(found.months) - MOST_MONTHS
    return [*said, f"And {more} more {'month' if more == 1 else 'months'}."] if more > 0 else said


@dataclass(frozen=True)
class Step:
    """A month and the one before it, as far as they are closed: `earlier` and `later` are their closes in the order in which
    they were made; no `later` where one of them is open, which the contracts of now tell.
    """

    month: int
    earlier: MonthClose
    later: MonthClose | None

    @classmethod
    def of(cls, month: int, closes: Mapping[int, MonthClose]) -> Self:
        """The step with which a month begins; the open month before the first close has it at its end, by that close."""
        pair = [closes[each] for each in (month - 1, month) if each in closes] or [closes[month + 1]]
        known = sorted(pair, key=lambda each: each.closed_at)
        return cls(month, known[0], known[1] if len(known) > 1 else None)


def definition_words(found: DefinitionBreak, head: BookHead, locale: str, *, is_whole: bool) -> str:
    """Which definition begins, and what it makes of the step, where that is known."""
    told = f"another definition holds ({source_words(found)})"
    if not is_whole or found.definition is None:
        return told
    return f"{told} and makes {money_text(found.definition, head.currency, locale, plus=True)} {head.currency}"


def restated_told(step: Step, marks: Marks, locale: str) -> list[str]:
    """That one of both months was restated after the other one was closed, and by what."""
    close = step.later
    known = marks.restated.get(close.month) if close is not None and close.revision > 1 else None
    if close is None or known is None:
        return []
    cause = known.causes.get(close.pk)
    why = cause.label if cause is not None else close.reason.strip().rstrip(".")
    return [f"{month_text(close.month, locale)} was restated after that ({why})"]


def corrected_told(client: Client, step: Step, locale: str) -> list[str]:
    """By which imports contracts were corrected between both closes, or since the one; that they were, where none is known."""
    rows = ContractImport.objects.filter(state=ImportState.DONE, finished_at__gt=step.earlier.closed_at)
    if step.later is not None:
        rows = rows.filter(finished_at__lt=step.later.closed_at)
    made = [row for row in rows.order_by("finished_at") if row.added_count or row.changed_count or row.vanished_count]
    named = [
        f"{row.file_name} of {date_text(day_at(client, row.finished_at or row.created_at), locale)}"
        for row in made[-MOST_IMPORTS:]
    ]
    if not named:
        return [f"contracts were corrected after {month_text(step.earlier.month, locale)} was closed"]
    more = f" and {len(made) - len(named)} more" if len(made) > len(named) else ""
    return [f"contracts were corrected by the import{'s' if len(made) > 1 else ''} {', '.join(named)}{more}"]


@dataclass(frozen=True)
class OtherDefinition:
    """The parameters of a close that are others by now, and by which decision, in words."""

    parameters: dict[str, Any]
    source: str


def other_definition(client: Client, head: BookHead, numbers: Collection[int], month: int) -> OtherDefinition | None:
    """The first version of the policy among those of some closes that says something else than the one in force; None where
    all of them say the same.
    """
    after = head.policy_number or 0
    rows = PolicyVersion.objects.filter(number__in={*numbers, after})
    parameters = dict(rows.values_list("number", "parameters"))
    now = parameters[after]
    before = min((number for number in numbers if changes_between(parameters[number], now)), default=None)
    if before is None:
        return None
    changed = changes_between(parameters[before], now)
    found = DefinitionBreak(month, before, after, changed, ZERO, ZERO, None, None, is_closed=False)
    return OtherDefinition(parameters[before], source_words(caused(client, [found])[0]))


def parts_of(client: Client, closed: ClosedCell, own: Policy) -> tuple[Decimal, Decimal] | None:
    """Of a balance of all customers what the definition makes of the difference, and what contracts make that were corrected:
    these are what the policy of its close, `own`, says of them now. None where that is not known.
    """
    cell = closed.cell
    month = cell.period.first - 1 if cell.column == "beginning" else cell.period.last
    if cell.dimension != TOTAL or cell.column not in STANDS or [each.month for each in closed.closes] != [month]:
        return None
    end = MonthEnds.of(client).at(own, month)
    if closed.now is None or not isinstance(end, MonthEnd):
        return None
    corrected = from_cents(end.total)
    return closed.now - corrected, corrected - cell.amount
