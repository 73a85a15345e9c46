"""What the page of a playbook shows, made ready for its template."""

from dataclasses import dataclass
from typing import Any

from engagements.playbook.checks import point_parts, sums, tasks_of
from engagements.playbook.schema import Playbook
from engagements.playbook.shape import Slot, scalar_text, slots
from engagements.playbook.terms import COMPUTED_CHECKS

TABLES = (
    ("questions", "Questions to the client"),
    ("terms", "Terms to agree on"),
    ("documents", "Documents"),
    ("spec", "Technical specification"),
    ("components", "What is built"),
    ("tests", "Tests"),
    ("trainings", "Trainings"),
    ("maintenance", "Maintenance"),
    ("maintenance_owners", "Who runs the maintenance"),
    ("triggers", "When to engage again"),
    ("escalations", "Who handles what"),
    ("troubleshooting", "Troubleshooting"),
    ("billing_systems", "Billing systems"),
    ("methods", "Ways to build it"),
    ("roles", "Roles"),
    ("conditions", "Conditions"),
    ("audiences", "Who uses it"),
    ("stories", "What people want to do"),
    ("requirements", "Requirements"),
    ("benefits", "What it is worth"),
)
LISTS = (
    ("gotchas", "Where it goes wrong"),
    ("handoff_context", "Internal handoff"),
    ("close_checklist", "Close"),
    ("debrief", "Debrief"),
)
HIDDEN = {"key"}


@dataclass(frozen=True)
class Table:
    """A list of the playbook as a table of texts."""

    id: str
    title: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def playbook_context(playbook: Playbook) -> dict[str, Any]:
    """The parts of a playbook for reading."""
    tables = [_table(playbook, name, title) for name, title in TABLES if getattr(playbook, name)]
    return {
        "playbook": playbook,
        "line": phase_line(playbook),
        "phases": [(phase, [_sub_shown(sub) for sub in phase.subphases]) for phase in playbook.phases],
        "gates": {gate.phase: gate for gate in playbook.gates},
        "checks": COMPUTED_CHECKS,
        "tables": tables,
        "lists": [(title, getattr(playbook, name)) for name, title in LISTS if getattr(playbook, name)],
        "task_count": len(tasks_of(playbook)),
        "untied": [each for each in sums(playbook) if not each.ties],
    }


def phase_line(playbook: Playbook) -> list[dict[str, Any]]:
    """The phases in a line, each with the gate behind it."""
    gates = {gate.phase: gate for gate in playbook.gates}
    line = []
    for phase in playbook.phases:
        subs = " → ".join(sub.key for sub in phase.subphases)
        gate = gates.get(phase.key)
        note = f"{phase.weight} · {subs}"
        line.append({"name": f"{phase.key}. {phase.name}", "note": note, "gate": gate, "url": f"#phase-{phase.key}"})
    return line


def _sub_shown(sub: Any) -> dict[str, Any]:
    facts = (("Purpose", sub.purpose), ("When", sub.timing), ("Needs", sub.input), ("Gives", sub.output))
    return {
        "sub": sub,
        "facts": [{"label": label, "value": text} for label, text in facts if text],
        "points": [point_parts(point) for point in sub.checklist],
        "tracks": [(track, [point_parts(point) for point in track.points]) for track in sub.tracks],
    }


def _table(playbook: Playbook, name: str, title: str) -> Table:
    parts = getattr(playbook, name)
    columns = [slot for slot in slots(type(parts[0])) if slot.name not in HIDDEN and any(_said(p, slot) for p in parts)]
    rows = tuple(tuple(_said(part, slot) for slot in columns) for part in parts)
    return Table(name, title, tuple(slot.label for slot in columns), rows)


def _said(part: Any, slot: Slot) -> str:
    value = getattr(part, slot.name)
    if value is None or value is False:
        return ""
    return scalar_text(value).replace("_", " ") if not isinstance(value, str) else value
