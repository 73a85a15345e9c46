"""What a person says about themself."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from portal.accounts.forms import ProfileForm
from portal.accounts.models import User
from portal.accounts.services.people import profile_update
from portal.tenancy.access import person_page


@require_http_methods(["GET", "POST"])
@person_page
def me(request: HttpRequest) -> HttpResponse:
    """Name, figures and dates, time zone, appearance, and the way to security."""
    user = request.user
    assert isinstance(user, User)
    form = ProfileForm(request.POST or None, instance=User.objects.get(pk=user.pk))
    if request.method == "POST" and form.is_valid():
        profile_update(user=user, **form.cleaned_data)
        messages.success(request, "Saved.")
        return redirect("me")
    return render(request, "people/me.html", {"form": form}, status=422 if form.errors else 200)
