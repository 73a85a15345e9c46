"""The access matrix of the pages that show numbers."""

from typing import Any

from metrics.models import ContractLine
from metrics.selectors.close_preview import numbers_seen
from metrics.services.books import books_rebuild_all
from metrics.services.closes import month_close
from metrics.services.policies import policy_publish
from portal.lib.periods import month_parse
from portal.tenancy.models import Client
from portal.tenancy.permissions import CLOSE_MONTH, EDIT_POLICY, VIEW_ARR, VIEW_CLIENT, VIEW_POLICY
from portal.tenancy.scope import tenant_context
from tests.reporting.numbers import NOW, numbers_load
from tests.tenancy.matrix import Route

POLICY = {
    "reporting_currency": "USD",
    "recognition": "start",
    "included_charge_types": ["recurring"],
    "minimum_term_months": 0,
    "overage": "exclude",
    "discounts": "net",
    "fx": "spot",
    "renewal_grace_days": 30,
    "reactivation_window_months": "",
    "customer_unit": "customer",
    "retention_fx": "constant",
}


def an_open_month(client: Client) -> dict[str, Any]:
    numbers_load(client)
    return {"month": "2026-03"}


def numbers_to_print(client: Client) -> dict[str, Any]:
    numbers_load(client)
    return {}


def as_seen(client: Client) -> dict[str, Any]:
    """What the page that asks sends back."""
    with tenant_context(client):
        return {"seen": numbers_seen()}


def a_closed_month(client: Client) -> dict[str, Any]:
    numbers_load(client)
    month_close(client=client, month=month_parse("2026-03"))
    return {"month": "2026-03"}


def a_corrected_month(client: Client) -> dict[str, Any]:
    """A closed month whose contracts say something else by now."""
    found = a_closed_month(client)
    ContractLine.objects.update(amount=2400)
    books_rebuild_all(client=client, now=NOW)
    return found


def a_revision(client: Client) -> dict[str, Any]:
    return a_closed_month(client) | {"revision": 1}


def a_version(client: Client) -> dict[str, Any]:
    version = policy_publish(client=client, parameters=POLICY | {"reactivation_window_months": None})
    return {"number": version.number}


REPORTING_ROUTES = [
    Route("client_home", VIEW_CLIENT, status=(200,)),
    Route("arr", VIEW_ARR, status=(200,)),
    Route("arr_rows", VIEW_ARR, status=(200,)),
    Route("arr_bridge_csv", VIEW_ARR, status=(200,)),
    Route("arr_bridge_pdf", VIEW_ARR, kwargs=numbers_to_print, status=(200,), names_object=False),
    Route("jump", VIEW_CLIENT, status=(200,)),
    Route("months", VIEW_ARR, status=(200,)),
    Route("month_close", CLOSE_MONTH, kwargs=an_open_month, status=(200,), names_object=False),
    Route("month_close", CLOSE_MONTH, "post", an_open_month, as_seen, status=(302,), names_object=False),
    Route("month_restate", CLOSE_MONTH, kwargs=a_closed_month, status=(200,)),
    Route("month_restate", CLOSE_MONTH, "post", a_corrected_month, {"reason": "A late credit note"}, status=(302,)),
    Route("month", VIEW_ARR, kwargs=a_revision, status=(200,)),
    Route("policy", VIEW_POLICY, status=(200,)),
    Route("policy_edit", EDIT_POLICY, status=(200,)),
    Route("policy_edit", EDIT_POLICY, "post", data=POLICY, status=(302,)),
    Route("policy_version", VIEW_POLICY, kwargs=a_version, status=(200,)),
]
