"""The documentation package: its papers as pages and on paper, and all of them as one PDF."""

from functools import partial

from django.http import Http404, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from engagements.build_pages import build_base
from engagements.models import PackageFile
from engagements.selectors.package import package_sha256, paper_get, paper_list
from engagements.services.package import package_ask, package_pdf
from engagements.views.scope import carried_out, engagement_or_404
from portal.tenancy.access import TenantRequest, client_page
from portal.tenancy.permissions import JOIN_ENGAGEMENT, VIEW_ENGAGEMENT

PART = "package/"


@require_GET
@client_page(VIEW_ENGAGEMENT)
def package(request: TenantRequest, engagement_id: int) -> HttpResponse:
    """Every paper with what it is made from and what it lacks, and the PDFs that were made."""
    found = engagement_or_404(request, engagement_id)
    papers = paper_list(found)
    files = list(PackageFile.objects.filter(engagement=found).select_related("file", "asked_by")[:10])
    now = package_sha256(papers)
    context = build_base(request, found, PART) | {
        "papers": papers,
        "files": files,
        "is_current": bool(files) and files[0].sha256 == now,
        "is_making": bool(files) and not files[0].is_settled,
    }
    return TemplateResponse(request, "engagements/package.html", context)


@require_GET
@client_page(VIEW_ENGAGEMENT)
def package_paper(request: TenantRequest, engagement_id: int, key: str) -> HttpResponse:
    """One paper, made now."""
    found = engagement_or_404(request, engagement_id)
    paper = paper_get(found, key)
    if paper is None:
        raise Http404("No such paper.")
    context = build_base(request, found, PART) | {"paper": paper, "made_at": timezone.now()}
    return TemplateResponse(request, "engagements/package_paper.html", context)


@require_GET
@client_page(VIEW_ENGAGEMENT)
def package_paper_pdf(request: TenantRequest, engagement_id: int, key: str) -> HttpResponse:
    """One paper as PDF, made now."""
    found = engagement_or_404(request, engagement_id)
    paper = paper_get(found, key)
    if paper is None:
        raise Http404("No such paper.")
    answer = HttpResponse(package_pdf(found, [paper]), content_type="application/pdf")
    answer["Content-Disposition"] = f'attachment; filename="{request.client.slug}-{paper.key}.pdf"'
    return answer


@require_POST
@client_page(JOIN_ENGAGEMENT)
def package_whole(request: TenantRequest, engagement_id: int) -> HttpResponse:
    """Ask for the whole package as one PDF."""
    found = engagement_or_404(request, engagement_id)
    change = partial(package_ask, engagement=found, user=request.user)
    return carried_out(request, found, change, "It is being made, or here already: look below.", PART)
