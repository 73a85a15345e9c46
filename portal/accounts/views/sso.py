"""Signing in at one's own company."""

import hmac
import logging
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_GET, require_http_methods

from portal.accounts import oidc
from portal.accounts.entrance import sign_in
from portal.accounts.mail import absolute
from portal.accounts.models import SsoConnection, User
from portal.accounts.selectors import invitation_opened, sso_of_email, sso_of_public_id
from portal.accounts.services.sso import sso_secret, sso_sign_in
from portal.accounts.session import INVITATION, SessionScope
from portal.accounts.views.links import leaves_no_trace, named_in_the_log
from portal.tenancy.access import public_page
from portal.tenancy.services import TenancyError

ATTEMPT = "sso_attempt"
logger = logging.getLogger(__name__)


class WorkAddressForm(forms.Form):
    """The address whose domain leads to a company's sign-in."""

    email = forms.EmailField(label="Work e-mail address", max_length=254)


@require_http_methods(["GET", "POST"])
@public_page
def sso_start(request: HttpRequest) -> HttpResponse:
    """Ask for the work address, find the company's provider by its domain, and go there.

    Only the domain counts, so the answer says nothing about the person. The way out is a page with a link that follows
    itself, because the content policy lets no form lead to another site.
    """
    form = WorkAddressForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        connection = sso_of_email(form.cleaned_data["email"])
        url = _begin(request, connection) if connection else ""
        if url:
            return render(request, "people/sso_go.html", {"url": url, "client": connection.client})  # type: ignore[union-attr]
        form.add_error(
            "email", "No company sign-in is set up for this domain, or it does not answer. Sign in another way."
        )
    return render(request, "account/sso.html", {"form": form}, status=422 if form.errors else 200)


@require_GET
@public_page
@leaves_no_trace
@named_in_the_log
def sso_callback(request: HttpRequest) -> HttpResponse:
    """The company's answer: verified here, used once, and refused without a reason on the page."""
    attempt = _attempt(request)
    connection = sso_of_public_id(attempt.public_id) if attempt else None
    if attempt is None or connection is None:
        return _refused(request)
    try:
        claims = _claims(request, connection, attempt)
        invited = invitation_opened(request.session.get(INVITATION, ""))
        outcome = sso_sign_in(connection=connection, claims=claims, invited=invited)
    except (oidc.OidcError, TenancyError) as error:
        logger.warning("company sign-in of client %s refused: %s", connection.client_id, error)
        return _refused(request)
    if outcome.was_mailed:
        return render(request, "people/sso_mailed.html", {"client": connection.client})
    return _enter(request, connection, outcome.user, attempt.next) if outcome.user else _refused(request)


def _begin(request: HttpRequest, connection: SsoConnection) -> str:
    """The provider's address with fresh state, nonce and PKCE challenge; blank when the provider does not answer."""
    asked = request.GET.get("next", "")
    is_safe = url_has_allowed_host_and_scheme(asked, allowed_hosts=None)
    attempt = oidc.attempt_begin(connection.public_id, asked if is_safe else "")
    try:
        provider = oidc.discover(connection.issuer)
    except oidc.OidcError as error:
        logger.warning("company sign-in of client %s cannot begin: %s", connection.client_id, error)
        return ""
    request.session[ATTEMPT] = attempt.to_session()
    return oidc.authorization_url(provider, connection.oidc_client_id, callback_url(), attempt)


def callback_url() -> str:
    """Where providers send people back to; the same for every client."""
    return absolute(reverse("sso_callback"))


def _attempt(request: HttpRequest) -> oidc.Attempt | None:
    """The attempt of this browser, if the answer belongs to it; it is gone after the first look."""
    kept: dict[str, Any] | None = request.session.pop(ATTEMPT, None)
    attempt = oidc.Attempt(**kept) if kept else None
    state = request.GET.get("state", "")
    if attempt is None or not attempt.is_fresh() or not hmac.compare_digest(attempt.state.encode(), state.encode()):
        return None
    return attempt


def _claims(request: HttpRequest, connection: SsoConnection, attempt: oidc.Attempt) -> oidc.Claims:
    stated = request.GET.get("iss")
    if stated is not None and stated != connection.issuer:
        raise oidc.OidcError("another provider answered")
    code = request.GET.get("code", "")
    if not code:
        raise oidc.OidcError(f"no code: {request.GET.get('error', '')[:60]!r}")
    provider = oidc.discover(connection.issuer)
    secret = sso_secret(connection)
    return oidc.code_exchange(provider, connection.oidc_client_id, secret, callback_url(), code, attempt)


def _enter(request: HttpRequest, connection: SsoConnection, user: User, next_path: str) -> HttpResponse:
    """Sign in to this client and no other, after a second factor where the person has one."""
    client = connection.client
    scope = SessionScope(kind="sso", client_id=client.pk, client_slug=client.slug)
    to = next_path or f"/c/{client.slug}/"
    return sign_in(request, user, method="sso", to=to, scope=scope, issuer=connection.issuer)


def _refused(request: HttpRequest) -> HttpResponse:
    return render(request, "people/sso_refused.html", status=403)
