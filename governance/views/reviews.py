"""The board's review of a quarter, and the governance handbook: pages, paper, and what was held."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from governance.papers import PDF, handbook_on_paper, review_on_paper
from governance.review_page import (
    HeldForm,
    handbook_context,
    review_context,
    reviews_context,
)
from governance.services.board_reviews import review_hold
from governance.services.problems import DefinitionError, OutdatedError
from governance.views.documents import attachment
from portal.tenancy import audit as log
from portal.tenancy.access import TenantRequest, client_page
from portal.tenancy.permissions import HOLD_REVIEW, VIEW_ARR, VIEW_POLICY, VIEW_REVIEW


@require_GET
@client_page(VIEW_REVIEW)
def board_reviews(request: TenantRequest) -> HttpResponse:
    """Every quarter, and whether its review was held."""
    return TemplateResponse(request, "governance/oversight/reviews.html", reviews_context(request))


@require_GET
@client_page(VIEW_REVIEW)
def board_review(request: TenantRequest, quarter: str) -> HttpResponse:
    """The review of a quarter."""
    return shown(request, quarter)


@require_POST
@client_page(HOLD_REVIEW)
def board_review_hold(request: TenantRequest, quarter: str) -> HttpResponse:
    """Keep the review as it was held."""
    form = HeldForm(request.POST)
    status = 422
    if form.is_valid():
        try:
            review_hold(
                client=request.client, quarter=quarter, user=request.user, now=timezone.now(), **form.cleaned_data
            )
        except DefinitionError as error:
            form.add_error(None, error.sentence)
            status = 409 if isinstance(error, OutdatedError) else 422
        else:
            messages.success(request, "Kept as it was held. It does not change any more.")
            return redirect("board_review", client_slug=request.client.slug, quarter=quarter)
    return shown(request, quarter, form, status)


@require_GET
@client_page(VIEW_REVIEW)
def board_review_pdf(request: TenantRequest, quarter: str) -> HttpResponse:
    """The review on paper."""
    found = review_on_paper(request.client, quarter)
    if found is None:
        raise Http404("No such quarter.")
    return attachment(found.content, PDF, found.name)


@require_GET
@client_page(VIEW_REVIEW)
def board_review_json(request: TenantRequest, quarter: str) -> HttpResponse:
    """The review as data: what its sha256 is of."""
    context = review_context(request, quarter)
    if context is None:
        raise Http404("No such quarter.")
    name = f"{request.client.slug}-review-{quarter}.json".lower()
    return attachment(log.canonical(context["content"]), "application/json", name)


@require_GET
@client_page(VIEW_POLICY)
def handbook(request: TenantRequest) -> HttpResponse:
    """How the numbers of this client are governed, as it is now."""
    return TemplateResponse(request, "governance/oversight/handbook.html", handbook_context(request))


@require_GET
@client_page(VIEW_POLICY)
def handbook_pdf(request: TenantRequest) -> HttpResponse:
    """The handbook on paper."""
    found = handbook_on_paper(request.client, sees_figures=request.standing.may(VIEW_ARR))
    return attachment(found.content, PDF, found.name)


def shown(request: TenantRequest, quarter: str, form: HeldForm | None = None, status: int = 200) -> HttpResponse:
    """The page of a quarter."""
    context = review_context(request, quarter, form)
    if context is None:
        raise Http404("No such quarter.")
    return TemplateResponse(request, "governance/oversight/review.html", context, status=status)
