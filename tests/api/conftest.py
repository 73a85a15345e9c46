"""Tokens and a program that uses them."""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.test import Client as Browser
from django.urls import reverse

from portal.accounts.models import ApiToken, User
from portal.accounts.services.tokens import token_create
from portal.tenancy.models import Client
from portal.tenancy.permissions import TOKEN_SCOPES
from portal.tenancy.scope import tenant_context


@dataclass(frozen=True)
class Program:
    """Calls operations with one token (or none)."""

    token: str = ""
    row: ApiToken | None = None

    def call(
        self,
        url: str,
        method: str = "get",
        data: Any = None,
        *,
        query: dict[str, str] | None = None,
        is_form: bool = False,
        **extra: Any,
    ) -> Any:
        """Send a request, `data` as JSON or as a form; 500s are answers here, not exceptions."""
        browser: Any = Browser(raise_request_exception=False)
        headers = {"HTTP_AUTHORIZATION": f"Bearer {self.token}"} if self.token else {}
        if data is not None and not is_form:
            extra = {"content_type": "application/json", **extra}
            data = data if isinstance(data, bytes) else json.dumps(data)
        if isinstance(data, bytes):
            return browser.generic(method.upper(), url, data, **headers, **extra)
        send = getattr(browser, method)
        return send(url, data, query_params=query, **headers, **extra)

    def get(self, client: Client, url_name: str, query: dict[str, str] | None = None, **kwargs: Any) -> Any:
        """GET an operation of a client."""
        return self.call(reverse(url_name, kwargs={"client_slug": client.slug, **kwargs}), query=query)

    def post(self, client: Client, url_name: str, data: Any = None, *, is_form: bool = False, **kwargs: Any) -> Any:
        """POST to an operation of a client."""
        url = reverse(url_name, kwargs={"client_slug": client.slug, **kwargs})
        return self.call(url, "post", data, is_form=is_form)


Mint = Callable[..., Program]


@pytest.fixture
def program() -> Mint:
    """`program(northwind, ana)`: a program with a token of that person, for everything unless scopes are named."""

    def mint(client: Client, user: User, scopes: Iterable[str] = TOKEN_SCOPES) -> Program:
        with tenant_context(client):
            row, text = token_create(
                client=client, user=user, name="Test", scopes=scopes, allowed=frozenset(TOKEN_SCOPES), days=30
            )
        return Program(text, row)

    return mint


@pytest.fixture
def nobody() -> Program:
    """A program without a token."""
    return Program()


@pytest.fixture(autouse=True)
def file_store(settings: Any, tmp_path: Path) -> Path:
    """Uploaded files go into this test's own folder."""
    folder = tmp_path / "store"
    default = {**settings.STORAGES["default"], "OPTIONS": {"location": folder, "base_url": None}}
    plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    settings.STORAGES = {**settings.STORAGES, "default": default, "staticfiles": plain}
    return folder
