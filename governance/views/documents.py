"""Policy documents: the versions, one of them, what lies between two, and each on paper and as a file."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.views.decorators.http import require_GET, require_POST

from governance.document_page import diff_context, document_context, paper_context, versions_context
from governance.forms import DocumentForm
from governance.models import PolicyDocument
from governance.selectors.documents import document_bytes, document_get
from governance.services.documents import document_create
from governance.services.problems import DefinitionError
from portal.lib.paper import SIZES, paper_on_one_page, paper_size
from portal.tenancy.access import TenantRequest, client_page
from portal.tenancy.permissions import EDIT_POLICY, VIEW_POLICY


@require_GET
@client_page(VIEW_POLICY)
def documents(request: TenantRequest) -> HttpResponse:
    """Every version, and for consultants the form of the next one."""
    return TemplateResponse(request, "governance/documents.html", versions_context(request))


@require_POST
@client_page(EDIT_POLICY)
def document_new(request: TenantRequest) -> HttpResponse:
    """Put the definitions together into the next version."""
    form = DocumentForm(request.POST)
    if form.is_valid():
        try:
            document = document_create(client=request.client, user=request.user, **form.cleaned_data)
        except DefinitionError as error:
            form.add_error(None, error.sentence)
        else:
            messages.success(request, f"Policy {document} is kept as it stands.")
            return redirect("document", client_slug=request.client.slug, number=document.number)
    return TemplateResponse(request, "governance/documents.html", versions_context(request, form), status=422)


@require_GET
@client_page(VIEW_POLICY)
def document(request: TenantRequest, number: int) -> HttpResponse:
    """One version as it was put together, and what had moved since the one before."""
    return TemplateResponse(request, "governance/document.html", document_context(request, document_or_404(number)))


@require_GET
@client_page(VIEW_POLICY)
def document_compare(request: TenantRequest, before: int, after: int) -> HttpResponse:
    """What lies between two versions, in words and in ARR."""
    pair = document_or_404(before), document_or_404(after)
    return TemplateResponse(request, "governance/document_compare.html", diff_context(request, *pair))


@require_GET
@client_page(VIEW_POLICY)
def document_pdf(request: TenantRequest, number: int) -> HttpResponse:
    """A version on one page of paper."""
    found = document_or_404(number)
    size = request.GET.get("paper", "")
    if size not in SIZES:
        size = paper_size(request.client.locale)
    content = paper_on_one_page("pdf/policy.html", paper_context(request.client, found), size=size)
    return attachment(content, "application/pdf", f"{request.client.slug}-policy-v{number}.pdf")


@require_GET
@client_page(VIEW_POLICY)
def document_json(request: TenantRequest, number: int) -> HttpResponse:
    """The artifact: exactly the bytes that the sha256 is of."""
    found = document_or_404(number)
    return attachment(document_bytes(found), "application/json", f"{request.client.slug}-policy-v{number}.json")


def document_or_404(number: int) -> PolicyDocument:
    """The client's version of that number."""
    found = document_get(number)
    if found is None:
        raise Http404("No such version.")
    return found


def attachment(content: bytes, kind: str, name: str) -> HttpResponse:
    """A file to download; its name is made of a slug and numbers alone."""
    response = HttpResponse(content, content_type=kind)
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["X-Content-Type-Options"] = "nosniff"
    return response
