"""Reading the draft of a playbook: its outline, one part of it, what is wrong, and how it differs from the newest version."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from engagements.models import FirmPlaybook, PlaybookDraft, PlaybookVersion
from engagements.playbook.diff import Change, playbook_diff
from engagements.playbook.draft import (
    REMOVED,
    ROOT,
    Node,
    PartFault,
    bare_of,
    draft_read,
    held,
    nodes_of,
    part_slots,
)
from engagements.playbook.draft_changes import beside
from engagements.playbook.schema import Playbook
from engagements.playbook.shape import Slot
from engagements.playbook.words import CLOSED, FIRST, REFERS, key_field, list_label, words_for
from engagements.selectors.playbooks import version_content


@dataclass
class Branch:
    """A line of the outline: a list of parts (`part` is its owner), or one part."""

    part: int
    label: str
    slot: str = ""
    count: int = 0
    faults: int = 0
    inside: list["Branch"] = field(default_factory=list)

    @property
    def key(self) -> str:
        return f"{self.part}-{self.slot}" if self.slot else str(self.part)


class DraftView:
    """A draft as it is at one moment."""

    def __init__(self, draft: PlaybookDraft) -> None:
        self.draft = draft
        self.content: dict[str, Any] = draft.content
        self.nodes = nodes_of(self.content)

    @cached_property
    def read(self) -> tuple[Playbook | None, list[PartFault]]:
        """The playbook that it is, or what is wrong."""
        return draft_read(self.content)

    @property
    def faults(self) -> list[tuple[Node, PartFault]]:
        """What is wrong, each with the part it is in."""
        return [(self.nodes[fault.part], fault) for fault in self.read[1]]

    @property
    def faulty(self) -> set[int]:
        """The parts in which something is wrong."""
        return {fault.part for fault in self.read[1]}

    def others_differ(self, before: "DraftView", part: int) -> bool:
        """Whether a part beside this one says something else than before."""
        return any(
            bare_of(node) != bare_of(before.nodes[node.id])
            for node in self.nodes.values()
            if node.id != part and node.id in before.nodes
        )

    @property
    def removed(self) -> str:
        """The name of what was taken out last, while it can be put back."""
        kept = self.content.get(REMOVED)
        return str(kept["name"]) if kept and kept["owner"] in self.nodes else ""

    def of_part(self, part: int) -> list[PartFault]:
        """What is wrong with one part by itself."""
        return [fault for fault in self.read[1] if fault.part == part]

    @cached_property
    def outline(self) -> list[Branch]:
        """The lists of the playbook in the order in which people work on them, each with its parts."""
        counts = Counter(fault.part for fault in self.read[1])
        root = self.nodes[ROOT]
        slots = {slot.name: slot for slot in part_slots(Playbook)}
        order = [name for name in FIRST if name in slots] + [name for name in slots if name not in FIRST]
        return [self._group(root, slots[name], counts) for name in order]

    def _group(self, owner: Node, slot: Slot, counts: Counter[int]) -> Branch:
        branches = [self._branch(self.nodes[data["_id"]], counts) for data in held(owner.data, slot)]
        faults = sum(each.faults for each in branches)
        return Branch(owner.id, list_label(slot.name), slot.name, len(branches), faults, branches)

    def _branch(self, node: Node, counts: Counter[int]) -> Branch:
        branch = Branch(node.id, node.name, faults=counts[node.id])
        for slot in part_slots(node.kind):
            for data in held(node.data, slot):
                child = self._branch(self.nodes[data["_id"]], counts)
                branch.faults += child.faults
                if not self.nodes[child.part].is_inline:
                    branch.inside.append(child)
        return branch

    def path(self, node: Node) -> list[Node]:
        """The parts around a part, outermost first, without the playbook itself."""
        found: list[Node] = []
        while node.owner > ROOT:
            node = self.nodes[node.owner]
            found.append(node)
        return found[::-1]

    def can_move(self, node: Node) -> tuple[bool, bool]:
        """Whether a part can go up, and down."""
        if not node.is_listed:
            return False, False
        up = node.at > 0 or beside(self.content, node, -1) is not None
        return up, node.at + 1 < node.count or beside(self.content, node, 1) is not None

    def choices(self, node: Node, name: str) -> list[tuple[str, str]] | None:
        """What a field that names another part can name, as value and words; None for a field that is free."""
        if closed := CLOSED.get((node.kind.__name__, name)):
            return list(closed.items())
        word = words_for(REFERS, node.kind, name)
        return list(self._named(node, word)) if word else None

    def _named(self, node: Node, word: str) -> Iterator[tuple[str, str]]:
        for each in self.nodes.values():
            key = str(each.data.get(key_field(each.kind), ""))
            if each.kind.__name__ != word or not key or each.id == node.id:
                continue
            if word != "Criterion" or each.owner == node.id:
                yield key, each.name


def draft_get(row: FirmPlaybook) -> PlaybookDraft | None:
    """The draft of a playbook, if one is being written."""
    return PlaybookDraft.objects.select_related("begun_by", "changed_by").filter(playbook=row).first()


def draft_diff(view: DraftView, newest: PlaybookVersion) -> list[Change]:
    """What the draft changes; nothing where it is not valid yet."""
    playbook = view.read[0]
    return playbook_diff(version_content(newest), playbook) if playbook is not None else []
