"""The access matrix of taking effect, and of the ledger of restatements."""

import datetime as dt
from typing import Any

from governance.models import ChangeEffect, ChangePreview, ChangeRequest
from governance.selectors.change_previews import figures_stamp
from governance.services.change_effect import change_schedule
from governance.services.change_states import change_move
from portal.tenancy.clock import database_time
from portal.tenancy.models import Client, ClientRole
from portal.tenancy.permissions import TRIAGE_CHANGES, VIEW_ARR, VOTE_CHANGES
from tests.tenancy.matrix import Route
from tests.tenancy.routes_changes import a_change
from tests.tenancy.routes_reporting import a_corrected_month

LONG_AGO = dt.datetime(2026, 4, 15, tzinfo=dt.UTC)


def an_approved_change(client: Client) -> dict[str, Any]:
    """A request of a client without a board that was approved."""
    found = a_change(client)
    request = ChangeRequest.objects.get(number=found["number"])
    for step in ("triage", "ask_impact"):
        request = change_move(request=request, step=step, user=None)
    request.preview = ChangePreview.objects.create(
        client=client, request=request, content_sha256=request.content_sha256, stamp=figures_stamp(client), state="done",
        result={}, sha256="f" * 64, at=database_time(),
    )  # fmt: skip
    request.save(update_fields=["preview"])
    for step in ("to_review", "approve"):
        request = change_move(request=request, step=step, user=None)
    return {"number": request.number}


def a_scheduled_change(client: Client) -> dict[str, Any]:
    found = an_approved_change(client)
    request = ChangeRequest.objects.get(number=found["number"])
    change_schedule(client=client, request=request, user=None, now=LONG_AGO)
    return found


def a_blocked_change(client: Client) -> dict[str, Any]:
    """One that would do something else than what was approved."""
    found = a_scheduled_change(client)
    ChangeEffect.objects.update(state="blocked", found_cents=125_000)
    return found


def a_failed_change(client: Client) -> dict[str, Any]:
    found = a_scheduled_change(client)
    ChangeEffect.objects.update(state="failed", message="the numbers are being recomputed")
    return found


def months(client: Client) -> dict[str, Any]:
    a_corrected_month(client)
    return {}


EFFECT_ROUTES = [
    Route("change_schedule", TRIAGE_CHANGES, "post", an_approved_change, status=(302,)),
    Route(
        "change_accept",
        VOTE_CHANGES,
        "post",
        a_blocked_change,
        {"cents": "125000"},
        (302,),
        rightful=ClientRole.FINANCE,
    ),
    Route("change_retry", TRIAGE_CHANGES, "post", a_failed_change, status=(302,)),
    Route("restatements", VIEW_ARR, "get", months, status=(200,), names_object=False),
    Route("restatements_csv", VIEW_ARR, "get", months, status=(200,), names_object=False),
]
