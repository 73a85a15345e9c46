"""The bell and what is behind it: what a person was told at one client."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from portal.notices.models import Notice
from portal.notices.selectors import PAGE, notices_of, unread_count
from portal.notices.services.reading import notices_read
from portal.tenancy.access import TenantRequest, client_page
from portal.tenancy.permissions import VIEW_CLIENT


@require_GET
@client_page(VIEW_CLIENT)
def notices(request: TenantRequest) -> HttpResponse:
    """The newest notices; older ones a page at a time."""
    before = request.GET.get("before", "")
    rows = notices_of(request.user, int(before) if before.isdecimal() and len(before) < 19 else None)
    more = len(rows) > PAGE
    home = reverse("notices", kwargs={"client_slug": request.client.slug})
    context = {
        "rows": rows[:PAGE],
        "unread": unread_count(request.user),
        "older_url": f"{home}?before={rows[PAGE - 1].pk}" if more else "",
        "newer_url": home if before else "",
    }
    return TemplateResponse(request, "notices/notices.html", context)


@require_GET
@client_page(VIEW_CLIENT)
def notices_count(request: TenantRequest) -> HttpResponse:
    """How many are unread: asked for after a page is there, so that no page waits for it."""
    return TemplateResponse(request, "notices/_count.html", {"unread": unread_count(request.user)})


@require_POST
@client_page(VIEW_CLIENT)
def notices_read_all(request: TenantRequest) -> HttpResponse:
    """Everything has been read."""
    notices_read(user=request.user)
    messages.success(request, "All marked as read.")
    return redirect("notices", client_slug=request.client.slug)


@require_POST
@client_page(VIEW_CLIENT)
def notice_open(request: TenantRequest, notice_id: int) -> HttpResponse:
    """Mark one as read and go where it leads."""
    notice = get_object_or_404(Notice, pk=notice_id, user=request.user)
    notices_read(user=request.user, pk=notice.pk)
    return redirect(notice.path if notice.path.startswith("/c/") else reverse_home(request))


def reverse_home(request: HttpRequest) -> str:
    """The client's home, for a notice that leads to no page."""
    slug = request.client.slug  # type: ignore[attr-defined]
    return reverse("client_home", kwargs={"client_slug": slug})
