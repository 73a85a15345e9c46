"""Opening what was mailed: invitations and sign-in links. A GET shows, a POST uses."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from portal.accounts.bearer import hash_of
from portal.accounts.entrance import sign_in
from portal.accounts.forms import JoinForm
from portal.accounts.models import MagicLink, User
from portal.accounts.models.links import LinkPurpose
from portal.accounts.selectors import OpenedInvitation, invitation_opened, is_only_invited, magic_link_opened
from portal.accounts.services.invitations import LinkClosedError, invitation_accept
from portal.accounts.services.magic_links import magic_link_renew, magic_link_use
from portal.accounts.session import INVITATION, LINK, SessionScope, scope_of
from portal.tenancy.access import actor_of, public_page
from portal.tenancy.actor import acting_as
from portal.tenancy.services import TenancyError

View = Callable[..., HttpResponse]


def leaves_no_trace(view: View) -> View:
    """No Referer leaves the answer to an address that holds a secret, and no cache keeps it.

    Not for a page with a form: without a referrer a browser sends the form with the origin "null", which is refused.
    """

    @wraps(view)
    def guarded(request: HttpRequest, **kwargs: Any) -> HttpResponse:
        response = view(request, **kwargs)
        response["Referrer-Policy"] = "no-referrer"
        response["Cache-Control"] = "no-store, private"
        return response

    return guarded


def named_in_the_log(view: View) -> View:
    """What a public page changes is logged with the request's id."""

    @wraps(view)
    def acting(request: HttpRequest, **kwargs: Any) -> HttpResponse:
        with acting_as(actor_of(request)):
            return view(request, **kwargs)

    return acting


@require_GET
@public_page
@leaves_no_trace
def invitation_open(request: HttpRequest, secret: str) -> HttpResponse:
    """Take the secret out of the address; nothing else happens, whatever it is."""
    request.session[INVITATION] = hash_of(secret)
    return redirect("invitation_join")


@require_http_methods(["GET", "POST"])
@public_page
@named_in_the_log
def invitation_join(request: HttpRequest) -> HttpResponse:
    """What the invitation is to, and the button that accepts it."""
    opened = invitation_opened(request.session.get(INVITATION, ""))
    if opened is None:
        return render(request, "people/link_closed.html", {"kind": "invitation"}, status=410)
    if request.user.is_authenticated:
        return _join_as(request, opened, request.user)
    if opened.has_account:
        if request.method == "POST":
            return redirect_to_login(reverse("invitation_join"))
        return render(request, "people/join.html", {"opened": opened, "step": "sign_in"})
    return _join_new(request, opened)


def _join_as(request: HttpRequest, opened: OpenedInvitation, user: User) -> HttpResponse:
    """The invited person is signed in already; anyone else is told so."""
    step = "accept" if user.email.lower() == opened.email and scope_of(request.session) is None else "other"
    if request.method == "POST" and step == "accept":
        try:
            invitation_accept(opened=opened, user=user)
        except LinkClosedError:
            return render(request, "people/link_closed.html", {"kind": "invitation"}, status=410)
        except TenancyError as error:
            messages.error(request, f"You did not join: {error}.")
            return redirect("portfolio")
        del request.session[INVITATION]
        messages.success(request, f"Welcome to {opened.place}.")
        return redirect(_landing(opened))
    return render(request, "people/join.html", {"opened": opened, "step": step})


def _join_new(request: HttpRequest, opened: OpenedInvitation) -> HttpResponse:
    """A new person gives a name and a password, and is signed in."""
    form = JoinForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            user = invitation_accept(opened=opened, user=None, **form.cleaned_data)
        except LinkClosedError:
            return render(request, "people/link_closed.html", {"kind": "invitation"}, status=410)
        except TenancyError as error:
            form.add_error("password", str(error))
        else:
            return sign_in(request, user, method="password", to=_landing(opened), reauthenticated=True)
    context = {"opened": opened, "step": "new", "form": form}
    return render(request, "people/join.html", context, status=422 if form.errors else 200)


@require_GET
@public_page
@leaves_no_trace
def magic_link_open(request: HttpRequest, secret: str) -> HttpResponse:
    """Take the secret out of the address; nothing else happens, whatever it is."""
    request.session[LINK] = hash_of(secret)
    return redirect("magic_link_confirm")


@require_http_methods(["GET", "POST"])
@public_page
@named_in_the_log
def magic_link_confirm(request: HttpRequest) -> HttpResponse:
    """Say where the link leads; the POST uses it and signs in."""
    link = magic_link_opened(request.session.get(LINK, ""))
    if link is None:
        return render(request, "people/link_closed.html", {"kind": "link"}, status=410)
    if request.method == "GET":
        context = {"link": link, "words": LinkPurpose(link.purpose).label, "joins": is_only_invited(link)}
        return render(request, "people/link.html", context)
    try:
        scope = magic_link_use(link=link)
    except LinkClosedError:
        return render(request, "people/link_closed.html", {"kind": "link", "may_renew": True}, status=410)
    return _enter(request, link, scope)


def _enter(request: HttpRequest, link: MagicLink, scope: SessionScope) -> HttpResponse:
    """Whoever is fully signed in as this person stays so; anyone else gets the limited session, after a second factor."""
    if request.user == link.user and scope_of(request.session) is None:
        return redirect(link.target)
    return sign_in(request, link.user, method="link", to=link.target, scope=scope)


@require_POST
@public_page
@named_in_the_log
def magic_link_again(request: HttpRequest) -> HttpResponse:
    """Mail a fresh link for one that ran out; the answer is the same whatever happened."""
    link = magic_link_opened(request.session.get(LINK, ""))
    if link is not None:
        magic_link_renew(link=link)
    return render(request, "people/link_sent.html")


def _landing(opened: OpenedInvitation) -> str:
    if opened.client is None:
        return reverse("portfolio")
    return reverse("client_home", kwargs={"client_slug": opened.client.slug})
