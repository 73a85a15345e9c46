"""How much a client's people use the portal."""

import datetime as dt
from typing import Any, Final

from django.http import HttpResponse
from django.template.response import TemplateResponse
from django.views.decorators.http import require_GET

from portal.accounts.adoption import Adoption, adoption_get, monday
from portal.accounts.counted_pages import counted_pages
from portal.accounts.services.usage import uses_write
from portal.tenancy.access import TenantRequest, client_page
from portal.tenancy.clock import day_now
from portal.tenancy.permissions import VIEW_ADOPTION, VIEW_PEOPLE

SPANS: Final = ((4, "4 weeks"), (13, "13 weeks"), (26, "26 weeks"))


@require_GET
@client_page(VIEW_ADOPTION)
def adoption(request: TenantRequest) -> HttpResponse:
    """Sign-ins, people and pages by week, by role and by page, with what each figure means."""
    asked = request.GET.get("weeks", "")
    weeks = next((number for number, _ in SPANS if str(number) == asked), SPANS[1][0])
    uses_write(client=request.client)
    today = day_now(request.client)
    found = adoption_get(monday(today) - dt.timedelta(weeks=weeks - 1), today)
    context = {
        "found": found,
        "weeks": week_table(found),
        "roles": role_table(found),
        "pages": page_table(found),
        "dashboards": sorted(page.label for page in counted_pages().values() if page.is_dashboard),
        "spans": [{"label": label, "url": f"?weeks={n}", "active": n == weeks} for n, label in SPANS],
        "may_see_people": request.standing.may(VIEW_PEOPLE),
    }
    return TemplateResponse(request, "people/adoption.html", context)


def columns(first: str, first_kind: str, *rest: str) -> list[dict[str, Any]]:
    """A first column and columns of counts."""
    return [{"label": first, "kind": first_kind}, *({"label": label, "kind": "count"} for label in rest)]


def week_table(found: Adoption) -> dict[str, Any]:
    """Each week, opening into its roles."""
    rows = []
    for week in found.weeks:
        children = [
            {"id": f"{week.first}-{n}", "cells": [label, used.people, used.sign_ins, used.dashboards, used.pages]}
            for n, (label, used) in enumerate(week.by_role)
        ]
        used = week.total
        cells: list[Any] = [week.first, used.people, used.sign_ins, used.dashboards, used.pages]
        rows.append({"id": str(week.first), "cells": cells, "children": children})
    heads = columns("Week from", "date", "People active", "Sign-ins", "Dashboards opened", "Pages opened")
    return {"id": "weeks", "caption": "By week", "columns": heads, "rows": rows}


def role_table(found: Adoption) -> dict[str, Any]:
    """Each role of the client."""
    rows = [
        {
            "id": each.role,
            "cells": [each.label, each.members, each.used.people, each.used.sign_ins, each.used.dashboards],
        }
        for each in found.roles
    ]
    heads = columns("Role", "text", "Have it now", "Active", "Sign-ins", "Dashboards opened")
    empty = {"title": "Nobody of the client is here yet", "text": "Invite its people first."}
    return {"id": "roles", "caption": "By role", "columns": heads, "rows": rows, "empty": empty}


def page_table(found: Adoption) -> dict[str, Any]:
    """Each page that is counted."""
    rows = [
        {
            "id": f"page-{n}",
            "cells": [f"{each.label} (dashboard)" if each.is_dashboard else each.label, each.times, each.people],
        }
        for n, each in enumerate(found.pages)
    ]
    return {
        "id": "pages",
        "caption": "By page",
        "columns": columns("Page", "text", "Opened", "By people"),
        "rows": rows,
    }
