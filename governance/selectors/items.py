"""Reading definition items. Runs in the client's scope.

`item_list() -> list[DefinitionItem]` · `item_get(key) -> DefinitionItem | None` · `item_history(item) -> list[Happening]` ·
`no_assumed_critical() -> bool` · `policy_drafted(client) -> Policy` · `not_computed(item) -> str` ·
`changes_defined() -> Limit | None`
"""

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from governance.library.reader import library_item
from governance.models import DefinitionItem, ItemChange, ItemEvent, ItemState
from metrics.engine.policy import Policy
from metrics.selectors.limits import Limit
from metrics.selectors.policies import policy_in_force
from portal.tenancy.models import Client


@dataclass(frozen=True)
class Happening:
    """A row of an item's history, with what it changed: `edits` are (field, before, after)."""

    change: ItemChange
    edits: tuple[tuple[str, Any, Any], ...]


SHOWN_IN_HISTORY = {
    "title": "Title",
    "question": "Question",
    "definition": "What it means",
    "answer": "Answer",
    "rationale": "Why",
    "edges": "Cases",
    "is_critical": "Critical",
    "functions": "Who must say yes",
}


def not_computed(item: DefinitionItem) -> str:
    """What whoever confirms an answer has to know where the engine computes another one; empty where it computes this."""
    shipped = library_item(item.key)
    return shipped.otherwise if shipped is not None and item.answer != shipped.answer else ""


def item_list() -> list[DefinitionItem]:
    """Every item in the order in which it is asked."""
    return list(DefinitionItem.objects.order_by("position"))


def item_get(key: str) -> DefinitionItem | None:
    """The item of that key."""
    item: DefinitionItem | None = DefinitionItem.objects.select_related("edited_by").filter(key=key).first()
    return item


def item_history(item: DefinitionItem) -> list[Happening]:
    """Everything that happened to an item, the newest first."""
    changes = list(ItemChange.objects.filter(item=item).select_related("by").order_by("-version"))
    older = [*changes[1:], None]
    return [Happening(change, edits_between(before, change)) for change, before in zip(changes, older, strict=True)]


def edits_between(before: ItemChange | None, after: ItemChange) -> tuple[tuple[str, Any, Any], ...]:
    """The shown fields in which two rows of the history differ."""
    if before is None:
        return ()
    old, new = before.content, after.content
    return tuple(
        (label, old[name], new[name]) for name, label in SHOWN_IN_HISTORY.items() if old.get(name) != new.get(name)
    )


def no_assumed_critical() -> bool:
    """Whether the definitions were started and every critical item is CONFIRMED."""
    items = DefinitionItem.objects
    return items.exists() and not items.filter(is_critical=True, state=ItemState.ASSUMED).exists()


def policy_drafted(client: Client) -> Policy:
    """The policy that the items say now; a parameter without an item keeps the value in force."""
    parameters = policy_in_force(client).to_dict()
    given = DefinitionItem.objects.exclude(parameter="").values_list("parameter", "value")
    return Policy.from_dict(parameters | dict(given))


def changes_defined() -> Limit | None:
    """By how much an account may move without a contract event, as the client has confirmed it; None while it has not."""
    item = DefinitionItem.objects.filter(key="anomaly-threshold", state=ItemState.CONFIRMED).first()
    if item is None or item.value is None:
        return None
    return Limit(Decimal(item.value), f"by the definition “{item.title}”, confirmed by {item.confirmed_by}")


def definitions_changed_since(at: dt.datetime) -> list[str]:
    """Titles of the definitions whose content changed, or that were opened again, after a moment."""
    events = [ItemEvent.EDITED, ItemEvent.REOPENED, ItemEvent.REFUSED]
    rows = ItemChange.objects.filter(at__gt=at, event__in=events)
    return sorted(set(rows.values_list("item__title", flat=True)))
