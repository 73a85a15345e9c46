"""Closes and the bridges that they keep, at hand in this process: they never change, and every page of reported numbers reads
them. Runs in the client's scope.

- `newest_close() -> int | None` — of which everything else is asked: one more month closed or restated is another key
- `closes_kept(newest) -> Sequence[MonthClose]` — every revision of every closed month, by recognition, month and revision
- `bridges_kept(newest, *dimensions)` — by id of a close its rows of these dimensions
- `retention_kept(newest, dimension)` — by id of a close the retention of each group
"""

import json
from collections.abc import Sequence
from typing import Final

from django.db.models.fields.json import KT

from metrics.memory import Memory, asked_once
from metrics.models import CloseBridge, MonthClose
from portal.tenancy.scope import scoped_client_id

Closes = tuple[MonthClose, ...]
Bridges = dict[int, list[CloseBridge]]
Retained = dict[int, dict[str, dict[str, int]]]  # by id of a close and group
CLOSES: Final[Memory[Closes]] = Memory(20_000)  # closes, of some 2 KB
BRIDGES: Final[Memory[Bridges]] = Memory(20_000)  # rows, of some 2 KB
RETAINED: Final[Memory[Retained]] = Memory(50_000)  # groups, of some 400 bytes


@asked_once
def newest_close() -> int | None:
    """The id of the client's newest close; None: no month is closed."""
    newest: int | None = MonthClose.objects.order_by("-pk").values_list("pk", flat=True).first()
    return newest


def closes_kept(newest: int | None) -> Sequence[MonthClose]:
    """Every revision of every closed month, by recognition, month and revision, to be read and never changed. Their retention,
    which is long, is `retention_kept`.
    """
    if newest is None:
        return ()
    rows = MonthClose.objects.filter(pk__lte=newest).defer("retention").order_by("recognition", "month", "revision")
    return CLOSES.get((scoped_client_id(), newest), lambda: tuple(rows), len)


def bridges_kept(newest: int | None, *dimensions: str) -> Bridges:
    """By id of a close its rows of some dimensions."""
    found: Bridges = {}
    if newest is None:
        return found
    for dimension in dict.fromkeys(dimensions):
        for close, rows in bridge_rows(newest, dimension).items():
            found.setdefault(close, []).extend(rows)
    return found


def bridge_rows(newest: int, dimension: str) -> Bridges:
    """The rows of one dimension, of closes up to the newest one."""

    def read() -> Bridges:
        found: Bridges = {}
        for row in CloseBridge.objects.filter(close__lte=newest, dimension=dimension):
            found.setdefault(row.close_id, []).append(row)
        return found

    return BRIDGES.get((scoped_client_id(), newest, dimension), read, lambda kept: 1 + sum(map(len, kept.values())))


def retention_kept(newest: int | None, dimension: str) -> Retained:
    """By id of a close the retention of each group of a dimension that has any."""
    if newest is None:
        return {}
    rows = MonthClose.objects.filter(pk__lte=newest).values_list("pk", KT(f"retention__{dimension}"))

    def read() -> Retained:
        return {close: json.loads(kept) if kept else {} for close, kept in rows}

    return RETAINED.get((scoped_client_id(), newest, dimension), read, lambda kept: 1 + sum(map(len, kept.values())))
