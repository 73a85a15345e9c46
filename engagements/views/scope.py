"""What the views of engagements share: finding the engagement, running a change, and saying why one is refused."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

from engagements.models import Engagement
from engagements.services.moves import closed_sentence
from engagements.services.problems import EngagementError, IllegalMove
from portal.tenancy.access import TenantRequest


def engagement_or_404(request: TenantRequest, engagement_id: int) -> Engagement:
    """The client's engagement of that id."""
    return get_object_or_404(Engagement.objects.select_related("client__firm"), pk=engagement_id)


def home_of(request: TenantRequest, engagement: Engagement, path: str = "") -> str:
    """The address of a page of the engagement."""
    home = reverse("engagement", kwargs={"client_slug": request.client.slug, "engagement_id": engagement.pk})
    return f"{home}{path}"


def back_to(request: TenantRequest, engagement: Engagement, path: str) -> str:
    """Where the form was sent from, if it is a page of this engagement; else `path`."""
    asked, home = request.POST.get("back", ""), home_of(request, engagement)
    is_ours = asked.startswith(home) and url_has_allowed_host_and_scheme(asked, allowed_hosts=None)
    return asked if is_ours else home + path


def carried_out(
    request: TenantRequest,
    engagement: Engagement,
    change: Callable[[], Any],
    done: str,
    path: str = "",
    *,
    to: str = "",
) -> HttpResponse:
    """Run a change and go back to where it came from, or to `to`; a refusal is told with 409 (the state forbids it) or 422."""
    try:
        change()
    except EngagementError as error:
        return refused(request, engagement, str(error), 409 if isinstance(error, IllegalMove) else 422)
    messages.success(request, done)
    return redirect(to or back_to(request, engagement, path))


def refused(request: TenantRequest, engagement: Engagement, reason: str, status: int) -> HttpResponse:
    """Say that nothing was changed and why."""
    context = {
        "engagement": engagement,
        "reason": sentence(reason),
        "back": back_to(request, engagement, ""),
    }
    return TemplateResponse(request, "engagements/refused.html", context, status=status)


def sentence(reason: object) -> str:
    """A reason as a sentence of its own."""
    text = str(reason).rstrip(".")
    return f"{text[:1].upper()}{text[1:]}."


def invalid(request: TenantRequest, engagement: Engagement, form: Any, *, frozen: bool = True) -> HttpResponse:
    """Say which field of a short form is wrong; of an engagement in which nothing changes any more, that alone.

    `frozen=False` for what comes after the end of one.
    """
    if frozen and not engagement.is_open:
        return refused(request, engagement, closed_sentence(engagement), 409)
    faults = "; ".join(
        f"{(form.fields[name].label or name) if name in form.fields else ''} {' '.join(texts)}".strip()
        .rstrip(".")
        .lower()
        for name, texts in form.errors.items()
    )
    return refused(request, engagement, faults or "something is missing", 422)
