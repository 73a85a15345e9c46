"""The shape of the schema's classes, read from their type hints: what a field holds, and which parts hold parts."""

import types
from dataclasses import MISSING, dataclass, fields, is_dataclass
from enum import StrEnum
from typing import Any, Union, get_args, get_origin, get_type_hints

from engagements.playbook.hours import Hours

Scalar = str | int | bool | Hours | StrEnum


@dataclass(frozen=True)
class Slot:
    """One field: `kind` is the type of the value or of the list's items."""

    name: str
    kind: type[Any]
    is_list: bool
    is_required: bool
    default: Any

    @property
    def label(self) -> str:
        return self.name.replace("_", " ").capitalize()

    @property
    def is_part(self) -> bool:
        """Whether it holds a value of the schema, not a bare word or number."""
        return is_dataclass(self.kind) and self.kind is not Hours


_KNOWN: dict[type[Any], tuple[Slot, ...]] = {}


def slots(owner: type[Any]) -> tuple[Slot, ...]:
    """The fields of a class in their order."""
    if owner not in _KNOWN:
        hints = get_type_hints(owner)
        _KNOWN[owner] = tuple(_slot(each.name, hints[each.name], each.default) for each in fields(owner))
    return _KNOWN[owner]


def _slot(name: str, hint: Any, default: Any) -> Slot:
    required = default is MISSING
    origin = get_origin(hint)
    if origin is tuple:
        return Slot(name, get_args(hint)[0], True, required, default)
    if origin in (Union, types.UnionType):
        hint = next(each for each in get_args(hint) if each is not type(None))
    return Slot(name, hint, False, required, default)


def is_row(kind: type[Any]) -> bool:
    """Whether every field is a bare value, so that many of them make a table."""
    return kind is not Hours and not any(slot.is_list or slot.is_part for slot in slots(kind))


def title_slot(kind: type[Any]) -> Slot:
    """The field that names a part."""
    return slots(kind)[0]


def scalar_text(value: Scalar) -> str:
    """A bare value as text; `scalar_read` takes it back."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


def scalar_read(kind: type[Any], text: str) -> Scalar:
    """The value that a text stands for. ValueError with what is wrong."""
    if kind is bool:
        if text.lower() not in {"yes", "no", "true", "false"}:
            raise ValueError(f"'{text}' is neither yes nor no")
        return text.lower() in {"yes", "true"}
    if kind is int:
        if not (text.isascii() and text.isdigit() and len(text) <= 6):
            raise ValueError(f"'{text}' is no whole number")
        return int(text)
    if kind is Hours:
        return Hours.parse(text)
    if issubclass(kind, StrEnum):
        if text not in {str(each) for each in kind}:
            raise ValueError(f"'{text}' is none of {', '.join(kind)}")
        return kind(text)
    return text
