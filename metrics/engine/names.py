"""Which rows name which by their text.

A table of places stands for the names, each at the place that its hash says: nothing is sorted, and a text is compared only
with those that share its place.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Self, TypeAlias

import numpy as np
import numpy.typing as npt
import polars as pl

from metrics.engine.arrays import Bools, Ints, bits_of, run_starts, sorted_places
from metrics.engine.threads import by_pieces, in_threads, pieces_of

Pairs: TypeAlias = tuple[Ints, Ints]
Rows: TypeAlias = npt.NDArray[np.int32]

FEW_LINES: Final = 256
FREE: Final = -1
SHARED: Final = -2  # and below


def given(texts: pl.Series) -> Bools:
    """Which texts are not null."""
    if texts.null_count() == len(texts):
        return np.zeros(len(texts), dtype=np.bool_)
    if len(texts) <= FEW_LINES:
        return np.array([text is not None for text in texts.to_list()], dtype=np.bool_)
    return texts.is_not_null().to_numpy()


def text_pairs(names: pl.Series, references: pl.Series, referring: Bools) -> Pairs:
    """Every pair (row named, row referring) in which the text is the same; rows not marked in ``referring`` name
    nothing.
    """
    if not referring.any():
        return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
    if len(names) <= FEW_LINES:
        return few_text_pairs(names, references, np.flatnonzero(referring))
    names = names.rechunk()  # texts are picked ten times as fast from one chunk as from several
    table = NameTable.of(names)

    def found(piece: slice) -> Pairs:
        # A line mostly names the contract of the line before it, which is seen without a look at the table.
        named = referring[piece] & table.names_before(names, references, piece)
        before, others = np.flatnonzero(named), np.flatnonzero(referring[piece] & ~named)
        wanted = references[piece][others]
        a, b = table.rows(places_of(wanted.hash().to_numpy(), table.bits), np.arange(len(others)))
        same = names[a].eq_missing(wanted[b]).to_numpy()
        return np.append(before + (piece.start - 1), a[same]), np.append(before, others[b[same]]) + piece.start

    found_in = in_threads(len(names), found, pieces_of(len(names)))
    return np.concatenate([a for a, _ in found_in]), np.concatenate([b for _, b in found_in])


@dataclass(frozen=True, slots=True)
class NameTable:
    """The rows of names by the place of their hash, of which there are ``2 ** bits``.

    ``row`` is the row at each place, or ``FREE``; where several rows share a place, ``SHARED`` less the number of the place
    among those that are shared. Of such a place ``last`` is one row, and the others are those of ``rest`` from ``starts`` on,
    so many as ``counts`` says. ``alone`` marks rows of which it is known that no other has their name: they have a place of
    their own, or share it with one that has another hash.
    """

    bits: int
    row: Rows
    alone: Bools
    last: Rows
    rest: Ints
    starts: Ints
    counts: Ints

    @classmethod
    def of(cls, names: pl.Series) -> Self:
        """The table of all names."""
        rows = np.arange(len(names), dtype=np.int32)
        # Four to eight places for each name, so that few share one.
        bits = bits_of(len(names)) + 2

        hashes = by_pieces(len(names), lambda piece: (names[piece].hash().to_numpy(),))[0]
        place = places_of(hashes, bits)
        row = np.full(1 << bits, FREE, dtype=np.int32)
        row[place] = rows
        rest = np.flatnonzero(row.take(place) != rows)
        shared, order = sorted_places(place[rest].astype(np.int64), bits)
        rest, starts = rest[order], run_starts(shared)
        counts, last = np.diff(starts, append=len(rest)), row[shared[starts]]
        row[shared[starts]] = SHARED - np.arange(len(starts), dtype=np.int32)
        unlike = np.flatnonzero((counts == 1) & (hashes[rest[starts]] != hashes[last]))
        alone = np.ones(len(names), dtype=np.bool_)
        alone[rest] = alone[last] = False
        alone[rest[starts[unlike]]] = alone[last[unlike]] = True
        return cls(bits, row, alone, last, rest, starts, counts)

    def names_before(self, names: pl.Series, references: pl.Series, piece: slice) -> Bools:
        """Which rows of a piece refer to the row before them and to no other."""
        known = slice(max(piece.start, 1), piece.stop)
        before = slice(known.start - 1, known.stop - 1)
        found = np.zeros(piece.stop - piece.start, dtype=np.bool_)
        found[known.start - piece.start :] = names[before].eq_missing(references[known]).to_numpy() & self.alone[before]
        return found

    def rows(self, places: npt.NDArray[np.uint32], referring: Ints) -> Pairs:
        """Each row at one of the places, beside the one of ``referring`` (one per place) that it is wanted by."""
        first = self.row.take(places)
        several = np.flatnonzero(first <= SHARED)
        shared = SHARED - first[several]
        first[several] = self.last[shared]
        counts = self.counts[shared]
        step = np.arange(int(counts.sum())) - np.repeat(np.cumsum(counts) - counts, counts)
        more = self.rest[np.repeat(self.starts[shared], counts) + step]
        taken = np.flatnonzero(first != FREE)
        a, b = np.append(first[taken], more), np.append(referring[taken], np.repeat(referring[several], counts))
        return a, b


def places_of(hashes: npt.NDArray[np.uint64], bits: int) -> npt.NDArray[np.uint32]:
    """The place of each hash among ``2 ** bits``."""
    return (hashes & np.uint64((1 << bits) - 1)).astype(np.uint32)


def few_text_pairs(names: pl.Series, references: pl.Series, rows: Ints) -> Pairs:
    """``text_pairs`` for so few lines that a frame operation would cost more than a dictionary."""
    places: dict[str, list[int]] = {}
    for place, name in enumerate(names.to_list()):
        places.setdefault(name, []).append(place)
    wanted = references.to_list()
    pairs = [(a, b) for b in rows.tolist() for a in places.get(wanted[b], ())]
    found = np.array(pairs, dtype=np.int64).reshape(-1, 2)
    return found[:, 0], found[:, 1]
