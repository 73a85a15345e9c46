"""Requests that may ask for the same: found while one is written, and when it is submitted.

`twins_of(kind, content, title, leave=None) -> list[Twin]` · `metrics_alike(registry, kind, content) -> list[Entry]` ·
`has_joined(request, user) -> bool`
"""

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any, Final

from governance.change_content import named, rule_name
from governance.models import ChangeEvent, ChangeKind, ChangeRequest, MetricVersion
from governance.selectors.changes import OPEN
from governance.selectors.registry import Entry, Registry
from metrics.formula.faults import FormulaError
from metrics.formula.parse import formula_parse
from metrics.formula.same import shape_of

FORMULA: Final = "formula "
NEAR: Final = 0.82
MOST: Final = 500  # open requests that are compared; a client has a handful


@dataclass(frozen=True)
class Twin:
    """An open request that may be the same, and why. `is_exact`: it asks for the same value of the same thing."""

    change: ChangeRequest
    is_exact: bool
    why: str


def touched(kind: str, content: Mapping[str, Any]) -> dict[str, Any]:
    """What a content would change, with the value that each would have: parameters, a metric, or a rule."""
    if kind == ChangeKind.POLICY:
        return {f"policy {name}": value for name, value in content.get("parameters", {}).items()}
    key = content.get("key", "")
    if kind == ChangeKind.QUOTA_RULE:
        return {f"rule {key}": [content.get("rule"), content.get("metrics")]}
    asked: dict[str, Any] = {f"metric {key}": content}
    if kind == ChangeKind.METRIC_NEW and (shape := formula_shape(content)):
        asked[f"{FORMULA}{shape}"] = True
    return asked


def formula_shape(content: Mapping[str, Any]) -> str:
    """How a request for a metric would compute it, whatever the key; empty where that cannot be read."""
    try:
        return shape_of(formula_parse(content["metric"]["formula"]))
    except (KeyError, TypeError, FormulaError):
        return ""


def metrics_alike(registry: Registry, kind: str, content: Mapping[str, Any] | None) -> list[Entry]:
    """The other standing metrics that are computed as a new one would be, or are what its formula names and nothing else.

    A proposed metric that the request puts into use is no other one.
    """
    if content is None or kind != ChangeKind.METRIC_NEW or not (shape := formula_shape(content)):
        return []
    others = [
        (key, entry) for key, entry in registry.entries.items() if entry.is_standing and key != content.get("key")
    ]
    return [entry for key, entry in others if shape == key or shape == shape_of(formula_parse(entry.newest["formula"]))]


def twins_of(kind: str, content: Mapping[str, Any] | None, title: str, leave: int | None = None) -> list[Twin]:
    """Open requests that touch the same or are called nearly the same; those that ask for the same value come first.

    Without a content, titles alone are compared. `leave` is the request that is asked about itself, by its key.
    """
    wanted = {} if content is None else touched(kind, content)
    found = []
    for other in ChangeRequest.objects.filter(state__in=OPEN).select_related("requested_by").order_by("-number")[:MOST]:
        if other.pk == leave:
            continue
        has = touched(other.kind, other.content)
        shared = sorted(wanted.keys() & has.keys())
        same = [name for name in shared if wanted[name] == has[name] and kind == other.kind]
        if same:
            is_formula = any(name.startswith(FORMULA) for name in same)
            why = "has the same formula" if is_formula else f"asks for the same of {things(same)}"
            found.append(Twin(other, True, why))
        elif shared:
            found.append(Twin(other, False, f"is about {things(shared)} too"))
        elif nearly(title, other.title):
            found.append(Twin(other, False, "is called nearly the same"))
    return sorted(found, key=lambda twin: not twin.is_exact)


def things(names: list[str]) -> str:
    """Touched things in words."""
    return ", ".join(f"“{thing(*name.split(' ', 1))}”" for name in names)


def thing(what: str, key: str) -> str:
    """What a touched thing is called: a metric by its newest name, a rule about quotas or pay by its key in words."""
    if what == "rule":
        return rule_name(key)
    newest = MetricVersion.objects.filter(metric__key=key).order_by("-number").first() if what == "metric" else None
    return str(newest.content["name"]) if newest else named(key)


def nearly(one: str, other: str) -> bool:
    """Whether two titles say nearly the same, whatever the order of their words."""
    first, second = (" ".join(sorted(text.casefold().split())) for text in (one, other))
    return bool(first) and SequenceMatcher(None, first, second).ratio() >= NEAR


def has_joined(request: ChangeRequest, user: Any) -> bool:
    """Whether a person stands behind a request: they asked for it, or joined."""
    joined = ChangeEvent.objects.filter(request=request, step="join", by=user)
    return bool(request.requested_by_id == user.pk or joined.exists())
