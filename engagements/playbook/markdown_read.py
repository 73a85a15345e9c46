"""Reads the Markdown form back: headings open parts, the lines below fill the part that is open."""

import re
from dataclasses import dataclass, field
from typing import Any

from engagements.playbook.build import Fault, Plain, PlaybookError, text_bounded
from engagements.playbook.checks import playbook_from
from engagements.playbook.markdown_form import word_of
from engagements.playbook.schema import Playbook
from engagements.playbook.shape import Slot, is_row, slots, title_slot

HEADING = re.compile(r"(#{1,6}) ([^:]+): *(.*)\Z")
VALUE = re.compile(r"- \*\*([^*:]+):\*\* *(.*)\Z")
LABEL = re.compile(r"\*\*([^*:]+):\*\*\Z")
RULE = re.compile(r"\|(?: *:?-+:? *\|)+\Z")
CELLS = re.compile(r"(?:[^|\\]|\\.)*")


@dataclass
class Open:
    """A part whose heading was read and whose end was not."""

    level: int
    kind: type[Any]
    place: str
    data: dict[str, Plain]
    listed: Slot | None = None
    columns: list[Slot] | None = None

    def slot(self, label: str) -> Slot | None:
        return next((slot for slot in slots(self.kind) if slot.label.casefold() == label.strip().casefold()), None)


@dataclass
class Reading:
    """The parts that are open, outermost first, and the lines that places were read from."""

    stack: list[Open] = field(default_factory=list)
    lines: dict[str, int] = field(default_factory=dict)


def from_markdown(text: str) -> Playbook:
    """The playbook of a Markdown text in our form. PlaybookError names every fault with its line and place."""
    reading = Reading()
    for number, line in enumerate(re.split(r"\r\n|\r|\n", text_bounded(text)), start=1):
        if line.strip() and (reason := _take(reading, line.strip(), number)):
            place = reading.stack[-1].place if reading.stack else ""
            raise PlaybookError([Fault(place or "the playbook", reason, number)])
    if not reading.stack:
        raise PlaybookError([Fault("the file", "it is empty")])
    return playbook_from(reading.stack[0].data, reading.lines)


def _take(reading: Reading, line: str, number: int) -> str:
    """Take one line; the answer is what is wrong with it, or nothing."""
    if found := HEADING.match(line):
        return _heading(reading, len(found[1]), found[2], found[3], number)
    if not reading.stack:
        return "a playbook begins with '# Playbook: its name'"
    part = reading.stack[-1]
    if found := LABEL.match(line):
        return _label(part, found[1])
    if part.listed is not None and line.startswith("|"):
        return _row(reading, part, part.listed, line, number)
    if part.listed is not None and line.startswith("-"):
        return _bullet(reading, part, part.listed, line.removeprefix("-").strip(), number)
    if found := VALUE.match(line):
        return _value(reading, part, found[1], found[2], number)
    return f"this line belongs to nothing: '{line[:60]}'"


def _heading(reading: Reading, level: int, word: str, title: str, number: int) -> str:
    if level == 1:
        if reading.stack or word != "Playbook":
            return "a file holds one playbook, and begins with it"
        reading.stack.append(Open(1, Playbook, "", {title_slot(Playbook).name: title}))
        return ""
    while reading.stack and reading.stack[-1].level >= level:
        reading.stack.pop()
    if not reading.stack or reading.stack[-1].level != level - 1:
        return f"this heading of level {level} stands below no heading of level {level - 1}"
    parent = reading.stack[-1]
    slot = next((s for s in slots(parent.kind) if s.is_part and not _is_table(s) and word_of(s.kind) == word), None)
    if slot is None:
        return f"there is no '{word}' in a {word_of(parent.kind).lower()}"
    data: dict[str, Plain] = {title_slot(slot.kind).name: title}
    place = f"{parent.place}.{slot.name}" if parent.place else slot.name
    if slot.is_list:
        parent.data.setdefault(slot.name, []).append(data)
        place = f"{place}[{len(parent.data[slot.name])}]"
    elif slot.name in parent.data:
        return f"there is more than one '{word}'"
    else:
        parent.data[slot.name] = data
    reading.lines[place] = number
    reading.stack.append(Open(level, slot.kind, place, data))
    return ""


def _is_table(slot: Slot) -> bool:
    return slot.is_list and is_row(slot.kind)


def _label(part: Open, label: str) -> str:
    slot = part.slot(label)
    if slot is None or not slot.is_list or (slot.is_part and not _is_table(slot)):
        return f"there is no list '{label}' in a {word_of(part.kind).lower()}"
    if slot.name in part.data:
        return f"'{label}' is there twice"
    part.data[slot.name] = []
    part.listed, part.columns = slot, None
    return ""


def _value(reading: Reading, part: Open, label: str, text: str, number: int) -> str:
    slot = part.slot(label)
    if slot is None or slot.is_list or slot.is_part:
        return f"there is no value '{label}' in a {word_of(part.kind).lower()}"
    if slot.name in part.data:
        return f"'{label}' is there twice"
    part.data[slot.name] = text
    reading.lines[_in(part, slot)] = number
    return ""


def _bullet(reading: Reading, part: Open, slot: Slot, text: str, number: int) -> str:
    if slot.is_part:
        return f"'{slot.label}' is a table"
    part.data[slot.name].append(text)
    reading.lines[f"{_in(part, slot)}[{len(part.data[slot.name])}]"] = number
    return ""


def _row(reading: Reading, part: Open, slot: Slot, line: str, number: int) -> str:
    if not slot.is_part:
        return f"'{slot.label}' is a list, not a table"
    if RULE.match(line) and part.columns is not None and not part.data[slot.name]:
        return ""
    cells = [re.sub(r"\\(.)", r"\1", cell.strip()) for cell in cells_of(line)]
    if part.columns is None:
        known = {each.label.casefold(): each for each in slots(slot.kind)}
        unknown = [cell for cell in cells if cell.casefold() not in known]
        if unknown:
            return f"there is no column '{unknown[0]}' in {slot.label.lower()}"
        part.columns = [known[cell.casefold()] for cell in cells]
        return ""
    if len(cells) != len(part.columns):
        return f"{len(cells)} cells below {len(part.columns)} columns"
    part.data[slot.name].append(
        {column.name: cell for column, cell in zip(part.columns, cells, strict=True) if cell or column.is_required}
    )
    reading.lines[f"{_in(part, slot)}[{len(part.data[slot.name])}]"] = number
    return ""


def cells_of(line: str) -> list[str]:
    """The cells of a table's line, escapes still in them."""
    inner = line.removeprefix("|")
    cells, at = [], 0
    while at <= len(inner):
        found = CELLS.match(inner, at)
        assert found is not None  # the pattern matches the empty text
        cells.append(found[0])
        at = found.end() + 1
    return cells[:-1] if cells and not cells[-1].strip() else cells


def _in(part: Open, slot: Slot) -> str:
    return f"{part.place}.{slot.name}" if part.place else slot.name
