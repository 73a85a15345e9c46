"""What the engine was given and gave, kept in this process for a while: drills and filters of one client come in bursts.

Keys begin with the client, and hold the version of the book, so that a change of the numbers is never missed.
"""

import sys
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from threading import Lock
from typing import Any, Final, Generic, ParamSpec, TypeVar

from portal.tenancy.scope import scoped_client_id

Value = TypeVar("Value")
Given = ParamSpec("Given")
ANSWERS: Final[ContextVar[dict[Hashable, Any] | None]] = ContextVar("answers", default=None)


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


@contextmanager
def answers_kept() -> Iterator[None]:
    """While this lasts, what `asked_once` reads of a client is read once: for who draws a page and writes nothing."""
    token = ANSWERS.set({})
    try:
        yield
    finally:
        ANSWERS.reset(token)


def asked_once(read: Callable[Given, Value]) -> Callable[Given, Value]:
    """A small question to the database that many parts of one page ask; asked each time outside of `answers_kept`."""

    @wraps(read)
    def answer(*given: Given.args, **named: Given.kwargs) -> Value:
        kept = ANSWERS.get()
        if kept is None:
            return read(*given, **named)
        key = (read, scoped_client_id(), given, *sorted(named.items()))
        if key not in kept:
            kept[key] = read(*given, **named)
        found: Value = kept[key]
        return found

    return answer


def real_size(value: Any, seen: set[int] | None = None) -> int:
    """How many bytes plain data takes in memory, keys and texts included; what stands in it several times counts once."""
    known = set() if seen is None else seen
    if id(value) in known:
        return 0
    known.add(id(value))
    parts = [*value, *value.values()] if isinstance(value, Mapping) else value
    inner = parts if isinstance(parts, list | tuple | set | frozenset) else ()
    return sys.getsizeof(value) + sum(real_size(part, known) for part in inner)
