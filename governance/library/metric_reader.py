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

from governance.metric_content import LENGTHS, MISSING, Content, ContentError, content_clean
from governance.models import MetricRole, MetricStatus, Priority
from governance.thresholds import target_fault
from metrics.formula.check import Formula, formulas_check
from metrics.formula.parse import formula_parse
from metrics.formula.units import unit_read
from metrics.measures import MEASURES
from metrics.selectors.measure_values import terms_of

LIBRARY: Final = Path(__file__).with_name("metrics.yaml")
KNOWN: Final = {"key", "status", "owner", "successor", "priorities", *LENGTHS}
DEEPEST: Final = 8  # lists and mappings inside each other; a registry goes to 3
LONGEST_VALUE: Final = 8_000  # characters
LONGEST_NAME: Final = 60  # of a field, in a sentence
LONGEST_FILE: Final = 1_000_000  # characters
MOST: Final = 500
SPLIT: Final = "Make several files of it"
MOST_PARTS: Final = 60_000  # values, lists and mappings in all; 500 metrics of every field have fewer
KEY_WANTED: Final = "Write one such as net_new_arr"
KEY_CHARACTERS: Final = frozenset("abcdefghijklmnopqrstuvwxyz0123456789_")
NULL: Final = "tag:yaml.org,2002:null"


class TextLoader(getattr(yaml, "CBaseLoader", yaml.BaseLoader)):  # type: ignore[misc]
    """Every value is the text that is written, or nothing: 010 is not eight, and no figure becomes a float.

    libyaml's parser, where it is there, reads twenty times as fast.
    """

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """The fields; MetricFileError where one stands twice: YAML would take the last, and whoever reads it the first."""
        seen = set()
        for name, _ in node.value:
            if isinstance(name, yaml.ScalarNode) and name.value in seen:
                said = f"The field “{name.value[:LONGEST_NAME]}” stands twice in line {name.start_mark.line + 1}"
                raise MetricFileError([f"{said}. Take one of them away"])
            seen.add(name.value if isinstance(name, yaml.ScalarNode) else None)
        found: dict[Any, Any] = super().construct_mapping(node, deep)
        return found


TextLoader.add_implicit_resolver(NULL, re.compile(r"(?:~|null|Null|NULL|)\Z"), ["~", "n", "N", ""])
TextLoader.add_constructor(NULL, lambda *_: None)


