"""What a meeting of the first phase has to decide: the definitions that are still assumed, what is worth most first."""

from dataclasses import dataclass
from typing import Any, Final

from engagements.models import Meeting, Phase
from governance.models import DefinitionItem
from governance.selectors.items import item_list
from governance.selectors.worth import Worth, heaviest_first, worths
from portal.lib.periods import last_day
from portal.tenancy.access import TenantRequest
from portal.tenancy.permissions import VIEW_ARR, VIEW_POLICY

MOST: Final = 12  # more than one meeting can talk about; the others are a click away
OVER: Final = ("held", "cancelled")


@dataclass(frozen=True)
class ToDecide:
    """A definition that is still assumed, with what it is worth for whoever may see that."""

    item: DefinitionItem
    worth: Worth | None


def agenda_context(request: TenantRequest, meeting: Meeting) -> dict[str, Any]:
    """The definitions to decide in a meeting of the first phase that is not over; nothing for other meetings."""
    if meeting.state in OVER or not request.standing.may(VIEW_POLICY) or not is_of_first_phase(meeting):
        return {}
    items = [item for item in item_list() if not item.is_confirmed]
    worth = worths(request.client, items) if request.standing.may(VIEW_ARR) else {}
    rows = [ToDecide(item, worth.get(item.pk)) for item in items]
    rows.sort(key=lambda row: heaviest_first(row.item, row.worth))
    month = next((each.exposure.month for each in worth.values()), None)
    return {
        "to_decide": rows[:MOST],
        "more_to_decide": max(len(rows) - MOST, 0),
        "month_end": last_day(month) if month is not None else None,
        "currency": request.client.currency,
    }


def is_of_first_phase(meeting: Meeting) -> bool:
    """Whether the meeting belongs to the phase in which definitions are agreed on: a project's first."""
    first = Phase.objects.filter(engagement=meeting.engagement_id).order_by("position").first()
    return first is not None and first.subphases.filter(key=meeting.subphase_key).exists()
