"""Why a closed figure is another one by now, in words: another definition holds, contracts were corrected, or both.

`causes_words(client, closed, query, locale) -> str` of a cell · `moves_causes(client, found, kept) -> str` of one customer's
moves · `retention_causes(client, shown) -> str`. Of a balance of all customers it says what each of them makes; of movements
and of parts it is not told apart, and both are named.
"""

from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from metrics.break_text import source_words
from metrics.engine.bridge import TOTAL
from metrics.engine.month_end import MonthEnd
from metrics.engine.policy import Policy
from metrics.figures import from_cents
from metrics.models import PolicyVersion
from metrics.selectors.breaks import DefinitionBreak, caused, changes_between
from metrics.selectors.close_cells import ClosedCell
from metrics.selectors.close_details import Kept
from metrics.selectors.figures import ZERO, BookHead
from metrics.selectors.month_ends import MonthEnds
from metrics.selectors.moves import Moves
from portal.lib.money import money_text
from portal.tenancy.models import Client
from reporting.arr_query import ArrQuery
from reporting.bridge_view import STANDS
from reporting.closed_retention import RetentionShown

CORRECTED: Final = "The contracts say something else now"
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
