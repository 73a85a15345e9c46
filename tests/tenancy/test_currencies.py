"""A client reports in money that people pay with: every door refuses what only looks like a currency, and says why."""

from collections.abc import Callable
from html import unescape

import pytest
from django.core.management import CommandError, call_command
from django.test import Client as Browser

from metrics.engine.policy import PolicyError
from metrics.models import PolicyVersion
from metrics.services.policies import policy_publish
from portal.accounts.models import User
from portal.lib.currencies import current_codes, tender_codes
from portal.tenancy.models import Client, Firm
from portal.tenancy.scope import tenant_context
from portal.tenancy.services import TenancyError, client_create, client_update
from tests.api.conftest import Mint, program
from tests.tenancy.routes_api import POLICY
from tests.tenancy.routes_reporting import POLICY as POLICY_FORM

__all__ = ["program"]
NO_CURRENCY = ["ZZZ", "XXX", "XTS", "XAU", "XDR", "DEM", "usd", "US", ""]
WHY = "not the ISO 4217 code of a currency in use"


def test_the_list_is_todays_money() -> None:
    assert {"USD", "EUR", "JPY", "KWD", "XAF"} <= current_codes() < tender_codes()
    assert not current_codes() & {"ZZZ", "XXX", "XTS", "XAU", "XDR", "DEM"} and "DEM" in tender_codes()


@pytest.mark.parametrize("code", NO_CURRENCY)
def test_no_service_and_no_command_takes_it(ridge: Firm, northwind: Client, code: str) -> None:
    with pytest.raises(TenancyError, match=WHY):
        client_create(firm=ridge, slug="other", name="Other", currency=code)
    with pytest.raises(CommandError, match=WHY):
        call_command("client_create", firm="ridge", client="other", name="Other", currency=code)
    with tenant_context(northwind):
        with pytest.raises(TenancyError, match=WHY):
            client_update(client=northwind, currency=code)
        with pytest.raises(PolicyError, match=WHY):
            policy_publish(client=northwind, parameters={**POLICY, "reporting_currency": code})
    assert not Client.objects.filter(slug="other").exists()


@pytest.mark.parametrize("code", ["ZZZ", "XTS", "usd"])
def test_no_page_and_no_operation_takes_it(
    northwind: Client, ana: User, signed_in: Callable[[User], Browser], program: Mint, code: str
) -> None:
    browser = signed_in(ana)
    new = {"name": "Other", "currency": code, "fiscal_year_start": 1, "time_zone": "UTC"}
    page = browser.post("/f/ridge/clients/new/", new)
    assert page.status_code == 422 and WHY in unescape(page.content.decode())
    page = browser.post("/c/northwind/policy/change/", {**POLICY_FORM, "reporting_currency": code})
    assert WHY in unescape(page.content.decode())
    answer = program(northwind, ana).post(
        northwind, "api_policies", {"parameters": {**POLICY, "reporting_currency": code}, "note": ""}
    )
    assert answer.status_code == 400 and answer.json()["errors"][0]["field"] == "parameters.reporting_currency"
    with tenant_context(northwind):
        assert Client.objects.count() == 1 and not PolicyVersion.objects.filter(number__gt=0).exists()
