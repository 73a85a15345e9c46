"""Reading the shipped definition items, checked whole: a fault in the file names the item and what is wrong with it."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import yaml

from metrics.engine.policy import CHOICES, PARAMETER_FAULT

LIBRARY: Final = Path(__file__).with_name("arr.yaml")
KINDS: Final = ("question", "term")
FUNCTIONS: Final = ("finance", "revops", "sales", "success", "marketing", "executive")
TEXTS: Final = ("key", "title", "question", "definition", "rationale")
KNOWN: Final = {
    *TEXTS, "kind", "answer", "otherwise", "parameter", "value", "values", "choices", "edges", "critical", "functions",
}  # fmt: skip
OF_CLIENT: Final = "reporting_currency"  # the one parameter whose recommendation is the client's own


class LibraryError(ValueError):
    """The shipped items cannot be used; the message names every fault."""


@dataclass(frozen=True)
class LibraryItem:
    """One shipped item, as `arr.yaml` describes its fields."""

    key: str
    kind: str
    title: str
    question: str
    definition: str
    rationale: str
    edges: tuple[str, ...]
    functions: tuple[str, ...]
    critical: bool
    answer: str = ""
    parameter: str = ""
    value: Any = None
    values: tuple[Any, ...] = ()
    choices: tuple[str, ...] = ()
    otherwise: str = ""


@lru_cache
def library_items() -> tuple[LibraryItem, ...]:
    """Every shipped item in the order in which it is asked; LibraryError names each fault of the file."""
    return items_read(LIBRARY.read_text(encoding="utf-8"))


def library_item(key: str) -> LibraryItem | None:
    """The shipped item of that key; None for an item that a client added or that is no longer shipped."""
    return next((item for item in library_items() if item.key == key), None)


def items_read(text: str) -> tuple[LibraryItem, ...]:
    """The items of a YAML text; LibraryError names each fault."""
    rows = yaml.safe_load(text)
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise LibraryError("the file is not a list of items")
    faults = [
        f"{row.get('key', f'item {place}')}: {fault}" for place, row in enumerate(rows, 1) for fault in faults_of(row)
    ]
    for name in ("key", "parameter"):
        given = [row[name] for row in rows if row.get(name)]
        faults += [f"{value}: two items have this {name}" for value in sorted({v for v in given if given.count(v) > 1})]
    if faults:
        raise LibraryError("; ".join(faults))
    return tuple(item_of(row) for row in rows)


def item_of(row: dict[str, Any]) -> LibraryItem:
    """A checked row as an item."""
    lists = {name: tuple(row.get(name, ())) for name in ("edges", "functions", "values", "choices")}
    return LibraryItem(**(row | lists))


def faults_of(row: dict[str, Any]) -> list[str]:
    """What is wrong with one row; empty when it can be used."""
    faults = [f"{name} is missing" for name in TEXTS if not isinstance(row.get(name), str) or not row[name].strip()]
    faults += [f"{name} is no field of an item" for name in sorted(row.keys() - KNOWN)]
    if row.get("kind") not in KINDS:
        faults.append(f"kind is not one of {', '.join(KINDS)}")
    if not isinstance(row.get("critical"), bool):
        faults.append("critical is neither true nor false")
    functions = row.get("functions") or []
    if not functions or any(name not in FUNCTIONS for name in functions):
        faults.append(f"functions are not among {', '.join(FUNCTIONS)}")
    return faults + (parameter_faults(row) if row.get("parameter") else answer_faults(row))


def answer_faults(row: dict[str, Any]) -> list[str]:
    """An item without a parameter has an answer in words, which is one of its choices where it has any."""
    if not row.get("answer"):
        return ["answer is missing"]
    if row.get("choices") and row["answer"] not in row["choices"]:
        return ["answer is none of the choices"]
    return []


def parameter_faults(row: dict[str, Any]) -> list[str]:
    """An item with a parameter has a value that the engine takes, and takes its words from the clause of that value."""
    name = row["parameter"]
    if name not in PARAMETER_FAULT:
        return [f"{name} is no parameter of the policy"]
    faults = ["an item with a parameter takes its answer from the parameter's clause"] if row.get("answer") else []
    given = [] if name == OF_CLIENT else [row.get("value"), *row.get("values", ())]
    return faults + [f"value: {fault}" for value in given if (fault := PARAMETER_FAULT[name](value))]


def values_of(parameter: str, item: LibraryItem | None) -> tuple[Any, ...]:
    """The values of a parameter that are offered as choices; others may be given where it is a number or a list."""
    if parameter in CHOICES:
        return CHOICES[parameter]
    return item.values if item else ()
