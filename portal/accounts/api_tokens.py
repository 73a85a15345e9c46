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
from portal.tenancy.selectors import client_reached, must_set_up_mfa

REFUSED = "The token is not valid, or no longer."  # the same for every reason: a guess learns nothing
NOTE_EVERY = timedelta(minutes=1)


class TokenAuthentication(BaseAuthentication):
    """Sets `request.user` and `request.auth`, the token; 401 for a token that is unknown, dead, or whose owner is."""

    keyword = b"bearer"

    def authenticate(self, request: Request) -> tuple[User, ApiToken] | None:
        parts = get_authorization_header(request).split()
        if not parts or parts[0].lower() != self.keyword:
            return None
        token = api_token_presented(hash_of(parts[1].decode("latin-1"))) if len(parts) == 2 else None
        if token is None or not _is_alive(token):
            raise AuthenticationFailed(REFUSED)
        if token.last_used_at is None or token.last_used_at < timezone.now() - NOTE_EVERY:
            with tenant_context(token.client):
                token_used(token=token)
        return token.user, token

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="tieout"'


def _is_alive(token: ApiToken) -> bool:
    """Not revoked, not run out, and its owner still reaches the client, with a second factor where one is required."""
    if token.revoked_at is not None or token.expires_at <= timezone.now():
        return False
    reached = client_reached(token.user, token.client.slug)
    return reached is not None and not must_set_up_mfa(token.user, token.client, reached.role, reached.is_firm_staff)
