"""The one door to stored files: permission first, then the bytes with headers that let them do nothing."""

from typing import Final

from django.core.files.storage import default_storage
from django.http import FileResponse, Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.views.decorators.http import require_GET

from engagements.models import ProjectFile
from engagements.pages import reader_of
from engagements.selectors.files import file_get
from engagements.views.scope import engagement_or_404
from portal.tenancy.access import TenantRequest, client_page
from portal.tenancy.permissions import VIEW_ENGAGEMENT

NOTHING: Final = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
# A picture is shown in a sandbox. A browser's reader of PDF is one of its own and does not start in ours.
SHOWN: Final = {"application/pdf": f"{NOTHING}; style-src 'unsafe-inline'"}
SANDBOXED: Final = f"{NOTHING}; img-src 'self'; style-src 'unsafe-inline'; sandbox"


@require_GET
@client_page(VIEW_ENGAGEMENT)
def project_file(request: TenantRequest, engagement_id: int, file_id: int) -> HttpResponse:
    """A file, to be saved; with `?show=1` a picture or PDF in its place."""
    found = engagement_or_404(request, engagement_id)
    row = file_get(found, file_id, reader_of(request))
    if row is None:
        raise Http404("No such file.")
    return file_answer(row, is_shown=request.GET.get("show") == "1")  # type: ignore[return-value]


def file_answer(row: ProjectFile, *, is_shown: bool) -> HttpResponseBase:
    """The stored bytes. Their type is ours, their name only a suggestion to the browser, and they may run nothing."""
    try:
        content = default_storage.open(row.path)
    except FileNotFoundError as error:
        raise Http404("The content of this file is missing from the store.") from error
    shown = is_shown and row.kind.is_shown
    answer = FileResponse(content, as_attachment=not shown, filename=row.name, content_type=row.kind.content_type)
    answer["Content-Length"] = str(row.size)
    answer["Content-Security-Policy"] = SHOWN.get(row.kind.content_type, SANDBOXED) if shown else SANDBOXED
    answer["X-Content-Type-Options"] = "nosniff"
    answer["Cross-Origin-Resource-Policy"] = "same-origin"
    return answer
