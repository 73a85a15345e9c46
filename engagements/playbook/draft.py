"""A playbook that is being changed: plain data in which every part has an id, so that it is found again after others moved it.

A draft may be wrong in any way but its shape; `draft_faults` says what is, by part and field.
"""

from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from engagements.playbook.build import Fault, Plain, PlaybookError, Site, from_data, to_data
from engagements.playbook.checks import check
from engagements.playbook.schema import Playbook
from engagements.playbook.shape import Slot, slots
from engagements.playbook.words import name_of

ID, NEXT, REMOVED = "_id", "_next", "_removed"
ROOT = 1
SMALL = 8  # fields of a part that is written inside the one that holds it


class DraftError(ValueError):
    """A change that a draft cannot take; the message is for the person who tried."""


@dataclass(frozen=True)
class Node:
    """A part of a draft: where it stands, and which part and list hold it."""

    id: int
    kind: type[Any]
    data: dict[str, Plain]
    place: str
    owner: int
    slot: str
    at: int
    count: int

    @property
    def name(self) -> str:
        return name_of(self.kind, self.data)

    @property
    def is_listed(self) -> bool:
        """Whether there can be more of its kind beside it."""
        return self.place.endswith("]")

    @property
    def is_inline(self) -> bool:
        """Whether it is shown inside the part that holds it, as one of several small forms."""
        return self.owner > ROOT and not part_slots(self.kind) and len(bare_slots(self.kind)) <= SMALL


def draft_of(playbook: Playbook) -> dict[str, Plain]:
    """The draft that says what the playbook says."""
    content: dict[str, Plain] = to_data(playbook) | {NEXT: ROOT}
    numbered(content, content, Playbook)
    return content


def numbered(content: dict[str, Plain], data: dict[str, Plain], kind: type[Any]) -> None:
    """Give a part and everything in it ids that the draft has never used."""
    data[ID] = content[NEXT]
    content[NEXT] += 1
    for slot in part_slots(kind):
        for each in held(data, slot):
            numbered(content, each, slot.kind)


def plain_of(data: Plain) -> Plain:
    """A draft's part as plain data, which `from_data` takes."""
    if isinstance(data, Mapping):
        return {name: plain_of(value) for name, value in data.items() if not name.startswith("_")}
    return [plain_of(each) for each in data] if isinstance(data, list) else data


def part_slots(kind: type[Any]) -> list[Slot]:
    """The fields of a part that hold other parts."""
    return [slot for slot in slots(kind) if slot.is_part]


def bare_slots(kind: type[Any]) -> list[Slot]:
    """The fields of a part that hold words, numbers, or lists of them."""
    return [slot for slot in slots(kind) if not slot.is_part]


def held(data: Mapping[str, Plain], slot: Slot) -> list[dict[str, Plain]]:
    """The parts that a field holds."""
    value = data.get(slot.name)
    if value is None:
        return []
    return list(value) if slot.is_list else [value]


def bare_of(node: Node) -> dict[str, Plain]:
    """What a part says by itself, without the parts in it."""
    return {slot.name: node.data[slot.name] for slot in bare_slots(node.kind) if slot.name in node.data}


def walk(content: dict[str, Plain]) -> Iterator[Node]:
    """Every part, each before those in it."""
    root = Node(content[ID], Playbook, content, "", 0, "", 0, 1)
    yield root
    yield from _inside(root)


def _inside(owner: Node) -> Iterator[Node]:
    for slot in part_slots(owner.kind):
        parts = held(owner.data, slot)
        for at, data in enumerate(parts):
            place = f"{owner.place}.{slot.name}" if owner.place else slot.name
            place = f"{place}[{at + 1}]" if slot.is_list else place
            node = Node(data[ID], slot.kind, data, place, owner.id, slot.name, at, len(parts))
            yield node
            yield from _inside(node)


def nodes_of(content: dict[str, Plain]) -> dict[int, Node]:
    """Every part by its id."""
    return {node.id: node for node in walk(content)}


def node_in(content: dict[str, Plain], part: int) -> Node:
    """The part of that id. DraftError where somebody took it out."""
    found = nodes_of(content).get(part)
    if found is None:
        raise DraftError("this part was taken out meanwhile")
    return found


def slot_in(node: Node, name: str) -> Slot:
    """The list of parts of that name."""
    found = next((slot for slot in part_slots(node.kind) if slot.name == name), None)
    if found is None:
        raise DraftError(f"there is no list '{name}' here")
    return found


@dataclass(frozen=True)
class PartFault:
    """What is wrong with a part: in which field and, for a list, in which line."""

    part: int
    field: str
    line: int
    reason: str

    @property
    def text(self) -> str:
        return f"line {self.line}: {self.reason}" if self.line else self.reason


def draft_read(content: dict[str, Plain]) -> tuple[Playbook | None, list[PartFault]]:
    """The playbook that a draft is, if it is valid, and else what is wrong."""
    site = Site()
    built: Playbook | None = None
    try:
        built = from_data(plain_of(content), site)
        if built is not None:
            check(built, site)
        faults = list(site.faults)
    except PlaybookError as error:
        faults = list(error.faults)
    return (None if faults else built), [_placed(content, fault) for fault in faults]


def _placed(content: dict[str, Plain], fault: Fault) -> PartFault:
    places = {node.place: node for node in walk(content)}
    place, rest = fault.place, ""
    while place and place not in places:
        cut = max(place.rfind("."), place.rfind("["), 0)
        place, rest = place[:cut], place[cut:] + rest
    node = places.get(place, places[""])
    field, _, line = rest.removeprefix(".").partition("[")
    number = line.rstrip("]")
    return PartFault(node.id, field, int(number) if number.isdigit() else 0, fault.reason)


def copied(content: dict[str, Plain]) -> dict[str, Plain]:
    """A draft of its own to change."""
    return deepcopy(content)