class MetricFileError(ValueError):
    """The file cannot be used; `faults` say in sentences, without the last point, in which metric, what, and what to do."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__(". ".join(faults))
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
    for number, row in enumerate(rows, 1):
        key = row.get("key")
        found = metric_of(row, currency, faults, f"“{key}”" if isinstance(key, str) and key else f"metric {number}")
        if found is not None:
            metrics.append(found)
    faults += together_faults(metrics, currency, is_readable=not faults)
    if faults:
        raise MetricFileError(faults)
    return tuple(metrics)


def together_faults(metrics: list[FiledMetric], currency: str, *, is_readable: bool) -> list[str]:
    """What is wrong with the metrics beside each other; names and units only where all of them could be read."""
    keys = [metric.key for metric in metrics]
    doubled = sorted({key for key in keys if keys.count(key) > 1})
    faults = [f"Two metrics have the key “{key}”. Give one of them another, or take it away" for key in doubled]
    faults += [
        f"In “{metric.key}”, the replacement “{metric.successor}” is no other metric of the file. Name one that is"
        for metric in metrics
        if metric.successor and (metric.successor not in keys or metric.successor == metric.key)
    ]
    if faults or not is_readable:
        return faults
    contents = {metric.key: metric.content for metric in metrics}
    faults = [fault for key in contents if (fault := target_fault(key, contents, currency))]
    return faults + [
        f"In “{key}”, the formula cannot be used: {fault.message}"
        for key, fault in set_faults(metrics, currency).items()
    ]


def rows_of(text: str) -> list[dict[str, Any]]:
    """The rows of a YAML text. Nothing in it is executed: there are texts, lists and mappings, without anchors and tags."""
    if len(text) > LONGEST_FILE:
        raise MetricFileError([f"The file has more than {LONGEST_FILE:,} characters. {SPLIT}"])
    try:
        shape_check(text)
        rows = yaml.load(text, TextLoader)  # noqa: S506 — it makes texts, lists and mappings alone
    except (yaml.YAMLError, RecursionError, UnicodeError) as error:
        mark = getattr(error, "problem_mark", None)
        at = f" in line {mark.line + 1}" if mark else ""
        raise MetricFileError(
            [f"The file is no YAML{at}. Compare it with the registry as YAML, and correct it"]
        ) from error
    if not isinstance(rows, list) or not rows or not all(isinstance(row, dict) for row in rows):
        raise MetricFileError(["The file is not a list of metrics. Begin each metric with “- key:”"])
    if len(rows) > MOST:
        raise MetricFileError([f"The file has more than {MOST} metrics. {SPLIT}"])
    return rows


def shape_check(text: str) -> None:
    """MetricFileError at the first anchor and the first part too deep, too long or too many, before the rest is looked at."""
    depth = 0
    for count, event in enumerate(yaml.parse(text, TextLoader)):
        if count > MOST_PARTS:
            raise MetricFileError([f"The file has more than {MOST_PARTS:,} values, lists and sets of fields. {SPLIT}"])
        at = f" in line {event.start_mark.line + 1}" if event.start_mark else ""
        if isinstance(event, yaml.NodeEvent) and event.anchor:
            raise MetricFileError([f"The file uses an anchor (& or *){at}. Write the value itself in its place"])
        if getattr(event, "tag", None):
            raise MetricFileError([f"The file uses a tag (!){at}. Write the value alone"])
        if isinstance(event, yaml.ScalarEvent) and len(event.value) > LONGEST_VALUE:
            raise MetricFileError([f"A value{at} has more than {LONGEST_VALUE:,} characters. Shorten it"])
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > DEEPEST:
            raise MetricFileError(
                [
                    f"More than {DEEPEST} lists and sets of fields lie within each other{at}. Write each metric as plain fields"
                ]
            )


def metric_of(row: dict[str, Any], currency: str, faults: list[str], name: str) -> FiledMetric | None:
    """A row as a metric; what is wrong with it is added to the faults, each in the metric that people know as `name`."""
    own = [f"there is no field “{each}”. Take it away" for each in sorted(str(each) for each in row.keys() - KNOWN)]
    key = row.get("key")
    if fault := key_fault(key):
        own.append(f"the key {fault}. {KEY_WANTED}")
    priorities = row.get("priorities") or {}
    if not isinstance(priorities, dict) or not all(
        role in MetricRole.values and priority in Priority.values for role, priority in priorities.items()
    ):
        roles, levels = ", ".join(MetricRole.values), ", ".join(Priority.values)
        own.append(f"the priorities cannot be read. Write them as {{ceo: P0}}: of {roles} each one of {levels}")
    if (row.get("status") or MetricStatus.ACTIVE) not in MetricStatus.values:
        own.append(f"the status is unknown. Write one of {', '.join(MetricStatus.values)}")
    own += [
        f"the {field} cannot be read. Write {wanted}"
        for field, wanted in (("owner", "an e-mail address"), ("successor", "the key of another metric"))
        if not isinstance(row.get(field) or "", str)
        or len(row.get(field) or "") > 254
        or "\0" in (row.get(field) or "")
    ]
    try:
        content = content_clean({key: value for key, value in row.items() if key in LENGTHS}, currency)
    except ContentError as error:
        own += [field_words(field, fault) for field, fault in error.faults]
    faults += [f"In {name}, {fault}" for fault in own]
    if own:
        return None
    ordered = {role: priorities[role] for role in MetricRole.values if role in priorities}
    texts = {each: row.get(each) or "" for each in ("status", "owner", "successor")}
    return FiledMetric(str(key), content, ordered, **texts)


def field_words(field: str, fault: str) -> str:
    """A fault of a field as a part of a sentence; formulas and units are told by sentences of their own."""
    if fault == MISSING:
        return f"the field “{field}” is missing. Add it"
    if field in ("formula", "unit") and not fault.startswith("has more than"):
        return f"the {field} cannot be used: {fault}"
    return f"the field “{field}” {fault}. Correct it"


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
            bool(metric.content["weight"]),
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
