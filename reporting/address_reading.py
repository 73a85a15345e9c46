"""Reads the parameters of an address, and keeps what of them makes no sense: pages say it, files are refused for it.

`AddressReading(given)` · `.one_of(…)` · `.month(…)` · `.ignore(…)` · `.ignored -> tuple[Ignored, ...]`
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from django.http import QueryDict

from portal.lib.periods import month_parse

SHOWN: Final = 40  # characters of a value that makes no sense


@dataclass(frozen=True)
class Ignored:
    """A parameter that makes no sense: its name, why, and what a page shows in its place."""

    name: str
    why: str
    instead: str

    def __str__(self) -> str:
        return f"{self.why}: {self.instead} shown instead."


class AddressReading:
    """The parameters of an address, each read once; an empty one is not given."""

    def __init__(self, given: QueryDict) -> None:
        self.given = given
        self.found: list[Ignored] = []

    @property
    def ignored(self) -> tuple[Ignored, ...]:
        """What made no sense so far."""
        return tuple(self.found)

    def ignore(self, name: str, why: str, instead: str) -> None:
        """Say that a parameter, or two together, make no sense."""
        self.found.append(Ignored(name, why, instead))

    def one_of(self, name: str, known: Collection[str], instead: str) -> str:
        """The value where it is a known one, else nothing."""
        value = self.given.get(name, "")
        if not value or value in known:
            return value
        self.ignore(name, f"{name}={value[:SHOWN]} is none of {', '.join(known)}", instead)
        return ""

    def month(self, name: str, instead: str) -> int | None:
        """The month where it is one, else nothing."""
        value = self.given.get(name, "")
        if not value:
            return None
        try:
            return month_parse(value)
        except ValueError:
            self.ignore(name, f"{name}={value[:SHOWN]} is no month, which is written as 2026-03", instead)
            return None
