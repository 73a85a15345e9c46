"""What changed between two versions of a playbook, part by part."""

from dataclasses import dataclass
from typing import Any

from engagements.playbook.checks import part_name
from engagements.playbook.schema import Playbook
from engagements.playbook.shape import scalar_text, slots, title_slot


@dataclass(frozen=True)
class Change:
    """One value: `before` is empty where it was added, `after` where it was taken out."""

    place: str
    before: str
    after: str

    @property
    def kind(self) -> str:
        if not self.before:
            return "added"
        return "changed" if self.after else "removed"


def playbook_diff(before: Playbook, after: Playbook) -> list[Change]:
    """Every value that differs, in the order of the newer version; moved parts are no change."""
    old, new = flat(before), flat(after)
    changes = [Change(place, old.get(place, ""), text) for place, text in new.items() if old.get(place) != text]
    return changes + [Change(place, text, "") for place, text in old.items() if place not in new]


def flat(part: Any, place: str = "") -> dict[str, str]:
    """Every value that is not at its default, under the names of the parts it stands in."""
    found: dict[str, str] = {}
    for slot in slots(type(part)):
        value = getattr(part, slot.name)
        if value == slot.default and not slot.is_required:
            continue
        here = f"{place} › {slot.label}" if place else slot.label
        if slot.is_part:
            for name, each in _named(value if slot.is_list else (value,)):
                found |= flat(each, f"{here} › {name}")
        elif slot.is_list:
            found |= {f"{here} › {name}": scalar_text(each) for name, each in _counted(value)}
        else:
            found[here] = scalar_text(value)
    return found


def _named(parts: Any) -> list[tuple[str, Any]]:
    """Parts under their names; a name that comes again is counted."""
    seen: dict[str, int] = {}
    named = []
    for part in parts:
        title = str(getattr(part, title_slot(type(part)).name))
        name = part_name(part)
        name = (
            name if name == title or not hasattr(part, "name") else f"{name} {part.name}" if name != part.name else name
        )
        seen[name] = seen.get(name, 0) + 1
        named.append((name if seen[name] == 1 else f"{name} ({seen[name]})", part))
    return named


def _counted(values: Any) -> list[tuple[str, Any]]:
    """Bare values under their own text, so that a value that moved is the same value."""
    seen: dict[str, int] = {}
    counted = []
    for value in values:
        text = scalar_text(value)
        seen[text] = seen.get(text, 0) + 1
        counted.append((text if seen[text] == 1 else f"{text} ({seen[text]})", value))
    return counted
