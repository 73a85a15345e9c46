"""Every answer, errors included, carries the headers that keep browsers from helping an attacker."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client as Browser
from django.urls import get_resolver, reverse

from portal.accounts.models import User
from portal.tenancy.models import Client
from tests.tenancy.matrix import sample_kwargs
from tests.tenancy.test_access_matrix import routes

HTTPS = {
    "SECURE_SSL_REDIRECT": True, "SECURE_HSTS_SECONDS": 63_072_000, "SECURE_HSTS_INCLUDE_SUBDOMAINS": True,
}  # fmt: skip
EXACT = {"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY"}
SLUGS = {"client_slug": "northwind", "firm_slug": "ridge"}


def is_protected(answer: Any, *, over_https: bool = True) -> bool:
    policy = answer["Content-Security-Policy"]
    for rule in ("object-src 'none'", "base-uri 'none'", "frame-ancestors 'none'", "script-src 'self';"):
        assert rule in policy, policy
    assert {name: answer[name] for name in EXACT} == EXACT
    assert "no-store" in answer["Cache-Control"], answer["Cache-Control"]
    assert answer["Referrer-Policy"] in ("same-origin", "no-referrer") and answer["X-Request-Id"]
    if over_https:
        assert answer["Strict-Transport-Security"] == "max-age=63072000; includeSubDomains"
    return True


def addresses() -> Iterator[str]:
    """An address of every named route, allauth's and the API's among them."""
    for name in sorted({pattern.name for _, pattern in routes(get_resolver()) if pattern.name}):
        if name == "api_unknown":
            yield "/api/v1/nothing/"
            continue
        names = get_resolver().reverse_dict.getlist(name)[0][0][0][1]
        kwargs = {key: SLUGS[key] for key in names if key in SLUGS} | sample_kwargs(name, leave=SLUGS)
        yield reverse(name, kwargs=kwargs)


@pytest.fixture
def over_https(settings: Any) -> None:
    for name, value in HTTPS.items():
        setattr(settings, name, value)


@pytest.mark.usefixtures("over_https")
def test_every_route_answers_with_them(northwind: Client, ana: User, signed_in: Callable[[User], Browser]) -> None:
    found = list(addresses())
    assert len(found) > 80
    for browser in (signed_in(ana), Browser(raise_request_exception=False)):
        for method in ("get", "options", "delete"):
            for path in found:
                assert is_protected(getattr(browser, method)(path, secure=True)), path


def explodes(request: HttpRequest, **kwargs: Any) -> HttpResponse:
    raise RuntimeError("CANARY /srv/secret/path SELECT password")


@pytest.mark.usefixtures("over_https")
def test_errors_have_them_and_say_nothing(
    northwind: Client, ana: User, signed_in: Callable[[User], Browser], monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    browser = signed_in(ana)
    browser.raise_request_exception = False
    strict = Browser(enforce_csrf_checks=True)
    answers = {
        404: browser.get("/nothing/of/the/kind/", secure=True),
        403: strict.post("/accounts/login/", {"login": "x", "password": "y"}, secure=True),
        405: browser.delete("/c/northwind/people/", secure=True),
        301: browser.get("/c/northwind/"),
        400: browser.get("/", secure=True, headers={"host": "evil.example"}),
    }
    monkeypatch.setattr("portal.accounts.views.people.client_people", explodes)
    answers[500] = browser.get("/c/northwind/people/", secure=True)
    for status, answer in answers.items():
        assert answer.status_code == status and is_protected(answer, over_https=status not in (301, 400)), status
        for word in (b"CANARY", b"Traceback", b"/tmp/", b"SELECT", b"portal.", b"DEBUG"):
            assert word not in answer.content, (status, word)


@pytest.mark.parametrize(
    "hint",
    [
        {"HTTP_X_FORWARDED_HOST": "contoso.example"}, {"HTTP_X_TENANT_ID": "contoso"}, {"HTTP_X_CLIENT": "contoso"},
        {"HTTP_X_FORWARDED_FOR": "127.0.0.1"}, {"HTTP_X_ORIGINAL_URL": "/c/contoso/"}, {"HTTP_COOKIE_TENANT": "contoso"},
    ],
    ids=str,
)  # fmt: skip
def test_no_header_names_the_tenant(
    hint: dict[str, str], northwind: Client, contoso: Client, finn: User, signed_in: Callable[[User], Browser]
) -> None:
    browser = signed_in(finn)
    assert browser.get("/c/contoso/", **hint).status_code == 404  # type: ignore[arg-type]
    page = browser.get("/c/northwind/", **hint)  # type: ignore[arg-type]
    assert page.status_code == 200 and b"Contoso" not in page.content and b"contoso" not in page.content
