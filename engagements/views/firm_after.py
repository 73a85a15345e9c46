"""The firm's follow-ups across its clients: check-ins that come, and what is offered next, which no client sees."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods

from engagements import states
from engagements.forms_closing import PathForm
from engagements.models import AfterCare
from engagements.pages import step_list
from engagements.path_words import PATH_LABELS
from engagements.selectors.playbooks import playbook_list, shipped_list
from engagements.selectors.summaries import after_of_firm
from engagements.services.paths import path_step
from engagements.services.problems import EngagementError, IllegalMove
from portal.tenancy.access import FirmRequest, firm_page
from portal.tenancy.clock import day_now
from portal.tenancy.models import Client
from portal.tenancy.permissions import FIRM_PERMISSIONS, MANAGE_FIRM, VIEW_PORTFOLIO
from portal.tenancy.scope import tenant_context
from portal.tenancy.selectors import clients_reached


def clients_followed(request: FirmRequest) -> list[int]:
    """The firm's clients whose follow-ups the person sees: an admin's all, a consultant's those they work on."""
    if MANAGE_FIRM in FIRM_PERMISSIONS[request.firm_role]:
        return list(Client.objects.filter(firm=request.firm).values_list("pk", flat=True))
    return [each.client.pk for each in clients_reached(request.user) if each.is_firm_staff]


@require_GET
@firm_page(VIEW_PORTFOLIO)
def follow_ups(request: FirmRequest) -> HttpResponse:
    """Every ended engagement with its next check-in and its offer, the next day first; and what debriefs say of playbooks."""
    reached = {each.client.pk for each in clients_reached(request.user) if each.is_firm_staff}
    rows = after_of_firm(request.firm.pk, clients_followed(request))
    books = {book.key: book.name for book in (*playbook_list(request.firm), *shipped_list())}
    context = {
        "firm": request.firm,
        "rows": [shown_row(request, row, row.client_id in reached) for row in rows],
        "learnings": [(books.get(row.playbook_key, row.playbook_key), row) for row in rows if row.learnings],
    }
    return render(request, "engagements/follow_ups.html", context)


def shown_row(request: FirmRequest, row: AfterCare, is_reached: bool) -> dict[str, Any]:
    """A row with its addresses; the engagement's own pages only for whoever still reaches the client."""
    today = day_now(row.client)
    keys = {"client_slug": row.client.slug, "engagement_id": row.engagement_id}
    own = {"firm_slug": request.firm.slug, "client_id": row.client_id, "engagement_id": row.engagement_id}
    return {
        "row": row,
        "url": reverse("after", kwargs=keys) if is_reached else "",
        "path_url": reverse("follow_up", kwargs=own) if row.path else "",
        "path": PATH_LABELS.get(row.path, ""),
        "is_due": row.prepare_on is not None and row.prepare_on <= today,
        "is_late": row.check_in_on is not None and row.check_in_on < today,
    }


@require_http_methods(["GET", "POST"])
@firm_page(VIEW_PORTFOLIO, in_transaction=False)
def follow_up(request: FirmRequest, client_id: int, engagement_id: int) -> HttpResponse:
    """What was offered after a single project, step by step; the POST takes one."""
    if client_id not in clients_followed(request):
        raise Http404("No such client.")
    client = get_object_or_404(Client.objects.select_related("firm"), pk=client_id, firm=request.firm)
    form, status, problem = PathForm(request.POST or None), 200, ""
    with tenant_context(client):
        row = get_object_or_404(AfterCare.objects.exclude(path=""), engagement_id=engagement_id)
        if request.method == "POST" and form.is_valid():
            try:
                path_step(after=row, user=request.user, today=day_now(client), **form.cleaned_data)
            except EngagementError as error:
                problem, status = f"Not kept: {error}.", 409 if isinstance(error, IllegalMove) else 422
            else:
                messages.success(request, "Kept.")
                return redirect(request.path)
    context = {"firm": request.firm, "row": row, "told": client, "form": form, "problem": problem} | path_context(row)
    return render(request, "engagements/follow_up.html", context, status=422 if form.errors else status)


def path_context(row: AfterCare) -> dict[str, Any]:
    """The steps in words."""
    taken = [step | {"to_label": PATH_LABELS.get(step["to"], step["to"])} for step in reversed(row.path_steps)]
    return {"path": PATH_LABELS.get(row.path, row.path), "steps": step_list(states.PATH, row.path), "taken": taken}
