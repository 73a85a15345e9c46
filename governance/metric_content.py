"""What a version of a metric says, field by field, and what is wrong with it.

`content_clean(given, currency) -> Content` checks and settles it; ContentError names every fault, one a field. A content is
a dict of texts, so that its canonical JSON and its YAML are the same everywhere; numbers are decimal text, empty where there is
none; a threshold is a text of `governance.thresholds`.
"""

from collections.abc import Mapping
from typing import Any, Final

from governance.models import Function
from governance.thresholds import LIMITS, number_read, threshold_read
from metrics.formula.nodes import Binary, Negative, Node, Number
from metrics.formula.parse import LONGEST, formula_parse
from metrics.formula.units import unit_read
from portal.lib.legible import name_fault, text_fault

Content = dict[str, str]

LENGTHS: Final = {
    "name": 120, "definition": 2000, "formula": LONGEST, "unit": 60, "better": 4, "timing": 7, "function": 10, "refresh": 7,
    "warn_at": 90, "alert_at": 90, "weight": 20, "rationale": 2000,
}  # fmt: skip
"""Every field in the order in which it is shown and written, with its greatest length."""

LABELS: Final = {
    "name": "Name", "definition": "Definition", "formula": "Formula", "unit": "Unit", "better": "Better when",
    "timing": "Leading or lagging", "function": "Accountable", "refresh": "Refreshed", "warn_at": "Worth a look from",
    "alert_at": "Alert from", "weight": "Weight", "rationale": "Why it is measured",
}  # fmt: skip
CHOICES: Final[Mapping[str, Mapping[str, str]]] = {
    "better": {"up": "Higher is better", "down": "Lower is better", "none": "Neither"},
    "timing": {"leading": "Leading", "lagging": "Lagging"},
    "function": dict(Function.choices),
    "refresh": {"hourly": "Hourly", "daily": "Daily", "monthly": "Monthly"},
}
MISSING: Final = "is missing"
MAY_BE_EMPTY: Final = (*LIMITS.values(), "weight", "rationale")
HUNDRED: Final = 100


class ContentError(ValueError):
    """A content that cannot be kept: `faults` are (field, what is wrong)."""

    def __init__(self, faults: list[tuple[str, str]]) -> None:
        super().__init__("; ".join(f"{LABELS.get(field, field)}: {fault}" for field, fault in faults))
        self.faults = faults


def content_clean(given: Mapping[str, Any], currency: str) -> Content:
    """The content, settled. ContentError with all that is wrong; what its names stand for is checked with all metrics."""
    faults = [(str(name), "is no field of a metric") for name in given if name not in LENGTHS]
    content: Content = {}
    for field in LENGTHS:
        text = str("" if given.get(field) is None else given[field]).strip()
        try:
            content[field] = field_clean(field, text, currency)
        except ValueError as fault:
            faults.append((field, str(fault)))
    if (doubled := percent_fault(content)) and "formula" not in dict(faults):
        faults.append(("formula", doubled))
    if contradiction := limits_fault(content):
        faults.append(("alert_at", contradiction))
    if faults:
        raise ContentError(faults)
    return content


def percent_fault(content: Mapping[str, str]) -> str:
    """Why a share would be shown a hundred times too large; empty where it would not, or a field is missing."""
    if content.get("unit") != "percent" or not content.get("formula"):
        return ""
    return times_hundred(formula_parse(content["formula"]))


def times_hundred(node: Node) -> str:
    """What is wrong with a formula of unit percent whose whole is multiplied by 100; empty where it is not."""
    if isinstance(node, Negative):
        return times_hundred(node.inner)
    if not isinstance(node, Binary) or node.operator not in ("*", "/"):
        return ""
    sides = (node.left, node.right) if node.operator == "*" else (node.left,)
    if node.operator == "*" and any(isinstance(each, Number) and each.value == HUNDRED for each in sides):
        return "is multiplied by 100, which the unit percent does by itself: 1.05 is shown as 105%. Take × 100 away"
    return next((fault for each in sides if (fault := times_hundred(each))), "")


def limits_fault(content: Mapping[str, str]) -> str:
    """Why an alert would ring before a value is worth a look; empty where it does not, or a field is missing."""
    warn, alert, better = (content.get(name, "") for name in ("warn_at", "alert_at", "better"))
    if not (warn and alert and better):
        return ""
    first, last = threshold_read(warn), threshold_read(alert)
    if (first.kind, first.base) != (last.kind, last.base):
        return ""
    look, ring = first.number, last.number
    if first.kind != "figure":
        return "is nearer than “Worth a look from”: an alert rings further away" if ring < look else ""
    if better == "up" and ring > look:
        return "is above “Worth a look from”: where higher is better, an alert rings at the lower of the two"
    if better == "down" and ring < look:
        return "is below “Worth a look from”: where lower is better, an alert rings at the higher of the two"
    if better == "none" and abs(ring) < abs(look):
        return "is nearer to 0 than “Worth a look from”: where neither is better, an alert rings further away"
    return ""


def field_clean(field: str, text: str, currency: str) -> str:
    """One field, settled. ValueError says what is wrong with it."""
    if not text:
        if field in MAY_BE_EMPTY:
            return ""
        raise ValueError(MISSING)
    if len(text) > LENGTHS[field]:
        raise ValueError(f"has more than {LENGTHS[field]} characters")
    if fault := (name_fault if field == "name" else text_fault)(text):
        raise ValueError(fault)
    if field in CHOICES and text not in CHOICES[field]:
        raise ValueError(f"is not one of {', '.join(CHOICES[field])}")
    if field == "unit":
        unit_read(text, currency)
    if field == "formula":
        formula_parse(text)
        return " ".join(text.split())
    if field in LIMITS.values():
        return threshold_read(text).text
    return weight_clean(text) if field == "weight" else text


def weight_clean(text: str) -> str:
    """A weight as plain decimal text."""
    try:
        number = number_read(text)
    except ValueError:
        raise ValueError("is no number such as 0.95") from None
    if not 0 <= number <= 1:
        raise ValueError("is a share from 0 to 1")
    return f"{number.normalize():f}"
