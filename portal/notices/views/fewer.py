"""Fewer mails, by a link that needs no sign-in. Opening it changes nothing, because mail scanners open links too."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from portal.accounts.models import User
from portal.notices.kinds import Kind
from portal.notices.selectors import fewer_read
from portal.notices.services.choices import fewer
from portal.tenancy.access import public_page


@csrf_exempt  # mail programs post here by themselves (RFC 8058); the signed address is what allows it, and no session is read
@require_http_methods(["GET", "POST"])
@public_page
def notices_fewer(request: HttpRequest, token: str) -> HttpResponse:
    """Ask on GET; end the mails of the kinds that the address names on POST."""
    found = fewer_read(token)
    user = User.objects.filter(pk=found[0], is_active=True).first() if found else None
    if found is None or user is None:
        raise Http404("No such address.")
    if request.method == "POST":
        fewer(user=user, kinds=found[1])
    kinds = [Kind(kind).label for kind in found[1]]
    return render(request, "notices/fewer.html", {"kinds": kinds, "is_done": request.method == "POST"})
