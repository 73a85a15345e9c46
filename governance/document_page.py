"""What the pages and the paper of policy documents show, made ready for their templates."""

from typing import Any

from governance.forms import DocumentForm
from governance.item_page import in_words
from governance.models import Function, ItemKind, PolicyDocument
from governance.selectors.change_effects import versions_approved
from governance.selectors.documents import DocumentDiff, document_diff, document_get, document_list
from portal.lib.periods import last_day
from portal.tenancy.access import TenantRequest
from portal.tenancy.clock import day_at, paper_reader
from portal.tenancy.models import Client
from portal.tenancy.permissions import EDIT_POLICY, VIEW_ARR, VIEW_CHANGES


def versions_context(request: TenantRequest, form: DocumentForm | None = None) -> dict[str, Any]:
    """Every version with how much of it was confirmed."""
    rows = [{"document": each, **counts_of(each)} for each in document_list()]
    may_edit = request.standing.may(EDIT_POLICY)
    may_read = request.standing.may(VIEW_CHANGES)
    return {
        "rows": rows,
        "form": (form or DocumentForm()) if may_edit else None,
        "approved": versions_approved() if may_read else [],
    }


def counts_of(document: PolicyDocument) -> dict[str, int]:
    """How many items a version has, and how many of them were confirmed."""
    items = document.content["items"]
    return {"items": len(items), "confirmed": sum(entry["state"] == "confirmed" for entry in items)}


def document_context(request: TenantRequest, document: PolicyDocument) -> dict[str, Any]:
    """One version, by kind, and the report of what moved since the version before."""
    before = document_get(document.number - 1) if document.number else None
    return {
        "document": document,
        "groups": groups_of(document),
        "before": before,
        "moved": document_diff(request.client, before, document, effect=False) if before else None,
        "others": [each for each in document_list() if each.number != document.number],
        **counts_of(document),
    }


def groups_of(document: PolicyDocument) -> list[tuple[str, list[dict[str, Any]]]]:
    """A version's entries by kind, with the words for who says yes."""
    entries = [
        entry["content"]
        | {name: entry[name] for name in ("state", "confirmed_by", "confirmed_in")}
        | {"labels": [Function(name).label for name in entry["content"]["functions"]]}
        for entry in document.content["items"]
    ]
    return [(kind.label, [each for each in entries if each["kind"] == kind]) for kind in ItemKind]


def diff_context(request: TenantRequest, before: PolicyDocument, after: PolicyDocument) -> dict[str, Any]:
    """What lies between two versions; the effect on ARR for whoever may see ARR."""
    diff = document_diff(request.client, before, after, effect=request.standing.may(VIEW_ARR))
    effect = diff.effect
    return {
        "diff": diff,
        "changes": spoken_changes(diff),
        "effect": effect,
        "month_end": last_day(effect.month) if effect is not None and effect.month is not None else None,
        "currency": request.client.currency,
        "may_see_arr": request.standing.may(VIEW_ARR),
    }


def spoken_changes(diff: DocumentDiff) -> list[dict[str, Any]]:
    """Each changed item with its fields as words."""
    return [
        {"title": item.title, "edits": [(label, in_words(old), in_words(new)) for label, old, new in item.edits]}
        for item in diff.changed
    ]


def paper_context(client: Client, document: PolicyDocument) -> dict[str, Any]:
    """A version for paper."""
    return {
        "document": document,
        "document_name": f"ARR policy {document}",
        "client_name": document.content["client"]["name"],
        "sha256": document.sha256,
        "as_of": day_at(client, document.created_at),
        "groups": groups_of(document),
        "reader": paper_reader(client),
        **counts_of(document),
    }
