"""Where the library that ships with the product has moved on since a client's registry was started from it.

`library_drift(registry) -> LibraryDrift` · `shipped_content(entry) -> Content | None`.

The library has moved on in a field where it says what no version of the metric has said. What one has said already, such as the
first, is left out, whatever the client has made of it since: that was the client's own decision.
"""

from dataclasses import dataclass

from governance.library.metric_reader import FiledMetric, library_metrics
from governance.metric_content import CHOICES, LABELS, Content
from governance.selectors.registry import Entry, Registry
from metrics.formula.nodes import names_of
from metrics.formula.parse import formula_parse


@dataclass(frozen=True)
class LibraryEdit:
    """A field that the library says otherwise by now; `is_own` where the client has changed it too."""

    label: str
    stored: str
    shipped: str
    is_own: bool


@dataclass(frozen=True)
class Improved:
    """A metric of which the library says something else by now."""

    entry: Entry
    edits: tuple[LibraryEdit, ...]


@dataclass(frozen=True)
class LibraryDrift:
    """What the library says otherwise, and the metrics that it has and the registry never had."""

    improved: tuple[Improved, ...]
    missing: tuple[FiledMetric, ...]

    @property
    def is_empty(self) -> bool:
        return not self.improved and not self.missing


def library_drift(registry: Registry) -> LibraryDrift:
    """The registry held against the library of today; what is retired is compared no more."""
    standing = [entry for entry in registry.entries.values() if entry.is_standing]
    improved = tuple(Improved(entry, edits) for entry in standing if (edits := edits_of(entry)))
    missing = tuple(metric for metric in library_metrics() if metric.key not in registry.entries)
    return LibraryDrift(improved, missing)


def edits_of(entry: Entry) -> tuple[LibraryEdit, ...]:
    """The fields of a metric in which the library has moved on, and the registry has not followed."""
    shipped = shipped_content(entry)
    if shipped is None:
        return ()
    began, newest = entry.versions[0].content, entry.newest
    return tuple(
        LibraryEdit(LABELS[name], said(newest, name), said(shipped, name), newest[name] != began[name])
        for name in LABELS
        if shipped[name] != newest[name]
    )


def said(content: Content, name: str) -> str:
    """A field of a metric, a choice in words."""
    return CHOICES.get(name, {}).get(content[name], content[name]) or "nothing"


def shipped_content(entry: Entry) -> Content | None:
    """The newest content of a metric with every field in which the library has moved on since; None for what never shipped."""
    shipped = next((metric.content for metric in library_metrics() if metric.key == entry.key), None)
    if shipped is None:
        return None
    said = {name: {version.content[name] for version in entry.versions} for name in LABELS}
    return entry.newest | {name: shipped[name] for name in LABELS if shipped[name] not in said[name]}


def missing_with_needs(registry: Registry, keys: list[str]) -> tuple[FiledMetric, ...]:
    """These metrics of the library that the registry lacks, with the ones that their formulas need, in the library's order."""
    missing = {metric.key: metric for metric in library_drift(registry).missing}
    wanted, waiting = set[str](), [key for key in keys if key in missing]
    while waiting:
        key = waiting.pop()
        if key not in wanted:
            wanted.add(key)
            waiting += [name for name in names_of(formula_parse(missing[key].content["formula"])) if name in missing]
    return tuple(metric for key, metric in missing.items() if key in wanted)
