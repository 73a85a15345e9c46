"""The one door to stored files: permission first, then the bytes with headers that let them do nothing."""

from django.http import Http404, HttpResponse
from django.views.decorators.http import require_GET

from engagements.pages import reader_of
from engagements.selectors.files import file_get
from engagements.views.scope import engagement_or_404
from portal.lib.stored_answer import stored_answer
from portal.tenancy.access import TenantRequest, client_page
from portal.tenancy.permissions import VIEW_ENGAGEMENT


@require_GET
@client_page(VIEW_ENGAGEMENT)
def project_file(request: TenantRequest, engagement_id: int, file_id: int) -> HttpResponse:
    """A file, to be saved; with `?show=1` a picture or PDF in its place."""
    found = engagement_or_404(request, engagement_id)
    row = file_get(found, file_id, reader_of(request))
    if row is None:
        raise Http404("No such file.")
    return stored_answer(row, is_shown=request.GET.get("show") == "1")  # type: ignore[return-value]
