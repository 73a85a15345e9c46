"""Which changes touch quotas or pay, and whether they begin with a coming period. Runs in the client's scope.

`pay_rules(requests, months) -> dict[int, PayRule | None]` · `signed_pay(client, signoff, moves=) -> SignedPay | None`

What people are paid by is not changed under their feet: such a change begins with a next period, unless Sales and Finance
both say yes to it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from governance.models import Board, ChangeKind, ChangeRequest, Function, PayPeriod, Signature, Signoff
from governance.selectors.change_pay import pay_named, pay_touched, policy_pays
from governance.selectors.registry import month_now, registry_get
from portal.lib.dates import month_text
from portal.lib.periods import month_of
from portal.tenancy.clock import day_at
from portal.tenancy.models import Client

SIGN: Final = (str(Function.SALES), str(Function.FINANCE))


@dataclass(frozen=True)
class PayRule:
    """That a change touches quotas or pay: through what, in which period it begins, and when the next one does."""

    metrics: tuple[str, ...]  # names; empty where the change is itself a rule about quotas or pay
    is_now: bool
    next_month: int
    period: str

    @property
    def functions(self) -> tuple[str, ...]:
        return SIGN

    @property
    def sentence(self) -> str:
        """What it means for the vote."""
        subject = f"{', '.join(self.metrics)} {'feeds' if len(self.metrics) == 1 else 'feed'} quotas or pay"
        why = subject if self.metrics else "It is a rule about quotas or pay"
        if not self.is_now:
            return f"{why}. The change begins with a new {self.period}, so that the votes of the table are enough."
        later = month_text(self.next_month)
        return (
            f"{why}, and the change does not begin with a coming {self.period}: Sales and Finance both have to say yes, or it "
            f"has to begin with one, the next of which is {later}. No emergency takes the place of these two."
        )


def next_period(client: Client, months: int, now: int) -> int:
    """The month with which the period after that of `now` begins; periods are counted from the start of the fiscal year."""
    return now - (now - client.fiscal_year_start + 1) % months + months


def pay_period() -> int:
    """For how many months at once quotas and pay are set: what the board's table says, and a quarter without one."""
    board = Board.objects.first()
    return PayPeriod.QUARTER if board is None else int(board.pay_period)


@dataclass(frozen=True)
class SignedPay:
    """That a signed document would move what quotas or pay are set by, and that Sales and Finance did not both sign it.

    It may hold from the month `since` on, or a later one with which a period begins: the first after the last signature.
    """

    metrics: tuple[str, ...]
    since: int
    months: int

    @property
    def sentence(self) -> str:
        """What it takes to make it the policy."""
        period, feed = str(PayPeriod(self.months).label).lower(), "feeds" if len(self.metrics) == 1 else "feed"
        return (
            f"{', '.join(self.metrics)} {feed} quotas or pay, and Sales and Finance did not both sign it: it holds from the "
            f"begin of a {period} on that came after the last signature, {month_text(self.since)} at the earliest, and is "
            "published once all months before that are closed"
        )

    def allows(self, from_month: int, closed: int | None, *, is_restating: bool) -> bool:
        """Whether it may be published so; `closed` is the newest closed month. Publishing puts it into force at once."""
        begins = from_month >= self.since and (from_month - self.since) % self.months == 0
        return begins and not is_restating and closed is not None and closed >= from_month - 1


def signed_pay(client: Client, signoff: Signoff, *, moves: bool) -> SignedPay | None:
    """What holds for quotas and pay of a signed document; None where it moves neither, or Sales and Finance both signed."""
    names = policy_pays(client) if moves else ()
    signed = Signature.objects.filter(signer__signoff=signoff).values_list("signer__function", flat=True)
    if not names or set(SIGN) <= set(signed):
        return None
    months, at = pay_period(), day_at(client, signoff.closed_at or signoff.requested_at)
    return SignedPay(names, next_period(client, months, month_of(at)), months)


def pay_rules(requests: Sequence[ChangeRequest], months: int) -> dict[int, PayRule | None]:
    """By request what holds for quotas and pay; None where it touches neither. `months` is the length of a period."""
    if not requests:
        return {}
    client = requests[0].client
    registry, named, now = registry_get(client), pay_named(), month_now(client)
    start, following = client.fiscal_year_start - 1, next_period(client, months, now)
    period = str(PayPeriod(months).label).lower()
    found: dict[int, PayRule | None] = {}
    for request in requests:
        touched = pay_touched(request, registry, named)
        if not touched:
            found[request.pk] = None
            continue
        begins = request.from_month
        # What restates takes effect at once, and moves what people were paid by already.
        is_now = request.is_restating or begins is None or begins < following or (begins - start) % months != 0
        names = () if request.kind == ChangeKind.QUOTA_RULE else touched
        found[request.pk] = PayRule(names, is_now, following, period)
    return found
