"""The demonstration's own playbook: two versions, and a draft of the third in which two people write."""

from typing import Any

from engagements.models import PlaybookDraft
from engagements.playbook.build import Plain
from engagements.playbook.draft import Node, bare_of, walk
from engagements.services.drafts import draft_begin, draft_part_add, draft_part_save, draft_publish, part_digest
from engagements.services.playbooks import playbook_create
from engagements.shipped import shipped_playbooks
from portal.tenancy.models import Firm

SHIPPED = "executive-reporting-suite"


def playbooks_load(firm: Firm, staff: list[Any]) -> None:
    """A shipped playbook as the firm adapted it, and what it is changing now."""
    lead, partner = staff[0], staff[1 % len(staff)]
    found = shipped_playbooks()[SHIPPED]
    row = playbook_create(firm=firm, playbook=found, origin=f"{found.name} as shipped", user=lead).playbook
    draft = draft_begin(row=row, user=lead)
    write(draft, root(draft), lead, name="Executive reporting, our way", gotchas=GOTCHAS)
    added(draft, found_in(draft, "TaskList", "Build and validation"), "tasks", lead, CONTRAST)
    draft.refresh_from_db()
    draft_publish(
        row=row, revision=draft.revision, onto=1, note="Colours and signs are checked before the review", user=lead
    )
    draft = draft_begin(row=row, user=partner)
    added(
        draft,
        root(draft),
        "conditions",
        partner,
        {"key": "has_partners", "question": "Does the client sell through partners?"},
    )
    write(draft, found_in(draft, "Task", "Interview the executives"), lead, hours="3-5")


GOTCHAS: list[Plain] = [
    "An executive who was not asked does not use the dashboard. Interview each of them, if only for 20 minutes",
    "Agree on the definitions before the first chart; a figure that was shown once is hard to take back",
]
CONTRAST: dict[str, Plain] = {
    "name": "Check colours and signs", "number": "19", "hours": "1-1.5", "subphase": "2b", "role": "engineer",
    "description": "See that every chart can be read without its colours, on a screen in the board room and on paper",
    "end_state": "Each dashboard reads well in grey", "needs": ["9"],
    "points": ["Gains and losses carry a sign", "Charts are printed in grey once"],
}  # fmt: skip


def root(draft: PlaybookDraft) -> Node:
    """The playbook itself, as the draft has it now."""
    return found_in(draft, "Playbook", "")


def found_in(draft: PlaybookDraft, kind: str, name: str) -> Node:
    """The part of that kind and name."""
    draft.refresh_from_db()
    return next(node for node in walk(draft.content) if node.kind.__name__ == kind and name in node.name)


def write(draft: PlaybookDraft, node: Node, user: Any, **changed: Plain) -> None:
    """Change some words of a part."""
    values = bare_of(node) | changed
    draft_part_save(row=draft.playbook, part=node.id, values=values, seen=part_digest(node), user=user)


def added(draft: PlaybookDraft, owner: Node, slot: str, user: Any, values: dict[str, Plain]) -> None:
    """A new part with its words."""
    draft, part = draft_part_add(row=draft.playbook, owner=owner.id, slot=slot, user=user)
    node = next(node for node in walk(draft.content) if node.id == part)
    draft_part_save(row=draft.playbook, part=part, values=values, seen=part_digest(node), user=user)
