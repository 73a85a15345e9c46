"""A firm's playbooks: the list, reading one, its versions and what changed between them."""

from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from engagements.models import FirmPlaybook, PlaybookVersion
from engagements.playbook.files import FORMS, write_text
from engagements.playbook.schema import Playbook
from engagements.playbook_page import playbook_context
from engagements.selectors.drafts import draft_get
from engagements.selectors.playbooks import (
    playbook_get,
    playbook_list,
    shipped_list,
    version_content,
    version_get,
    versions_diff,
)
from engagements.shipped import shipped_playbooks
from portal.tenancy.access import FirmRequest, firm_page
from portal.tenancy.permissions import EDIT_PLAYBOOKS, FIRM_PERMISSIONS, VIEW_PORTFOLIO


@require_GET
@firm_page(VIEW_PORTFOLIO)
def playbooks(request: FirmRequest) -> HttpResponse:
    """The firm's own playbooks, then the shipped ones."""
    context = {"own": playbook_list(request.firm), "shipped": shipped_list()}
    return render(request, "engagements/playbooks.html", context | base(request))


@require_GET
@firm_page(VIEW_PORTFOLIO)
def playbook_shipped(request: FirmRequest, key: str) -> HttpResponse:
    """A playbook that comes with the product."""
    found = shipped_or_404(key)
    return render(request, "engagements/playbook.html", playbook_context(found) | base(request))


@require_GET
@firm_page(VIEW_PORTFOLIO)
def playbook(request: FirmRequest, key: str) -> HttpResponse:
    """The newest version of one of the firm's playbooks."""
    return shown(request, version_or_404(request, key))


@require_GET
@firm_page(VIEW_PORTFOLIO)
def playbook_version(request: FirmRequest, key: str, number: int) -> HttpResponse:
    """A version as it was saved."""
    return shown(request, version_or_404(request, key, number))


@require_GET
@firm_page(VIEW_PORTFOLIO)
def playbook_diff(request: FirmRequest, key: str) -> HttpResponse:
    """What changed between two versions; without any named, between the newest two."""
    newest = version_or_404(request, key)
    after = version_or_404(request, key, number_of(request, "to", newest.number))
    before = version_or_404(request, key, number_of(request, "from", max(after.number - 1, 1)))
    context = {
        "row": newest.playbook,
        "before": before,
        "after": after,
        "changes": versions_diff(before, after),
        "versions": newest.playbook.versions.all(),
    }
    return render(request, "engagements/playbook_diff.html", context | base(request))


@require_GET
@firm_page(VIEW_PORTFOLIO)
def playbook_export(request: FirmRequest, key: str, number: int, form: str) -> HttpResponse:
    """A version as a file."""
    version = version_or_404(request, key, number)
    return as_file(version_content(version), form, f"{key}-v{number}")


@require_GET
@firm_page(VIEW_PORTFOLIO)
def playbook_shipped_export(request: FirmRequest, key: str, form: str) -> HttpResponse:
    """A shipped playbook as a file."""
    return as_file(shipped_or_404(key), form, key)


def shown(request: FirmRequest, version: PlaybookVersion) -> HttpResponse:
    """The page of one version."""
    versions = list(version.playbook.versions.select_related("created_by"))
    context = playbook_context(version_content(version)) | base(request)
    context |= {"row": version.playbook, "version": version, "versions": versions, "draft": draft_get(version.playbook)}
    context |= {"is_newest": version.number == versions[0].number}
    return render(request, "engagements/playbook.html", context)


def as_file(found: Playbook, form: str, name: str) -> HttpResponse:
    """The playbook as a download."""
    if form not in FORMS:
        raise Http404("No such form.")
    response = HttpResponse(write_text(form, found), content_type=f"{FORMS[form][0]}; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}.{form}"'
    return response


def base(request: FirmRequest) -> dict[str, Any]:
    """What every page of playbooks knows."""
    return {"firm": request.firm, "may_edit": EDIT_PLAYBOOKS in FIRM_PERMISSIONS[request.firm_role]}


def row_or_404(request: FirmRequest, key: str) -> FirmPlaybook:
    """The firm's playbook of that key."""
    row = playbook_get(request.firm, key)
    if row is None:
        raise Http404("No such playbook.")
    return row


def version_or_404(request: FirmRequest, key: str, number: int | None = None) -> PlaybookVersion:
    """One version of a playbook of the firm, or its newest."""
    version = version_get(row_or_404(request, key), number)
    if version is None:
        raise Http404("No such version.")
    return version


def shipped_or_404(key: str) -> Playbook:
    """The shipped playbook of that key."""
    found = shipped_playbooks().get(key)
    if found is None:
        raise Http404("No such playbook.")
    return found


def number_of(request: FirmRequest, name: str, otherwise: int) -> int:
    """A version's number in the address."""
    text = request.GET.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 7 else otherwise
