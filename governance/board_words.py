"""The decision rights in sentences: what a row is about, what it takes, and why it can never be met.

`row_sentence(right, client, locale) -> str` · `row_warnings(right, seats) -> list[str]` ·
`lone_warnings(rights, seats) -> list[str]`
"""

from collections.abc import Iterable, Sequence
from typing import Final

from governance.board_rules import Need, Seat, in_words
from governance.models import ChangeKind, DecisionRight, Function
from metrics.figures import from_cents
from portal.lib.money import money_text
from portal.tenancy.models import Client

KINDS: Final[dict[str, str]] = {
    "": "Any change",
    ChangeKind.POLICY: "A change of the policy",
    ChangeKind.METRIC_NEW: "A new metric",
    ChangeKind.METRIC_CHANGE: "A change of a metric",
    ChangeKind.METRIC_RETIRE: "The retirement of a metric",
    ChangeKind.THRESHOLD: "A change of thresholds",
    ChangeKind.QUOTA_RULE: "A quota rule",
}


def row_sentence(right: DecisionRight, client: Client, locale: str = "en", *, with_amount: bool = True) -> str:
    """What a row means, as one sentence; without the amount for a reader who sees no numbers of the whole company."""
    return f"{fits_words(right, client, locale, with_amount)}: {takes_words(right)}."


def fits_words(right: DecisionRight, client: Client, locale: str, with_amount: bool) -> str:
    """Which changes a row is about."""
    conditions = []
    if right.from_cents:
        size = size_words(right.from_cents, client, locale, with_amount)
        conditions.append(f"has an effect of {size} or more on ARR")
    if right.is_restating:
        conditions.append("restates closed months")
    if right.feeds_pay:
        conditions.append("touches a metric that feeds quotas or pay")
    subject = KINDS[right.kind]
    return f"{subject} that {joined(conditions)}" if conditions else subject


def size_words(cents: int, client: Client, locale: str, with_amount: bool) -> str:
    """From which size of effect a row counts; no amount for a reader who sees no numbers of the whole company."""
    if not with_amount:
        return "an agreed amount"
    return f"{money_text(from_cents(cents), client.currency, locale, places=0)} {client.currency}"


def takes_words(right: DecisionRight | Need) -> str:
    """What it takes to decide it."""
    who = [str(Function(name).label) for name in right.functions]
    if right.needs_chair:
        who.append("the chair")
    parts = [f"{joined(who)} must say yes"] if who else []
    if right.yes_count > len(who) or not who:
        parts.append(f"at least {in_words(right.yes_count)} must say yes{' in all' if who else ''}")
    if right.quorum > max(right.yes_count, len(who)):
        parts.append(f"at least {in_words(right.quorum)} must take part")
    return joined(parts)


def row_warnings(right: DecisionRight, seats: Sequence[Seat]) -> list[str]:
    """Why a row can never be met as the board is."""
    found = []
    for name in right.functions:
        if not any(seat.function == name for seat in seats):
            label = Function(name).label
            found.append(f"Nobody on the board speaks for {label}: what this row is about can never be approved.")
    if right.needs_chair and not any(seat.is_chair for seat in seats):
        found.append("The board has no chair: what this row is about can never be approved.")
    most = max(right.quorum, right.yes_count)
    if most > len(seats):
        people = "1 member" if len(seats) == 1 else f"{in_words(len(seats))} members"
        found.append(f"It takes {in_words(most)} votes, and the board has {people}: it can never be met.")
    elif most == len(seats):
        found.append("It takes the vote of everybody on the board: what a member asks for can never be approved.")
    return found


def lone_warnings(rights: Iterable[DecisionRight], seats: Sequence[Seat]) -> list[str]:
    """For whom the table can never be met: whoever alone speaks for a function that must say yes, and asks for something."""
    named = dict.fromkeys(name for right in rights for name in right.functions)
    own = {name: [seat.name for seat in seats if seat.function == name] for name in named}
    return [
        f"Only {names[0]} speaks for {Function(name).label}: what {names[0]} asks for or edits can never be approved where "
        f"{Function(name).label} must say yes. Give somebody else a seat for it too."
        for name, names in own.items()
        if len(names) == 1
    ]


def joined(parts: Iterable[str]) -> str:
    """`a, b and c`."""
    *head, last = list(parts)
    return f"{', '.join(head)} and {last}" if head else last
