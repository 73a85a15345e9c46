"""A client of its own for each test, really committed, and a page in which one of its people is signed in."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from portal.accounts.models import User
from portal.database import Server
from portal.tenancy.models import Client, ClientRole
from portal.tenancy.scope import tenant_context
from portal.tenancy.services import client_create, firm_create, member_add
from tests.browser.live import portal_on_a_port, signed_in_page

# A machine that is busy with other tests takes its time; what never comes still fails.
expect.set_options(timeout=30_000)


@pytest.fixture
def client(committed_db: Server, settings: Any, tmp_path: Path) -> Iterator[Client]:
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"  # Playwright's loop runs in this thread
    default = {**settings.STORAGES["default"], "OPTIONS": {"location": tmp_path / "store", "base_url": None}}
    plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    settings.STORAGES = {**settings.STORAGES, "default": default, "staticfiles": plain}
    yield client_create(
        firm=firm_create(slug="ridge", name="Ridge"), slug="northwind", name="Northwind", currency="USD"
    )
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture
def page(client: Client) -> Iterator[Page]:
    user = User.objects.create_user("rita@example.com", "correct-horse-battery", name="Rita")
    with tenant_context(client):
        member_add(client=client, user=user, role=ClientRole.REVOPS)
    with portal_on_a_port() as address, signed_in_page(address, user, base_url=address) as opened:
        yield opened
