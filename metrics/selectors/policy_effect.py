"""The effect of one policy against another on the client's own contracts at a month end. Runs in the client's scope.

`policy_effect(client, before, after, month=None, most=10) -> PolicyEffect`

For the difference between two policy documents: ARR before and after, by segment, by customer, and which of the changed
parameters does it. Each cause is computed alone, from `before`; what they do only together is `interplay`.
"""

from decimal import Decimal
from typing import Final

import numpy as np

from metrics.engine.balances import attributes_of_units
from metrics.engine.month_end import MonthEnd
from metrics.engine.policy import Policy
from metrics.figures import from_cents
from metrics.selectors.clauses import TITLES, sentence_of
from metrics.selectors.customers import customer_names
from metrics.selectors.exposure import moved_of, moved_units
from metrics.selectors.exposure_figures import Cause, PolicyEffect, SegmentEffect
from metrics.selectors.month_ends import MonthEnds, NoValue, newest_month
from portal.tenancy.models import Client

MOST_MOVED: Final = 10


def policy_effect(
    client: Client, before: Policy, after: Policy, month: int | None = None, most: int = MOST_MOVED
) -> PolicyEffect:
    """What changing from one policy to another does to ARR at a month end (None: the newest of the book).

    Equal policies have an effect of 0 and no cause. A missing rate, or two reporting currencies, is a reason and no figure.
    """
    at = newest_month(client) if month is None else month
    changed = changed_parameters(before, after)
    given = MonthEnds.of(client)
    old, new = ends = [given.at(each, at) for each in (before, after)]
    if isinstance(old, NoValue) or isinstance(new, NoValue):
        reason = next(end for end in ends if isinstance(end, NoValue))
        causes = tuple(cause_of(name, before, after, None, None) for name in changed)
        return PolicyEffect(at, client.currency, None, None, reason, (), (), 0, causes)
    alone = {name: given.at(changed_in(before, after, name), at) for name in changed}
    rows = moved_units(old, new)
    movers = {name: moved_by(old, end) for name, end in alone.items()}
    names = customer_names([customer for customer, _, _ in rows[:most]])
    moved = tuple(moved_of(row, names, moving(row[0], movers)) for row in rows[:most])
    return PolicyEffect(
        month=at,
        currency=client.currency,
        before=from_cents(old.total),
        after=from_cents(new.total),
        reason=None,
        segments=segments_of(old, new),
        moved=moved,
        moved_count=len(rows),
        causes=tuple(cause_of(name, before, after, old, alone[name]) for name in changed),
    )


def changed_parameters(before: Policy, after: Policy) -> tuple[str, ...]:
    """The parameters in which two policies differ, in the order of the ARR semantics."""
    old, new = before.to_dict(), after.to_dict()
    return tuple(name for name in TITLES if old[name] != new[name])


def changed_in(before: Policy, after: Policy, parameter: str) -> Policy:
    """The first policy with one parameter of the second."""
    return before.with_(**{parameter: after.to_dict()[parameter]})


def cause_of(name: str, before: Policy, after: Policy, old: MonthEnd | None, alone: MonthEnd | NoValue | None) -> Cause:
    """One changed parameter, with what it does alone where both sides have a figure."""
    values = before.to_dict()[name], after.to_dict()[name]
    amount = from_cents(alone.total - old.total) if isinstance(alone, MonthEnd) and old is not None else None
    reason = alone if isinstance(alone, NoValue) else None
    sentences = sentence_of(name, values[0]), sentence_of(name, values[1])
    return Cause(name, TITLES[name], *values, *sentences, amount, reason)


def moved_by(before: MonthEnd, alone: MonthEnd | NoValue) -> set[str]:
    """The customers that a change moves alone."""
    return set() if isinstance(alone, NoValue) else {customer for customer, _, _ in moved_units(before, alone)}


def moving(customer: str, movers: dict[str, set[str]]) -> tuple[str, ...]:
    """The parameters that move a customer alone; all that changed where only their combination does."""
    return tuple(name for name, moved in movers.items() if customer in moved) or tuple(movers)


def segments_of(before: MonthEnd, after: MonthEnd) -> tuple[SegmentEffect, ...]:
    """ARR by segment before and after, segments without ARR on either side left out; the columns add up to the totals."""
    old, new = by_segment(before), by_segment(after)
    names = sorted({name for name, cents in (old | new).items() if cents or old.get(name)})
    return tuple(SegmentEffect(amount(old, name), amount(new, name), name) for name in names)


def by_segment(end: MonthEnd) -> dict[str, int]:
    """ARR in cents by the segment of the customer, as the bridge by segment has it."""
    attributes = attributes_of_units(end.lines, ("segment",))
    arr = end.by(end.lines.unit, len(end.lines.unit_names))
    total = np.zeros(len(attributes.names["segment"]), dtype=np.int64)
    np.add.at(total, attributes.codes["segment"], arr)
    return dict(zip(attributes.names["segment"].to_list(), total.tolist(), strict=True))


def amount(by_name: dict[str, int], name: str) -> Decimal:
    """The amount of a name; a segment that one side does not know has none there, which is 0 of its ARR."""
    return from_cents(by_name.get(name, 0))
