"""Changes of a draft: a part is written, added, copied, moved, taken out or put back.

Each changes the draft that it is given in place; who wants to keep the one before hands in `copied(content)`.
"""

from enum import StrEnum
from typing import Any

from engagements.playbook.build import Plain
from engagements.playbook.draft import (
    ID,
    REMOVED,
    ROOT,
    DraftError,
    Node,
    bare_slots,
    held,
    node_in,
    nodes_of,
    numbered,
    plain_of,
    slot_in,
    walk,
)
from engagements.playbook.seed_form import key_of
from engagements.playbook.shape import Slot, slots
from engagements.playbook.words import REFERS, key_field, words_for

MOST_PARTS = 3000  # parts of a draft; the largest of the library has 260
SLOT_MINUTES = 15


def part_set(content: dict[str, Plain], part: int, values: dict[str, Plain]) -> None:
    """Write what a part says by itself. An empty key is made from its name; whoever named the old key names the new one."""
    node = node_in(content, part)
    named = key_field(node.kind)
    old = node.data.get(named, "")
    for slot in bare_slots(node.kind):
        value = values.get(slot.name, [] if slot.is_list else "")
        if value or slot.is_required:
            node.data[slot.name] = value
        else:
            node.data.pop(slot.name, None)
    if "key" in _names(node.kind) and not node.data.get("key"):
        node.data["key"] = _free(key_of(_title(node))[:40].strip("-"), _taken(content, node, "key"))
    new = node.data.get(named, "")
    if old and new and old != new and old not in _taken(content, node, named):
        _renamed(content, node, old, new)


def part_add(content: dict[str, Plain], owner: int, name: str) -> int:
    """A new part at the end of a list; its id."""
    node = node_in(content, owner)
    slot = slot_in(node, name)
    _room(content, 1)
    data = _blank(content, node, slot)
    numbered(content, data, slot.kind)
    _put(node, slot, data, len(held(node.data, slot)))
    return int(data[ID])


def part_copy(content: dict[str, Plain], part: int) -> int:
    """A copy of a part, with everything in it, behind it; keys and numbers are made free ones."""
    node, owner, slot = _movable(content, part)
    if not slot.is_list:
        raise DraftError("there can be only one of these")
    data = plain_of(node.data)
    _room(content, sum(1 for _ in walk(content)))
    numbered(content, data, node.kind)
    _put(owner, slot, data, node.at + 1)
    _freed(content, int(data[ID]))
    return int(data[ID])


def part_move(content: dict[str, Plain], part: int, step: int) -> None:
    """One place up (-1) or down (1); at the end of its list it goes on into the next list of that kind."""
    node, owner, slot = _movable(content, part)
    to = node.at + step
    if 0 <= to < node.count:
        owner.data[slot.name].insert(to, owner.data[slot.name].pop(node.at))
        return
    target = beside(content, node, step)
    if target is None:
        raise DraftError("it is at the end already")
    _take(owner, slot, node)
    _put(target, slot, node.data, len(held(target.data, slot)) if step < 0 else 0)


def beside(content: dict[str, Plain], node: Node, step: int) -> Node | None:
    """The part before or after the owner of this one that holds the same kind of list."""
    nodes = nodes_of(content)
    owner = nodes.get(node.owner)
    if owner is None:
        return None
    alike = [each for each in nodes.values() if each.kind is owner.kind]
    at = [each.id for each in alike].index(owner.id) + step
    return alike[at] if 0 <= at < len(alike) else None


def part_remove(content: dict[str, Plain], part: int) -> int:
    """Take a part out, with everything in it; it can be put back until the next is taken out. The id of its owner."""
    node, owner, slot = _movable(content, part)
    _take(owner, slot, node)
    content[REMOVED] = {"owner": owner.id, "slot": slot.name, "at": node.at, "name": node.name, "data": node.data}
    return owner.id


def part_restore(content: dict[str, Plain]) -> int:
    """Put back what was taken out last; its id."""
    kept = content.get(REMOVED)
    if not kept:
        raise DraftError("nothing was taken out")
    owner = nodes_of(content).get(kept["owner"])
    if owner is None:
        raise DraftError("the part that held it was taken out too")
    slot = slot_in(owner, kept["slot"])
    if not slot.is_list and held(owner.data, slot):
        raise DraftError("there is another one in its place")
    _put(owner, slot, kept["data"], min(kept["at"], len(held(owner.data, slot))))
    del content[REMOVED]
    return int(kept["data"][ID])


def _movable(content: dict[str, Plain], part: int) -> tuple[Node, Node, Slot]:
    node = node_in(content, part)
    if node.id == ROOT:
        raise DraftError("the playbook itself stays where it is")
    owner = nodes_of(content)[node.owner]
    return node, owner, slot_in(owner, node.slot)


