"""The schema validates without a warning, and its reader works under the site's content policy."""

import re
from pathlib import Path
from typing import Any

import pytest
from django.contrib.staticfiles import finders
from django.core.management import call_command
from django.test import Client as Browser

from portal.accounts.models import User
from portal.accounts.services.tokens import token_revoke
from portal.tenancy.models import Client
from portal.tenancy.permissions import VIEW_CLIENT
from portal.tenancy.scope import tenant_context
from tests.api.conftest import Mint, Program, program

__all__ = ["program"]


def test_the_schema_is_valid_and_draws_no_warning(tmp_path: Path) -> None:
    call_command("spectacular", validate=True, fail_on_warn=True, file=str(tmp_path / "schema.yml"))


def test_no_figure_of_the_schema_is_a_number_with_a_fraction(tmp_path: Path) -> None:
    path = tmp_path / "schema.yml"
    call_command("spectacular", file=str(path))
    assert "type: number" not in path.read_text()


@pytest.mark.parametrize("page", ["schema", "docs"])
def test_schema_and_docs_lead_a_browser_to_the_sign_in(page: str, db: None, nobody: Program) -> None:
    answer = nobody.call(f"/api/v1/{page}/", HTTP_ACCEPT="text/html,application/xhtml+xml,*/*;q=0.8")
    assert answer.status_code == 302 and "/accounts/login" in answer["Location"]


@pytest.mark.parametrize("token", ["", "nonsense"])
def test_a_program_without_a_living_token_is_refused_the_schema_as_everywhere(db: None, token: str) -> None:
    answer = Program(token).call("/api/v1/schema/")
    assert (answer.status_code, answer["Content-Type"]) == (401, "application/problem+json")
    assert answer.json()["status"] == 401 and answer["WWW-Authenticate"].startswith("Bearer")


def test_an_address_can_choose_the_form_of_the_schema(northwind: Client, ana: User, signed_in: Any) -> None:
    browser: Browser = signed_in(ana)
    assert browser.get("/api/v1/schema/?format=json").json()["openapi"].startswith("3.")
    assert browser.get("/api/v1/schema/?format=yaml").content.startswith(b"openapi: 3.")
    assert browser.get("/api/v1/schema/?format=xml").status_code == 404


def test_a_program_with_a_living_token_is_given_the_schema_and_no_other(
    northwind: Client, ana: User, program: Mint
) -> None:
    living = program(northwind, ana, [VIEW_CLIENT])
    answer = living.call("/api/v1/schema/")
    assert answer.status_code == 200 and b"operationId: bridge_get" in answer.content
    as_json = living.call("/api/v1/schema/", HTTP_ACCEPT="application/json")
    assert as_json.json()["openapi"].startswith("3.")
    for token in (f"{living.token}x", "nonsense"):
        assert Program(token).call("/api/v1/schema/").status_code == 401
    basic = nobody_with("Basic YTpi").get("/api/v1/schema/")
    assert basic.status_code == 401 and b"operationId" not in basic.content
    assert living.row is not None
    with tenant_context(northwind):
        token_revoke(client=northwind, token=living.row)
    assert living.call("/api/v1/schema/").status_code == 401


def nobody_with(authorization: str) -> Browser:
    return Browser(headers={"Authorization": authorization})


def test_the_docs_have_no_inline_script(ana: User, signed_in: Any) -> None:
    browser: Browser = signed_in(ana)
    page = browser.get("/api/v1/docs/")
    html = page.content.decode()
    assert page.status_code == 200 and "script-src 'self'" in page["Content-Security-Policy"]
    sources = re.findall(r"<script\b([^>]*)>(.*?)</script>", html, re.DOTALL)
    assert '<a href="/">← Back to Tieout</a>' in html and 'js/api-docs.js" data-theme="auto"' in html
    assert len(sources) == 4 and all("src=" in attributes and not body.strip() for attributes, body in sources)
    assert not re.search(r"\son\w+=", html) and "//cdn" not in html
    addresses = re.findall(r'(?:src|href)="([^"]+)"', html)
    assert all(address.startswith("/") for address in addresses)
    assert all(
        finders.find(address.removeprefix("/static/")) for address in addresses if address.startswith("/static/")
    )
    script = browser.get("/api/v1/docs/?script=")
    assert script.status_code == 200 and script["Content-Type"].startswith("application/javascript")
    assert "/api/v1/schema/" in script.content.decode()
    assert b"operationId: bridge_get" in browser.get("/api/v1/schema/").content
