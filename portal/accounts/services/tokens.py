"""Minting and revoking the tokens of programs."""

import secrets
from collections.abc import Iterable
from datetime import timedelta

from django.utils import timezone

from portal.accounts.bearer import hash_of, new_secret
from portal.accounts.models import ApiToken, User
from portal.tenancy import audit
from portal.tenancy.models import Client
from portal.tenancy.permissions import TOKEN_SCOPES
from portal.tenancy.services import TenancyError

LONGEST_DAYS = 366


def token_create(
    *, client: Client, user: User, name: str, scopes: Iterable[str], allowed: frozenset[str], days: int = 90
) -> tuple[ApiToken, str]:
    """Mint a token for the client in scope, in the name of `user`; returns the row and the text, which is shown once.

    `allowed` is what the person may do here: a token never carries more. TenancyError for an empty or wider choice, a blank
    name, or a life longer than a year.
    """
    wanted = sorted(set(scopes))
    if not name.strip():
        raise TenancyError("give the token a name that says which program holds it")
    if not wanted:
        raise TenancyError("choose at least one permission")
    if not set(wanted) <= allowed & TOKEN_SCOPES:
        raise TenancyError("a token cannot do more than you may do yourself")
    if not 1 <= days <= LONGEST_DAYS:
        raise TenancyError(f"a token lives between one day and {LONGEST_DAYS} days")
    public_id = secrets.token_hex(4)
    text = f"tieout_{public_id}_{new_secret()}"
    token: ApiToken = ApiToken.objects.create(
        client=client,
        user=user,
        name=name.strip()[:80],
        public_id=public_id,
        token_hash=hash_of(text),
        scopes=wanted,
        expires_at=timezone.now() + timedelta(days=days),
    )
    audit.record(
        "token.created", object_type="token", object_id=public_id, after=wanted,
        details={"name": token.name, "scopes": wanted, "days": days},
    )  # fmt: skip
    return token, text


def token_revoke(*, client: Client, token: ApiToken) -> None:
    """End a token of the client in scope; its next use is refused."""
    if ApiToken.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=timezone.now()):
        audit.record(
            "token.revoked", object_type="token", object_id=token.public_id, before=token.scopes,
            details={"name": token.name},
        )  # fmt: skip


def token_used(*, token: ApiToken) -> None:
    """Note the use of a token; called at most once a minute for each."""
    ApiToken.objects.filter(pk=token.pk).update(last_used_at=timezone.now())
