"""The API's side of the wall: every operation declares its permission, and runs in the scope of one client."""

from typing import Any

from django.http import Http404
from rest_framework.pagination import CursorPagination
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import SimpleRateThrottle
from rest_framework.views import APIView

from portal.tenancy.access import Standing, standing_of
from portal.tenancy.actor import Actor, acting_as
from portal.tenancy.scope import tenant_context


class DenyUnlessDeclared(BasePermission):
    """The default: a view that does not declare how it is guarded answers nobody."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        return False


class HasScope(BasePermission):
    """The token carries the scope of the operation, and its owner's role still includes the permission."""

    message = "This token or your role does not include this operation."

    def has_permission(self, request: Request, view: APIView) -> bool:
        assert isinstance(view, ClientAPIView)
        return request.auth.allows(view.needed_permission(request)) and view.standing.may(
            view.needed_permission(request)
        )


class TokenThrottle(SimpleRateThrottle):
    """So many requests a minute for one token."""

    scope = "token"

    def get_cache_key(self, request: Request, view: APIView) -> str | None:
        return f"throttle:{request.auth.client_id}:{request.auth.pk}" if request.auth else None


class IdCursor(CursorPagination):
    """Pages by id, newest first, with an opaque cursor; never more than 500 rows."""

    ordering = "-id"
    page_size = 100
    page_size_query_param = "page_size"
    max_page_size = 500


class ClientAPIView(APIView):
    """An operation on one client, `…/clients/<client_slug>/…`.

    `permissions_by_method` maps each allowed method to the permission it needs; the class answers 401 without a token, 404
    for a client the token is not for, 403 for a scope or role that does not suffice.
    """

    permissions_by_method: dict[str, str] = {}
    permission_classes = [HasScope]
    standing: Standing

    def needed_permission(self, request: Request) -> str:
        """The permission of this method; an undeclared method is nobody's."""
        return self.permissions_by_method.get(request.method or "", "undeclared")

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        self.format_kwarg = self.get_format_suffix(**kwargs)
        neg = self.perform_content_negotiation(request)
        request.accepted_renderer, request.accepted_media_type = neg
        self.perform_authentication(request)
        if request.auth is None:
            self.permission_denied(request)
        self.check_throttles(request)
        self.standing = self.reach(request, kwargs["client_slug"])
        self.check_permissions(request)

    def reach(self, request: Request, slug: str) -> Standing:
        """The token owner's standing to the client of the URL: 404 unless the token is for that very client."""
        standing = standing_of(request.user, slug)
        if standing is None or request.auth.client_id != standing.client.pk:
            raise Http404
        return standing


def in_client_scope(handler: Any) -> Any:
    """Run an operation's method inside the scope of its client, and roll back what a refusal leaves."""

    def run(self: ClientAPIView, request: Request, client_slug: str, **kwargs: Any) -> Response:
        actor = Actor(
            name=f"{request.user} (token {request.auth.name})",
            user_id=request.user.pk,
            request_id=getattr(request, "request_id", ""),
        )
        with acting_as(actor), tenant_context(self.standing.client):
            response: Response = handler(self, request, **kwargs)
            return response

    run.__doc__ = handler.__doc__
    return run
