"""The schema for signed-in people and for programs, its reader, and the answer to every address below `/api/` that is none."""

from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse_lazy
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from portal.accounts.api_tokens import TokenAuthentication
from portal.tenancy.access import person_page, public_page
from portal.tenancy.api_guard import HasToken, TokenThrottle
from portal.tenancy.problems import MEDIA_TYPE, problem


class SchemaView(SpectacularAPIView):
    """The schema as YAML or JSON; a refusal is JSON whatever was asked for, like every error of the API."""

    def finalize_response(self, request: Request, response: Response, *args: Any, **kwargs: Any) -> Response:
        answer: Response = super().finalize_response(request, response, *args, **kwargs)
        if answer.exception:
            answer.accepted_renderer = JSONRenderer()
        return answer


SCHEMA = SchemaView.as_view(authentication_classes=[])
SCHEMA_BY_TOKEN = SchemaView.as_view(
    authentication_classes=[TokenAuthentication], permission_classes=[HasToken], throttle_classes=[TokenThrottle]
)
DOCS = SpectacularSwaggerSplitView.as_view(
    authentication_classes=[], url=reverse_lazy("api_schema"), title="Tieout API", template_name="api/docs.html"
)


@person_page
def schema_page(request: HttpRequest) -> HttpResponse:
    """The schema for a person in a browser."""
    return SCHEMA(request, format=request.GET.get("format"))


@require_safe
@wraps(schema_page)  # and its mark: guarded like a person's page
def api_schema(request: HttpRequest) -> HttpResponse:
    """The OpenAPI schema: the operations, and nobody's data; `?format=json` or an Accept header chooses JSON.

    A generator of clients comes with a token: 401 for none and for a dead one. A browser is led to the sign-in.
    """
    is_person = request.user.is_authenticated or "text/html" in request.headers.get("Accept", "")
    if "Authorization" in request.headers or not is_person:
        return SCHEMA_BY_TOKEN(request, format=request.GET.get("format"))
    return schema_page(request)


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
