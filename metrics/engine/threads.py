"""Work on the parts of something large in several threads.

NumPy lets go of the interpreter while it works on an array, so that threads use several processors without the lines being
copied to other processes. What a part gives must not depend on the order in which the parts are done.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final, TypeVar

Part = TypeVar("Part")
Found = TypeVar("Found")

# More gain little, and a worker of several processes would have as many of each.
MOST_THREADS: Final = 4
# lines; a thread takes a fifth of a millisecond to begin and to end
WORTH_A_THREAD: Final = 20_000
VARIABLE: Final = "ENGINE_THREADS"


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


def in_threads(work: Callable[[Part], Found], parts: Sequence[Part]) -> list[Found]:
    """What the work gives of each part, in the order of the parts; a single part is done here, and costs no thread."""
    threads = min(thread_count(), len(parts))
    if threads <= 1:
        return [work(part) for part in parts]
    with ThreadPoolExecutor(threads, thread_name_prefix="engine") as pool:
        return list(pool.map(work, parts))


def together(size: int, *works: Callable[[], Any]) -> list[Any]:
    """What several works give, done side by side; of so few lines that a thread would cost more, one after the other."""
    if size < WORTH_A_THREAD:
        return [work() for work in works]
    return in_threads(lambda work: work(), works)
