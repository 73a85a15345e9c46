"""Putting the definitions of a client together into a numbered policy document.

`document_create(client=, note=, meeting=, user=, is_final=) -> PolicyDocument`
"""

from typing import Any, Final

from governance.models import DefinitionItem, PolicyDocument
from governance.selectors.items import policy_drafted
from governance.services.problems import DefinitionError
from portal.tenancy import audit
from portal.tenancy.clock import database_time
from portal.tenancy.models import Client

SCHEMA: Final = "tieout.policy/1"


def document_create(
    *, client: Client, note: str = "", meeting: str = "", user: Any = None, is_final: bool = False
) -> PolicyDocument:
    """The next version: v0 first, then one for each meeting. The final one is what is signed.

    DefinitionError without items, where nothing changed since the last version, and for a final version while a critical
    item is assumed.
    """
    Client.objects.select_for_update(no_key=True).get(pk=client.pk)
    items = list(DefinitionItem.objects.order_by("position"))
    if not items:
        raise DefinitionError("the definitions have to be started first")
    newest = PolicyDocument.objects.order_by("-number").first()
    entries = [entry_of(item) for item in items]
    if newest is not None and newest.content["items"] == entries and newest.is_final == is_final:
        raise DefinitionError(f"nothing has changed since v{newest.number}")
    if is_final and (open_items := [item.title for item in items if item.is_critical and not item.is_confirmed]):
        named = ", ".join(open_items[:5]) + (f" and {len(open_items) - 5} more" if len(open_items) > 5 else "")
        raise DefinitionError(f"critical definitions are still assumed: {named}")
    number = newest.number + 1 if newest else 0
    content = {
        "schema": SCHEMA,
        "client": {"slug": client.slug, "name": client.name},
        "number": number,
        "final": is_final,
        "note": note.strip(),
        "meeting": meeting.strip(),
        "items": entries,
        "parameters": policy_drafted(client).to_dict(),
    }
    document: PolicyDocument = PolicyDocument.objects.create(
        client=client, number=number, is_final=is_final, content=content, sha256=audit.digest(content),
        note=note.strip(), meeting=meeting.strip(), created_by=user, created_at=database_time(),
    )  # fmt: skip
    confirmed = sum(item.is_confirmed for item in items)
    audit.record(
        "document.created", object_type="policy document", object_id=number, after=content,
        details={"number": number, "final": is_final, "note": note, "meeting": meeting, "sha256": document.sha256,
                 "confirmed": confirmed, "items": len(items)},
    )  # fmt: skip
    return document


def entry_of(item: DefinitionItem) -> dict[str, Any]:
    """An item as a document keeps it: its content with its hash, and how far it was agreed."""
    state = {"state": item.state, "confirmed_by": item.confirmed_by, "confirmed_in": item.confirmed_in}
    return {"content": item.content, "sha256": item.sha256, **state}
