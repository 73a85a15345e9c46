"""What papers of the documentation package are made of."""

from collections.abc import Iterable
from dataclasses import dataclass

from engagements.models import Engagement
from engagements.selectors.spec import SectionNow, spec_get


@dataclass(frozen=True)
class Part:
    """A part of a paper: words, points in an order or without, and a table; any of them may be empty."""

    title: str = ""
    text: str = ""
    points: tuple[str, ...] = ()
    is_ordered: bool = False
    heads: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()

    @property
    def says_something(self) -> bool:
        return bool(self.text or self.points or self.rows)


def table(title: str, heads: Iterable[str], rows: Iterable[Iterable[object]], text: str = "") -> Part:
    """A part with a table; every cell as text."""
    shown = tuple(tuple("" if cell is None else str(cell) for cell in row) for row in rows)
    return Part(title, text, heads=tuple(heads), rows=shown)


def sections(engagement: Engagement, *keys: str) -> tuple[list[Part], list[str]]:
    """Sections of the specification as parts, and which of them are not written."""
    there = {each.section.key: each for each in spec_get(engagement).sections}
    parts = [section_part(there[key]) for key in keys if key in there and there[key].version is not None]
    missing = [
        f"“{there[key].section}” of the specification is not written."
        for key in keys
        if key in there and there[key].version is None
    ]
    return parts, missing


def section_part(each: SectionNow) -> Part:
    """One section of the specification."""
    assert each.version is not None
    return table(each.section.name, each.section.columns, each.version.rows, each.version.text)
