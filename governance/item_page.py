"""What the list of definitions and the page of one item show, made ready for their templates."""

from dataclasses import dataclass
from typing import Any

from governance.change_history import changes_about
from governance.forms import ConfirmForm, ReopenForm
from governance.library.reader import library_item, values_of
from governance.models import DefinitionItem, Function, ItemKind, ItemState
from governance.selectors.answers import Standing, answers_given, questions_of, standings
from governance.selectors.items import item_history, item_list, not_computed
from governance.selectors.signoff import to_sign
from governance.selectors.worth import Worth, example_of, heaviest_first, worths
from metrics.selectors.clauses import sentence_of
from portal.lib.periods import last_day
from portal.tenancy.access import TenantRequest
from portal.tenancy.permissions import ANSWER_DEFINITIONS, EDIT_POLICY, REQUEST_CHANGES, VIEW_ARR

FILTERS = (("all", "All"), ("open", "Open"), ("critical", "Critical and open"), ("confirmed", "Confirmed"))


@dataclass(frozen=True)
class ListedItem:
    """An item in the list: what the functions say about it, and what it is worth, for whoever may see that."""

    item: DefinitionItem
    standing: Standing
    worth: Worth | None


def list_context(request: TenantRequest) -> dict[str, Any]:
    """The items that the filter leaves, by kind, and how many there are of each state."""
    items = item_list()
    wanted = request.GET.get("show", "all")
    said = standings(items)
    worth = worths(request.client, items) if request.standing.may(VIEW_ARR) else {}
    shown = [ListedItem(item, said[item.pk], worth.get(item.pk)) for item in items if is_wanted(item, wanted)]
    shown.sort(key=lambda row: heaviest_first(row.item, row.worth))
    month = next((each.exposure.month for each in worth.values()), None)
    confirmed = sum(item.is_confirmed for item in items)
    return {
        "items": items,
        "groups": [(kind.label, [row for row in shown if row.item.kind == kind]) for kind in ItemKind],
        "weighed": {row.item.get_kind_display() for row in shown if row.worth},
        "shown": shown,
        "confirmed": confirmed,
        "assumed": len(items) - confirmed,
        "critical_open": sum(item.is_critical and not item.is_confirmed for item in items),
        "own_waiting": own_waiting(request),
        "to_sign": to_sign(request.user) if request.standing.may(ANSWER_DEFINITIONS) else [],
        "shows_worth": month is not None,
        "month_end": last_day(month) if month is not None else None,
        "currency": request.client.currency,
        "filters": [{"label": label, "url": f"?show={name}", "active": name == wanted} for name, label in FILTERS],
        "may_edit": request.standing.may(EDIT_POLICY),
    }


def own_waiting(request: TenantRequest) -> int:
    """How many questions wait for the reader, if they are one who answers."""
    if not request.standing.may(ANSWER_DEFINITIONS):
        return 0
    return sum(question.answer is None for question in questions_of(request.user))


def is_wanted(item: DefinitionItem, wanted: str) -> bool:
    """Whether a filter of the list leaves the item."""
    if wanted == "critical":
        return item.is_critical and not item.is_confirmed
    states = {"open": ItemState.ASSUMED, "confirmed": ItemState.CONFIRMED}
    return item.state == states.get(wanted, item.state)


def item_context(request: TenantRequest, item: DefinitionItem) -> dict[str, Any]:
    """Everything on the page of one item."""
    keys = [other.key for other in item_list()]
    place = keys.index(item.key)
    sees_arr = request.standing.may(VIEW_ARR)
    worth = worths(request.client, [item]).get(item.pk) if sees_arr else None
    return worth_context(worth) | {
        "example": example_of(request.client, item) if sees_arr else None,
        "item": item,
        "choices": choices_of(item),
        "not_computed": not_computed(item),
        "standing": standings([item])[item.pk],
        "answers": answers_given(item),
        "history": [spoken(happening) for happening in item_history(item)],
        "about": changes_about(request, [item.parameter]) if item.parameter else [],
        "is_recommended": item.answer == item.recommended_answer,
        "confirm_form": ConfirmForm(initial={"version": item.version}),
        "reopen_form": ReopenForm(initial={"version": item.version}),
        "may_edit": request.standing.may(EDIT_POLICY),
        "may_ask": request.standing.may(REQUEST_CHANGES) and item.parameter != "reporting_currency",
        "place": place + 1,
        "count": len(keys),
        "earlier": keys[place - 1] if place else "",
        "later": keys[place + 1] if place + 1 < len(keys) else "",
    }


def worth_context(worth: Worth | None) -> dict[str, Any]:
    """What an item is worth, for its page and for whoever answers; the month end is the newest of the book."""
    month = worth.exposure.month if worth else None
    if worth is None or month is None:
        return {}
    return {"worth": worth, "month_end": last_day(month), "currency": worth.exposure.currency}


def choices_of(item: DefinitionItem) -> list[dict[str, Any]]:
    """The ways to answer an item that are known, each with whether it holds and whether it is recommended."""
    shipped = library_item(item.key)
    if item.parameter:
        texts = [sentence_of(item.parameter, value) for value in values_of(item.parameter, shipped)]
    else:
        texts = list(shipped.choices) if shipped else []
    for text in (item.recommended_answer, item.answer):
        if text not in texts:
            texts.append(text)
    return [
        {"text": text, "holds": text == item.answer, "recommended": text == item.recommended_answer} for text in texts
    ]


def spoken(happening: Any) -> dict[str, Any]:
    """A row of the history with its values as words."""
    edits = [(label, in_words(old), in_words(new)) for label, old, new in happening.edits]
    return {"change": happening.change, "edits": edits}


def in_words(value: Any) -> str:
    """A value of an item's content as a person reads it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return "; ".join(Function(name).label if name in Function.values else str(name) for name in value) or "nothing"
    return str(value)
