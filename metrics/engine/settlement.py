"""Settlement: from which day until which day each line counts, and which rule decided it.

Source: ARR semantics, section 4.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl

from metrics.engine.annualise import annual_values
from metrics.engine.arrays import (
    LONGEST_SPAN,
    NEVER,
    Bools,
    Codes,
    Ints,
    days_moved_by_months,
    first_days_of_months,
    months_of_days,
    rule_codes,
)
from metrics.engine.chains import Chains, chain_lines, named_pairs, replacement_pairs
from metrics.engine.lines import CHARGE_TYPES, CodedLines
from metrics.engine.names import Pairs
from metrics.engine.policy import Policy
from metrics.engine.recognition import FROM_RULES, recognition_days
from metrics.engine.threads import Columns, by_pieces, together

UNTIL_RULES: Final = ("open", "natural_end", "grace", "cancelled", "continued", "overage")
WHY_NOT: Final = (
    "",
    "charge_type_excluded",
    "below_minimum_term",
    "overage_excluded",
    "never_live",
    "recognised_after_end",
    "no_day_left",
)
OVERAGE_MONTHS: Final = 3
LONGEST_MONTH: Final = 31


@dataclass(frozen=True, slots=True)
class Settlement:
    """What settling decided, one place per line.

    ``recognised`` is the recognition day; a line counts on the days of ``[counts_from, counts_until)`` and at the
    month ends of ``[month_from, month_until)``, which are empty where it never counts. ``why_not``, ``from_rule``
    and ``until_rule`` are places in the tuples of this module and of ``recognition``.
    """

    annual_value: Ints
    eligible: Bools
    counted: Bools
    recognised: Ints
    counts_from: Ints
    counts_until: Ints
    month_from: Ints
    month_until: Ints
    why_not: Codes
    from_rule: Codes
    until_rule: Codes
    chains: Chains
    replaced: Pairs

    @property
    def has_value(self) -> Bools:
        """Whether a line gives its customer ARR at some month end."""
        return self.gives_arr(slice(None))

    def gives_arr(self, rows: slice | Ints) -> Bools:
        """``has_value`` of some lines."""
        return np.asarray((self.annual_value[rows] > 0) & (self.month_from[rows] < self.month_until[rows]))


@dataclass(frozen=True, slots=True)
class Related:
    """What settling needs to know of the lines under every recognition alike: which may count, their values and relations."""

    lines: CodedLines
    policy: Policy
    why_not: Codes
    eligible: Bools
    chains: Chains
    replaced: Pairs
    annual_value: Ints


def settle_lines(lines: CodedLines, policy: Policy) -> Settlement:
    """Settles every line under a policy; see ``Settlement``."""
    return settle_related(relate_lines(lines, policy), policy.recognition)


def relate_lines(lines: CodedLines, policy: Policy) -> Related:
    """The part of settling that recognition does not change."""
    every = np.ones(len(lines), dtype=np.bool_)
    named, chained, annual_value = together(
        len(lines),
        lambda: named_pairs(lines.frame, every),
        lambda: chained_lines(lines, policy),
        lambda: by_pieces(len(lines), lambda rows: (annual_values(lines.part(rows), policy.discounts),))[0],
    )
    why_not, eligible, chains = chained
    return Related(lines, policy, why_not, eligible, chains, replacement_pairs(named, eligible), annual_value)


def chained_lines(lines: CodedLines, policy: Policy) -> tuple[Codes, Bools, Chains]:
    """Why lines do not count, which are eligible, and the chains of these."""

    def excluded(rows: slice) -> Columns:
        own = lines.part(rows)
        why_not = exclusions(own, policy)
        return why_not, np.asarray((why_not == 0) & ~own.is_overage)

    why_not, eligible = by_pieces(len(lines), excluded)
    return why_not, eligible, chain_lines(lines, eligible, policy.renewal_grace_days)


def settle_related(related: Related, recognition: str) -> Settlement:
    """Settles lines under one recognition."""
    lines, chains, replaced = related.lines, related.chains, related.replaced
    days, rules = recognition_days(lines, related.eligible, chains, replaced, recognition)

    def counting(rows: slice) -> Columns:
        eligible = related.eligible[rows]
        recognised = np.where(eligible, days[rows], NEVER)
        counted = (recognised < lines.part(rows).service_end) & (recognised != NEVER)
        return counted, recognised, np.where(counted, recognised, NEVER), np.where(eligible, rules[rows], np.int8(0))

    counted, recognised, counts_from, from_rule = by_pieces(len(lines), counting)
    continued = first_continuation(counts_from, chains, replaced)

    def until(rows: slice) -> Columns:
        until, until_rule = until_days(lines.part(rows), related.policy, continued[rows])
        eligible, begun, why_not = related.eligible[rows], counted[rows], related.why_not[rows].copy()
        why_not[eligible & ~begun] = WHY_NOT.index("recognised_after_end")
        why_not[eligible & (recognised[rows] == NEVER)] = WHY_NOT.index("never_live")
        why_not[begun & (until <= recognised[rows])] = WHY_NOT.index("no_day_left")
        until = np.where(begun, until, NEVER)
        return until, months_of_days(counts_from[rows]), months_of_days(until), why_not, until_rule

    counts_until, month_from, month_until, why_not, until_rule = by_pieces(len(lines), until)
    add_overage(lines, related.policy, (counts_from, counts_until, month_from, month_until, from_rule, until_rule))
    return Settlement(
        related.annual_value, related.eligible, counted, recognised, counts_from, counts_until,
        month_from, month_until, why_not, from_rule, until_rule, chains, replaced,
    )  # fmt: skip


def exclusions(lines: CodedLines, policy: Policy) -> Codes:
    """Why each line does not count by what it is — its charge type, its length, overage — as places in ``WHY_NOT``;
    0 where it may.
    """
    included = np.array([name in policy.included_charge_types for name in CHARGE_TYPES])[lines.charge_type]
    why_not = np.where(included, np.int8(0), np.int8(WHY_NOT.index("charge_type_excluded")))
    if policy.minimum_term_months > 0:
        months = min(policy.minimum_term_months, LONGEST_SPAN // LONGEST_MONTH)
        # No month is longer, so only a line that ends before then can be too short.
        rows = np.flatnonzero(included & (lines.natural_end < lines.starts + months * LONGEST_MONTH))
        short = days_moved_by_months(lines.starts[rows], months) > lines.natural_end[rows]
        why_not[rows[short]] = WHY_NOT.index("below_minimum_term")
    why_not[lines.is_overage] = WHY_NOT.index("overage_excluded") if policy.overage == "exclude" else 0
    return why_not


def until_days(lines: CodedLines, policy: Policy, continued: Ints) -> tuple[Ints, Codes]:
    """The day each line stops to count (``NEVER`` if none) and the place in ``UNTIL_RULES`` of the rule that came
    first.

    The earliest of the cancellation; the natural end, moved by the grace where there is no cancellation; and the first
    recognition day of a counted line that continues it (``continued``; ``NEVER`` if none does). Where two
    fall on one day, cancellation names it before continuation before the end.
    """
    cancelled = np.flatnonzero(lines.cancelled != NEVER)
    # What never ends stays NEVER, the latest of all.
    natural = np.minimum(lines.natural_end + min(policy.renewal_grace_days, LONGEST_SPAN), NEVER)
    natural[cancelled] = lines.natural_end[cancelled]
    until = np.minimum(np.minimum(lines.cancelled, natural), continued)
    rules = rule_codes(len(lines), UNTIL_RULES.index("grace" if policy.renewal_grace_days > 0 else "natural_end"))
    rules[cancelled] = UNTIL_RULES.index("natural_end")
    for rule, day in (("continued", continued), ("cancelled", lines.cancelled), ("open", NEVER)):
        rules[np.flatnonzero(until == day)] = UNTIL_RULES.index(rule)
    return until, rules


def first_continuation(takes_over: Ints, chains: Chains, replaced: Pairs) -> Ints:
    """For each line the first day on which a counted line takes over from it, or ``NEVER``."""
    first = np.full(len(takes_over), NEVER, dtype=np.int64)
    first[chains.rows] = chains.first_following(takes_over[chains.rows])
    np.minimum.at(first, replaced[0], takes_over[replaced[1]])
    return first


def add_overage(lines: CodedLines, policy: Policy, settled: Columns) -> None:
    """Lets each overage line count at the month end of its start and the two after it, where the policy adds
    overage.
    """
    rows = np.flatnonzero(lines.is_overage)
    if policy.overage == "exclude" or len(rows) == 0:
        return
    counts_from, counts_until, month_from, month_until, from_rule, until_rule = settled
    counts_from[rows] = lines.starts[rows]
    month_from[rows] = months_of_days(lines.starts[rows])
    month_until[rows] = month_from[rows] + OVERAGE_MONTHS
    counts_until[rows] = first_days_of_months(month_until[rows])
    from_rule[rows] = FROM_RULES.index("overage")
    until_rule[rows] = UNTIL_RULES.index("overage")


def settled_frame(lines: CodedLines, settled: Settlement) -> pl.DataFrame:
    """One row per line in the order of the frame: what was decided, by which rule, and the lines before and after
    it.

    Columns: ``line_id, customer`` str · ``annual_value_cents`` Int64 (own currency) · ``eligible, counts`` Boolean ·
    ``why_not`` str (null where it counts) · ``recognised_on, counts_from, counts_until`` Date (null: none) ·
    ``from_rule, until_rule`` str · ``continued_by, continues`` line id or null · ``m_from, m_until`` month ordinals,
    null where it never counts, ``m_until`` null where it is open. ``continued_by`` is the line whose recognition
    ended this one; ``continues`` the last settled line that this one continues.
    """
    counts = settled.counts_from < settled.counts_until
    after, before = neighbours(lines, settled)
    names = lines.frame["line_id"]
    return pl.DataFrame(
        {
            "line_id": names,
            "customer": lines.unit_names[lines.unit],
            "annual_value_cents": settled.annual_value,
            "eligible": settled.eligible,
            "counts": counts,
            "why_not": _texts(WHY_NOT, settled.why_not, settled.why_not > 0),
            "recognised_on": _dates(settled.recognised),
            "counts_from": _dates(np.where(counts, settled.counts_from, NEVER)),
            "counts_until": _dates(np.where(counts, settled.counts_until, NEVER)),
            "from_rule": _texts(FROM_RULES, settled.from_rule, settled.from_rule > 0),
            "until_rule": _texts(UNTIL_RULES, settled.until_rule, settled.counted | (settled.counts_from != NEVER)),
            "continued_by": names.gather(_optional(after)),
            "continues": names.gather(_optional(before)),
            "m_from": _optional(np.where(counts, settled.month_from, -1)),
            "m_until": _optional(np.where(counts & (settled.month_until < NEVER), settled.month_until, -1)),
        }
    )


def neighbours(lines: CodedLines, settled: Settlement) -> tuple[Ints, Ints]:
    """For each line the place of the line that ended it by continuing it, and of the last settled line it continues;
    −1 for none.
    """
    a, b = settled.chains.pairs(settled.eligible)
    a, b = np.append(a, settled.replaced[0]), np.append(b, settled.replaced[1])
    order = pl.DataFrame({"starts": lines.starts, "line_id": lines.frame["line_id"]})
    place = np.empty(len(lines), dtype=np.int64)
    place[order.select(pl.arg_sort_by("starts", "line_id"))["starts"].to_numpy()] = np.arange(len(lines))
    after, before = np.full(len(lines), -1), np.full(len(lines), -1)
    latest = np.argsort(place[a], kind="stable")
    before[b[latest]] = a[latest]
    ended = settled.counted[b] & (settled.recognised[b] == settled.counts_until[a])
    ended &= settled.until_rule[a] == UNTIL_RULES.index("continued")
    first = np.flatnonzero(ended)[np.argsort(-place[b[ended]], kind="stable")]
    after[a[first]] = b[first]
    return after, before


def _optional(values: Ints | Codes) -> pl.Series:
    return pl.select(pl.when(pl.lit(pl.Series(values)) >= 0).then(pl.lit(pl.Series(values)))).to_series()


def _texts(texts: tuple[str, ...], codes: Codes, given: Bools) -> pl.Series:
    return pl.Series(list(texts)).gather(_optional(np.where(given, codes, -1)))


def _dates(days: Ints) -> pl.Series:
    known = days < NEVER
    column = pl.Series(np.where(known, days, 0), dtype=pl.Int32).cast(pl.Date)
    return pl.select(pl.when(pl.lit(pl.Series(known))).then(pl.lit(column))).to_series()
