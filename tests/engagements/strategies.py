"""Playbooks made at random: only their form is valid, what hypothesis writes into them is anything."""

from enum import StrEnum
from typing import Any

from hypothesis import strategies as st

from engagements.playbook.build import one_line, text_fault
from engagements.playbook.hours import Hours
from engagements.playbook.schema import Playbook
from engagements.playbook.shape import Slot, slots

HOURS = st.builds(
    lambda low, more: Hours.parse(f"{low / 100}-{(low + more) / 100}"), st.integers(0, 9999), st.integers(0, 999)
)


def texts(*, required: bool) -> st.SearchStrategy[str]:
    """Any text on one line that a playbook takes, also one that looks like Markdown or YAML."""
    odd = st.sampled_from(
        ["- a", "| b | c", "**Key:** x", "# one", "a: b", "yes", "3", "~", "\\|", "é…", "null", "'q'", "x #y"]
    )
    anything = st.one_of(odd, st.text(max_size=30)).map(one_line)
    return anything.filter(lambda text: not text_fault(text, required=required))


def value(slot: Slot) -> st.SearchStrategy[Any]:
    if slot.is_part:
        return parts(slot.kind)
    if slot.kind is Hours:
        return HOURS
    if slot.kind is bool:
        return st.booleans()
    if slot.kind is int:
        return st.integers(0, 9999)
    if issubclass(slot.kind, StrEnum):
        return st.sampled_from(list(slot.kind))
    return texts(required=slot.is_required or slot.is_list)


def parts(kind: type[Any]) -> st.SearchStrategy[Any]:
    """Values of a class of the schema."""
    fields = {}
    for slot in slots(kind):
        one = value(slot)
        if slot.is_list:
            fields[slot.name] = st.lists(one, max_size=2).map(tuple)
        else:
            fields[slot.name] = one if slot.is_required else st.one_of(st.just(slot.default), one)
    return st.builds(kind, **fields)


PLAYBOOKS: st.SearchStrategy[Playbook] = parts(Playbook)
