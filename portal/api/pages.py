"""The schema and its reader for signed-in people, and the answer to every address below `/api/` that is none."""

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse_lazy
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from portal.tenancy.access import person_page, public_page
from portal.tenancy.problems import MEDIA_TYPE, problem

SCHEMA = SpectacularAPIView.as_view(authentication_classes=[])
DOCS = SpectacularSwaggerSplitView.as_view(
    authentication_classes=[], url=reverse_lazy("api_schema"), title="Tieout API"
)


@require_safe
@person_page
def api_schema(request: HttpRequest) -> HttpResponse:
    """The OpenAPI schema: the operations, and nobody's data."""
    return SCHEMA(request)


@require_safe
@person_page
def api_docs(request: HttpRequest) -> HttpResponse:
    """The schema to read and to try; its script is a file, because the site's content policy allows no other."""
    return DOCS(request)


@csrf_exempt
@public_page
def api_unknown(request: HttpRequest, **kwargs: Any) -> HttpResponse:
    """404 as a problem, like every error of the API."""
    return JsonResponse(problem(404, "Not found"), status=404, content_type=MEDIA_TYPE)
