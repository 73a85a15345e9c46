"""The HTTP layer of the wall: who may open which client, with what permission.

A page is `@client_page(permission)` or `@firm_page(permission)` or `@person_page`; anything else must be declared public. The
decorator leaves an `access` mark on the view, and a test fails for every route without one.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import wraps
from typing import Any, cast

from django.contrib import messages
from django.contrib.auth.models import AnonymousUser
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import BadRequest, PermissionDenied
from django.db import DataError, transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.template.response import SimpleTemplateResponse
from django.utils import timezone

from portal.lib.dates import time_zone
from portal.tenancy.actor import Actor, acting_as
from portal.tenancy.awaited import RETRY_SECONDS, SAID, is_awaited
from portal.tenancy.models import Client, Firm
from portal.tenancy.permissions import CLIENT_ROLE_PERMISSIONS, FIRM_PERMISSIONS, FIRM_ROLE_PERMISSIONS
from portal.tenancy.scope import tenant_context
from portal.tenancy.selectors import Reach, Reached, client_reached, firm_reached, must_set_up_mfa, session_limit

View = Callable[..., HttpResponse]


@dataclass(frozen=True)
class Access:
    """How a route is guarded: `kind` is client, firm, person or public; `permission` is what the role must include."""

    kind: str
    permission: str = ""


@dataclass(frozen=True)
class Standing:
    """How a person stands to a client: as a consultant of its firm or as one of its own people."""

    client: Client
    role: str
    is_firm_staff: bool
    permissions: frozenset[str]

    def may(self, permission: str) -> bool:
        return permission in self.permissions


class TenantRequest(HttpRequest):
    """A request inside a client's scope."""

    client: Client
    standing: Standing
    reach: Reach
    found: Any  # by the view's `outside`, before the scope was opened


class FirmRequest(HttpRequest):
    """A request of a consultant about their firm."""

    firm: Firm
    firm_role: str


def standing_of(user: Any, slug: str) -> Standing | None:
    """The person's standing to the client named by `slug`, or None: not theirs, or no such client."""
    reached = client_reached(user, slug)
    return None if reached is None else standing_from(user, reached)


def standing_from(user: Any, reached: Reached) -> Standing:
    """The standing of a person who reaches a client, cut to what their session may do at most."""
    table = FIRM_ROLE_PERMISSIONS if reached.is_firm_staff else CLIENT_ROLE_PERMISSIONS
    permissions = table.get(reached.role, frozenset())
    limit = session_limit(user)
    if limit is not None and limit.permissions is not None:
        permissions &= limit.permissions
    return Standing(
        client=reached.client, role=reached.role, is_firm_staff=reached.is_firm_staff, permissions=permissions
    )


