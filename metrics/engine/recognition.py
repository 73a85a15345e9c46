"""The recognition day: from which day an eligible line counts.

Source: ARR semantics, section 4. Lines are settled in the order of (start, line id by code points); under ``signed``
and ``live`` a line can depend on lines settled before it. What one pass over the arrays can decide is decided there;
only pairs of lines that are still open are walked in order, each once.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import polars as pl

from metrics.engine.arrays import NEVER, Bools, Codes, Ints, rule_codes
from metrics.engine.chains import Chains
from metrics.engine.lines import CodedLines
from metrics.engine.names import FEW_LINES, Pairs

FROM_RULES: Final = (
    "none",
    "start",
    "signed",
    "signed_missing",
    "ramp_step",
    "live",
    "continues",
    "never_live",
    "overage",
)


def recognition_days(
    lines: CodedLines, eligible: Bools, chains: Chains, replaced: Pairs, recognition: str
) -> tuple[Ints, Codes]:
    """The recognition day of each eligible line (``NEVER`` if it has none) and the place in ``FROM_RULES`` of the rule that
    gave it; what is said of other lines means nothing.
    """
    if recognition == "signed":
        return signed_days(lines, eligible, chains)
    if recognition == "live":
        return live_days(lines, eligible, chains, replaced)
    return lines.starts, rule_codes(len(lines), FROM_RULES.index("start"))


def signed_days(lines: CodedLines, eligible: Bools, chains: Chains) -> tuple[Ints, Codes]:
    """The signed date (missing: the start); the start of a line that follows an earlier one recognised on or after
    its signed date.
    """
    known = lines.signed != NEVER
    signed = np.where(known, lines.signed, lines.starts)
    ramp = np.zeros(len(lines), dtype=np.bool_)
    a, b = earlier_pairs(lines, chains.pairs(eligible & known))
    # A is recognised at its signed date or at its start, so these two bound what it can do to B.
    certain = np.minimum(signed, lines.starts)[a] >= signed[b]
    ramp[b[certain]] = True
    open_pairs = ~certain & ~ramp[b] & (np.maximum(signed, lines.starts)[a] >= signed[b])
    walk_ramps(*in_order(lines, (a[open_pairs], b[open_pairs])), ramp, signed, lines.starts)
    rules = rule_codes(len(lines), FROM_RULES.index("signed"))
    rules[~known] = FROM_RULES.index("signed_missing")
    rules[ramp] = FROM_RULES.index("ramp_step")
    return np.where(ramp, lines.starts, signed), rules


def walk_ramps(a: Ints, b: Ints, ramp: Bools, signed: Ints, starts: Ints) -> None:
    """Marks in ``ramp`` each B whose A, settled before it, is recognised on or after B's signed date; pairs come in
    B's order.
    """
    for earlier, line in zip(a.tolist(), b.tolist(), strict=True):
        recognised = starts[earlier] if ramp[earlier] else signed[earlier]
        if recognised >= signed[line]:
            ramp[line] = True


def live_days(lines: CodedLines, eligible: Bools, chains: Chains, replaced: Pairs) -> tuple[Ints, Codes]:
    """The later of start and live date; without a live date the start if the line continues an earlier recognised
    one, else ``NEVER``.
    """
    known = lines.live != NEVER
    unknown = eligible & ~known
    goes_on = eligible & known
    named = unknown[replaced[1]]
    a, b = chains.pairs(unknown)
    a, b = earlier_pairs(lines, (np.append(a, replaced[0][named]), np.append(b, replaced[1][named])))
    goes_on[b[known[a]]] = True
    open_pairs = ~goes_on[b]
    walk_services(*in_order(lines, (a[open_pairs], b[open_pairs])), goes_on)
    continued = np.where(goes_on, lines.starts, NEVER)
    rules = rule_codes(len(lines), FROM_RULES.index("never_live"))
    rules[goes_on] = FROM_RULES.index("continues")
    rules[known] = FROM_RULES.index("live")
    return np.where(known, np.maximum(lines.starts, lines.live), continued), rules


def walk_services(a: Ints, b: Ints, goes_on: Bools) -> None:
    """Marks in ``goes_on`` each B whose A, settled before it, is recognised; pairs come in B's order."""
    for earlier, line in zip(a.tolist(), b.tolist(), strict=True):
        if goes_on[earlier]:
            goes_on[line] = True


def earlier_pairs(lines: CodedLines, pairs: Pairs) -> Pairs:
    """The pairs (A, B) in which A comes before B in the order of (start, line id)."""
    a, b = pairs
    before = lines.starts[a] < lines.starts[b]
    tied = np.flatnonzero(lines.starts[a] == lines.starts[b])
    if len(tied):
        before[tied] = names_before(lines.frame["line_id"], a[tied], b[tied])
    return a[before], b[before]


def names_before(names: pl.Series, a: Ints, b: Ints) -> Bools:
    """Whether the name at each place of ``a`` comes before that at the same place of ``b``, by code points."""
    if len(names) <= FEW_LINES:
        texts = names.to_list()
        return np.array([texts[i] < texts[j] for i, j in zip(a.tolist(), b.tolist(), strict=True)], dtype=np.bool_)
    return (names[a] < names[b]).to_numpy()


def in_order(lines: CodedLines, pairs: Pairs) -> Pairs:
    """The pairs (A, B) in the order of B's (start, line id)."""
    a, b = pairs
    if len(b) == 0:
        return pairs
    if len(lines) <= FEW_LINES:
        texts, starts = lines.frame["line_id"].to_list(), lines.starts.tolist()
        few = sorted(range(len(b)), key=lambda place: (starts[b[place]], texts[b[place]]))
        return a[few], b[few]
    frame = pl.DataFrame({"starts": lines.starts[b], "line_id": lines.frame["line_id"][b]})
    order = frame.select(pl.arg_sort_by("starts", "line_id"))["starts"].to_numpy()
    return a[order], b[order]