def _room(content: dict[str, Plain], more: int) -> None:
    if sum(1 for _ in walk(content)) + more > MOST_PARTS:
        raise DraftError(f"a playbook holds at most {MOST_PARTS} parts")


def _put(owner: Node, slot: Slot, data: dict[str, Plain], at: int) -> None:
    if not slot.is_list:
        if slot.name in owner.data:
            raise DraftError("there can be only one of these")
        owner.data[slot.name] = data
        return
    owner.data.setdefault(slot.name, []).insert(at, data)


def _take(owner: Node, slot: Slot, node: Node) -> None:
    if slot.is_list:
        owner.data[slot.name].pop(node.at)
        if owner.data[slot.name]:
            return
    del owner.data[slot.name]


def _names(kind: type[Any]) -> set[str]:
    return {slot.name for slot in slots(kind)}


def _title(node: Node) -> str:
    texts = [slot.name for slot in bare_slots(node.kind) if slot.kind is str and not slot.is_list]
    order = [name for name in ("name", "text", "question") if name in texts] + texts
    return next((str(node.data[name]) for name in order if name != "key" and node.data.get(name)), "")


def _taken(content: dict[str, Plain], node: Node, name: str) -> set[str]:
    """Keys or numbers of the other parts of that kind; criteria are told apart within their gate alone."""
    return {
        each.data.get(name, "")
        for each in walk(content)
        if each.kind is node.kind and each.id != node.id and (node.slot != "criteria" or each.owner == node.owner)
    }


def _free(key: str, taken: set[str]) -> str:
    """The key itself, or the next that is free: 4 after 3, `rates-2` after `rates`, `1c` after `1b`."""
    if not key or key not in taken:
        return key
    if key.isdigit():
        return str(max(int(each) for each in taken | {key} if each.isdigit()) + 1)
    if len(key) == 2 and key[0].isdigit() and "a" <= key[1] < "z":
        return _free(key[0] + chr(ord(key[1]) + 1), taken)
    return next(found for count in range(2, len(taken) + 3) if (found := f"{key[:55]}-{count}") not in taken)


def _blank(content: dict[str, Plain], owner: Node, slot: Slot) -> dict[str, Plain]:
    """What a new part says before anybody wrote into it."""
    data: dict[str, Plain] = {}
    for each in bare_slots(slot.kind):
        if each.is_required and not each.is_list:
            data[each.name] = str(next(iter(each.kind))) if issubclass(each.kind, StrEnum) else ""
    new = Node(0, slot.kind, data, "", owner.id, slot.name, 0, 0)
    if "number" in data:
        data["number"] = _free("1", _taken(content, new, "number") | {"0"})
    if slot.kind.__name__ == "Phase":
        data["key"] = _free("1", _taken(content, new, "key") | {"0"})
    if slot.kind.__name__ == "SubPhase":
        data["key"] = _free(f"{owner.data.get('key', '')[:1]}a", _taken(content, new, "key"))
    if slot.kind.__name__ == "AgendaSlot":
        ends = [str(other.get("end", "")) for other in held(owner.data, slot)]
        begin = int(ends[-1]) if ends and ends[-1].isdigit() else 0
        data |= {"start": str(begin), "end": str(begin + SLOT_MINUTES)}
    return data


def _freed(content: dict[str, Plain], part: int) -> None:
    """Free keys and numbers for a copy and everything in it; what its tasks wait for within it follows."""
    nodes = nodes_of(content)
    inside = [node for node in nodes.values() if _is_within(node, part, nodes)]
    moved: dict[str, str] = {}
    for node in inside:
        for name in ("key", "number"):
            old = node.data.get(name, "")
            if old and old in (taken := _taken(content, node, name)):
                node.data[name] = _free(old, taken)
                if name == "number":
                    moved[old] = node.data[name]
    for node in inside:
        if isinstance(node.data.get("needs"), list):
            node.data["needs"] = [moved.get(number, number) for number in node.data["needs"]]


def _is_within(node: Node, part: int, nodes: dict[int, Node]) -> bool:
    while node.id != part and node.owner:
        node = nodes[node.owner]
    return node.id == part


def _renamed(content: dict[str, Plain], node: Node, old: str, new: str) -> None:
    """Let everything that names a part follow its new key or number."""
    word = node.kind.__name__
    for each in walk(content):
        if word == "Criterion" and each.id != node.owner:
            continue
        for slot in bare_slots(each.kind):
            value = each.data.get(slot.name)
            if words_for(REFERS, each.kind, slot.name) == word and value:
                changed = [new if one == old else one for one in value] if slot.is_list else value
                each.data[slot.name] = new if value == old else changed
            elif word == "Condition" and slot.is_list and slot.kind is str and value:
                tail, now = f"[only if {old}]", f"[only if {new}]"
                each.data[slot.name] = [
                    f"{one.removesuffix(tail)}{now}" if one.endswith(tail) else one for one in value
                ]
