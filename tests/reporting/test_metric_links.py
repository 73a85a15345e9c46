"""From a figure of the ARR page to its metric in the registry, and how retention is measured, named beside it."""

import datetime as dt
from collections.abc import Callable

from django.test import Client as Browser

from portal.accounts.models import User
from portal.tenancy.models import Client
from portal.tenancy.scope import tenant_context
from tests.governance.metric_pages import kept
from tests.pdf_text import pdf_text
from tests.reporting.numbers import line, numbers_load

__all__ = ["kept"]
ARR = "/c/northwind/arr/"
METHOD = "oint to point over 12 months, at constant rates"


def test_a_figures_drawer_leads_to_its_metric(kept: Client, eve: User, signed_in: Callable[[User], Browser]) -> None:
    browser = signed_in(eve)
    text = browser.get(f"{ARR}?why=cell:2026-03:2026-03:ending").text
    assert "/c/northwind/metrics/of/arr/" in text and "/c/northwind/metrics/of/mrr/" in text
    with tenant_context(kept):
        numbers_load(kept, [line("K9/1", "dora", "Platform", 9_000, dt.date(2025, 1, 1))])
    text = browser.get(f"{ARR}?why=retention:2026-03").text
    assert "/c/northwind/metrics/of/nrr/" in text and "/c/northwind/metrics/of/grr/" in text
    assert "figure=nrr" in text, "and it is disputed there"
    other = browser.get(f"{ARR}?basis=signed&why=cell:2026-03:2026-03:ending").text
    assert "/c/northwind/metrics/of/carr/" in other and "/c/northwind/metrics/of/arr/" not in other


def test_retention_names_its_method_on_tiles_and_paper(
    kept: Client, eve: User, signed_in: Callable[[User], Browser]
) -> None:
    browser = signed_in(eve)
    for address in (ARR, "/c/northwind/"):
        assert browser.get(address).text.count(METHOD) == 2, "NRR and GRR"
    assert f"NRR and GRR: p{METHOD}." in pdf_text(browser.get(f"{ARR}bridge.pdf").content)


def test_without_a_registry_no_drawer_leads_to_a_metric(
    northwind: Client, eve: User, signed_in: Callable[[User], Browser]
) -> None:
    with tenant_context(northwind):
        numbers_load(northwind)
    assert "/metrics/of/" not in signed_in(eve).get(f"{ARR}?why=cell:2026-03:2026-03:ending").text
