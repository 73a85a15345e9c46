"""How a program proves who it is: `Authorization: Bearer tieout_<id>_<secret>`."""

from datetime import timedelta

from django.utils import timezone
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from portal.accounts.bearer import hash_of
from portal.accounts.models import ApiToken, User
from portal.accounts.selectors import api_token_presented
from portal.accounts.services.tokens import token_used
from portal.tenancy.scope import tenant_context
from portal.tenancy.selectors import Reached, client_reached, must_set_up_mfa

REFUSED = "The token is not valid, or no longer."  # the same for every reason: a guess learns nothing
NOTE_EVERY = timedelta(minutes=1)


class TokenAuthentication(BaseAuthentication):
    """Sets `request.user` and `request.auth`; 401 for a token that is unknown, dead, or whose owner is.

    `request.auth` is the token, with how its owner `reached` its client as this very request found it.
    """

    keyword = b"bearer"

    def authenticate(self, request: Request) -> tuple[User, ApiToken] | None:
        parts = get_authorization_header(request).split()
        if not parts or parts[0].lower() != self.keyword:
            return None
        token = api_token_presented(hash_of(parts[1].decode("latin-1"))) if len(parts) == 2 else None
        reached = _reached_by(token) if token else None
        if token is None or reached is None:
            raise AuthenticationFailed(REFUSED)
        token.reached = reached
        if token.last_used_at is None or token.last_used_at < timezone.now() - NOTE_EVERY:
            with tenant_context(token.client):
                token_used(token=token)
        return token.user, token

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="tieout"'


def _reached_by(token: ApiToken) -> Reached | None:
    """How the token's owner reaches the client now; None where the token is dead.

    It is dead when revoked or run out, when its owner no longer reaches the client, or lacks a second factor that is required.
    """
    if token.revoked_at is not None or token.expires_at <= timezone.now():
        return None
    reached = client_reached(token.user, token.client.slug)
    if reached is None or must_set_up_mfa(token.user, token.client, reached.role, reached.is_firm_staff):
        return None
    return reached
