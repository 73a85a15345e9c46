"""The editor of a firm's playbook: an outline, one part at a time as a form that saves itself, and publishing."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from engagements.draft_page import (
    Pane,
    card_of,
    conflict_rows,
    editor_context,
    pane_above,
    pane_at,
    pane_of,
    publish_context,
)
from engagements.forms import PublishForm
from engagements.forms_parts import PartForm
from engagements.models import FirmPlaybook, PlaybookDraft
from engagements.playbook.draft import Node
from engagements.selectors.drafts import DraftView, draft_diff, draft_get
from engagements.selectors.playbooks import version_get
from engagements.services.drafts import (
    PartChanged,
    draft_begin,
    draft_discard,
    draft_part_add,
    draft_part_save,
    draft_part_step,
    draft_publish,
    part_digest,
)
from engagements.services.problems import EngagementError, IllegalMove
from engagements.views.playbooks import base, row_or_404, version_or_404
from portal.tenancy.access import FirmRequest, firm_page
from portal.tenancy.permissions import EDIT_PLAYBOOKS


@require_http_methods(["GET", "POST"])
@firm_page(EDIT_PLAYBOOKS)
def playbook_draft(request: FirmRequest, key: str) -> HttpResponse:
    """Begin the draft of a playbook, or go on with it: the outline, and beside it the part that the address names."""
    row = row_or_404(request, key)
    if request.method == "POST":
        draft_begin(row=row, user=request.user)
        return redirect("playbook_draft", firm_slug=request.firm.slug, key=key)
    draft = draft_get(row)
    if draft is None:
        version = version_or_404(request, key)
        return render(request, "engagements/draft_none.html", {"version": version} | _base(request, row))
    view = DraftView(draft)
    pane = pane_of(view, request.GET.get("part", ""), request.GET.get("list", ""))
    is_part = request.headers.get("HX-Target") == "pane"
    return _editor(request, row, view, pane, "_draft_pane.html" if is_part else "draft.html")


@require_POST
@firm_page(EDIT_PLAYBOOKS)
def playbook_draft_part(request: FirmRequest, key: str, part_id: int) -> HttpResponse:
    """Save one part. Where somebody changed it meanwhile, both texts are shown and neither is lost."""
    row = row_or_404(request, key)
    view, node = _seen(row, part_id)
    form = PartForm(node, lambda name: view.choices(node, name), request.POST)
    if not form.is_valid():
        return _saved(request, row, view, node, form, 422)
    seen = request.POST.get("over") or request.POST.get("seen", "")
    try:
        draft = draft_part_save(row=row, part=part_id, values=form.values, seen=seen, user=request.user)
    except PartChanged as error:
        return _conflict(request, row, error, form)
    except EngagementError as error:
        return _refused(error)
    if not request.headers.get("HX-Request"):
        return redirect(_address(row) + f"?part={part_id}")
    return _after_save(request, row, view, DraftView(draft), part_id)


def _after_save(request: FirmRequest, row: FirmPlaybook, before: DraftView, view: DraftView, part: int) -> HttpResponse:
    """The pieces of the page that a save changes; the whole part where others followed a new key, which it may show."""
    if view.others_differ(before, part):
        response = _editor(request, row, view, pane_at(view, part), "_draft_changed.html")
        response["HX-Retarget"], response["HX-Reswap"] = "#pane", "innerHTML"
        return response
    marked = before.faulty != view.faulty
    return _saved(request, row, view, view.nodes[part], None, 200, {"outline": view.outline} if marked else None)


@require_POST
@firm_page(EDIT_PLAYBOOKS)
def playbook_draft_step(request: FirmRequest, key: str, part_id: int, step: str) -> HttpResponse:
    """Add, copy, move, take out or put back a part."""
    row = row_or_404(request, key)
    view, before = _seen(row, part_id)
    try:
        if step == "add":
            slot = request.POST.get("slot", "")
            draft, look = draft_part_add(row=row, owner=part_id, slot=slot, user=request.user)
        else:
            draft, look = draft_part_step(row=row, part=part_id, step=step, user=request.user)
    except EngagementError as error:
        return _refused(error)
    view = DraftView(draft)
    pane = pane_of(view, request.POST.get("at_part", ""), request.POST.get("at_list", ""))
    if step in {"add", "copy", "restore"}:
        pane = pane_at(view, look)
    elif step == "remove" and (pane.part not in view.nodes or request.POST.get("at_part") == str(part_id)):
        pane = pane_above(view, before)
    if not request.headers.get("HX-Request"):
        return redirect(_address(row) + pane.query)
    response = _editor(request, row, view, pane, "_draft_changed.html")
    response["HX-Push-Url"] = _address(row) + pane.query
    return response


@require_POST
@firm_page(EDIT_PLAYBOOKS)
def playbook_draft_discard(request: FirmRequest, key: str) -> HttpResponse:
    """Throw the draft away."""
    try:
        draft_discard(row=row_or_404(request, key))
        messages.success(request, "The draft is gone. The newest version is as it was.")
    except IllegalMove as error:
        messages.warning(request, f"Nothing to discard: {error}.")
    return redirect("playbook", firm_slug=request.firm.slug, key=key)


@require_http_methods(["GET", "POST"])
@firm_page(EDIT_PLAYBOOKS)
def playbook_draft_publish(request: FirmRequest, key: str) -> HttpResponse:
    """See what the draft changes, then make it the next version."""
    row = row_or_404(request, key)
    draft = draft_get(row)
    if draft is None:
        return redirect("playbook_draft", firm_slug=request.firm.slug, key=key)
    form = PublishForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            saved = draft_publish(row=row, user=request.user, **form.cleaned_data)
        except EngagementError as error:
            form.add_error(None, f"Not published: {error}.")
            return _difference(request, row, draft, form, 409 if isinstance(error, IllegalMove) else 422)
        messages.success(request, f"Version {saved.number} is published.")
        return redirect("playbook", firm_slug=request.firm.slug, key=key)
    return _difference(request, row, draft, form, 422 if form.errors else 200)


def _difference(
    request: FirmRequest, row: FirmPlaybook, draft: PlaybookDraft, form: PublishForm, status: int
) -> HttpResponse:
    view, newest = DraftView(draft), version_get(row)
    assert newest is not None  # a draft begins from a version, and no version is ever removed
    if status != 422:
        form.renew(revision=draft.revision, onto=newest.number)
    context = publish_context(view, newest) | {"form": form, "changes": draft_diff(view, newest)}
    return render(request, "engagements/draft_publish.html", context | _base(request, row), status=status)


def _seen(row: FirmPlaybook, part: int) -> tuple[DraftView, Node]:
    draft = draft_get(row)
    if draft is None:
        raise Http404("There is no draft.")
    view = DraftView(draft)
    if part not in view.nodes:
        raise Http404("No such part.")
    return view, view.nodes[part]


def _editor(request: FirmRequest, row: FirmPlaybook, view: DraftView, pane: Pane, template: str) -> HttpResponse:
    context = editor_context(view, pane) | _base(request, row)
    return render(request, f"engagements/{template}", context)


def _saved(
    request: FirmRequest,
    row: FirmPlaybook,
    view: DraftView,
    node: Node,
    form: PartForm | None,
    status: int,
    more: dict[str, Any] | None = None,
) -> HttpResponse:
    context: dict[str, Any] = (more or {}) | {"draft": view.draft, "faults": view.faults, "removed": view.removed}
    context |= {"card": card_of(view, node, form), "is_saved": form is None, "now": timezone.now()}
    context["fill_key"] = "key" in request.POST and not request.POST["key"].strip() and bool(node.data.get("key"))
    return render(request, "engagements/_draft_saved.html", context | _base(request, row), status=status)


def _conflict(request: FirmRequest, row: FirmPlaybook, error: PartChanged, form: PartForm) -> HttpResponse:
    context = {
        "node": error.theirs, "draft": error.draft, "over": part_digest(error.theirs),
        "rows": conflict_rows(error.theirs, form.values),
    }  # fmt: skip
    response = render(request, "engagements/_draft_conflict.html", context | _base(request, row), status=409)
    response["X-Conflict"] = "part"
    return response


def _refused(error: EngagementError) -> HttpResponse:
    status = 409 if isinstance(error, IllegalMove) else 422
    response = HttpResponse(str(error), status=status, content_type="text/plain; charset=utf-8")
    response["X-Problem"] = f"Nothing was changed: {error}."
    return response


def _base(request: FirmRequest, row: FirmPlaybook) -> dict[str, Any]:
    return base(request) | {"row": row, "home": _address(row)}


def _address(row: FirmPlaybook) -> str:
    return reverse("playbook_draft", kwargs={"firm_slug": row.firm.slug, "key": row.key})
