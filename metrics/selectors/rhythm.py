"""How often data really comes: read off the imports that were loaded, not off anybody's plan. Runs in the client's scope.

`source_rhythms() -> list[SourceRhythm]`
"""

import datetime as dt
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from metrics.models import ContractImport, Source
from metrics.models.intake import ImportState

LOOKED_AT = 12


@dataclass(frozen=True)
class SourceRhythm:
    """A source: when its data last came, and how many days mostly lie between two deliveries (None: under two came)."""

    name: str
    kind: str
    is_authoritative: bool
    last_at: dt.datetime | None
    every_days: int | None

    @property
    def sentence(self) -> str:
        """The rhythm in words; days as ISO dates."""
        if self.last_at is None:
            return "no data has come yet"
        last = f"last {self.last_at:%Y-%m-%d}"
        if self.every_days is None:
            return f"came once, {last}"
        return f"{'daily' if self.every_days <= 1 else f'about every {self.every_days} days'}, {last}"


def source_rhythms() -> list[SourceRhythm]:
    """Every source of the client, the authoritative one first, with the rhythm of its newest twelve deliveries."""
    found = []
    for source in Source.objects.order_by("-is_authoritative", "name"):
        loaded = ContractImport.objects.filter(source=source, state__in=[ImportState.DONE, ImportState.UNCHANGED])
        times = list(loaded.order_by("-id").values_list("created_at", flat=True)[:LOOKED_AT])
        gaps = [(later - earlier).total_seconds() / 86_400 for later, earlier in pairwise(times)]
        every = max(round(median(gaps)), 1) if gaps else None
        last = times[0] if times else None
        found.append(SourceRhythm(source.name, source.get_kind_display(), source.is_authoritative, last, every))
    return found
