"""Why a closed figure is another one by now, in words: another definition holds, contracts were corrected, or both.

`causes_words(client, closed, query, locale) -> str`. Of a balance of all customers it says what each of them makes; of
movements and of parts it is not told apart, and both are named.
"""

from decimal import Decimal
from typing import Final

from metrics.break_text import source_words
from metrics.engine.bridge import TOTAL
from metrics.engine.month_end import MonthEnd
from metrics.engine.policy import Policy
from metrics.figures import from_cents
from metrics.models import PolicyVersion
from metrics.selectors.breaks import DefinitionBreak, caused, changes_between
from metrics.selectors.close_cells import ClosedCell
from metrics.selectors.figures import ZERO
from metrics.selectors.month_ends import MonthEnds
from portal.lib.money import money_text
from portal.tenancy.models import Client
from reporting.arr_query import ArrQuery
from reporting.bridge_view import STANDS

CORRECTED: Final = "The contracts say something else now"


def causes_words(client: Client, closed: ClosedCell, query: ArrQuery, locale: str) -> str:
    """What makes the difference to the contracts of now; empty where no customer has another part."""
    if not closed.is_other:
        return ""
    head, numbers = closed.cell.head, {close.policy for close in closed.closes}
    after = head.policy_number or 0
    rows = PolicyVersion.objects.filter(number__in={*numbers, after})
    parameters = dict(rows.values_list("number", "parameters"))
    now = parameters[after]
    others = sorted(number for number in numbers if changes_between(parameters[number], now))
    if not others:
        return CORRECTED
    before, month = others[0], closed.cell.period.last
    changed = changes_between(parameters[before], now)
    found = DefinitionBreak(month, before, after, changed, ZERO, ZERO, None, None, is_closed=False)
    source = source_words(caused(client, [found])[0])
    own = Policy.from_dict(parameters[before]).with_(recognition=head.recognition)
    parts = None if query.filters else parts_of(client, closed, own)
    if parts is None:
        return f"Another definition holds now ({source}), and contracts may have been corrected since"
    texts = [f"{money_text(part, head.currency, locale, plus=True)} {head.currency}" for part in parts]
    if not parts[1]:
        return f"Another definition holds now ({source}): it makes {texts[0]}"
    return f"Another definition holds now ({source}) and makes {texts[0]}; corrected contracts make {texts[1]}"


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
