"""What the ARR page shows, as its address says it. Every link of the page is this question with something changed.

A value that makes no sense is left out rather than refused, and said to be so: an old bookmark still opens the page.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from itertools import starmap
from typing import cast
from urllib.parse import urlencode

from django.http import QueryDict

from metrics.models import Recognition
from metrics.selectors.periods import Grain
from portal.lib.money import Scale
from portal.lib.periods import month_format
from portal.tenancy.models import Client, ClientSummary
from reporting.address_reading import AddressReading, Ignored

DIMENSIONS = ("segment", "region", "rep", "product")
GRAINS = ("month", "quarter", "year")
SCALES = ("full", "thousands", "millions")
VIEWS = ("reported", "current")
LONGEST = 600  # months
MANY = 1_000_000  # of ARR, from which on a page shows thousands
MOST_VALUES = 100  # of one filter


@dataclass(frozen=True)
class ArrQuery:
    """The page's parameters; months are ordinals, and None means the page's own choice.

    `ignored` is what of the address made no sense; no address that is made of this question has it.
    """

    first: int | None = None
    last: int | None = None
    grain: Grain = "month"
    by: str = "total"
    recognition: str = ""
    reported: bool = True
    scale: Scale = "thousands"
    is_scale_chosen: bool = False
    filters: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    ignored: tuple[Ignored, ...] = ()

    @classmethod
    def from_parameters(cls, given: QueryDict, usual_scale: Scale = "thousands") -> "ArrQuery":
        reading = AddressReading(given)
        first, last = _months(reading)
        scale = reading.one_of("scale", SCALES, f"{usual_scale} are")
        return cls(
            first=first,
            last=last,
            grain=cast(Grain, reading.one_of("grain", GRAINS, "months are") or "month"),
            by=reading.one_of("by", ("total", *DIMENSIONS), "all customers together are") or "total",
            recognition=reading.one_of("basis", Recognition.values, "the policy's own basis is"),
            reported=reading.one_of("view", VIEWS, "closed months as reported are") != "current",
            scale=cast(Scale, scale or usual_scale),
            is_scale_chosen=bool(scale),
            filters={name: values for name in DIMENSIONS if (values := _values(given.getlist(name)))},
            ignored=reading.ignored,
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
        text = "&".join(part for part in (self.own_text, *starmap(encoded, more.items())) if part)
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


@lru_cache(maxsize=8192)
def encoded(name: str, value: str) -> str:
    """A parameter as an address has it: the cells of a page are the same ones each time that it is drawn."""
    return urlencode({name: value})


def usual_scale(client: Client) -> Scale:
    """Thousands where there are thousands of thousands, as the client's summary says; smaller clients read whole units."""
    found = ClientSummary.objects.filter(client=client).values_list("arr", flat=True).first()
    return "thousands" if found is None or abs(found) >= MANY else "full"


def _values(given: list[str]) -> tuple[str, ...]:
    """The values of a filter, each once and in order; what no dimension can hold is left out."""
    return tuple(sorted({value[:200] for value in given if value and "\0" not in value}))[:MOST_VALUES]


def _months(reading: AddressReading) -> tuple[int | None, int | None]:
    """The first and the last month; neither where they make no span."""
    first, last = reading.month("from", "the usual first month is"), reading.month("to", "the newest month is")
    if first is None or last is None or 0 <= last - first < LONGEST:
        return first, last
    named = f"from={month_format(first)}", f"to={month_format(last)}"
    order = "lies after" if first > last else f"lies more than {LONGEST} months before"
    reading.ignore("from", f"{named[0]} {order} {named[1]}", "the last twelve months are")
    return None, None
