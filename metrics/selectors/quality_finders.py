"""What the monitors find in the lines of the authoritative source, over columns. Runs in the client's scope; time is passed in.

`book_of(client, now) -> Looked` reads once; `look(looked, code, threshold) -> list[Seen]` is what a monitor of
`metrics.quality_monitors` finds then, or a `NoValue` where it cannot look. A finding is *seen* with the places of its lines, so
that what is at stake for several of them counts no line twice.
"""

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any, Final

import numpy as np
import polars as pl

from metrics.engine.arrays import NEVER, Ints, grouped_sum
from metrics.engine.month_end import MonthEnd
from metrics.engine.policy import Policy
from metrics.figures import from_cents
from metrics.selectors.month_ends import MonthEnds, NoValue, newest_month
from metrics.selectors.policies import policy_in_force
from metrics.selectors.rates import rate_coverage, rate_gaps
from metrics.selectors.upkeep import EPOCH, days_past_end, held_and_moved, names_with_events, since_close
from portal.lib.dates import date_text, month_text
from portal.lib.money import money_text
from portal.tenancy.clock import day_at
from portal.tenancy.models import Client

MONTHS_BACK: Final = 3
FIELDS: Final = ("customer_name", "product", "segment", "region", "rep")
SAME: Final = ("customer_id", "product", "charge_type", "amount_basis", "currency", "amount_e6", "discount_e6")
FORMS: Final = (
    "incorporated inc llc ltd limited gmbh ag kg se sa sas srl spa bv nv ab oy as plc corp corporation co company"
)
LEGAL: Final = rf"\b({FORMS.replace(' ', '|')})\b"


NO_LINES: Final = np.array([], dtype=np.int64)


@dataclass(frozen=True)
class Seen:
    """A finding as one look sees it: what it is about, in words, and the places of its lines. `cents` where no line says it."""

    subject: str
    title: str
    detail: str
    rows: Ints
    cents: int | None = None


@dataclass(frozen=True)
class Looked:
    """What a look reads: the lines with the days on which they count, and what each adds to the newest month end."""

    client: Client
    policy: Policy
    ends: MonthEnds
    month: int | None
    now: dt.datetime

    @cached_property
    def end(self) -> MonthEnd | NoValue:
        """ARR at the newest month end; why not."""
        return self.ends.at(self.policy, self.month)

    @cached_property
    def frame(self) -> pl.DataFrame:
        """Every line with its place, from when until when it counts, and its cents (null where ARR has no value)."""
        coded = self.ends.given.coded_for(self.policy.customer_unit)
        settled = self.ends.settled(self.policy)
        return coded.frame.with_row_index("place").with_columns(
            counts_from=pl.Series(settled.counts_from, dtype=pl.Int64),
            counts_until=pl.Series(settled.counts_until, dtype=pl.Int64),
            gives_arr=pl.Series(settled.has_value & ~coded.is_overage, dtype=pl.Boolean),
        )

    @cached_property
    def cents(self) -> Ints | None:
        """What each line adds to the newest month end; None where that cannot be valued."""
        return self.end.by_line() if isinstance(self.end, MonthEnd) else None

    @cached_property
    def by_account(self) -> dict[str, Ints]:
        """The lines of every account."""
        coded = self.ends.given.coded_for(self.policy.customer_unit)
        order = np.argsort(coded.unit, kind="stable")
        codes, starts = np.unique(coded.unit[order], return_index=True)
        parts = np.split(order, starts[1:])
        return {str(coded.unit_names[code]): rows for code, rows in zip(codes.tolist(), parts, strict=True)}

    def at_stake(self, seen: Seen) -> int | None:
        """The ARR of a finding, in cents."""
        return seen.cents if seen.cents is not None else self.of_rows(seen.rows)

    def of_rows(self, rows: Ints) -> int | None:
        """The ARR of some lines, in cents; None where ARR has no value."""
        return None if self.cents is None else int(self.cents[rows].sum())

    def together(self, found: list[Seen]) -> int | None:
        """The ARR of several findings, each line once."""
        fixed = sum(seen.cents for seen in found if seen.cents is not None)
        places = [seen.rows for seen in found if seen.cents is None]
        if not places:
            return fixed
        of_lines = self.of_rows(np.unique(np.concatenate(places)))
        return None if of_lines is None else of_lines + fixed

    @property
    def why_no_value(self) -> str:
        """Why there is no ARR; empty where there is."""
        return self.end.sentence if isinstance(self.end, NoValue) else ""

    def money(self, cents: int) -> str:
        """An amount as people read it."""
        return f"{money_text(from_cents(cents), self.client.currency, self.client.locale)} {self.client.currency}"


Finder = Callable[[Looked, Decimal], list[Seen]]


def book_of(client: Client, now: dt.datetime) -> Looked | NoValue:
    """What the look reads, or why there is nothing to look at."""
    ends = MonthEnds.of(client)
    if ends.source is None or ends.given.lines.is_empty():
        return NoValue("no_lines", "There are no contract lines yet.")
    return Looked(client, policy_in_force(client), ends, newest_month(client), now)


