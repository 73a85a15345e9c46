"""From plain data (mappings, lists, texts) to a playbook and back. Every fault names its place.

A place is written as `phases[2].subphases[1].key`, counted from one.
"""

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from engagements.playbook.schema import Playbook
from engagements.playbook.shape import Slot, scalar_read, scalar_text, slots

Plain = Any
LONGEST = 4000
MOST = 2000
SHOWN = 40
LARGEST = 256_000  # characters of a whole playbook as text; the largest of the library has 52,000
NAMED = 200  # faults; who has more mends those first


@dataclass(frozen=True)
class Fault:
    """What is wrong where; `line` is 0 where the data came from no text."""

    place: str
    reason: str
    line: int = 0

    def __str__(self) -> str:
        where = f"line {self.line}, {self.place}" if self.line else self.place
        return f"{where}: {self.reason}"


class PlaybookError(ValueError):
    """A playbook that is not valid, with the faults found: at most `NAMED`, and then that there are more."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        rest = [Fault("the playbook", f"there are more than {NAMED} faults: mend these first")]
        self.faults = tuple(faults) if len(faults) <= NAMED else (*faults[:NAMED], *rest)
        shown = "; ".join(str(fault) for fault in self.faults[:SHOWN])
        more = len(self.faults) - SHOWN
        super().__init__(f"{shown}; and {more} more" if more > 0 else shown)


@dataclass
class Site:
    """What a build works with: the lines that places were read from, and the faults so far."""

    lines: Mapping[str, int] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    told: set[type[Any]] = field(default_factory=set)

    def fault(self, place: str, reason: str) -> None:
        """One more; PlaybookError at once where there are too many."""
        self.faults.append(Fault(place or "the playbook", reason, self.line(place)))
        if len(self.faults) > NAMED:
            raise PlaybookError(self.faults)

    def unknown(self, place: str, kind: type[Any], known: Iterable[str]) -> None:
        """A field that a kind of part does not have; which it has is said once."""
        self.fault(place, "there is no such field" + (f"; known are {', '.join(known)}" * (kind not in self.told)))
        self.told.add(kind)

    def line(self, place: str) -> int:
        """The line of a place, or of the nearest part around it that has one."""
        while place:
            if found := self.lines.get(place):
                return found
            place = place.rpartition("." if place.rfind(".") > place.rfind("[") else "[")[0]
        return self.lines.get("", 0)


def text_bounded(text: str) -> str:
    """The text of a whole playbook; PlaybookError for one that is too long to be looked at."""
    if len(text) > LARGEST:
        raise PlaybookError([Fault("the file", f"it is larger than {LARGEST:,} characters")])
    return text


def from_data(data: Plain, site: Site) -> Playbook | None:
    """The playbook that plain data describes; None where its form alone is wrong (see `site.faults`)."""
    built = _part(Playbook, data, "", site)
    return built if isinstance(built, Playbook) else None


def to_data(part: Any) -> dict[str, Plain]:
    """A part as mappings, lists and texts; what stands at its default is left out."""
    data: dict[str, Plain] = {}
    for slot in slots(type(part)):
        value = getattr(part, slot.name)
        if value == slot.default and not slot.is_required:
            continue
        if slot.is_list:
            data[slot.name] = [to_data(each) if slot.is_part else scalar_text(each) for each in value]
        else:
            data[slot.name] = to_data(value) if slot.is_part else scalar_text(value)
    return data


def _part(kind: type[Any], data: Plain, place: str, site: Site) -> Any:
    if not isinstance(data, Mapping):
        site.fault(place, "names and values are expected here")
        return None
    known = {slot.name: slot for slot in slots(kind)}
    for name in data:
        if name not in known:
            site.unknown(_at(place, str(name)), kind, known)
    values: dict[str, Any] = {}
    for name, slot in known.items():
        if name in data:
            values[name] = _value(slot, data[name], _at(place, name), site)
        elif slot.is_required:
            site.fault(_at(place, name), "this is missing")
            return None
    return None if any(value is None for value in values.values()) else kind(**values)


def _value(slot: Slot, data: Plain, place: str, site: Site) -> Any:
    if not slot.is_list:
        return _one(slot, data, place, site)
    if not isinstance(data, list):
        site.fault(place, "a list is expected here")
        return None
    if len(data) > MOST:
        site.fault(place, f"more than {MOST} entries")
        return None
    built = [_one(slot, each, f"{place}[{number}]", site) for number, each in enumerate(data, start=1)]
    return None if any(each is None for each in built) else tuple(built)


def _one(slot: Slot, data: Plain, place: str, site: Site) -> Any:
    if slot.is_part:
        return _part(slot.kind, data, place, site)
    if isinstance(data, (Mapping, list)):
        site.fault(place, "a single text is expected here")
        return None
    text = one_line(scalar_text(data))
    if fault := text_fault(text, required=slot.is_required or slot.is_list):
        site.fault(place, fault)
        return None
    try:
        return scalar_read(slot.kind, text)
    except ValueError as error:
        site.fault(place, str(error))
        return None


def one_line(text: str) -> str:
    """White space of any kind as single spaces: texts of a playbook are one line."""
    return " ".join(text.split())


def text_fault(text: str, *, required: bool) -> str:
    """What is wrong with a text, or nothing."""
    if required and not text:
        return "this is empty"
    if len(text) > LONGEST:
        return f"longer than {LONGEST} characters"
    if any(unicodedata.category(letter) in {"Cc", "Cs"} for letter in text):
        return "it holds a character that is no text"
    return ""


def _at(place: str, name: str) -> str:
    return f"{place}.{name}" if place else name
