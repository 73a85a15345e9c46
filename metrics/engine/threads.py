"""Work on the parts of something large in several threads.

NumPy and Polars let go of the interpreter while they work on a column, so that threads use several processors without the
lines being copied to other processes. What a part gives must not depend on the order in which the parts are done. The threads
end with the call: a worker that is forked later inherits none.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import current_thread
from typing import Any, Final, TypeAlias, TypeVar

import numpy as np
import numpy.typing as npt

Columns: TypeAlias = tuple[npt.NDArray[Any], ...]
Part = TypeVar("Part")
Found = TypeVar("Found")

VARIABLE: Final = "ENGINE_THREADS"
NAMED: Final = "engine"
MOST_THREADS: Final = 4  # more gain little, and a worker of several processes has as many in each
WORTH_A_THREAD: Final = 20_000  # rows; a thread takes a fifth of a millisecond to begin and to end
PIECE: Final = 1 << 16  # rows: columns of so many stay in the processor's cache while one is made of the other


def thread_count() -> int:
    """How many threads work for one caller: what the environment says, or the processors this process may use, at most 4."""
    given = os.environ.get(VARIABLE, "")
    if given.isdecimal() and int(given):
        return int(given)
    return min(usable_processors(), MOST_THREADS)


def usable_processors() -> int:
    """How many processors this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def even_share(rows: int, parts: int, most: int) -> int:
    """How many of the parts, at most so many, to work on at once, so that every thread has as much to do; ``rows`` is how many
    rows all parts have together.
    """
    threads = thread_count() if rows >= WORTH_A_THREAD else 1
    rounds = max(-(-parts // (most * threads)), 1)
    return max(-(-parts // (rounds * threads)), 1)


def in_threads(rows: int, work: Callable[[Part], Found], parts: Sequence[Part]) -> list[Found]:
    """What the work gives of each part, in the order of the parts; ``rows`` is how many rows all parts have together.

    Few rows are worked on here, one part after the other: they cost no thread. So are the parts of a part, whose thread is one
    of those that there are processors for.
    """
    threads = min(thread_count(), len(parts)) if rows >= WORTH_A_THREAD else 1
    if threads <= 1 or current_thread().name.startswith(NAMED):
        return [work(part) for part in parts]
    with ThreadPoolExecutor(threads, thread_name_prefix=NAMED) as pool:
        return list(pool.map(work, parts))


def together(rows: int, *works: Callable[[], Any]) -> list[Any]:
    """What different works on so many rows give, done side by side."""
    return in_threads(rows, lambda work: work(), works)


def pieces_of(rows: int) -> list[slice]:
    """So many rows in pieces."""
    return [slice(start, min(start + PIECE, rows)) for start in range(0, rows, PIECE)]


def by_pieces(rows: int, work: Callable[[slice], Columns]) -> Columns:
    """The columns of so many rows, which the work gives for any slice of them: what is needed in between is never as long as
    the whole, for which memory would have to be found.
    """
    if rows <= PIECE:
        return work(slice(0, rows))
    spans = pieces_of(rows)
    first = work(spans[0])
    columns = tuple(np.empty(rows, dtype=column.dtype) for column in first)

    def fill(span: slice) -> None:
        for column, piece in zip(columns, work(span) if span.start else first, strict=True):
            column[span] = piece

    in_threads(rows, fill, spans)
    return columns
