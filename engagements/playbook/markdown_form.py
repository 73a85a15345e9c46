"""A playbook as Markdown that people read, and that `markdown_read` takes back exactly.

Parts that hold parts are headings (`## Phase: Strategy`), bare values a list (`- **Weight:** heavy`), lists bullets under a
bold line, and parts with bare values alone a table.
"""

import re
from collections.abc import Iterator
from typing import Any

from engagements.playbook.schema import Playbook
from engagements.playbook.shape import Slot, is_row, scalar_text, slots, title_slot


def to_markdown(playbook: Playbook) -> str:
    """The text that `from_markdown` takes back exactly."""
    return "\n".join(_part(playbook, 1, "Playbook")) + "\n"


def word_of(kind: type[Any]) -> str:
    """What headings call a class: `SubPhase` is a sub-phase."""
    if kind.__name__ == "SubPhase":
        return "Sub-phase"
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", kind.__name__).capitalize()


def cell_text(text: str) -> str:
    """A text inside a table."""
    return text.replace("\\", "\\\\").replace("|", "\\|")


def _part(part: Any, level: int, word: str) -> Iterator[str]:
    kind = type(part)
    title = title_slot(kind)
    yield f"{'#' * level} {word}: {scalar_text(getattr(part, title.name))}"
    yield ""
    bare = [slot for slot in slots(kind) if slot is not title and _is_said(part, slot)]
    listed = [slot for slot in bare if not slot.is_list and not slot.is_part]
    for slot in listed:
        yield f"- **{slot.label}:** {scalar_text(getattr(part, slot.name))}"
    if listed:
        yield ""
    for slot in bare:
        if slot.is_list and (not slot.is_part or is_row(slot.kind)):
            yield f"**{slot.label}:**"
            yield ""
            yield from _rows(slot, getattr(part, slot.name)) if slot.is_part else _bullets(getattr(part, slot.name))
            yield ""
    for slot in bare:
        if slot.is_part and not (slot.is_list and is_row(slot.kind)):
            value = getattr(part, slot.name)
            for each in value if slot.is_list else (value,):
                yield from _part(each, level + 1, word_of(slot.kind))


def _is_said(part: Any, slot: Slot) -> bool:
    return slot.is_required or getattr(part, slot.name) != slot.default


def _bullets(texts: Any) -> Iterator[str]:
    for text in texts:
        yield f"- {scalar_text(text)}"


def _rows(slot: Slot, parts: Any) -> Iterator[str]:
    columns = [each for each in slots(slot.kind) if any(_is_said(part, each) for part in parts)]
    yield "| " + " | ".join(each.label for each in columns) + " |"
    yield "| " + " | ".join("---" for _ in columns) + " |"
    for part in parts:
        cells = [_cell(part, each) for each in columns]
        yield "| " + " | ".join(cells) + " |"


def _cell(part: Any, slot: Slot) -> str:
    value = getattr(part, slot.name)
    return "" if value is None or not _is_said(part, slot) else cell_text(scalar_text(value))
