"""Chapters of a document that the system writes: sentences, facts and tables as plain text, for a page, for paper, and to keep.

Days and months in them are ISO text; templates show them in the reader's form (`{% dated %}`).
"""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Chapter:
    """One chapter: what it says in sentences, its facts (label, value), and a table.

    `figures` are the places of columns that hold figures.
    """

    key: str
    title: str
    sentences: tuple[str, ...] = ()
    facts: tuple[tuple[str, str], ...] = ()
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    figures: tuple[int, ...] = ()

    def told(self) -> dict[str, Any]:
        """The chapter as plain data that JSON can hold."""
        return asdict(self)


def chapter(
    key: str,
    title: str,
    *sentences: str,
    facts: Iterable[tuple[str, str]] = (),
    columns: Sequence[str] = (),
    rows: Iterable[Sequence[object]] = (),
    figures: Iterable[int] = (),
    most: int | None = None,
) -> Chapter:
    """A chapter; what is no text becomes its text. Of more than `most` rows the first are told, and how many there are."""
    texts = tuple(tuple("" if cell is None else str(cell) for cell in row) for row in rows)
    said = [each for each in sentences if each]
    if most is not None and len(texts) > most:
        said.append(f"The table has the first {most} of {len(texts)}.")
        texts = texts[:most]
    return Chapter(key, title, tuple(said), tuple(facts), tuple(columns), texts, tuple(figures))


def counted(count: int, one: str, many: str = "") -> str:
    """ "1 dispute", "3 disputes"."""
    return f"{count} {one if count == 1 else many or f'{one}s'}"
