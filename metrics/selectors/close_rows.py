"""The revisions that count as reported and the rows that closes keep: what `metrics.selectors.reported` is made of.

`Stored.of(client, recognition, dimension, filters, on) -> Stored` · `is_stored(dimension, filters)` says whether closes hold
what a question needs as rows.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

from metrics.engine.bridge import TOTAL
from metrics.models import CloseBridge, MonthClose
from metrics.selectors.close_details import Cut, cut_of
from metrics.selectors.close_memory import bridges_kept, closes_kept, newest_close, retention_kept
from metrics.selectors.closes import day_end, first_told, latest_of
from metrics.selectors.figures import (
    Filters,
    chosen_values,
)
from portal.tenancy.models import Client


class NotStored(ValueError):
    """A close holds each property by itself: what was reported under several at once cannot be said."""


def is_stored(dimension: str, filters: Filters) -> bool:
    """Whether closed months hold what is asked: no filter, or one on the split's own property."""
    wanted = chosen_values(filters)
    return len(wanted) <= 1 and (not wanted or dimension in (TOTAL, *wanted))


@dataclass(frozen=True)
class Stored:
    """The revisions that count as reported, and their rows in total and by one property: read once for bridge and retention.

    `filters` are those that are still to be picked from the rows; `retention` is by id of the close. `begun` are the rows of
    the first closed month by which the open month before it ends: see `begun_by`.
    """

    closes: list[MonthClose]
    rows: list[CloseBridge]
    retention: Mapping[int, Mapping[str, dict[str, dict[str, int]]]]
    filters: Mapping[str, tuple[str, ...]]
    begun: list[CloseBridge]

    @classmethod
    def of(
        cls,
        client: Client,
        recognition: str,
        dimension: str,
        filters: Mapping[str, tuple[str, ...]],
        on: dt.date | None,
        *,
        original: bool = False,
    ) -> Self:
        """What closed months hold of a question. NotStored of a day, where rows do not."""
        newest = newest_close()
        all_kept = closes_kept(newest)
        closes = closes_behind(client, all_kept, recognition, on, original=original)
        first = begun_by(all_kept, closes, original=original)
        if not is_stored(dimension, filters):
            if on is not None:
                raise NotStored(
                    "closed months were stored by one property at a time: ask for one filter, and split by no other"
                )
            cut = cut_of(client, recognition, closes, dimension, filters)
            return cls(
                cut.closes, cut.rows, cut.retention, {}, cut_begun(client, closes, first, cut, dimension, filters)
            )
        if first is None:
            return cls([], [], {}, filters, [])
        kept = bridges_kept(newest, TOTAL, dimension, *filters)
        rows = [row for close in closes for row in kept[close.pk]]
        begun = kept[first.pk]
        retained = {name: retention_kept(newest, name) for name in {TOTAL, dimension, *filters}}
        own = {close.pk: {name: retained[name][close.pk] for name in retained} for close in closes}
        return cls(closes, rows, own, filters, begun)


def cut_begun(
    client: Client,
    closes: list[MonthClose],
    told: MonthClose | None,
    cut: Cut,
    dimension: str,
    filters: Mapping[str, tuple[str, ...]],
) -> list[CloseBridge]:
    """`Stored.begun` of a cut; nothing where the first closed month was closed before closes kept what a cut needs."""
    if told is None or not cut.closes or cut.closes[-1].month != closes[-1].month:
        return []
    oldest = closes[-1]
    if told.pk == oldest.pk:
        return [row for row in cut.rows if row.close_id == oldest.pk]
    return cut_of(client, oldest.recognition, [told], dimension, filters).rows


def begun_by(all_kept: Sequence[MonthClose], closes: Sequence[MonthClose], *, original: bool) -> MonthClose | None:
    """The close by which the open month before the first of `closes` ends: as reported first that one itself, which nothing
    then adjusts, else `first_told`. None without closes.
    """
    if not closes:
        return None
    return closes[-1] if original else first_told(all_kept, closes[-1].recognition, closes[-1].month)


def closes_behind(
    client: Client, closes: Sequence[MonthClose], recognition: str, on: dt.date | None, *, original: bool = False
) -> list[MonthClose]:
    """The revisions that count as reported, now or at the end of a day; the first ones where they are asked for."""
    if original:
        return [each for each in reversed(closes) if each.recognition == recognition and each.revision == 1]
    return latest_of(closes, recognition, None if on is None else day_end(client, on))
