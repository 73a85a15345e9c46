"""What the ARR page shows, as its address says it. Every link of the page is this question with something changed.

A value that makes no sense is left out rather than refused: an old bookmark still opens the page.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import cast
from urllib.parse import urlencode

from django.http import QueryDict

from metrics.models import Recognition
from metrics.selectors.periods import Grain
from portal.lib.money import Scale
from portal.lib.periods import month_format, month_parse
from portal.tenancy.models import Client, ClientSummary

DIMENSIONS = ("segment", "region", "rep", "product")
GRAINS = ("month", "quarter", "year")
SCALES = ("full", "thousands", "millions")
LONGEST = 600  # months
MANY = 1_000_000  # of ARR, from which on a page shows thousands
MOST_VALUES = 100  # of one filter


@dataclass(frozen=True)
class ArrQuery:
    """The page's parameters; months are ordinals, and None means the page's own choice."""

    first: int | None = None
    last: int | None = None
    grain: Grain = "month"
    by: str = "total"
    recognition: str = ""
    reported: bool = True
    scale: Scale = "thousands"
    is_scale_chosen: bool = False
    filters: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @classmethod
    def from_parameters(cls, given: QueryDict, usual_scale: Scale = "thousands") -> "ArrQuery":
        first, last = _month(given.get("from", "")), _month(given.get("to", ""))
        if first is not None and last is not None and not 0 <= last - first < LONGEST:
            first = last = None
        return cls(
            first=first,
            last=last,
            grain=cast(Grain, _one_of(given.get("grain", ""), GRAINS, "month")),
            by=_one_of(given.get("by", ""), DIMENSIONS, "total"),
            recognition=_one_of(given.get("basis", ""), Recognition.values, ""),
            reported=given.get("view") != "current",
            scale=cast(Scale, _one_of(given.get("scale", ""), SCALES, usual_scale)),
            is_scale_chosen=given.get("scale", "") in SCALES,
            filters={name: values for name in DIMENSIONS if (values := _values(given.getlist(name)))},
        )

    def parameters(self) -> dict[str, str | tuple[str, ...]]:
        """The address's parameters, defaults left out."""
        default = ArrQuery()
        named: dict[str, str | tuple[str, ...]] = {
            "from": month_format(self.first) if self.first is not None else "",
            "to": month_format(self.last) if self.last is not None else "",
            "grain": self.grain if self.grain != default.grain else "",
            "by": self.by if self.by != default.by else "",
            "basis": self.recognition,
            "view": "" if self.reported else "current",
            "scale": self.scale if self.is_scale_chosen else "",
            **self.filters,
        }
        return {name: value for name, value in named.items() if value}

    def address(self, base: str, **more: str) -> str:
        """The address of this question, with parameters of its own added (`why`)."""
        text = "&".join(part for part in (self.own_text, urlencode(more)) if part)
        return f"{base}?{text}" if text else base

    @cached_property
    def own_text(self) -> str:
        """The parameters as an address has them: a page makes hundreds of addresses of one question."""
        return urlencode(self.parameters(), doseq=True)

    def having(self, **changes: object) -> "ArrQuery":
        return replace(self, **changes)  # type: ignore[arg-type]


@dataclass(frozen=True)
class Reader:
    """For whom the page is made: their locale, and the address the page's links start from."""

    locale: str
    base: str


def usual_scale(client: Client) -> Scale:
    """Thousands where there are thousands of thousands, as the client's summary says; smaller clients read whole units."""
    found = ClientSummary.objects.filter(client=client).values_list("arr", flat=True).first()
    return "thousands" if found is None or abs(found) >= MANY else "full"


def _one_of(value: str, known: tuple[str, ...] | list[str], otherwise: str) -> str:
    return value if value in known else otherwise


def _values(given: list[str]) -> tuple[str, ...]:
    """The values of a filter, each once and in order; what no dimension can hold is left out."""
    return tuple(sorted({value[:200] for value in given if value and "\0" not in value}))[:MOST_VALUES]


def _month(text: str) -> int | None:
    try:
        return month_parse(text)
    except ValueError:
        return None
