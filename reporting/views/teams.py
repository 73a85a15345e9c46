"""ARR by team or territory, and its file."""

from typing import Any

from django.http import HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.views.decorators.http import require_GET

from governance.selectors.figure_disputes import disputed_marks
from metrics.models import AssignmentKind
from metrics.selectors.books import book_head
from portal.tenancy.access import TenantRequest, client_page
from portal.tenancy.permissions import IMPORT_DATA, MANAGE_TEAMS, VIEW_ARR, VIEW_DATA
from portal.tenancy.reader import locale_of
from reporting.arr_query import ArrQuery, Reader, usual_scale
from reporting.file_refusals import refusal_of
from reporting.team_file import marks_of_teams, team_bridge_csv
from reporting.team_page import TeamQuery, notes_for, plain, team_bridge_for, team_context


def rooms(request: TenantRequest, arr: ArrQuery, active: str = "arr") -> list[dict[str, Any]]:
    """The switch between ARR and its split by team and territory, of the same months; for `_partials/segmented.html`."""
    slug = {"client_slug": request.client.slug}
    found = [{"label": "All customers", "url": arr.address(reverse("arr", kwargs=slug)), "active": active == "arr"}]
    for kind in AssignmentKind:
        url = TeamQuery(plain(arr), kind.value).address(reverse("team_bridge", kwargs=slug))
        found.append({"label": f"By {str(kind.label).lower()}", "url": url, "active": active == kind})
    return found


@require_GET
@client_page(VIEW_ARR)
def team_bridge(request: TenantRequest) -> HttpResponse:
    """The bridge by team or territory, with what moved with people apart."""
    query = TeamQuery.from_parameters(request.GET, usual_scale(request.client))
    slug = {"client_slug": request.client.slug}
    reader = Reader(locale_of(request), reverse("team_bridge", kwargs=slug))
    context = team_context(request.client, query, reader, reverse("arr", kwargs=slug), disputed_marks()) | {
        "rooms": rooms(request, query.arr, query.kind),
        "may_import": request.standing.may(IMPORT_DATA),
        "may_manage": request.standing.may(MANAGE_TEAMS),
        "may_see_assignments": request.standing.may(VIEW_DATA),
    }
    return TemplateResponse(request, "reporting/teams.html", context)


@require_GET
@client_page(VIEW_ARR)
def team_csv(request: TenantRequest) -> HttpResponse:
    """The bridge that the page asks for, exact to the cent."""
    query = TeamQuery.from_parameters(request.GET)
    head = book_head(request.client, query.arr.recognition or None)
    if (refusal := refusal_of(query.arr.ignored, head)) is not None:
        return refusal
    bridge = team_bridge_for(request.client, query, head)
    marks = marks_of_teams(bridge, disputed_marks(), is_cut=bool(query.groups))
    text = team_bridge_csv(bridge, notes_for(bridge, query), marks)
    response = HttpResponse(text, content_type="text/csv; charset=utf-8")
    name = f"{request.client.slug}-{head.label}-{head.currency}-bridge-by-{bridge.kind}-by-{bridge.grain}.csv".lower()
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
