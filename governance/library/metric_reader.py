"""Reading metrics as YAML: the shipped library, and a registry that was written to a file.

`library_metrics() -> tuple[FiledMetric, ...]` · `metrics_read(text, currency) -> tuple[FiledMetric, ...]` ·
`metrics_write(metrics) -> str`

The order is that of the file, fields stand in one fixed order, and what is written is read back equal. MetricFileError names
every fault.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import yaml

from governance.metric_content import LENGTHS, Content, ContentError, content_clean
from governance.models import MetricRole, MetricStatus, Priority
from metrics.formula.check import Formula, formulas_check
from metrics.formula.parse import formula_parse
from metrics.formula.units import unit_read
from metrics.measures import MEASURES
from metrics.selectors.measure_values import terms_of

LIBRARY: Final = Path(__file__).with_name("metrics.yaml")
KNOWN: Final = {"key", "status", "owner", "successor", "priorities", *LENGTHS}
DEEPEST: Final = 8  # lists and mappings inside each other; a registry goes to 3
LONGEST_VALUE: Final = 8_000  # characters
LONGEST_FILE: Final = 1_000_000  # characters
MOST: Final = 500
MOST_PARTS: Final = 60_000  # values, lists and mappings in all; 500 metrics of every field have fewer
KEY_CHARACTERS: Final = frozenset("abcdefghijklmnopqrstuvwxyz0123456789_")
NULL: Final = "tag:yaml.org,2002:null"


class TextLoader(getattr(yaml, "CBaseLoader", yaml.BaseLoader)):  # type: ignore[misc]
    """Every value is the text that is written, or nothing: 010 is not eight, and no figure becomes a float.

    libyaml's parser, where it is there, reads twenty times as fast.
    """


TextLoader.add_implicit_resolver(NULL, re.compile(r"(?:~|null|Null|NULL|)\Z"), ["~", "n", "N", ""])
TextLoader.add_constructor(NULL, lambda *_: None)


class MetricFileError(ValueError):
    """The file cannot be used; `faults` say why, each naming the metric."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("; ".join(faults))
        self.faults = faults


@dataclass(frozen=True)
class FiledMetric:
    """One metric as a file has it. `status` is empty in the library: whether it is active depends on the client's data."""

    key: str
    content: Content
    priorities: Mapping[str, str] = field(default_factory=dict)
    status: str = ""
    owner: str = ""
    successor: str = ""


@lru_cache
def library_metrics() -> tuple[FiledMetric, ...]:
    """Every shipped metric, in order."""
    return metrics_read(LIBRARY.read_text(encoding="utf-8"), "USD")


def metrics_read(text: str, currency: str) -> tuple[FiledMetric, ...]:
    """The metrics of a YAML text, checked one by one and together. MetricFileError names every fault."""
    rows = rows_of(text)
    faults: list[str] = []
    metrics: list[FiledMetric] = []
    for place, row in enumerate(rows, 1):
        name = row.get("key") if isinstance(row.get("key"), str) else f"metric {place}"
        found = metric_of(row, currency, faults, str(name))
        if found is not None:
            metrics.append(found)
    keys = [metric.key for metric in metrics]
    faults += [f"{key}: two metrics have this key" for key in sorted({key for key in keys if keys.count(key) > 1})]
    faults += [
        f"{metric.key}: its replacement “{metric.successor}” is not in the file"
        for metric in metrics
        if metric.successor and (metric.successor not in keys or metric.successor == metric.key)
    ]
    if not faults:
        faults = [f"{key}: {fault.message}" for key, fault in set_faults(metrics, currency).items()]
    if faults:
        raise MetricFileError(faults)
    return tuple(metrics)


def rows_of(text: str) -> list[dict[str, Any]]:
    """The rows of a YAML text. Nothing in it is executed: there are texts, lists and mappings, without anchors and tags."""
    if len(text) > LONGEST_FILE:
        raise MetricFileError([f"the file has more than {LONGEST_FILE} characters"])
    try:
        shape_check(text)
        rows = yaml.load(text, TextLoader)  # noqa: S506 — it makes texts, lists and mappings alone
    except (yaml.YAMLError, RecursionError, UnicodeError) as error:
        mark = getattr(error, "problem_mark", None)
        raise MetricFileError([f"the file is no YAML{f', line {mark.line + 1}' if mark else ''}"]) from error
    if not isinstance(rows, list) or not rows or not all(isinstance(row, dict) for row in rows):
        raise MetricFileError(["the file is not a list of metrics"])
    if len(rows) > MOST:
        raise MetricFileError([f"the file has more than {MOST} metrics"])
    return rows