def client_page(permission: str, *, outside: Callable[..., Any] | None = None) -> Callable[[View], View]:
    """Guard a view whose URL holds `client_slug`: 404 to strangers, 403 to the wrong role, then the client's scope.

    The scope stays open while the response renders, and everything is rolled back when the answer is an error. What has to
    ask another machine does so in `outside`, before the transaction begins: it is called like the view, and what it gives is
    the view's `request.found`.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, client_slug: str, **kwargs: Any) -> HttpResponse:
            if isinstance(request.user, AnonymousUser):
                return redirect_to_login(request.get_full_path())
            reach = Reach(request.user)
            reached = reach.client(client_slug)
            if reached is None:
                raise Http404("No such client.")
            standing = standing_from(request.user, reached)
            if must_set_up_mfa(request.user, standing.client, standing.role, standing.is_firm_staff):
                return to_second_factor(request, str(standing.client))
            if not standing.may(permission):
                raise PermissionDenied("Your role does not include this.")
            tenant_request = cast(TenantRequest, request)
            tenant_request.client, tenant_request.standing = standing.client, standing
            tenant_request.reach = reach
            tenant_request.found = outside(tenant_request, **kwargs) if outside is not None else None
            try:
                with (
                    refused_nul(),
                    acting_as(actor_of(request)),
                    tenant_context(standing.client),
                    days_of(tenant_request),
                ):
                    response = rendered(view(tenant_request, **kwargs))
                    if response.status_code >= 400:
                        transaction.set_rollback(True)
                    return response
            except Exception as error:
                if is_awaited(error):
                    return come_back(request)
                raise

        guarded.access = Access("client", permission)  # type: ignore[attr-defined]
        return guarded

    return decorate


def come_back(request: HttpRequest) -> HttpResponse:
    """The page reads lines that are still being written: it opens by itself in a moment. What was sent has changed nothing."""
    context = {"seconds": RETRY_SECONDS, "is_read": request.method in ("GET", "HEAD"), "said": SAID}
    headers = {"Retry-After": str(RETRY_SECONDS), "X-Problem": SAID}
    text = "" if request.headers.get("HX-Request") else render_to_string("503.html", context)
    return HttpResponse(text, status=503, headers=headers)


@contextmanager
def days_of(request: TenantRequest) -> Iterator[None]:
    """Moments are shown, and days counted, where the client is, unless the reader has a time zone of their own."""
    if getattr(request, "has_own_zone", False):
        yield
        return
    with timezone.override(time_zone(request.client.time_zone)):
        yield


def to_second_factor(request: HttpRequest, place: str) -> HttpResponse:
    """Send someone whose role requires a second factor to set one up, and say why they are there."""
    messages.warning(
        request,
        f"Your role at {place} requires a second factor. Add an authenticator app or a passkey here, then go on.",
    )
    return redirect("mfa_index")


def firm_page(permission: str, *, in_transaction: bool = True) -> Callable[[View], View]:
    """Guard a view whose URL holds `firm_slug`; it works on the firm's own rows, never inside a client.

    A view that opens the scope of one of the firm's clients says `in_transaction=False`: the scope owns the transaction.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, firm_slug: str, **kwargs: Any) -> HttpResponse:
            if isinstance(request.user, AnonymousUser):
                return redirect_to_login(request.get_full_path())
            membership = firm_reached(request.user, firm_slug)
            if membership is None:
                raise Http404("No such firm.")
            if must_set_up_mfa(request.user, None, membership.role, True):
                return to_second_factor(request, str(membership.firm))
            if permission not in FIRM_PERMISSIONS[membership.role]:
                raise PermissionDenied("Your role does not include this.")
            firm_request = cast(FirmRequest, request)
            firm_request.firm, firm_request.firm_role = membership.firm, membership.role
            if in_transaction:
                return _in_transaction(view, firm_request, kwargs)
            with refused_nul(), acting_as(actor_of(request)):
                return rendered(view(firm_request, **kwargs))

        guarded.access = Access("firm", permission)  # type: ignore[attr-defined]
        return guarded

    return decorate


def person_page(view: View) -> View:
    """Guard a view about the signed-in person themself."""

    @wraps(view)
    def guarded(request: HttpRequest, **kwargs: Any) -> HttpResponse:
        if isinstance(request.user, AnonymousUser):
            return redirect_to_login(request.get_full_path())
        return _in_transaction(view, request, kwargs)

    guarded.access = Access("person")  # type: ignore[attr-defined]
    return guarded


def public_page(view: View) -> View:
    """Declare a view that anyone may open, and that shows nobody's data."""

    @wraps(view)
    def opened(request: HttpRequest, **kwargs: Any) -> HttpResponse:
        return view(request, **kwargs)

    opened.access = Access("public")  # type: ignore[attr-defined]
    return opened


def actor_of(request: HttpRequest) -> Actor:
    """The signed-in person as the audit log names them."""
    user = request.user
    name = user.get_username() if user.is_authenticated else "anonymous"
    return Actor(name=name, user_id=user.pk, request_id=getattr(request, "request_id", ""))


@contextmanager
def refused_nul() -> Iterator[None]:
    """A text with a NUL, which PostgreSQL keeps nowhere, is a bad request wherever a view hands it to the database."""
    try:
        yield
    except DataError as error:
        if any(sign in str(error) for sign in ("NUL", "\\u0000")):
            raise BadRequest("What was sent holds a character that no text can hold.") from error
        raise


def rendered(response: HttpResponse) -> HttpResponse:
    """Render a lazy template response now, while the scope is open."""
    if isinstance(response, SimpleTemplateResponse) and not response.is_rendered:
        response.render()
    return response


def _in_transaction(view: View, request: HttpRequest, kwargs: dict[str, Any]) -> HttpResponse:
    with refused_nul(), acting_as(actor_of(request)), transaction.atomic():
        response = rendered(view(request, **kwargs))
        if response.status_code >= 400:
            transaction.set_rollback(True)
        return response
