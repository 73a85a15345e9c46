"""What changed between two versions of a playbook, part by part."""

from dataclasses import dataclass
from typing import Any

from engagements.playbook.checks import part_name
from engagements.playbook.schema import Playbook
from engagements.playbook.shape import scalar_text, slots


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
    """Every value that differs, in the order of the newer version; moved parts are no change.

    A part that kept its key or number is the same part, whatever it is called now.
    """
    old, new = flat(before), flat(after)
    changes = [
        Change(place, old[same][1] if same in old else "", text)
        for same, (place, text) in new.items()
        if same not in old or old[same][1] != text
    ]
    return changes + [Change(place, text, "") for same, (place, text) in old.items() if same not in new]


def flat(part: Any, path: tuple[str, ...] = (), place: str = "") -> dict[tuple[str, ...], tuple[str, str]]:
    """Every value that is not at its default, by the keys of the parts it stands in: their names, and its text."""
    found: dict[tuple[str, ...], tuple[str, str]] = {}
    for slot in slots(type(part)):
        value = getattr(part, slot.name)
        if value == slot.default and not slot.is_required:
            continue
        here = f"{place} › {slot.label}" if place else slot.label
        if slot.is_part:
            for same, name, each in _named(value if slot.is_list else (value,)):
                found |= flat(each, (*path, slot.name, same), f"{here} › {name}")
        elif slot.is_list:
            found |= {
                (*path, slot.name, name): (f"{here} › {name}", scalar_text(each)) for name, each in _counted(value)
            }
        else:
            found[*path, slot.name] = (here, scalar_text(value))
    return found


def _named(parts: Any) -> list[tuple[str, str, Any]]:
    """Parts with what makes them the same part, and their names; a key that comes again is counted."""
    seen: dict[str, int] = {}
    named = []
    for part in parts:
        key = part_name(part)
        title = str(getattr(part, "name", ""))
        seen[key] = seen.get(key, 0) + 1
        again = "" if seen[key] == 1 else f" ({seen[key]})"
        named.append((key + again, (f"{key} {title}" if title and title != key else key) + again, part))
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
