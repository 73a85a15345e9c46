"""Copying, importing and changing a firm's playbooks."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from engagements.forms import FORM_CHOICES, PlaybookFileForm, PlaybookTextForm
from engagements.models import PlaybookVersion
from engagements.playbook.files import write_text
from engagements.selectors.drafts import draft_get
from engagements.selectors.playbooks import version_content
from engagements.services.playbooks import playbook_create, playbook_save
from engagements.services.problems import EngagementError
from engagements.views.playbooks import base, shipped_or_404, version_or_404
from metrics.files import file_name_shown
from portal.tenancy.access import FirmRequest, firm_page
from portal.tenancy.permissions import EDIT_PLAYBOOKS


@require_POST
@firm_page(EDIT_PLAYBOOKS)
def playbook_copy(request: FirmRequest, key: str) -> HttpResponse:
    """Make a shipped playbook the firm's own, to adapt it."""
    found = shipped_or_404(key)
    version = playbook_create(firm=request.firm, playbook=found, origin=f"{found.name} as shipped", user=request.user)
    messages.success(request, f"{found.name} is now yours: change what you do differently.")
    return redirect("playbook", firm_slug=request.firm.slug, key=version.playbook.key)


@require_http_methods(["GET", "POST"])
@firm_page(EDIT_PLAYBOOKS)
def playbook_upload(request: FirmRequest) -> HttpResponse:
    """Import a playbook from a file; what does not tie in it is said, and kept as it is."""
    form = PlaybookFileForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        name = file_name_shown(form.cleaned_data["file"].name)
        version = playbook_create(firm=request.firm, playbook=form.playbook, origin=name, user=request.user)
        messages.success(request, f"{form.playbook.name} is imported.")
        for finding in form.findings:
            messages.warning(request, f"Does not tie: {finding}.")
        return redirect("playbook", firm_slug=request.firm.slug, key=version.playbook.key)
    context = {"form": form, "faults": form.faults} | base(request)
    return render(request, "engagements/playbook_import.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@firm_page(EDIT_PLAYBOOKS)
def playbook_edit(request: FirmRequest, key: str) -> HttpResponse:
    """Change a playbook as text and save it as the next version."""
    newest = version_or_404(request, key)
    form = PlaybookTextForm(request.POST) if request.method == "POST" else _begun(request, newest)
    if request.method == "POST" and form.is_valid():
        try:
            saved = playbook_save(
                row=newest.playbook,
                playbook=form.playbook,
                based_on=form.cleaned_data["based_on"],
                note=form.cleaned_data["note"],
                user=request.user,
            )
        except EngagementError as error:
            form.add_error(None, f"Not saved: {error}.")
            return _editor(request, newest, form, 409)
        messages.success(request, f"Version {saved.number} is saved.")
        return redirect("playbook", firm_slug=request.firm.slug, key=key)
    return _editor(request, newest, form, 422 if form.errors else 200)


def _begun(request: FirmRequest, newest: PlaybookVersion) -> PlaybookTextForm:
    shape = "yaml" if request.GET.get("as") == "yaml" else "md"
    text = write_text(shape, version_content(newest))
    return PlaybookTextForm(initial={"form": shape, "based_on": newest.number, "text": text})


def _editor(request: FirmRequest, newest: PlaybookVersion, form: PlaybookTextForm, status: int) -> HttpResponse:
    current = form["form"].value()
    shapes = [{"label": label, "url": f"?as={name}", "active": name == current} for name, label in FORM_CHOICES]
    context = {"row": newest.playbook, "version": newest, "form": form, "faults": form.faults, "shapes": shapes}
    context |= {"draft": draft_get(newest.playbook), "draft_url": "../draft/"}
    return render(request, "engagements/playbook_edit.html", context | base(request), status=status)
