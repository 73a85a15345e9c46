"""Reading policy documents and what lies between two of them. Runs in the client's scope.

`document_list() -> list[PolicyDocument]` · `document_get(number) -> PolicyDocument | None` ·
`document_diff(client, before, after) -> DocumentDiff` · `document_bytes(document) -> bytes`
"""

from dataclasses import dataclass
from typing import Any

from governance.models import ItemState, PolicyDocument
from governance.selectors.items import SHOWN_IN_HISTORY
from metrics.engine.policy import Policy
from metrics.selectors.exposure_figures import PolicyEffect
from metrics.selectors.policy_effect import policy_effect
from portal.tenancy import audit
from portal.tenancy.models import Client


@dataclass(frozen=True)
class ItemDiff:
    """An item that two documents have otherwise: `edits` are (field, before, after)."""

    title: str
    edits: tuple[tuple[str, Any, Any], ...]


@dataclass(frozen=True)
class Moved:
    """An item that went from ASSUMED to CONFIRMED or back; `by` and `meeting` are those of the later document."""

    title: str
    by: str
    meeting: str


@dataclass(frozen=True)
class DocumentDiff:
    """What lies between two documents: items by title, and the effect on ARR that the engine computes."""

    before: PolicyDocument
    after: PolicyDocument
    added: tuple[str, ...]
    removed: tuple[str, ...]
    changed: tuple[ItemDiff, ...]
    confirmed: tuple[Moved, ...]
    opened: tuple[Moved, ...]
    still_assumed: tuple[str, ...]
    effect: PolicyEffect | None

    @property
    def is_empty(self) -> bool:
        return not (self.added or self.removed or self.changed or self.confirmed or self.opened)


def document_list() -> list[PolicyDocument]:
    """Every version, the newest first."""
    return list(PolicyDocument.objects.select_related("created_by").order_by("-number"))


def document_get(number: int) -> PolicyDocument | None:
    """One version."""
    found: PolicyDocument | None = PolicyDocument.objects.select_related("created_by").filter(number=number).first()
    return found


def document_bytes(document: PolicyDocument) -> bytes:
    """The artifact: the bytes whose sha256 is the document's."""
    return audit.canonical(document.content)


def document_policy(document: PolicyDocument) -> Policy:
    """The engine's policy that a document describes."""
    return Policy.from_dict(document.content["parameters"])


def document_diff(
    client: Client, before: PolicyDocument, after: PolicyDocument, *, effect: bool = True
) -> DocumentDiff:
    """What the later document says otherwise; with `effect`, also what that does to ARR at the newest month end."""
    old, new = by_key(before), by_key(after)
    both = [(old[key], new[key]) for key in new if key in old]
    confirmed = [entry for earlier, entry in both if went(earlier, entry, ItemState.CONFIRMED)]
    opened = [entry for earlier, entry in both if went(earlier, entry, ItemState.ASSUMED)]
    policies = document_policy(before), document_policy(after)
    return DocumentDiff(
        before=before,
        after=after,
        added=tuple(title(new[key]) for key in new if key not in old),
        removed=tuple(title(old[key]) for key in old if key not in new),
        changed=tuple(found for pair in both if (found := item_diff(*pair)).edits),
        confirmed=tuple(moved(entry) for entry in confirmed),
        opened=tuple(moved(entry) for entry in opened),
        still_assumed=tuple(title(entry) for entry in new.values() if entry["state"] == ItemState.ASSUMED),
        effect=policy_effect(client, *policies) if effect and policies[0] != policies[1] else None,
    )


def by_key(document: PolicyDocument) -> dict[str, dict[str, Any]]:
    """A document's entries by the key of their item, in their order."""
    return {entry["content"]["key"]: entry for entry in document.content["items"]}


def title(entry: dict[str, Any]) -> str:
    return str(entry["content"]["title"])


def went(earlier: dict[str, Any], entry: dict[str, Any], state: str) -> bool:
    """Whether an item reached a state between two documents."""
    return bool(entry["state"] == state != earlier["state"])


def moved(entry: dict[str, Any]) -> Moved:
    return Moved(title(entry), entry["confirmed_by"], entry["confirmed_in"])


def item_diff(earlier: dict[str, Any], entry: dict[str, Any]) -> ItemDiff:
    """The shown fields in which two entries of one item differ."""
    old, new = earlier["content"], entry["content"]
    edits = tuple((label, old[name], new[name]) for name, label in SHOWN_IN_HISTORY.items() if old[name] != new[name])
    return ItemDiff(title(entry), edits)
