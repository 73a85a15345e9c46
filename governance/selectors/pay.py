"""Which changes touch quotas or pay, and whether they begin with a coming period. Runs in the client's scope.

`pay_rules(requests, months) -> dict[int, PayRule | None]`

What people are paid by is not changed under their feet: such a change begins with a next period, unless Sales and Finance
both say yes to it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from governance.models import ChangeKind, ChangeRequest, Function, PayPeriod
from governance.selectors.change_pay import pay_named, pay_touched
from governance.selectors.registry import month_now, registry_get
from portal.lib.dates import month_text

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


def pay_rules(requests: Sequence[ChangeRequest], months: int) -> dict[int, PayRule | None]:
    """By request what holds for quotas and pay; None where it touches neither. `months` is the length of a period."""
    if not requests:
        return {}
    client = requests[0].client
    registry, named, now = registry_get(client), pay_named(), month_now(client)
    start = client.fiscal_year_start - 1
    following = now - (now - start) % months + months
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
