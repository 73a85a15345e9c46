"""Who answers for which function, and asking them."""

import datetime as dt
from collections.abc import Callable

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.views.decorators.http import require_GET, require_POST

from governance.forms import RespondentForm
from governance.models import Respondent
from governance.selectors.answers import respondents as respondent_rows
from governance.services.asking import questions_ask
from governance.services.problems import DefinitionError
from governance.services.respondents import respondent_add, respondent_remove
from portal.accounts.selectors import shown_name
from portal.tenancy.access import TenantRequest, client_page
from portal.tenancy.permissions import EDIT_POLICY, MANAGE_PEOPLE
from portal.tenancy.services import TenancyError
from portal.tenancy.step_up import recently_authenticated


@require_GET
@client_page(EDIT_POLICY)
def respondents(request: TenantRequest) -> HttpResponse:
    """Everybody who answers: what is done, what waits and since when."""
    context = {"rows": respondent_rows(), "form": RespondentForm()}
    return TemplateResponse(request, "governance/respondents.html", context)


@require_POST
@client_page(EDIT_POLICY)
@recently_authenticated
def respondent_new(request: TenantRequest) -> HttpResponse:
    """Let somebody answer for a function."""
    form = RespondentForm(request.POST)
    if not form.is_valid():
        context = {"rows": respondent_rows(), "form": form}
        return TemplateResponse(request, "governance/respondents.html", context, status=422)
    may_invite = request.standing.may(MANAGE_PEOPLE)
    return attempt(
        request, f"{form.cleaned_data['email']} answers from now on. Ask when you are ready.",
        lambda: respondent_add(client=request.client, may_invite=may_invite, **form.cleaned_data),
    )  # fmt: skip


@require_POST
@client_page(EDIT_POLICY)
def respondent_end(request: TenantRequest, respondent_id: int) -> HttpResponse:
    """Let somebody answer for nothing any more."""
    row = get_object_or_404(Respondent.objects.select_related("user"), pk=respondent_id)
    return attempt(request, f"{shown_name(row.user)} is asked no more.", lambda: respondent_remove(user=row.user))


@require_POST
@client_page(EDIT_POLICY)
def respondent_ask(request: TenantRequest, respondent_id: int) -> HttpResponse:
    """Mail somebody the link to their questions."""
    row = get_object_or_404(Respondent.objects.select_related("user"), pk=respondent_id)
    return attempt(
        request, f"The questions are on their way to {row.user.email}.",
        lambda: questions_ask(client=request.client, user=row.user, asked_by=request.user, now=dt.datetime.now(dt.UTC)),
    )  # fmt: skip


def attempt(request: TenantRequest, done: str, change: Callable[[], object]) -> HttpResponse:
    """Run a change, say what happened, and go back to the list."""
    try:
        change()
    except (DefinitionError, TenancyError) as error:
        messages.error(request, f"Nothing was changed: {error}.")
    else:
        messages.success(request, done)
    return redirect("respondents", client_slug=request.client.slug)
