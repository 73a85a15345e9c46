"""What the engine was given and gave, kept in this process for a while: drills and filters of one client come in bursts.

Keys begin with the client, and hold the version of the book, so that a change of the numbers is never missed.
"""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock
from typing import Generic, TypeVar

Value = TypeVar("Value")


class Memory(Generic[Value]):
    """The values used last, within a total weight (rows)."""

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
