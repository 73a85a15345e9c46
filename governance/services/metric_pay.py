"""Whether quotas or pay are set by a metric.

`metric_pay_set(metric=, version=, feeds_pay=, user=)` · `require_periods_kept(client, changes)`

A change of such a metric holds from the next period on, unless both Sales and Finance say yes to it
(`governance.selectors.change_pay`).
"""

from collections.abc import Mapping
from typing import Any

from governance.board_words import joined
from governance.models import Metric, MetricHappening
from governance.selectors.board import has_board
from governance.selectors.change_pay import open_on, pay_waits
from governance.services.problems import DefinitionError
from governance.services.registry import event_keep, metric_lock, record
from portal.tenancy.models import Client, ClientRole, Membership
from portal.tenancy.services import TenancyError


def metric_pay_set(*, metric: Metric, version: int, feeds_pay: bool, user: Any = None) -> Metric:
    """Say whether quotas or pay are set by a metric. DefinitionError where that is said already.

    That they are not any more takes Sales and Finance their say on its changes: not while a request that moves it is open, and
    where a board decides, an admin of the client says so, who keeps its table of decision rights too.
    """
    metric = metric_lock(metric, version)
    before = metric.feeds_pay
    if before == feeds_pay:
        raise DefinitionError("nothing was changed")
    if not feeds_pay:
        require_admin(user)
    if not feeds_pay and (waiting := open_on(metric)):
        named = joined(str(row) for row in waiting)
        raise DefinitionError(
            f"{named} would move it and {'is' if len(waiting) == 1 else 'are'} open: it feeds quotas or pay until that "
            "is in force, or withdrawn"
        )
    metric.feeds_pay = feeds_pay
    metric.version += 1
    metric.save(update_fields=["feeds_pay", "version", "updated_at"])
    text = f"Quotas or pay are {'' if feeds_pay else 'not '}set by it{'' if feeds_pay else ' any more'}."
    event_keep(metric, MetricHappening.STATUS, text, user=user)
    record(metric, "metric.feeds_pay", before, feeds_pay, {"feeds_pay": feeds_pay})
    return metric


def require_admin(user: Any) -> None:
    """DefinitionError where a board decides, for whoever is no admin of the client."""
    if has_board() and not Membership.objects.filter(user=user, role=ClientRole.ADMIN).exists():
        raise DefinitionError(
            "Sales and Finance have a say on its changes because quotas or pay are set by it. An admin of the client takes "
            "that away"
        )


def require_periods_kept(client: Client, changes: Mapping[str, Any]) -> None:
    """TenancyError where the fiscal year would begin otherwise while a request that touches quotas or pay is open: by its start
    is counted whether a change begins with a coming period, or takes Sales and Finance.
    """
    if changes.get("fiscal_year_start", client.fiscal_year_start) == client.fiscal_year_start:
        return
    if fault := pay_waits("the fiscal year, by which their periods are counted, begins as it does"):
        raise TenancyError(fault)
