"""Which line continues which: *replaces* by name, *follows* by date.

Source: ARR semantics, section 4. Both relations hold among eligible lines only. A pair is written (earlier line A,
line B that continues it) as two arrays of line places.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl

from metrics.engine.arrays import LONGEST_SPAN, NEVER, Bools, Ints, bits_of, range_minimum, sorted_places
from metrics.engine.lines import CodedLines
from metrics.engine.names import Pairs, given, text_pairs
from metrics.engine.threads import Columns, by_pieces

LARGEST: Final = np.iinfo(np.int64).max
NEXT_PLACES: Final = 2  # each tried in a fifth of the time of a search
PAIRS_AT_ONCE: Final = 1 << 22


@dataclass(frozen=True, slots=True)
class Chains:
    """The eligible lines ordered by customer, product and start.

    ``rows`` gives the line at each place of that order; the lines that follow the line at a place are those at
    ``low`` up to, not including, ``high`` — itself left out, where a line without a day of service lies among them.
    """

    rows: Ints
    low: Ints
    high: Ints

    def first_following(self, days: Ints) -> Ints:
        """For each line of ``rows`` the earliest of the ``days`` (one per line of ``rows``) of the lines that follow
        it, or ``NEVER``.
        """

        def first(span: slice) -> Columns:
            own, low, high = np.arange(span.start, span.stop), self.low[span], self.high[span]
            itself = np.flatnonzero((low <= own) & (own < high))
            before = high.copy()
            before[itself] = own[itself]
            found = range_minimum(days, low, before)
            found[itself] = np.minimum(found[itself], range_minimum(days, own[itself] + 1, high[itself]))
            return (found,)

        return np.asarray(by_pieces(len(self.rows), first)[0])

    def pairs(self, follows: Bools, followed: Bools | None = None) -> Pairs:
        """Every pair (A, B) in which B follows A, B is marked in ``follows`` and A in ``followed`` (one mark per
        line of the frame).
        """
        found: list[Pairs] = [(self.rows[:0], self.rows[:0])]
        places = np.flatnonzero(self.high > self.low)
        if followed is not None:
            places = places[followed[self.rows[places]]]
        counts = self.high[places] - self.low[places]
        # In portions, because the pairs of a customer with very many lines of one product are the square of their
        # number.
        portion = np.cumsum(counts) // PAIRS_AT_ONCE
        for number in np.unique(portion):
            these = np.flatnonzero(portion == number)
            found.append(self._portion(places[these], counts[these], follows))
        return np.concatenate([a for a, _ in found]), np.concatenate([b for _, b in found])

    def _portion(self, places: Ints, counts: Ints, follows: Bools) -> Pairs:
        step = np.arange(int(counts.sum())) - np.repeat(np.cumsum(counts) - counts, counts)
        a, b = self.rows[np.repeat(places, counts)], self.rows[np.repeat(self.low[places], counts) + step]
        keep = follows[b] & (a != b)
        return a[keep], b[keep]


def chain_lines(lines: CodedLines, eligible: Bools, grace_days: int) -> Chains:
    """The order of the eligible lines, and for each the range of those that follow it.

    B follows A: same customer, same product, and A's end of service ≤ B's start ≤ A's end of service +
    ``grace_days``.
    """
    rows = np.flatnonzero(eligible)
    starts, products = lines.starts[rows], max(len(lines.product_names), 1)
    first = int(starts.min(initial=NEVER))
    # A group and a day pack into one sortable number; the last of a group's days is beyond any start.
    beyond = int(starts.max(initial=first)) - first + 1
    of_day = bits_of(beyond + 1)
    unit = lines.unit[rows]
    key = ((unit * products + lines.product[rows]) << of_day) | (starts - first)
    together = not np.any(unit[1:] < unit[:-1])  # as nearly always: the lines of a customer are neighbours
    bits = bits_of(len(lines.unit_names) * products) + of_day
    key, order = sorted_places(key, bits, nearly_sorted=together)
    grace = min(grace_days, LONGEST_SPAN)

    def following(span: slice) -> Columns:
        row = rows[order[span]]
        group, end = key[span] >> of_day << of_day, np.minimum(lines.natural_end[row], lines.cancelled[row]) - first
        low = first_place_at(key, span, group + np.clip(end, -1, beyond))
        return row, low, first_place_after(key, span, group + np.clip(end + grace, -1, beyond), low)

    return Chains(*by_pieces(len(rows), following))


def first_place_at(keys: Ints, span: slice, wanted: Ints) -> Ints:
    """For each place of a span the first place whose key is at least ``wanted``; the next places are tried before a search."""
    low = np.arange(span.start + 1, span.stop + 1)
    following = np.append(keys[span.start + 1 : span.stop + 1], LARGEST)[: len(low)]
    search = np.flatnonzero(following < wanted)
    for _ in range(NEXT_PLACES):
        low[search] += 1
        search = search[keys.take(low[search], mode="clip") < wanted[search]]
    search = np.append(search, np.flatnonzero(keys[span] >= wanted))
    low[search] = np.searchsorted(keys, wanted[search])
    return low


def first_place_after(keys: Ints, span: slice, wanted: Ints, low: Ints) -> Ints:
    """For each place of a span the first place whose key is beyond ``wanted``; ``low`` and the place after it are tried before
    a search.
    """
    last = len(keys) - 1
    within = (low <= last) & (keys[np.minimum(low, last)] <= wanted)
    high = low + within
    search = np.flatnonzero(within & (high <= last) & (keys[np.minimum(high, last)] <= wanted))
    high[search] = np.searchsorted(keys, wanted[search], side="right")
    return np.maximum(high, low)


def replacement_pairs(named: Pairs, eligible: Bools) -> Pairs:
    """Every pair (A, B) of eligible lines in which B replaces A, of the pairs in which B names A."""
    a, b = named
    keep = eligible[a] & eligible[b] & (a != b)
    return a[keep], b[keep]


def named_pairs(frame: pl.DataFrame, referring: Bools) -> Pairs:
    """Every pair (A, B) in which B, marked in ``referring``, names A: its line, or if B names no line, its contract."""
    by_line = given(frame["replaces_line_id"])
    by_contract = given(frame["replaces_contract_id"]) & ~by_line
    line = text_pairs(frame["line_id"], frame["replaces_line_id"], by_line & referring)
    contract = text_pairs(frame["contract_id"], frame["replaces_contract_id"], by_contract & referring)
    return np.append(line[0], contract[0]), np.append(line[1], contract[1])
