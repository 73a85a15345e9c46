"""Tests that the system runs by itself: a registry of keys and what answers them, with the figures behind the answer.

Reads only; runs in the client's scope. `engagements.playbook.terms.TEST_CHECKS` names the same keys: a test holds the two
together. A check that lacks what it needs does not hold, and says what is missing.
"""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal

from metrics.selectors.books import book_head, bridge_get
from metrics.selectors.closes import latest_closes, next_month_to_close
from metrics.selectors.figures import BookHead, BridgeRow
from metrics.selectors.policies import policy_in_force
from metrics.selectors.reconciliation_checks import variance_within_tolerance
from metrics.selectors.samples import samples_agree, samples_get
from portal.lib.periods import month_format
from portal.tenancy.models import Client


@dataclass(frozen=True)
class Computed:
    """What came out: whether it holds, the sentence that says so, and the figures: name, value as text, currency of an amount.

    The sentence names no amount: everybody on the engagement reads it, the figures whoever may see the client's numbers.
    `can_tell` is False where something is missing that the test needs: then nothing was tested.
    """

    holds: bool
    sentence: str
    figures: list[list[str]] = field(default_factory=list)
    url_name: str = ""
    can_tell: bool = True


MOST_FIGURES = 6
BRIDGE_FIGURES = {
    "beginning": "Beginning", "new": "New", "expansion": "Expansion", "contraction": "Contraction", "churn": "Churn",
    "reactivation": "Reactivation", "fx": "FX", "ending": "Ending",
}  # fmt: skip
TestCheck = Callable[[Client, dt.datetime], Computed]


def bridge_ties(client: Client, now: dt.datetime) -> Computed:
    """In every month of the book, beginning and movements give the ending, and the ending is the next beginning."""
    bridge = bridge_get(client)
    if not bridge.totals:
        return nothing_yet(bridge.head, "arr")
    wrong = [row for row in bridge.totals if sum_of(row) != row.ending]
    wrong += [
        after
        for before, after in zip(bridge.totals, bridge.totals[1:], strict=False)
        if before.ending != after.beginning
    ]
    last = bridge.totals[-1]
    figures = [["Months", str(len(bridge.totals)), ""], ["Newest month", last.period.key, ""]]
    figures += [[label, str(getattr(last, name)), bridge.head.currency] for name, label in BRIDGE_FIGURES.items()]
    if wrong:
        row = wrong[0]
        figures.append(["Off by", str(row.ending - sum_of(row)), bridge.head.currency])
        return Computed(
            False, f"The bridge of {row.period.key} does not tie: the figures say by how much.", figures, "arr"
        )
    count = len(bridge.totals)
    return Computed(
        True,
        f"In all {count} months up to {last.period.key} the difference is 0.00 {bridge.head.currency}.",
        figures,
        "arr",
    )


def sum_of(row: BridgeRow) -> Decimal:
    """What a row's parts give."""
    return row.beginning + row.net_new + row.fx + row.adjustment


def variance(client: Client, now: dt.datetime) -> Computed:
    """The decided sources agree within the tolerance at the newest closed month end."""
    check = variance_within_tolerance(client)
    if check.variance is None:
        return Computed(False, check.sentence, url_name="reconciliation", can_tell=False)
    figures = [["Month", month_format(check.month or 0), ""], ["Variance", f"{check.variance * 100:.2f} %", ""]]
    if check.tolerance is not None:
        figures.append(["Tolerance", f"{check.tolerance * 100:.2f} %", ""])
    return Computed(check.holds, check.sentence, figures, "reconciliation")


def samples(client: Client, now: dt.datetime) -> Computed:
    """Every sample contract gives what Finance expects, and there are enough of them."""
    check, bench = samples_agree(client), samples_get(client)
    figures = [["Samples", str(len(bench.rows)), ""], ["Agreeing", str(bench.agreeing), ""]]
    for row in [row for row in bench.rows if not row.agrees][:MOST_FIGURES]:
        name = f"{row.sample.contract_id}, {month_format(row.sample.month)}"
        if row.answer is not None:
            figures.append([f"{name}, computed", str(row.answer), bench.currency])
        figures.append([f"{name}, expected", str(row.sample.expected), bench.currency])
    return Computed(check.holds, check.sentence, figures, "samples", can_tell=not bench.missing)


def snapshot_kept(client: Client, now: dt.datetime) -> Computed:
    """No month end that is over waits to be closed; the newest is kept as it was."""
    head, closes = book_head(client), latest_closes(policy_in_force(client).recognition)
    if not head.has_numbers:
        return nothing_yet(head, "months")
    if not closes:
        return Computed(False, "No month is closed yet.", url_name="months", can_tell=False)
    newest, due = closes[0], next_month_to_close(client, now)
    figures = [
        ["Newest closed month", month_format(newest.month), ""],
        ["Closed months", str(len(closes)), ""],
        ["Digest of its input", newest.input_hash[:16], ""],
    ]
    if due is not None:
        return Computed(False, f"{month_format(due)} is over and not closed.", figures, "months")
    return Computed(True, f"{month_format(newest.month)} is closed and kept as it was reported.", figures, "months")


def rates_there(client: Client, now: dt.datetime) -> Computed:
    """No month of the book waits for a rate."""
    head = book_head(client)
    if not head.has_numbers and not head.gaps:
        return nothing_yet(head, "data_rates")
    if head.gaps:
        return Computed(False, f"Rates are missing: {head.message}", [["Gaps", str(len(head.gaps)), ""]], "data_rates")
    return Computed(
        True, f"Every month is converted to {head.currency}; no rate is missing.", [["Gaps", "0", ""]], "data_rates"
    )


def nothing_yet(head: BookHead, url_name: str) -> Computed:
    """The answer where there are no numbers."""
    return Computed(
        False, head.message or "There are no contract lines yet: import them first.", url_name=url_name, can_tell=False
    )


TEST_CHECKED: dict[str, TestCheck] = {
    "bridge_ties": bridge_ties,
    "variance_within_tolerance": variance,
    "samples_agree": samples,
    "snapshot_kept": snapshot_kept,
    "rates_there": rates_there,
}
