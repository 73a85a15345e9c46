"""What gates ask of the reconciliation. Each answer says in a sentence why it holds or what is missing; reads only.

- `variance_within_tolerance(client, month=None) -> Check` — of a month (None: the newest closed one) that is closed
- `month_closed_and_reconciled(client) -> Check` — whether any closed month is within the tolerance, the newest first
"""

from typing import Final

from metrics.selectors.closes import latest_closes
from metrics.selectors.policies import policy_in_force
from metrics.selectors.reconciliation import reconciliation_get
from metrics.selectors.reconciliation_figures import WITHIN, Check
from portal.lib.periods import month_format
from portal.tenancy.models import Client

MOST_MONTHS: Final = 12
NONE_CLOSED: Final = "No month is closed yet: close one, then reconcile it."


def closed_months(client: Client) -> list[int]:
    """The months that are closed under the policy's own recognition, the newest first."""
    return [close.month for close in latest_closes(policy_in_force(client).recognition)]


def variance_within_tolerance(client: Client, month: int | None = None) -> Check:
    """Whether the decided sources agree within the tolerance at the end of a closed month."""
    closed = closed_months(client)
    if month is None and not closed:
        return Check(False, NONE_CLOSED, None)
    at = closed[0] if month is None else month
    if at not in closed:
        return Check(False, f"{month_format(at)} is not closed yet, so its numbers may still move.", at)
    found = reconciliation_get(client, at)
    holds = found.reason is None and found.level == WITHIN
    return Check(holds, found.sentence, at, found.variance, found.levels.tolerance)


def month_closed_and_reconciled(client: Client) -> Check:
    """Whether one closed month (of the newest twelve) reconciles within the tolerance; the answer is about that month.

    Where none does, the answer is about the newest.
    """
    newest: Check | None = None
    for month in closed_months(client)[:MOST_MONTHS]:
        check = variance_within_tolerance(client, month)
        if check.holds:
            return check
        newest = newest or check
    return newest or Check(False, NONE_CLOSED, None)
