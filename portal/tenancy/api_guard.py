"""Who may call an operation, and how often. DRF loads these by name while its own views are still being imported."""

from typing import TYPE_CHECKING, Any

from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.settings import api_settings
from rest_framework.throttling import SimpleRateThrottle

if TYPE_CHECKING:
    from rest_framework.views import APIView


class DenyUnlessDeclared(BasePermission):
    """The default: a view that does not declare how it is guarded answers nobody."""

    def has_permission(self, request: Request, view: "APIView") -> bool:
        return False


class HasToken(BasePermission):
    """Any living token, whatever its scopes: for what shows nobody's data."""

    def has_permission(self, request: Request, view: "APIView") -> bool:
        return request.auth is not None


class HasScope(BasePermission):
    """The token carries the scope of the operation, and its owner's role still includes the permission."""

    message = "This token or your role does not include this operation."

    def has_permission(self, request: Request, view: "APIView") -> bool:
        token: Any = request.auth
        permission: str = view.operation.permission  # type: ignore[attr-defined]
        return token.allows(permission) and view.standing.may(permission)  # type: ignore[attr-defined, no-any-return]


class TokenThrottle(SimpleRateThrottle):
    """So many requests a minute for one token."""

    scope = "token"

    def get_rate(self) -> str | None:
        return str(api_settings.DEFAULT_THROTTLE_RATES[self.scope])

    def get_cache_key(self, request: Request, view: "APIView") -> str | None:
        token: Any = request.auth
        return f"{token.client_id}:throttle:{token.pk}" if token else None
