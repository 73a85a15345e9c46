"""What people call the parts and fields of a playbook, and which field names another part.

A field that is in none of these tables is shown under its own name, as a text of several lines.
"""

from collections.abc import Mapping
from typing import Any

from engagements.playbook.markdown_form import word_of
from engagements.playbook.shape import slots
from engagements.playbook.terms import (
    COMPUTED_CHECKS,
    MAINTENANCE_CHECKS,
    TEST_CHECKS,
    TRIGGER_CHECKS,
    SigningFunction,
)

FUNCTIONS = {str(each): str(each).capitalize() for each in SigningFunction} | {
    "revops": "RevOps",
    "success": "Customer success",
}
# lists of the playbook in the order in which people work on them; any other follows
FIRST = ("phases", "gates", "milestones", "meetings", "documents", "conditions", "roles", "hypercare")
LISTS = {
    "subphases": "Sub-phases",
    "lists": "Task lists",
    "billing_systems": "Billing systems",
    "methods": "Ways to build it",
    "tests": "Tests",
    "maintenance": "Maintenance tasks",
    "maintenance_owners": "Who runs the maintenance",
    "triggers": "When to engage again",
    "escalations": "Who handles what",
    "audiences": "Who uses it",
    "stories": "What people want to do",
    "benefits": "What it is worth",
    "close_paths": "What follows the project",
    "documents": "Document types",
    "questions": "Questions to the client",
    "terms": "Terms to agree on",
    "spec": "Technical specification",
    "components": "What is built",
    "items": "What is sent or made",
}
# which field of which part names a part of which kind; * is any part
REFERS = {
    ("*", "only_if"): "Condition",
    ("*", "subphase"): "SubPhase",
    ("MaintenanceOwner", "handed_at"): "SubPhase",
    ("Gate", "phase"): "Phase",
    ("Task", "role"): "Role",
    ("Task", "needs"): "Task",
    ("Gate", "early_needs"): "Criterion",
    ("Criterion", "document"): "DocumentType",
}
# parts that are named by their name, because they have no key
NAMED_BY_NAME = {"DocumentType"}
# which field takes one of a closed set of words, and the words with what they mean
CLOSED: dict[tuple[str, str], Mapping[str, str]] = {
    ("Criterion", "check"): COMPUTED_CHECKS,
    ("Criterion", "functions"): FUNCTIONS,
    ("MaintenanceTask", "check"): MAINTENANCE_CHECKS,
    ("MaintenanceOwner", "function"): FUNCTIONS,
    ("Trigger", "check"): TRIGGER_CHECKS,
    ("Test", "check"): TEST_CHECKS,
}
# fields that hold a word or two; every other text gets several lines
SHORT = {
    "name", "key", "tag", "timing", "share", "length", "topic", "weeks", "good_below", "extend_above", "format", "term",
    "department", "area", "measure", "role", "complexity", "contains", "item", "limit",
}  # fmt: skip
LABELS = {
    ("*", "only_if"): "Only if",
    ("*", "subphase"): "Sub-phase",
    ("*", "end_state"): "Done when",
    ("*", "made_from"): "Made from",
    ("*", "complete_when"): "Complete when",
    ("Task", "needs"): "Comes after",
    ("Gate", "phase"): "Phase that it ends",
    ("Gate", "go"): "When it opens",
    ("Gate", "back"): "When it stays shut",
    ("Gate", "early_needs"): "Needed for an early start",
    ("Gate", "early_start"): "What may start early",
    ("Criterion", "check"): "What is computed",
    ("Component", "needs"): "Comes after",
    ("SpecPart", "columns"): "Columns of its table",
    ("Test", "check"): "Run by the system as",
    ("MaintenanceTask", "check"): "What is computed",
    ("MaintenanceTask", "threshold"): "Number of the computation",
    ("Trigger", "check"): "What the system watches",
    ("Trigger", "limit"): "Number of the computation",
    ("Criterion", "functions"): "Who signs",
    ("Criterion", "quorum"): "How many are enough",
    ("Criterion", "document"): "Document that is signed with it",
    ("MaintenanceOwner", "function"): "Function at the client",
    ("MaintenanceOwner", "side"): "Whose people",
    ("Criterion", "kind"): "How it is known",
    ("AgendaSlot", "start"): "From minute",
    ("AgendaSlot", "end"): "To minute",
    ("AgendaSlot", "what"): "What happens",
    ("Hypercare", "good_below"): "Good below (per cent)",
    ("Hypercare", "extend_above"): "Extended above (per cent)",
    ("Hypercare", "extend_weeks"): "Extended by (weeks)",
    ("Meeting", "length"): "Length in minutes",
    ("Playbook", "tag"): "Tag",
    ("Story", "want"): "Wants to",
    ("Track", "side"): "Whose work",
}
HELP = {
    ("*", "key"): "Short name for references; made from the name where it is empty.",
    ("*", "only_if"): "Left out of an engagement where the answer to this condition is no.",
    ("*", "checklist"): "One point a line. End a line with [only if key] to tie it to a condition.",
    ("*", "points"): "One point a line. End a line with [only if key] to tie it to a condition.",
    ("*", "end_state"): "What is there when the work is done.",
    ("Phase", "key"): "A number: 1, 2, 3 …",
    ("Phase", "share"): "Its part of the work, such as 40-50%.",
    ("SubPhase", "key"): "Such as 1a; tasks, meetings and documents name it.",
    ("Meeting", "length"): "One number, or a range such as 60-90.",
    ("Meeting", "people"): "Who comes.",
    ("Component", "needs"): "Numbers of components, with commas.",
    ("SpecPart", "columns"): "Their heads, with commas; empty where the section is text alone.",
    ("Test", "check"): "For a technical test that the system runs by itself.",
    ("Test", "expected"): "What has to come out for the test to pass.",
    ("Criterion", "kind"): "A person confirms it, the client's people sign it, or the system computes it.",
    ("Criterion", "check"): "For a computed criterion; a signed one may name the signature of the policy.",
    ("Criterion", "functions"): "For a signed criterion.",
    ("Criterion", "quorum"): "0: all who are named.",
    ("MaintenanceTask", "threshold"): "Digits and a point; its unit stands beside the computation.",
    ("Gate", "early_start"): "One a line: what of the next phase may begin before the gate opens.",
    ("Hypercare", "weeks"): "One number, or a range such as 2-4.",
    ("Milestone", "hours"): "Its budget. What does not add up is said and kept.",
    ("Playbook", "key"): "How files and engagements name this playbook.",
    ("Task", "needs"): "Tasks that must be done before this one.",
}
NAMES = ("name", "item", "topic", "term", "scenario", "issue", "question", "want", "need", "text", "owner")


