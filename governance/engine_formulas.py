"""Metrics that pages compute themselves: their formula stays as it shipped and they do not end, so that both always agree.

`formula_fault(key, asked, present) -> str` · `retire_fault(key) -> str` · `filed_faults(registry, metrics) -> list[str]`
"""

from collections.abc import Iterable

from governance.library.metric_reader import FiledMetric, library_metrics
from governance.metric_uses import SHOWN_ON
from governance.selectors.registry import Registry


def formula_fault(key: str, asked: str, present: str = "") -> str:
    """Why the formula of a metric cannot become what is asked for, after “the formula”; empty where it can.

    Of a metric that pages show, the engine computes what they say, whatever its formula says. Only the shipped formula says
    the same. What differs from it already may stay, or go back to it.
    """
    shipped = next((metric.content["formula"] for metric in library_metrics() if metric.key == key), asked)
    if not is_fixed(key) or asked in (present, shipped):
        return ""
    return (
        f"stays as it shipped ({shipped}): the engine computes this figure for {pages_words(key)}, whatever is written here. "
        "Ask for a change of the policy where something else shall count, or for a new metric where something else shall be "
        "measured"
    )


def retire_fault(key: str) -> str:
    """Why a metric cannot be retired, after its name; empty where it can: a page goes on to show what it is made of."""
    if not is_fixed(key):
        return ""
    return f"is part of what the portal itself shows on {pages_words(key)}, and stays as long as these do: it cannot be retired"


def pages_words(key: str) -> str:
    """The pages that show a metric, in words."""
    *head, last = (label for _, label in SHOWN_ON[key])
    return f"{', '.join(head)} and {last}" if head else last


def is_fixed(key: str) -> bool:
    """Whether the engine computes what pages show of a metric."""
    return key in SHOWN_ON


def filed_faults(registry: Registry, metrics: Iterable[FiledMetric]) -> list[str]:
    """Which formulas of a file cannot be taken over, each with its reason."""
    found = []
    for metric in metrics:
        entry = registry.entries.get(metric.key)
        present = entry.versions[-1].content["formula"] if entry else ""
        if fault := formula_fault(metric.key, metric.content["formula"], present):
            found.append(f"In “{metric.key}”, the formula {fault}")
    return found
