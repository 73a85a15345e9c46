"""Access to the client's systems and to the portal: what the firm was given, and what becomes of it."""

from functools import partial
from typing import Any

from django.contrib import messages
from django.contrib.auth import get_user_model
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from engagements import states
from engagements.forms_closing import AccessForm, GrantForm, PlanForm
from engagements.models import Engagement, SystemAccess
from engagements.pages import base, step_list
from engagements.selectors.access import access_list, access_settled, plan_of, portal_access
from engagements.services.access import access_confirm, access_plan, access_request, access_step, access_update
from engagements.services.moves import require_open
from engagements.services.problems import EngagementError, IllegalMove
from engagements.views.scope import carried_out, engagement_or_404, home_of, invalid, refused
from portal.accounts.models import ApiToken, MagicLink
from portal.accounts.services.magic_links import magic_link_revoke
from portal.accounts.services.people import consultant_leave
from portal.accounts.services.tokens import token_revoke
from portal.tenancy.access import TenantRequest, client_page
from portal.tenancy.clock import day_now
from portal.tenancy.permissions import CONFIRM_ACCESS, MANAGE_PEOPLE, RUN_ENGAGEMENT, VIEW_ENGAGEMENT
from portal.tenancy.step_up import recently_authenticated

PATH = "access/"


def access_or_404(engagement: Engagement, access_id: int) -> SystemAccess:
    """An access of the engagement."""
    rows = SystemAccess.objects.select_related("engagement__client")
    return get_object_or_404(rows, pk=access_id, engagement=engagement)


@require_GET
@client_page(VIEW_ENGAGEMENT)
def access(request: TenantRequest, engagement_id: int) -> HttpResponse:
    """The client's systems and the portal side by side, and what was decided for the end."""
    found = engagement_or_404(request, engagement_id)
    plan = plan_of(found)
    context = base(request, found, PATH) | access_rows(request, found)
    context |= {"plan": plan, "settled": access_settled(found)}
    if context["may_run"]:
        kept = {"ending": plan.ending, "ends_on": plan.ends_on, "reason": plan.reason} if plan else {}
        context["plan_form"] = PlanForm(found, initial=kept)
    return TemplateResponse(request, "engagements/access.html", context)


def access_rows(request: TenantRequest, engagement: Engagement) -> dict[str, Any]:
    """Both halves of the inventory, with what this reader may do."""
    is_frozen = not engagement.is_open
    rows = [
        (row, [] if is_frozen else step_list(states.ACCESS, row.state), row.state in {"handed_over", "removed"})
        for row in access_list(engagement)
    ]
    return {
        "rows": rows,
        "portal": portal_access(request.client),
        "may_end_portal": request.standing.may(MANAGE_PEOPLE),
        "may_confirm": request.standing.may(CONFIRM_ACCESS),
    }


@require_http_methods(["GET", "POST"])
@client_page(RUN_ENGAGEMENT)
def access_new(request: TenantRequest, engagement_id: int) -> HttpResponse:
    """Note an access that is asked for."""
    found = engagement_or_404(request, engagement_id)
    today = {"requested_on": day_now(request.client)}
    form = AccessForm(found, request.POST or None, instance=SystemAccess(engagement=found), initial=today)
    return access_form(request, found, form, partial(access_request, engagement=found), "Noted.")


@require_http_methods(["GET", "POST"])
@client_page(RUN_ENGAGEMENT)
def access_edit(request: TenantRequest, engagement_id: int, access_id: int) -> HttpResponse:
    """Change what is noted of an access."""
    found = engagement_or_404(request, engagement_id)
    row = access_or_404(found, access_id)
    form = AccessForm(found, request.POST or None, instance=SystemAccess.objects.get(pk=row.pk))

    def change(**told: Any) -> object:
        return access_update(access=row, changes=told)

    return access_form(request, found, form, change, "Kept.")


def access_form(
    request: TenantRequest, engagement: Engagement, form: AccessForm, change: Any, done: str
) -> HttpResponse:
    """Show the form, or keep what it says; a text that looks like a secret is a fault of the form."""
    if request.method == "POST":
        if not engagement.is_open:
            return invalid(request, engagement, form)
        if form.is_valid():
            try:
                change(**form.cleaned_data)
            except IllegalMove as error:
                return refused(request, engagement, str(error), 409)
            except EngagementError as error:
                form.add_error(None, f"Not kept. {error}.")
            else:
                messages.success(request, done)
                return redirect(home_of(request, engagement, PATH))
    context = base(request, engagement, PATH) | {"form": form}
    return TemplateResponse(request, "engagements/access_form.html", context, status=422 if form.errors else 200)


@require_POST
@client_page(RUN_ENGAGEMENT)
def access_move(request: TenantRequest, engagement_id: int, access_id: int) -> HttpResponse:
    """It was granted, handed over, removed, or is no longer asked for."""
    found = engagement_or_404(request, engagement_id)
    row = access_or_404(found, access_id)
    form = GrantForm(request.POST)
    if not form.is_valid():
        return invalid(request, found, form)

    def change() -> None:
        require_open(found)
        access_step(access=row, user=request.user, is_firm_staff=True, **form.cleaned_data)

    return carried_out(request, found, change, "Noted.", PATH)


@require_POST
@client_page(CONFIRM_ACCESS)
def access_agree(request: TenantRequest, engagement_id: int, access_id: int) -> HttpResponse:
    """One of the client's people confirms that an access was handed over or removed."""
    found = engagement_or_404(request, engagement_id)
    row = access_or_404(found, access_id)

    def change() -> None:
        require_open(found)
        access_confirm(access=row, user=request.user)

    return carried_out(request, found, change, "Confirmed.", PATH)


@require_POST
@client_page(RUN_ENGAGEMENT)
def access_ending(request: TenantRequest, engagement_id: int) -> HttpResponse:
    """Decide what becomes of the firm's access at the end."""
    found = engagement_or_404(request, engagement_id)
    form = PlanForm(found, request.POST)
    if not form.is_valid():
        return invalid(request, found, form)
    today = day_now(request.client)
    change = partial(access_plan, engagement=found, user=request.user, today=today, **form.cleaned_data)
    return carried_out(request, found, change, "Decided.", PATH)


@require_POST
@client_page(MANAGE_PEOPLE)
@recently_authenticated
def firm_access_remove(request: TenantRequest, kind: str, row_id: int) -> HttpResponse:
    """End one of the firm's ways into the portal: an assignment, a token, an open link."""
    client = request.client
    entry = next((each for each in portal_access(client) if (each.kind, each.pk) == (kind, row_id)), None)
    if entry is None or kind == "calendar":  # a person's own, for all their clients: it follows what they reach
        raise Http404("The firm has no such access.")
    if kind == "consultant":
        consultant_leave(client=client, user=get_user_model().objects.get(pk=row_id))
    elif kind == "token":
        token_revoke(client=client, token=ApiToken.objects.get(pk=row_id))
    else:
        magic_link_revoke(link=MagicLink.objects.get(pk=row_id), because="ended with the access")
    messages.success(request, f"Ended: {entry.who}, {entry.what[0].lower()}{entry.what[1:]}.")
    if kind == "consultant" and row_id == request.user.pk:
        return redirect("portfolio")
    home = reverse("engagements", kwargs={"client_slug": client.slug})
    back = request.POST.get("back", "")
    is_ours = back.startswith(home) and url_has_allowed_host_and_scheme(back, allowed_hosts=None)
    return redirect(back if is_ours else home)
