"""Work on the parts of something large in several threads.

NumPy and Polars let go of the interpreter while they work on a column, so that threads use several processors without the
lines being copied to other processes. What a part gives must not depend on the order in which the parts are done. The threads
end with the call: a worker that is forked later inherits none.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final, TypeVar

Part = TypeVar("Part")
Found = TypeVar("Found")

VARIABLE: Final = "ENGINE_THREADS"
MOST_THREADS: Final = 4  # more gain little, and a worker of several processes has as many in each
WORTH_A_THREAD: Final = 20_000  # rows; a thread takes a fifth of a millisecond to begin and to end


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


def in_threads(rows: int, work: Callable[[Part], Found], parts: Sequence[Part]) -> list[Found]:
    """What the work gives of each part, in the order of the parts; ``rows`` is how many rows all parts have together.

    Few rows are worked on here, one part after the other: they cost no thread.
    """
    threads = min(thread_count(), len(parts)) if rows >= WORTH_A_THREAD else 1
    if threads <= 1:
        return [work(part) for part in parts]
    with ThreadPoolExecutor(threads, thread_name_prefix="engine") as pool:
        return list(pool.map(work, parts))


def together(rows: int, *works: Callable[[], Any]) -> list[Any]:
    """What different works on so many rows give, done side by side."""
    return in_threads(rows, lambda work: work(), works)