def key_field(kind: type[Any]) -> str:
    """The field by which other parts name a part; none for parts that nothing names."""
    names = {slot.name for slot in slots(kind)}
    if kind.__name__ in NAMED_BY_NAME:
        return "name"
    return "key" if "key" in names else "number" if "number" in names else ""


def words_for(table: Mapping[tuple[str, str], str], kind: type[Any], field: str) -> str:
    """What a table says of a field: for its kind of part, else for any."""
    return table.get((kind.__name__, field), table.get(("*", field), ""))


def label_of(kind: type[Any], field: str) -> str:
    """What a form calls a field."""
    return words_for(LABELS, kind, field) or field.replace("_", " ").capitalize()


def list_label(field: str) -> str:
    """What the outline calls a list of parts."""
    return LISTS.get(field) or field.replace("_", " ").capitalize()


def name_of(kind: type[Any], data: Mapping[str, Any]) -> str:
    """What people call a part that is being written."""
    there = [slot.name for slot in slots(kind) if slot.kind is str and not slot.is_list and slot.name != "key"]
    named = next((name for name in NAMES if name in there), there[0] if there else "")
    text = str(data.get(named, "")) or f"Unnamed {word_of(kind).lower()}"
    if "number" in {slot.name for slot in slots(kind)}:
        return f"{data.get('number') or '?'}. {text}"
    if kind.__name__ in {"Phase", "SubPhase"}:
        return f"{data.get('key', '')} {text}".strip()
    return text
