"""What the list of change requests and the page of one show, made ready for their templates."""

from typing import Any, Final

from governance.change_sections import sections_of
from governance.models import ChangeKind, ChangeRequest, ChangeState
from governance.selectors.changes import change_events, change_list
from portal.tenancy.access import TenantRequest
from portal.tenancy.permissions import REQUEST_CHANGES

MARKS: Final = {
    ChangeState.DRAFT: "draft",
    ChangeState.SUBMITTED: "waiting",
    ChangeState.TRIAGE: "waiting",
    ChangeState.IMPACT: "waiting",
    ChangeState.REVIEW: "waiting",
    ChangeState.NEEDS_CHANGES: "refused",
    ChangeState.APPROVED: "agreed",
    ChangeState.REJECTED: "refused",
    ChangeState.SCHEDULED: "agreed",
    ChangeState.EFFECTIVE: "agreed",
    ChangeState.COMMUNICATED: "agreed",
    ChangeState.CLOSED: "lapsed",
    ChangeState.WITHDRAWN: "lapsed",
}


def list_context(request: TenantRequest) -> dict[str, Any]:
    """The requests that search and filters leave."""
    asked = request.GET
    found = change_list(
        state=asked.get("state", ""), kind=asked.get("kind", ""), search=asked.get("q", ""),
        mine=request.user if asked.get("whose") == "mine" else None,
    )  # fmt: skip
    return {
        "rows": [{"change": each, "mark": MARKS[ChangeState(each.state)]} for each in found],
        "has_any": bool(found) or ChangeRequest.objects.exists(),
        "filters": filters_of(request),
        "search": asked.get("q", "")[:80],
        "may_ask": request.standing.may(REQUEST_CHANGES),
    }


def filters_of(request: TenantRequest) -> list[dict[str, Any]]:
    """The choices of the filters."""
    wanted: tuple[tuple[str, str, list[tuple[str, str]]], ...] = (
        ("whose", "Whose", [("", "Everybody’s"), ("mine", "Mine")]),
        ("state", "State", [("", "Any"), *ChangeState.choices]),
        ("kind", "Kind", [("", "Any"), *ChangeKind.choices]),
    )
    return [
        {
            "name": name,
            "label": label,
            "options": [
                {"value": value, "label": text, "selected": request.GET.get(name, "") == value}
                for value, text in choices
            ],
        }
        for name, label, choices in wanted
    ]


def change_context(request: TenantRequest, change: ChangeRequest) -> dict[str, Any]:
    """Everything on the page of one request."""
    return {
        "change": change,
        "mark": MARKS[ChangeState(change.state)],
        "events": change_events(change),
        "sections": sections_of(request, change),
    }
