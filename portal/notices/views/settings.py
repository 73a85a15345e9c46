"""What a person wants to be mailed, and how often."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from portal.notices.forms import ChoicesForm
from portal.notices.selectors import choices_of
from portal.notices.services.choices import choices_set
from portal.tenancy.access import person_page


@require_http_methods(["GET", "POST"])
@person_page
def notice_settings(request: HttpRequest) -> HttpResponse:
    """One choice per kind; what cannot be turned off says so."""
    form = ChoicesForm(request.POST or None, choices=choices_of(request.user))
    if request.method == "POST" and form.is_valid():
        choices_set(user=request.user, chosen=form.cleaned_data)
        messages.success(request, "Saved.")
        return redirect("notice_settings")
    return render(request, "notices/settings.html", {"form": form}, status=422 if form.errors else 200)
