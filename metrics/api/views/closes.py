"""Closed months."""

import datetime as dt
from typing import Any

from django.http import Http404

from metrics.api.serializers import closes as shapes
from metrics.api.serializers.questions import BasisParameters
from metrics.models import MonthClose
from metrics.selectors.closes import as_of, close_rows, closes_list, next_month_to_close
from metrics.services.closes import CloseError, month_close, month_restate
from portal.tenancy.api import Call, ClientAPIView, Operation
from portal.tenancy.permissions import CLOSE_MONTH, VIEW_ARR
from portal.tenancy.problems import conflict_on


class MonthsView(ClientAPIView):
    """An operation on closed months."""

    tag = "Closed months"


class MonthList(MonthsView):
    operations = {"GET": Operation("months_list", VIEW_ARR, shapes.MonthsSerializer, parameters=BasisParameters)}

    def get(self, call: Call) -> Any:
        """Every closed month with its revisions, what was reported, and what the contracts say of it now."""
        following = next_month_to_close(call.client, dt.datetime.now(dt.UTC))
        return {"next_month_to_close": following, "results": closes_list(call.client, call.query["basis"])}


class MonthCloseIt(MonthsView):
    operations = {"POST": Operation("month_close", CLOSE_MONTH, shapes.ClosesSerializer, status=201, may_fail=(409,))}

    def post(self, call: Call, month: int) -> Any:
        """Close a month: its ARR, CARR and LARR are stored and never change.

        409 where it is closed already, out of order, or its numbers are not ready.
        """
        with conflict_on(CloseError):
            return {"results": month_close(client=call.client, month=month, user=call.user)}


class MonthReopen(MonthsView):
    operations = {
        "POST": Operation(
            "month_reopen",
            CLOSE_MONTH,
            shapes.ClosesSerializer,
            takes=shapes.ReopenSerializer,
            status=201,
            may_fail=(409,),
        )
    }

    def post(self, call: Call, month: int) -> Any:
        """Open a closed month again and close it with what the contracts say now, as a linked restatement with its reason.

        Computed under the policy version that the month was closed under: another definition reaches closed months through a
        restating change request alone. The old revision stays readable. 409 for a month that is open, where nothing would
        change, and where that policy cannot be valued any more.
        """
        with conflict_on(CloseError):
            made = month_restate(client=call.client, month=month, reason=call.body["reason"], user=call.user)
        return {"results": made}


class MonthAsOf(MonthsView):
    operations = {
        "GET": Operation("month_as_of_get", VIEW_ARR, shapes.AsOfSerializer, parameters=shapes.AsOfParameters)
    }

    def get(self, call: Call, month: int) -> Any:
        """What was reported on a day for a month. 404 where the month was open then."""
        close: MonthClose | None = as_of(call.client, month, call.query["on"], call.query["basis"])
        if close is None:
            raise Http404
        return {"close": close, "by": call.query["by"], "rows": close_rows(close, call.query["by"])}
