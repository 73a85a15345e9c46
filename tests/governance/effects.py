"""Change requests on the way to their effect, and the client whose numbers they change."""

import datetime as dt
from typing import Any

import pytest

from governance.models import (
    ChangeEffect,
    ChangeRequest,
)
from governance.services.change_effect import change_schedule
from governance.services.change_preview import preview_run, preview_start
from governance.services.change_states import change_move
from governance.services.changes import Wish, change_draft, change_submit
from metrics.selectors.policies import policy_in_force
from metrics.services.closes import month_close
from metrics.services.policies import policy_publish
from portal.accounts.models import User
from portal.lib.periods import month_parse
from portal.tenancy.models import Client
from portal.tenancy.scope import tenant_context
from tests.reporting.numbers import LINES, NOW, line, numbers_load

JANUARY, FEBRUARY, MARCH, APRIL, MAY = (month_parse(f"2026-0{month}") for month in (1, 2, 3, 4, 5))
IN_MAY = dt.datetime(2026, 5, 10, tzinfo=dt.UTC)
DISCOUNTED = line("K5/1", "dora", "Platform", 10_000, dt.date(2026, 3, 1), discount_e6=10**9)
LIST = {"parameters": {"discounts": "list"}}


@pytest.fixture
def client(northwind: Client, rita: User, finn: User, eve: User) -> Client:
    """Northwind with 12,000, 36,000 and 51,000; 52,000 without the discount. January and February are closed."""
    with tenant_context(northwind):
        policy_publish(client=northwind, parameters=policy_in_force(northwind).to_dict())
        numbers_load(northwind, [*LINES, DISCOUNTED])
        for month in (JANUARY, FEBRUARY):
            month_close(client=northwind, month=month, user=finn)
    return northwind


def impact_asked(client: Client, rita: User, finn: User, month: int = APRIL, **more: Any) -> ChangeRequest:
    """Rita's request whose impact is being computed; the board's own rules are not the matter here. In the client's scope."""
    kind, content = more.pop("kind", "policy"), more.pop("content", LIST)
    wish = Wish(title="List prices", content=content, rationale="Because.", from_month=month, **more)
    request = change_draft(client=client, kind=kind, wish=wish, user=rita)
    request = change_submit(request=request, version=request.version, user=rita)
    for step in ("triage", "ask_impact"):
        request = change_move(request=request, step=step, user=finn)
    preview = preview_start(request=request, user=finn)
    return ChangeRequest.objects.get(pk=preview.request_id)


def approved(client: Client, request: ChangeRequest, finn: User) -> ChangeRequest:
    """With its preview computed, to the board and approved."""
    with tenant_context(client):
        preview = request.previews.latest("id")
    preview_run(client=client, preview_id=preview.pk)
    with tenant_context(client):
        request = ChangeRequest.objects.get(pk=request.pk)
        request = change_move(request=request, step="to_review", user=finn)
        return change_move(request=request, step="approve", user=finn)


def scheduled(client: Client, rita: User, finn: User, month: int = APRIL, **more: Any) -> ChangeRequest:
    """Approved, and waiting for its month."""
    with tenant_context(client):
        request = impact_asked(client, rita, finn, month, **more)
    request = approved(client, request, finn)
    with tenant_context(client):
        change_schedule(client=client, request=request, user=finn, now=NOW)
    return request


def effect(request: ChangeRequest) -> ChangeEffect:
    """What became of a scheduled request."""
    found: ChangeEffect = ChangeEffect.objects.select_related("request", "policy_version").get(request=request)
    return found
