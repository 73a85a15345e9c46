"""The firm's engagements across its clients: where each stands, what shuts its gate, hours, and whom it waits for."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from engagements.models import EngagementSummary
from engagements.selectors.summaries import summaries_of_firm
from portal.lib.dates import date_text
from portal.tenancy.access import FirmRequest, firm_page
from portal.tenancy.clock import day_now
from portal.tenancy.permissions import VIEW_PORTFOLIO
from portal.tenancy.selectors import clients_reached

SHOWN = (("open", "Open"), ("all", "All"))


@require_GET
@firm_page(VIEW_PORTFOLIO)
def firm_engagements(request: FirmRequest) -> HttpResponse:
    """Every engagement of the clients that the consultant works on, the least healthy first."""
    reached = [each.client for each in clients_reached(request.user) if each.is_firm_staff]
    mine = [client.pk for client in reached if client.firm_id == request.firm.pk]
    rows = summaries_of_firm(request.firm.pk, mine)
    wanted = "all" if request.GET.get("show") == "all" else "open"
    shown = [row for row in rows if wanted == "all" or row.state in {"active", "paused"}]
    context = {
        "firm": request.firm,
        "rows": [shown_row(row) for row in shown],
        "filters": [{"label": label, "url": f"?show={key}", "active": key == wanted} for key, label in SHOWN],
        "is_any": bool(rows),
    }
    return render(request, "engagements/firm_engagements.html", context)


def shown_row(row: EngagementSummary) -> dict[str, Any]:
    """A summary with its addresses and what is said about its end today."""
    keys = {"client_slug": row.client.slug, "engagement_id": row.engagement_id}
    home = reverse("engagement", kwargs=keys)
    is_past = row.ends_on is not None and row.ends_on < day_now(row.client) and row.state == "active"
    spent = row.logged / row.budget if row.budget else None
    return {
        "row": row,
        "home": home,
        "gate_url": f"{home}gates/{row.gate_id}/" if row.gate_id else "",
        "spent": spent,
        "is_over": spent is not None and spent > 1,
        "ended": f"was to end {date_text(row.ends_on)}" if is_past and row.ends_on else "",
    }
