"""Tokens of programs: shown once, one client, some permissions, dead the moment their owner's access is."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client as Browser
from django.utils import timezone
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request
from rest_framework.test import APIRequestFactory

from portal.accounts.api_tokens import TokenAuthentication
from portal.accounts.bearer import hash_of, redacted
from portal.accounts.models import ApiToken, User
from portal.accounts.services.people import person_disable, person_remove
from portal.accounts.services.tokens import token_create, token_revoke
from portal.tenancy.models import AuditEntry, Client, Membership
from portal.tenancy.permissions import CLIENT_ROLE_PERMISSIONS, IMPORT_DATA, VIEW_ARR
from portal.tenancy.scope import tenant_context
from portal.tenancy.services import TenancyError, consultant_unassign

Minted = tuple[ApiToken, str]


def mint(client: Client, user: User, scopes: tuple[str, ...] = (VIEW_ARR,), role: str = "revops") -> Minted:
    with tenant_context(client):
        return token_create(
            client=client, user=user, name="Export", scopes=scopes, allowed=CLIENT_ROLE_PERMISSIONS[role], days=30
        )


def present(text: str, scheme: str = "Bearer") -> Any:
    request = APIRequestFactory().get("/", HTTP_AUTHORIZATION=f"{scheme} {text}")
    return TokenAuthentication().authenticate(Request(request))


def refused(text: str) -> bool:
    with pytest.raises(AuthenticationFailed):
        present(text)
    return True


def test_a_token_stands_for_its_owner_at_one_client(northwind: Client, rita: User) -> None:
    row, text = mint(northwind, rita)
    user, auth = present(text)
    assert user == rita and auth.pk == row.pk and auth.client_id == northwind.pk and auth.name == "Export"
    assert auth.allows(VIEW_ARR) and not auth.allows(IMPORT_DATA)
    assert present(text, "bearer")[0] == rita
    with tenant_context(northwind):
        assert ApiToken.objects.get().last_used_at is not None


def test_only_the_hash_is_kept_and_the_log_holds_no_secret(northwind: Client, rita: User) -> None:
    _, text = mint(northwind, rita)
    assert re.fullmatch(r"tieout_[0-9a-f]{8}_[A-Za-z0-9_-]{43}", text)
    secret = text.split("_", 2)[2]
    with tenant_context(northwind):
        kept = ApiToken.objects.get()
        entry = AuditEntry.objects.get(action="token.created")
    assert kept.token_hash == hash_of(text) and secret not in str(kept.__dict__)
    assert entry.details["name"] == "Export" and secret not in str(entry.__dict__)
    assert secret not in redacted(f"GET /x with {text}")


def test_a_token_never_does_more_than_its_owner_may(northwind: Client, finn: User) -> None:
    for scopes in (("people.manage",), ("arr.view", "settings.manage"), ("made.up",), ()):
        with pytest.raises(TenancyError):
            mint(northwind, finn, scopes, role="finance")


@pytest.mark.parametrize("death", ["revoked", "expired", "removed", "disabled"])
def test_what_ends_a_token(death: str, northwind: Client, rita: User) -> None:
    row, text = mint(northwind, rita)
    if death == "disabled":
        person_disable(user=rita)
    with tenant_context(northwind):
        if death == "revoked":
            token_revoke(client=northwind, token=row)
        elif death == "expired":
            ApiToken.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
        elif death == "removed":
            person_remove(client=northwind, member=Membership.objects.get(user=rita), user=None)
    assert refused(text)


def test_a_consultant_taken_off_the_client_loses_the_token(northwind: Client, ana: User) -> None:
    _, text = mint(northwind, ana)
    assert present(text)[0] == ana
    with tenant_context(northwind):
        consultant_unassign(client=northwind, user=ana)
    assert refused(text)


def test_a_consultant_without_a_second_factor_has_no_token(northwind: Client, ana: User) -> None:
    _, text = mint(northwind, ana)
    ana.authenticator_set.all().delete()  # type: ignore[attr-defined]
    assert refused(text)


@pytest.mark.parametrize("text", ["", "x", "tieout_00000000_" + "A" * 43, "a b", "tieout_\xff"])
def test_what_was_never_minted_is_refused(text: str, northwind: Client) -> None:
    assert refused(text)


def test_other_schemes_are_left_to_others(northwind: Client) -> None:
    assert present("abc", "Basic") is None


def test_the_page_shows_a_token_once(rita: User, northwind: Client, signed_in: Callable[[User], Browser]) -> None:
    browser = signed_in(rita)
    answer = browser.post("/c/northwind/settings/tokens/new/", {"name": "Export", "scopes": [VIEW_ARR], "days": 30})
    found = re.search(r"tieout_[0-9a-f]{8}_[A-Za-z0-9_-]{43}", answer.content.decode())
    assert found and present(found[0])[0] == rita
    listed = browser.get("/c/northwind/settings/tokens/").content.decode()
    assert "Export" in listed and found[0] not in listed
    assert "May read ARR, bridges and retention." in listed
    with tenant_context(northwind):
        pk = ApiToken.objects.get().pk
    assert browser.post(f"/c/northwind/settings/tokens/{pk}/end/").status_code == 302
    assert refused(found[0])


def test_a_page_offers_no_permission_that_the_person_lacks(rita: User, signed_in: Callable[[User], Browser]) -> None:
    page = signed_in(rita).get("/c/northwind/settings/tokens/new/").content.decode()
    assert "arr.view" in page and "people.manage" not in page
    answer = signed_in(rita).post(
        "/c/northwind/settings/tokens/new/", {"name": "x", "scopes": ["people.manage"], "days": 30}
    )
    assert answer.status_code == 422
