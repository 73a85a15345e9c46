"""What the editor of a playbook shows, made ready for its templates: the outline, and one part or list beside it."""

import inspect
from dataclasses import dataclass
from typing import Any

from django import forms
from django.forms.boundfield import BoundField

from engagements.forms_parts import PartForm
from engagements.models import PlaybookVersion
from engagements.playbook.draft import ROOT, Node, bare_slots, held, part_slots, slot_in
from engagements.playbook.markdown_form import word_of
from engagements.playbook.shape import Slot
from engagements.playbook.words import label_of, list_label
from engagements.selectors.drafts import DraftView
from engagements.selectors.playbooks import version_content
from engagements.services.drafts import part_digest


@dataclass(frozen=True)
class Pane:
    """What stands beside the outline: a part, or the list of the playbook that `slot` names."""

    part: int
    slot: str = ""

    @property
    def query(self) -> str:
        """Its address behind that of the editor."""
        return f"?list={self.slot}" if self.slot else f"?part={self.part}"

    @property
    def branch(self) -> str:
        """Its line in the outline."""
        return f"{self.part}-{self.slot}" if self.slot else str(self.part)


@dataclass(frozen=True)
class FieldShown:
    """A field with what is wrong in it."""

    bound: BoundField
    faults: tuple[str, ...]
    is_title: bool = False

    @property
    def is_wide(self) -> bool:
        widget = self.bound.field.widget
        return self.is_title or isinstance(widget, (forms.Textarea, forms.CheckboxSelectMultiple))

    @property
    def is_pick(self) -> bool:
        """Whether it is chosen from sentences, which need room."""
        return self.bound.name in {"only_if", "check", "document"}

    @property
    def oob(self) -> str:
        """The field as a piece that replaces itself on the page."""
        return self.bound.as_widget(attrs={"hx-swap-oob": "true"})

    @property
    def is_many(self) -> bool:
        return isinstance(self.bound.field.widget, forms.CheckboxSelectMultiple)


def pane_of(view: DraftView, part: str, slot: str) -> Pane:
    """The part or list that an address names; the playbook itself where it is no longer there."""
    number = int(part) if part.isascii() and part.isdigit() and len(part) < 9 else ROOT
    if slot and slot in {each.name for each in part_slots(view.nodes[ROOT].kind)}:
        return Pane(ROOT, slot)
    return pane_at(view, number)


def pane_at(view: DraftView, part: int) -> Pane:
    """Where a part is written: by itself, or in the part that holds it."""
    node = view.nodes.get(part)
    return Pane(ROOT if node is None else node.owner if node.is_inline else node.id)


def pane_above(view: DraftView, node: Node) -> Pane:
    """The pane in which a part stands as one of several."""
    return Pane(ROOT, node.slot) if node.owner <= ROOT else Pane(node.owner)


def editor_context(view: DraftView, pane: Pane) -> dict[str, Any]:
    """Outline and pane."""
    return {
        "draft": view.draft,
        "outline": view.outline,
        "faults": view.faults,
        "removed": view.removed,
        "pane": pane,
        "shown": list_shown(view, pane.slot) if pane.slot else part_shown(view, view.nodes[pane.part]),
    }


def list_shown(view: DraftView, name: str) -> dict[str, Any]:
    """A list of the playbook: its parts as lines that can be moved, and a button for another."""
    root = view.nodes[ROOT]
    return {"lists": [_list(view, root, slot_in(root, name), inline=False)]}


def part_shown(view: DraftView, node: Node) -> dict[str, Any]:
    """A part: its form, and the lists that it holds."""
    lists = [_list(view, node, slot) for slot in part_slots(node.kind)] if node.id != ROOT else []
    path = [{"name": each.name, "query": Pane(each.id).query} for each in view.path(node)]
    if node.id != ROOT:
        top = view.nodes[view.path(node)[0].id] if view.path(node) else node
        path = [{"name": list_label(top.slot), "query": Pane(ROOT, top.slot).query}, *path]
    return {"path": path, "card": card_of(view, node), "lists": lists}


def card_of(view: DraftView, node: Node, form: PartForm | None = None) -> dict[str, Any]:
    """One part to write: its form, what is wrong, and which way it can go."""
    form = form or PartForm(node, lambda name: view.choices(node, name))
    up, down = view.can_move(node)
    faults = view.of_part(node.id)
    fields = [FieldShown(bound, _said(bound, faults), bound.name == "name") for bound in form]
    return {
        "node": node,
        "word": word_of(node.kind),
        "doc": _sentence(inspect.getdoc(node.kind) or ""),
        "fields": fields,
        "seen": part_digest(node),
        "other_faults": [fault.text for fault in faults if fault.field not in form.fields],
        "can_up": up,
        "can_down": down,
        "is_root": node.id == ROOT,
        "can_copy": node.is_listed,
    }


def conflict_rows(node: Node, mine: dict[str, Any]) -> list[dict[str, Any]]:
    """The fields in which two texts of a part differ, as lines to lay side by side."""
    rows = []
    for slot in bare_slots(node.kind):
        theirs = node.data.get(slot.name, [] if slot.is_list else "")
        ours = mine.get(slot.name, [] if slot.is_list else "")
        if theirs != ours:
            rows.append({"label": label_of(node.kind, slot.name), "mine": _lines(ours), "theirs": _lines(theirs)})
    return rows


def publish_context(view: DraftView, newest: PlaybookVersion) -> dict[str, Any]:
    """What a person sees before they publish."""
    return {
        "draft": view.draft,
        "faults": view.faults,
        "version": newest,
        "is_same": view.read[0] == version_content(newest),
        "is_behind": newest.number != view.draft.based_on,
        "next_number": newest.number + 1,
    }


def _list(view: DraftView, owner: Node, slot: Slot, *, inline: bool = True) -> dict[str, Any]:
    nodes = [view.nodes[data["_id"]] for data in held(owner.data, slot)]
    return {
        "owner": owner,
        "slot": slot.name,
        "label": list_label(slot.name),
        "word": _with_article(word_of(slot.kind).lower()),
        "can_add": slot.is_list or not nodes,
        "rows": [_row(view, node) for node in nodes],
        "cards": [card_of(view, node) for node in nodes if inline and node.is_inline],
    }


def _row(view: DraftView, node: Node) -> dict[str, Any]:
    up, down = view.can_move(node)
    inside = sum(len(held(node.data, slot)) for slot in part_slots(node.kind))
    faults = len(view.of_part(node.id))
    return {
        "node": node, "query": Pane(node.id).query, "can_up": up, "can_down": down, "inside": inside, "faults": faults,
        "can_copy": node.is_listed,
    }  # fmt: skip


def _sentence(doc: str) -> str:
    """What a kind of part is, from the beginning of its docstring; the rest is for who writes code."""
    return doc.replace("\n", " ").split(";")[0].split(".")[0] + "."


def _with_article(word: str) -> str:
    return f"an {word}" if word[0] in "aeiou" else f"a {word}"


def _said(bound: BoundField, faults: list[Any]) -> tuple[str, ...]:
    return (*bound.errors, *(fault.text for fault in faults if fault.field == bound.name))


def _lines(value: Any) -> list[str]:
    return value if isinstance(value, list) else [str(value)] if value else []