def shape_check(text: str) -> None:
    """MetricFileError at the first anchor and the first part too deep, too long or too many, before the rest is looked at."""
    depth = 0
    for count, event in enumerate(yaml.parse(text, TextLoader)):
        if count > MOST_PARTS:
            raise MetricFileError([f"the file has more than {MOST_PARTS:,} parts"])
        if isinstance(event, yaml.NodeEvent) and event.anchor:
            raise MetricFileError(["the file uses anchors, which a list of metrics does not need"])
        if getattr(event, "tag", None):
            raise MetricFileError(["the file uses tags, which a list of metrics does not need"])
        if isinstance(event, yaml.ScalarEvent) and len(event.value) > LONGEST_VALUE:
            raise MetricFileError([f"a value has more than {LONGEST_VALUE:,} characters"])
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > DEEPEST:
            raise MetricFileError([f"more than {DEEPEST} parts lie within each other"])


def metric_of(row: dict[str, Any], currency: str, faults: list[str], name: str) -> FiledMetric | None:
    """A row as a metric; what is wrong with it is added to the faults."""
    own = [f"{name}: {key} is no field of a metric" for key in sorted(str(each) for each in row.keys() - KNOWN)]
    key = row.get("key")
    if fault := key_fault(key):
        own.append(f"{name}: its key {fault}")
    priorities = row.get("priorities") or {}
    if not isinstance(priorities, dict) or not all(
        role in MetricRole.values and priority in Priority.values for role, priority in priorities.items()
    ):
        own.append(f"{name}: its priorities are not such as {{ceo: P0}}")
    if (row.get("status") or MetricStatus.ACTIVE) not in MetricStatus.values:
        own.append(f"{name}: its status is not one of {', '.join(MetricStatus.values)}")
    own += [
        f"{name}: {field} is no name"
        for field in ("owner", "successor")
        if not isinstance(row.get(field) or "", str)
        or len(row.get(field) or "") > 254
        or "\0" in (row.get(field) or "")
    ]
    try:
        content = content_clean({key: value for key, value in row.items() if key in LENGTHS}, currency)
    except ContentError as error:
        own += [f"{name}: {field} {fault}" for field, fault in error.faults]
    faults += own
    if own:
        return None
    ordered = {role: priorities[role] for role in MetricRole.values if role in priorities}
    texts = {each: row.get(each) or "" for each in ("status", "owner", "successor")}
    return FiledMetric(str(key), content, ordered, **texts)


def key_fault(key: object) -> str:
    """What is wrong with a key; empty where it can be used."""
    if not isinstance(key, str) or not key:
        return "is missing"
    if not set(key) <= KEY_CHARACTERS or not key[0].isalpha() or len(key) > 60:
        return "is not made of small letters, digits and _, beginning with a letter"
    return "is the name of a measure" if key in MEASURES else ""


def set_faults(metrics: Iterable[FiledMetric], currency: str) -> dict[str, Any]:
    """What is wrong with the metrics together: names, units, cycles."""
    formulas = {
        metric.key: Formula(
            metric.content["name"],
            formula_parse(metric.content["formula"]),
            unit_read(metric.content["unit"], currency),
        )
        for metric in metrics
    }
    return formulas_check(formulas, terms_of(currency))


# --- writing ----------------------------------------------------------------------------------------------------------


def metrics_write(metrics: Iterable[FiledMetric]) -> str:
    """The metrics as YAML, each field in its place; empty fields are left out."""
    return "\n".join(metric_text(metric) for metric in metrics)


def metric_text(metric: FiledMetric) -> str:
    """One metric as YAML."""
    first = {"key": metric.key, "status": metric.status, "owner": metric.owner, "successor": metric.successor}
    row = {**first, **metric.content, "priorities": dict(metric.priorities)}
    kept = {name: value for name, value in row.items() if value}
    text: str = yaml.safe_dump([kept], allow_unicode=True, sort_keys=False, width=10_000)
    return text
