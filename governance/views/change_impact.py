"""The impact of a change request: starting it, watching it, and taking all customers away as a file."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from governance.change_impact import ImpactFault
from governance.change_impact_customers import customers_file, customers_name
from governance.models import PreviewState
from governance.selectors.change_previews import newest_preview
from governance.services.change_preview import preview_start
from governance.services.problems import DefinitionError
from governance.views.changes import change_or_404
from portal.tenancy.access import TenantRequest, client_page
from portal.tenancy.permissions import REQUEST_CHANGES, VIEW_ARR, VIEW_CHANGES


@require_POST
@client_page(REQUEST_CHANGES)
def change_impact_start(request: TenantRequest, number: int) -> HttpResponse:
    """Have the impact computed; the page shows how far it is."""
    try:
        preview_start(request=change_or_404(request, number), user=request.user)
    except DefinitionError as error:
        messages.error(request, f"Nothing was changed: {error}.")
    return redirect(page_url(request, number))


@require_GET
@client_page(VIEW_CHANGES)
def change_impact_progress(request: TenantRequest, number: int) -> HttpResponse:
    """How far the newest preview is; when it is over, the page is loaded anew."""
    newest = newest_preview(change_or_404(request, number))
    url = reverse("change_impact_progress", kwargs={"client_slug": request.client.slug, "number": number})
    if newest is not None and newest.state == PreviewState.WORKING:
        context = {"preview": newest, "poll_url": url}
        return render(request, "governance/changes/_impact_progress.html", context)
    answer = render(request, "governance/changes/_impact_progress.html", {"preview": newest, "poll_url": ""})
    answer["HX-Refresh"] = "true"
    return answer


@require_GET
@client_page(VIEW_ARR)
def change_impact_customers(request: TenantRequest, number: int) -> HttpResponse:
    """Every customer that moves under a changed policy, as it was kept with the preview that the page shows."""
    change = change_or_404(request, number)
    try:
        kept = customers_file(change)
    except ImpactFault as fault:
        messages.error(request, str(fault))
        return redirect(page_url(request, number))
    answer = HttpResponse(kept, content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{customers_name(change)}"'
    return answer


def page_url(request: TenantRequest, number: int) -> str:
    """The page of the request, at its impact."""
    return reverse("change", kwargs={"client_slug": request.client.slug, "number": number}) + "#impact"
