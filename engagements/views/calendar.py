"""A person's calendar: the page that makes and ends its address, and the address itself."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from engagements.calendar_text import calendar_text
from engagements.models import CalendarFeed
from engagements.selectors.calendar import Asked, Event, events_of
from engagements.selectors.projects import Reader
from engagements.services.calendar import (
    TooOften,
    calendar_end,
    calendar_make,
    calendar_scope,
    feed_presented,
)
from engagements.services.problems import EngagementError
from portal.accounts.lockout import address_of
from portal.accounts.mail import absolute
from portal.tenancy.access import person_page, public_page, standing_from
from portal.tenancy.permissions import VIEW_ENGAGEMENT
from portal.tenancy.scope import tenant_context
from portal.tenancy.selectors import Reach, openable

MOST_CLIENTS = 100


@require_http_methods(["GET", "POST"])
@person_page
def calendar(request: HttpRequest) -> HttpResponse:
    """The address of one's calendar: made anew, turned off, and what it shows. A new one is on the answer and nowhere else."""
    user: Any = request.user
    context: dict[str, Any] = {"address": ""}
    is_everything = request.POST.get("show") == "everything"
    step = request.POST.get("step", "")
    if step == "make":
        try:
            secret = calendar_make(user=user, is_everything=is_everything, now=timezone.now())
        except EngagementError as error:
            return render(request, "engagements/calendar.html", {"reason": str(error)}, status=422)
        context["address"] = absolute(reverse("calendar_feed", kwargs={"secret": secret}))
    elif step in {"end", "scope"}:
        calendar_end(user=user) if step == "end" else calendar_scope(user=user, is_everything=is_everything)
        return redirect("calendar")
    context["feed"] = CalendarFeed.objects.filter(user=user).exclude(token_hash="").first()
    return render(request, "engagements/calendar.html", context)


@require_GET
@public_page
def calendar_feed(request: HttpRequest, secret: str) -> HttpResponse:
    """The calendar of whoever the secret belongs to, as they may see it now; no session is read."""
    now = timezone.now()
    try:
        feed = feed_presented(secret=secret, place=address_of(request) or "", now=now)
    except TooOften:
        return answer(b"This calendar is read too often. Try again in an hour.\n", 429, {"Retry-After": "3600"})
    if feed is None:
        return answer(b"There is no such calendar, or it was turned off.\n", 404, {})
    text = calendar_text(all_events(feed, now), f"Tieout, {feed.user.get_full_name()}", now)
    return answer(text, 200, {"Content-Disposition": 'inline; filename="tieout.ics"'}, "text/calendar; charset=utf-8")


def all_events(feed: CalendarFeed, now: datetime) -> list[Event]:
    """The entries of every client that the person may open now, each read inside its own scope."""
    found: list[Event] = []
    for reached in openable(feed.user, Reach(feed.user).clients(most=MOST_CLIENTS))[:MOST_CLIENTS]:
        if not standing_from(feed.user, reached).may(VIEW_ENGAGEMENT):
            continue
        home = reverse("engagements", kwargs={"client_slug": reached.client.slug})
        with tenant_context(reached.client):
            reader = Reader(feed.user, reached.is_firm_staff)
            found += events_of(Asked(reader, feed.is_everything, now), home)
    return found


def answer(
    content: bytes, status: int, headers: dict[str, str], kind: str = "text/plain; charset=utf-8"
) -> HttpResponse:
    """An answer that no cache keeps and that leaves no trace of the address."""
    private = {"Cache-Control": "no-store, private", "Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex"}
    return HttpResponse(content, status=status, content_type=kind, headers={**private, **headers})