def places(frame: pl.DataFrame) -> Ints:
    """The places of the lines of a frame."""
    return frame["place"].cast(pl.Int64).to_numpy()


def duplicates(looked: Looked, threshold: Decimal) -> list[Seen]:
    """Lines that are an earlier one once more: alike in everything that is paid for, and counted on common days.

    What replaces another line ends it, so that the two have no day in common. The later one is the finding.
    """
    earlier = pl.col("counts_until").cum_max().shift(1).over(SAME)
    lines = looked.frame.filter("gives_arr").sort(*SAME, "counts_from", "line_id")
    common = pl.min_horizontal("earlier", "counts_until") - pl.col("counts_from")
    found = (
        lines.with_columns(earlier=earlier, other=pl.col("line_id").shift(1).over(SAME))
        .filter(pl.col("earlier").is_not_null() & (common >= max(int(threshold), 1)))
        .with_columns(common=common)
    )
    return [
        Seen(
            row["line_id"], f"{row['customer_name'] or row['customer_id']}: {row['product'] or 'no product'}",
            f"Line {row['line_id']} is line {row['other']} once more, for {row['common']:,} days"
            if row["common"] < NEVER // 2 else f"Line {row['line_id']} is line {row['other']} once more, without an end",
            np.array([row["place"]]),
        )
        for row in found.iter_rows(named=True)
    ]  # fmt: skip


def missing_fields(looked: Looked, threshold: Decimal) -> list[Seen]:
    """Fields that some lines have and others lack. What no line has is a field that the client does not use."""
    found, total = [], looked.frame.height
    for name in FIELDS:
        lacking = looked.frame.filter(pl.col(name).is_null() | (pl.col(name) == ""))
        count = lacking.height
        if 0 < count < total and Decimal(count) * 100 > threshold * total:
            share = (Decimal(count) * 100 / total).quantize(Decimal("0.1"))
            words = {"customer_name": "customer name", "rep": "sales representative"}.get(name, name)
            found.append(
                Seen(name, f"No {words}", f"{count:,} of {total:,} lines ({share}%) have none", places(lacking))
            )
    return found


def expired(looked: Looked, threshold: Decimal) -> list[Seen]:
    """Lines that count at the newest month end though their last day of service is past, with the grace that the policy gives
    them and the day on which they count last.
    """
    end = looked.end
    if isinstance(end, NoValue) or looked.month is None:
        return []
    over, days = days_past_end(end, looked.month)
    rows = looked.frame[end.rows[over[days > int(threshold)]]].iter_rows(named=True)
    return [
        Seen(
            row["line_id"], f"{row['customer_name'] or row['customer_id']}: contract {row['contract_id']}",
            f"Line {row['line_id']} ended on {date_text(row['ends_on'], looked.client.locale)}: {in_grace(looked, row)}",
            np.array([row["place"]]),
        )
        for row in rows
    ]  # fmt: skip


def in_grace(looked: Looked, row: Mapping[str, Any]) -> str:
    """Why a line counts after its end, and until when."""
    grace = looked.policy.renewal_grace_days
    last = EPOCH + dt.timedelta(days=row["counts_until"] - 1)
    days = "1 day" if grace == 1 else f"{grace} days"
    return f"counted within the policy's grace of {days} until {date_text(last, looked.client.locale)}"


def unexplained(looked: Looked, threshold: Decimal) -> list[Seen]:
    """Accounts that moved by more than the threshold without a contract event, in each of the last months.

    A month that is closed is also held against what it reported: what changed since is a move that nobody sees in the bridge.
    """
    if looked.month is None:
        return []
    found: list[Seen] = []
    for month in range(looked.month - MONTHS_BACK + 1, looked.month + 1):
        before, end = (looked.ends.at(looked.policy, at) for at in (month - 1, month))
        if isinstance(before, MonthEnd) and isinstance(end, MonthEnd):
            found += unexplained_in(looked, month, before, end, int(threshold * 100))
    return found


def unexplained_in(looked: Looked, month: int, before: MonthEnd, end: MonthEnd, limit: int) -> list[Seen]:
    """The accounts of one month, `limit` in cents."""
    held, moved = held_and_moved(before, end)
    large = {key: cents for key, cents in moved.items() if abs(cents) > limit}
    late = {key: cents for key, cents in since_close(looked.client, month, held).items() if abs(cents) > limit}
    if not large and not late:
        return []
    told, still = set(names_with_events(end, month)), by_rates_alone(before, end)
    asked = sorted(late.keys() | (large.keys() - still))
    moves = {key: (large.get(key, 0), late.get(key, 0)) for key in asked if key not in told}
    return [move_seen(looked, month, key, *cents) for key, cents in moves.items()]


