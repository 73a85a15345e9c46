"""Documents of an engagement: their versions, as text, file or link, and who may see them."""

from functools import partial

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.views.decorators.http import require_GET, require_POST

from engagements import states
from engagements.forms_project import DocumentForm, VersionForm
from engagements.models import Document, Engagement
from engagements.pages import base, comments, reader_of, step_list
from engagements.selectors.projects import document_list
from engagements.services.conversation import mentions_seen
from engagements.services.documents import document_add, document_show, document_version_add
from engagements.views.scope import carried_out, engagement_or_404, invalid
from portal.lib.file_kinds import ACCEPT
from portal.tenancy.access import TenantRequest, client_page
from portal.tenancy.permissions import RUN_ENGAGEMENT, VIEW_ENGAGEMENT


@require_GET
@client_page(VIEW_ENGAGEMENT)
def documents(request: TenantRequest, engagement_id: int) -> HttpResponse:
    """Every document with its state."""
    found = engagement_or_404(request, engagement_id)
    rows = document_list(found, reader_of(request))
    kinds = dict.fromkeys(row.kind for row in rows)
    context = base(request, found, "documents/") | {
        "groups": [(kind, [r for r in rows if r.kind == kind]) for kind in kinds]
    }
    if context["may_run"]:
        context["form"] = DocumentForm()
    return TemplateResponse(request, "engagements/documents.html", context)


def document_or_404(request: TenantRequest, engagement: Engagement, document_id: int) -> Document:
    """A document that this reader may see."""
    rows = Document.objects.select_related("engagement__client").filter(engagement=engagement)
    if not request.standing.is_firm_staff:
        rows = rows.filter(is_client_visible=True)
    return get_object_or_404(rows, pk=document_id)


@require_GET
@client_page(VIEW_ENGAGEMENT)
def document(request: TenantRequest, engagement_id: int, document_id: int) -> HttpResponse:
    """A document with every version."""
    found = engagement_or_404(request, engagement_id)
    row = document_or_404(request, found, document_id)
    mentions_seen(user=request.user, about="document", about_id=row.pk)
    context = base(request, found, "documents/") | {
        "document": row,
        "versions": row.versions.select_related("created_by", "file").order_by("-number"),
        "steps": step_list(states.DOCUMENT, row.state),
        "form": VersionForm(),
        "accept": ACCEPT,
        "max_bytes": settings.PROJECT_FILE_MAX_BYTES,
        **comments(found, "document", row.pk, reader_of(request)),
    }
    return TemplateResponse(request, "engagements/document.html", context)


@require_POST
@client_page(RUN_ENGAGEMENT)
def document_version(request: TenantRequest, engagement_id: int, document_id: int) -> HttpResponse:
    """Add a version of a document."""
    found = engagement_or_404(request, engagement_id)
    row = document_or_404(request, found, document_id)
    form = VersionForm(request.POST, request.FILES)
    if not form.is_valid():
        return invalid(request, found, form)
    change = partial(document_version_add, document=row, user=request.user, **form.cleaned_data)
    return carried_out(request, found, change, "The version is kept.", f"documents/{row.pk}/")


@require_POST
@client_page(RUN_ENGAGEMENT)
def document_new(request: TenantRequest, engagement_id: int) -> HttpResponse:
    """Add a document that the playbook did not bring."""
    found = engagement_or_404(request, engagement_id)
    form = DocumentForm(request.POST)
    if not form.is_valid():
        return invalid(request, found, form)
    change = partial(document_add, engagement=found, **form.cleaned_data)
    return carried_out(request, found, change, "Added. Open it to give it a first version.", "documents/")


@require_POST
@client_page(RUN_ENGAGEMENT)
def document_visibility(request: TenantRequest, engagement_id: int, document_id: int) -> HttpResponse:
    """Show a document with its files to the client, or keep it within the firm."""
    found = engagement_or_404(request, engagement_id)
    row = document_or_404(request, found, document_id)
    is_seen = request.POST.get("seen") == "1"
    change = partial(document_show, document=row, is_client_visible=is_seen)
    done = "The client sees it now." if is_seen else "The client no longer sees it."
    return carried_out(request, found, change, done, f"documents/{row.pk}/")
