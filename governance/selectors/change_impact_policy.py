"""The impact of changed policy parameters as a preview keeps it. Runs in the client's scope."""

import hashlib
from dataclasses import asdict
from typing import Any, Final

import numpy as np

from metrics.engine.arrays import Ints
from metrics.engine.bridge import TOTAL
from metrics.engine.policy import Policy
from metrics.engine.series import FIGURES
from metrics.selectors.clauses import TITLES, sentence_of
from metrics.selectors.policy_impact import PLACE, ImpactSide, PolicyImpact
from metrics.selectors.policy_impact_closed import ClosedEffect
from metrics.selectors.policy_impact_why import ImpactCustomers

SPLITS: Final = ("segment", "region", "product")
MOST_GROUPS: Final = 20
NO_CUSTOMERS: Final[dict[str, Any]] = {
    "count": 0,
    "moved_at_end": 0,
    "at_end": [],
    "in_window": [],
    "months": None,
    "sha256": "",
}
NO_CLOSED: Final[dict[str, Any]] = {
    "count": 0,
    "months": [],
    "prior_period_adjustment": None,
    "apart": None,
    "books": [],
}


def changed_clauses(before: Policy, after: Policy, names: tuple[str, ...]) -> list[dict[str, Any]]:
    """The clauses that change, as they are and as they would be."""
    old, new = before.to_dict(), after.to_dict()
    return [
        {
            "parameter": name,
            "title": TITLES[name],
            "old_sentence": sentence_of(name, old[name]),
            "new_sentence": sentence_of(name, new[name]),
        }
        for name in names
    ]


def book_part(impact: PolicyImpact) -> dict[str, Any]:
    """Every month before and after, in total and by group."""
    sides = {"before": impact.before, "after": impact.after}
    return {
        "changed": changed_clauses(impact.before.policy, impact.after.policy, impact.changed),
        "first": impact.first,
        "last": impact.last,
        "end": impact.end,
        "reason": impact.reason,
        "figures": list(FIGURES),
        "sides": {name: side_part(side) for name, side in sides.items()},
        "total": {name: series_of(side, [(TOTAL, "")]).tolist() for name, side in sides.items()},
        "groups": {name: groups_part(impact, name) for name in SPLITS},
    }


def side_part(side: ImpactSide) -> dict[str, Any]:
    """Which book a side is, which months of it have figures, and what is missing for the others."""
    valued = None if side.valued is None else list(side.valued)
    told = {"valued": valued, "retention_from": side.retention_from, "message": side.message}
    return told | {"recognition": side.policy.recognition}


def series_of(side: ImpactSide, keys: list[tuple[str, str]]) -> Ints:
    """The figures of some groups together; a group that a side does not know has nothing there."""
    total = np.zeros((len(FIGURES), side.last - side.first + 1), dtype=np.int64)
    for key in keys:
        if key in side.groups:
            total += side.groups[key]
    return total


def groups_part(impact: PolicyImpact, dimension: str) -> dict[str, Any]:
    """The groups that change, those with the largest change of ARR first, and all others together: bounded, and still whole."""
    names = impact.dimensions.get(dimension, [])
    series = {name: [series_of(side, [(dimension, name)]) for side in (impact.before, impact.after)] for name in names}
    moved = [name for name, (before, after) in series.items() if (before != after).any()]
    apart = {name: int(np.abs(series[name][1] - series[name][0])[PLACE["ending"]].max(initial=0)) for name in moved}
    told = sorted(moved, key=lambda name: (-apart[name], name))[:MOST_GROUPS]
    others = [(dimension, name) for name in names if name not in told]
    rest = None
    if others:
        rest = {
            "count": len(others),
            "before": series_of(impact.before, others).tolist(),
            "after": series_of(impact.after, others).tolist(),
        }
    rows = [{"group": name, "before": series[name][0].tolist(), "after": series[name][1].tolist()} for name in told]
    return {"changed": rows, "rest": rest}


def customers_part(found: ImpactCustomers, months: range, file: str) -> dict[str, Any]:
    """The customers that move most in these months, and what the file of all of them is known by."""
    return {
        "count": found.count,
        "moved_at_end": found.moved_at_end,
        "at_end": [asdict(each) for each in found.at_end],
        "in_window": [asdict(each) for each in found.in_window],
        "months": [months[0], months[-1]] if months else None,
        "sha256": hashlib.sha256(file.encode()).hexdigest() if file else "",
    }


def closed_part(found: ClosedEffect) -> dict[str, Any]:
    """The closed months that would differ, and the step where the change takes effect."""
    step = found.adjustment
    return {
        "count": found.count,
        "months": [asdict(each) for each in found.months],
        "prior_period_adjustment": None if step is None else {**asdict(step), "amount": step.amount},
        "apart": None if found.apart is None else asdict(found.apart),
        "books": [asdict(each) for each in found.books],
    }


def headline_part(impact: PolicyImpact, moved_at_end: int) -> dict[str, Any]:
    """ARR at the newest month end that both sides can value."""
    if impact.end is None:
        return {"month": None, "before": None, "after": None, "customers": 0, "reason": impact.reason}
    before, after = (side.cents("ending", impact.end) for side in (impact.before, impact.after))
    return {"month": impact.end, "before": before, "after": after, "customers": moved_at_end, "reason": ""}
