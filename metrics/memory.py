"""What the engine was given and gave, kept in this process for a while: drills and filters of one client come in bursts.

Keys begin with the client, and hold the version of the book, so that a change of the numbers is never missed.
"""

import sys
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from threading import Lock
from typing import Any, Generic, TypeVar

Value = TypeVar("Value")


class Memory(Generic[Value]):
    """The values used last, within a total weight: rows, characters or bytes, as whoever makes it weighs."""

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self._kept: OrderedDict[Hashable, tuple[int, Value]] = OrderedDict()
        self._lock = Lock()

    def get(self, key: Hashable, make: Callable[[], Value], weigh: Callable[[Value], int]) -> Value:
        """The value of a key, made now if it is not kept; one that is heavier than the whole is not kept."""
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key][1]
        value = make()
        weight = weigh(value)
        if weight <= self.capacity:
            with self._lock:
                self._kept[key] = (weight, value)
                while sum(weight for weight, _ in self._kept.values()) > self.capacity:
                    self._kept.popitem(last=False)
        return value

    def holds(self, key: Hashable) -> bool:
        """Whether `get` has this value already."""
        with self._lock:
            return key in self._kept

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._kept.clear()


def real_size(value: Any, seen: set[int] | None = None) -> int:
    """How many bytes plain data takes in memory, keys and texts included; what stands in it several times counts once."""
    known = set() if seen is None else seen
    if id(value) in known:
        return 0
    known.add(id(value))
    parts = [*value, *value.values()] if isinstance(value, Mapping) else value
    inner = parts if isinstance(parts, list | tuple | set | frozenset) else ()
    return sys.getsizeof(value) + sum(real_size(part, known) for part in inner)
