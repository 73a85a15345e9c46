"""Which of several things wait for each other."""

from collections.abc import Collection, Hashable, Mapping
from typing import TypeVar

Name = TypeVar("Name", bound=Hashable)


def cycle_in(needs: Mapping[Name, Collection[Name]]) -> list[Name]:
    """A circle in which each waits for the next, beginning and ending with the same one; empty where there is none."""
    done: set[Name] = set()
    for start in needs:
        path: list[Name] = [] if start in done else [start]
        waiting = [iter(needs.get(name, ())) for name in path]
        while path:
            following = next(waiting[-1], None)
            if following is None:
                done.add(path.pop())
                waiting.pop()
            elif following in path:
                return [*path[path.index(following) :], following]
            elif following not in done:
                path.append(following)
                waiting.append(iter(needs.get(following, ())))
    return []