def move_seen(looked: Looked, month: int, key: str, change: int, late: int) -> Seen:
    """An account that moved, as a finding."""
    rows = looked.by_account.get(key, NO_LINES)
    name = (looked.frame["customer_name"][int(rows[0])] if len(rows) else None) or key
    when = month_text(month, looked.client.locale)
    amount = money_text(from_cents(late or change), looked.client.currency, looked.client.locale, plus=True)
    how = "since the close of" if late else "in"
    text = f"{amount} {looked.client.currency} {how} {when}, and no contract event"
    return Seen(f"{month} {key}"[:200], f"{name}, {when}", text, rows, max(abs(change), abs(late)))


def by_rates_alone(before: MonthEnd, after: MonthEnd) -> set[str]:
    """The accounts that have the same value in every currency at both month ends: whatever moved, rates moved it."""
    lines, sums = after.lines, []
    currencies = max(len(lines.currency_names), 1)
    for end in (before, after):
        codes = lines.unit[end.rows] * currencies + lines.currency[end.rows]
        sums.append(grouped_sum(codes, end.settled.annual_value[end.rows], len(lines.unit_names) * currencies))
    same = (sums[0] == sums[1]).reshape(-1, currencies).all(axis=1)
    return set(lines.unit_names.gather(np.flatnonzero(same)).to_list())


def names(looked: Looked, threshold: Decimal) -> list[Seen]:
    """Customers with several names, and names of several customers that no parent joins. Names are compared without case,
    punctuation and legal form.
    """
    plain = (
        pl.col("customer_name").str.to_lowercase().str.replace_all(r"[^\p{L}\p{N} ]", "").str.replace_all(LEGAL, "")
        .str.replace_all(r"\s+", " ").str.strip_chars()
    )  # fmt: skip
    named = looked.frame.filter(pl.col("customer_name").is_not_null() & (pl.col("customer_name") != ""))
    named = named.with_columns(plain=plain, whose=pl.coalesce("parent_customer_id", "customer_id"))
    several = grouped(named, "customer_id", "customer_name")
    shared = grouped(named.filter(pl.col("plain") != ""), "plain", "whose", "customer_id")
    found = [
        Seen(
            f"id {row['customer_id']}"[:200], f"{row['told'][0]} ({row['customer_id']})",
            f"One customer id, {len(row['told'])} names: {', '.join(row['told'][:5])}", np.array(row["place"]),
        )
        for row in several.iter_rows(named=True)
    ]  # fmt: skip
    found += [
        Seen(
            f"name {row['plain']}"[:200], row["called"],
            f"One name, {len(row['told'])} customer ids: {', '.join(row['told'][:5])}", np.array(row["place"]),
        )
        for row in shared.iter_rows(named=True)
    ]  # fmt: skip
    if not threshold:
        return found
    return [seen for seen in found if (at := looked.of_rows(seen.rows)) is None or from_cents(at) >= threshold]


def grouped(frame: pl.DataFrame, of: str, values: str, shown: str = "") -> pl.DataFrame:
    """Each `of` beside more than one of `values`: these (or what is `shown` for them), and the places of its lines."""
    return (
        frame.filter(pl.col(values).n_unique().over(of) > 1)
        .group_by(of)
        .agg(
            told=pl.col(shown or values).unique().sort(),
            place=pl.col("place").cast(pl.Int64),
            called=pl.col("customer_name").first(),
        )
        .sort(of)
    )


def stale_rates(looked: Looked, threshold: Decimal) -> list[Seen]:
    """Currencies of the lines without a rate of the last days, and those of which the books lack one."""
    gaps: dict[str, list[str]] = {}
    for gap in rate_gaps(looked.client):
        gaps.setdefault(gap.currency, []).append(str(gap.day or gap.month))
    found, today = [], day_at(looked.client, looked.now)
    for row in rate_coverage(looked.client):
        is_old = row.last is None or (today - row.last).days > threshold
        if row.lines and (is_old or row.currency in gaps):
            newest = f"Newest rate of {date_text(row.last, looked.client.locale)}" if row.last else "No rate at all"
            lacking = f"; none for {', '.join(gaps[row.currency][:3])}" if row.currency in gaps else ""
            lines = looked.frame.filter(pl.col("currency") == row.currency)
            whose = "the client’s own rates" if row.origin == "own" else "the European Central Bank’s"
            found.append(Seen(row.currency, row.currency, f"{newest}, {whose}{lacking}", places(lines)))
    return found


FINDERS: Final[dict[str, Finder]] = {
    "duplicates": duplicates,
    "missing_fields": missing_fields,
    "expired": expired,
    "unexplained": unexplained,
    "names": names,
    "stale_rates": stale_rates,
}


def look(looked: Looked, code: str, threshold: Decimal) -> list[Seen] | NoValue:
    """What a monitor finds now; why it cannot look."""
    if code in ("expired", "unexplained") and isinstance(looked.end, NoValue):
        return looked.end
    return FINDERS[code](looked, threshold)


def line_ids(looked: Looked, rows: Ints, most: int) -> list[Any]:
    """The first ids of some lines."""
    return list(looked.frame["line_id"].gather(rows[:most]).to_list())
