"""Definition items: started from the library, edited by consultants, confirmed by the client.

`definitions_start(client=, user=) -> list[DefinitionItem]` · `item_edit(item=, version=, changes=, note=, meeting=, user=)` ·
`item_confirm(item=, version=, by=, meeting=, user=)` · `item_reopen(item=, version=, note=, user=)` ·
`item_settle(item=, value=, by=, meeting=, note=, user=)`

Whoever changes an item says which version of it they saw; OutdatedError when it is no longer that one. All run in the
client's scope.
"""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from governance.library.reader import OF_CLIENT, LibraryItem, library_item, library_items
from governance.models import DefinitionItem, Function, ItemChange, ItemEvent, ItemState
from governance.services.problems import DefinitionError, OutdatedError
from governance.services.respondents import respondents_from_roles
from governance.services.signing import signatures_lapse
from metrics.engine.policy import PARAMETER_FAULT
from metrics.selectors.clauses import sentence_of
from metrics.selectors.policies import policy_latest
from portal.tenancy import audit
from portal.tenancy.clock import database_time
from portal.tenancy.models import Client

EDITABLE: Final = (
    "title",
    "question",
    "definition",
    "answer",
    "value",
    "rationale",
    "edges",
    "is_critical",
    "functions",
)

LARGEST: Final = 10**12


def definitions_start(*, client: Client, user: Any = None) -> list[DefinitionItem]:
    """Copy every shipped item into the client's own, all ASSUMED; DefinitionError where that was done before.

    An item with a parameter starts at what the client's published policy says, or at the recommendation where there is none.
    Whoever has the role of a function is taken to answer for it.
    """
    Client.objects.select_for_update(no_key=True).get(pk=client.pk)
    if DefinitionItem.objects.exists():
        raise DefinitionError("the definitions of this client were started before")
    newest = policy_latest()
    in_force = newest.parameters if newest is not None and newest.number > 0 else {}
    items = [shipped_as_own(client, shipped, place, in_force, user) for place, shipped in enumerate(library_items(), 1)]
    DefinitionItem.objects.bulk_create(items)
    now = database_time()
    ItemChange.objects.bulk_create(change_of(item, ItemEvent.STARTED, at=now, user=user) for item in items)
    respondents_from_roles(client=client)
    audit.record(
        "definitions.started", object_type="definitions", object_id=client.slug,
        after=[item.content for item in items], details={"items": len(items)},
    )  # fmt: skip
    return items


def shipped_as_own(
    client: Client, shipped: LibraryItem, position: int, in_force: Mapping[str, Any], user: Any
) -> DefinitionItem:
    """One shipped item as the client's own, not saved yet."""
    name = shipped.parameter
    recommended = client.currency if name == OF_CLIENT else shipped.value
    value = in_force.get(name, recommended)
    item = DefinitionItem(
        client=client, key=shipped.key, position=position, kind=shipped.kind, title=shipped.title,
        question=shipped.question, definition=shipped.definition, rationale=shipped.rationale,
        edges=list(shipped.edges), is_critical=shipped.critical, functions=list(shipped.functions), parameter=name,
        value=value, recommended_value=recommended, edited_by=user,
        answer=sentence_of(name, value) if name else shipped.answer,
        recommended_answer=sentence_of(name, recommended) if name else shipped.answer,
    )  # fmt: skip
    item.sha256 = audit.digest(item.content)
    return item


def item_lock(item: DefinitionItem, version: int) -> DefinitionItem:
    """The item as it is now, locked; OutdatedError unless it is at the version that the person saw."""
    locked: DefinitionItem = DefinitionItem.objects.select_for_update().get(pk=item.pk)
    if locked.version != version:
        raise OutdatedError
    return locked


def item_edit(
    *,
    item: DefinitionItem,
    version: int,
    changes: Mapping[str, Any],
    note: str = "",
    meeting: str = "",
    user: Any = None,
) -> DefinitionItem:
    """Change an item's content: it is ASSUMED again, and the signatures under it lapse.

    DefinitionError for a bad value, and where nothing would change.
    """
    item = item_lock(item, version)
    before = item.content
    for name in EDITABLE:
        if name in changes:
            setattr(item, name, changes[name])
    settle(item)
    if item.content == before:
        raise DefinitionError("nothing was changed")
    item.revision += 1
    item.edited_by = user
    item_open(item)
    store(item, ItemEvent.EDITED, before, note=note, meeting=meeting, user=user)
    signatures_lapse(client=item.client, item=item)
    return item


def settle(item: DefinitionItem) -> None:
    """Check what was given, and let the clause of a parameter's value be its answer. DefinitionError names the fault."""
    if item.parameter:
        if fault := PARAMETER_FAULT[item.parameter](item.value):
            raise DefinitionError(f"{item.title}: {fault}")
        item.answer = sentence_of(item.parameter, item.value)
    else:
        item.value = amount_settled(item)
    if not item.answer.strip() or not item.title.strip() or not item.question.strip():
        raise DefinitionError("an item needs a title, a question and an answer")
    if not item.functions or not set(item.functions) <= set(Function.values):
        raise DefinitionError("somebody has to say yes to an item")
    item.functions = [name for name in Function.values if name in item.functions]


def amount_settled(item: DefinitionItem) -> int | None:
    """The amount that an item of words states, as its shipped one does; DefinitionError unless its answer says the same."""
    shipped, amount = library_item(item.key), item.value
    if shipped is None or shipped.value is None or amount is None:
        return None
    if not isinstance(amount, int) or isinstance(amount, bool) or not 0 < amount < LARGEST:
        raise DefinitionError(f"{item.title}: the amount is a whole number above 0")
    if not re.search(rf"(?<![\d.,]){amount:,}(?![\d]|[.,]\d)", item.answer):
        raise DefinitionError(
            f"{item.title}: the answer has to state the amount, {amount:,}: words and figure are one thing"
        )
    return amount


def item_confirm(*, item: DefinitionItem, version: int, by: str, meeting: str, user: Any = None) -> DefinitionItem:
    """Record that the client confirmed the item as it stands: who, and in which meeting."""
    item = item_lock(item, version)
    if item.is_confirmed:
        raise DefinitionError("this is confirmed already")
    if not by.strip():
        raise DefinitionError("say who confirmed it")
    confirm(item, by=by.strip(), meeting=meeting.strip(), user=user)
    return item


def confirm(item: DefinitionItem, *, by: str, meeting: str, user: Any = None) -> None:
    """Confirm an item that the caller has locked."""
    before = state_of(item)
    item.state, item.confirmed_at = ItemState.CONFIRMED, database_time()
    item.confirmed_by, item.confirmed_in = by, meeting
    store(item, ItemEvent.CONFIRMED, before, note=by, meeting=meeting, user=user)


def item_settle(
    *, item: DefinitionItem, value: Any, why: str, by: str, meeting: str, note: str, user: Any = None
) -> DefinitionItem:
    """Let an item say what an approved change request decided and why, CONFIRMED by that; signatures lapse under it alone.

    The reason of the value before would speak against the one that holds.
    """
    if item.value != value:
        item = item_edit(
            item=item, version=item.version, changes={"value": value, "rationale": why}, note=note, meeting=meeting,
            user=user,
        )  # fmt: skip
    return (
        item if item.is_confirmed else item_confirm(item=item, version=item.version, by=by, meeting=meeting, user=user)
    )


def item_reopen(*, item: DefinitionItem, version: int, note: str, user: Any = None) -> DefinitionItem:
    """Take a confirmation back, with the reason; the content stays."""
    item = item_lock(item, version)
    if not item.is_confirmed:
        raise DefinitionError("this is not confirmed")
    if not note.strip():
        raise DefinitionError("say why it is opened again")
    before = state_of(item)
    item_open(item)
    store(item, ItemEvent.REOPENED, before, note=note.strip(), user=user)
    return item


def item_open(item: DefinitionItem) -> None:
    """Let an item be ASSUMED; the caller stores it."""
    item.state, item.confirmed_by, item.confirmed_in, item.confirmed_at = ItemState.ASSUMED, "", "", None


def state_of(item: DefinitionItem) -> dict[str, Any]:
    """An item with its state, for the hashes of the audit log."""
    return item.content | {"state": item.state}


def store(
    item: DefinitionItem, event: str, before: Mapping[str, Any], *, note: str = "", meeting: str = "", user: Any = None
) -> None:
    """Write a changed item, its history and its audit entry."""
    item.version += 1
    item.sha256 = audit.digest(item.content)
    item.save()
    change_of(item, event, at=database_time(), note=note, meeting=meeting, user=user).save()
    audit.record(
        f"definition.{event}", object_type="definition", object_id=item.key, before=before, after=state_of(item),
        details={"title": item.title, "version": item.version, "state": item.state, "answer": item.answer,
                 "note": note, "meeting": meeting, "sha256": item.sha256},
    )  # fmt: skip


def change_of(
    item: DefinitionItem, event: str, *, at: datetime, note: str = "", meeting: str = "", user: Any = None
) -> ItemChange:
    """A row of the item's history, not saved yet."""
    return ItemChange(
        client_id=item.client_id, item=item, version=item.version, event=event, content=item.content, sha256=item.sha256,
        state=item.state, note=note, meeting=meeting, by=user, at=at,
    )  # fmt: skip
