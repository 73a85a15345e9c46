"""A person's own answer to a survey, by the link that was mailed to them or signed in."""

from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from engagements.forms_closing import SurveyForm
from engagements.models import SurveyPerson
from engagements.services.problems import EngagementError
from engagements.services.surveys import survey_answer
from engagements.views.scope import engagement_or_404
from portal.tenancy.access import TenantRequest, client_page
from portal.tenancy.permissions import ANSWER_SURVEY


@require_http_methods(["GET", "POST"])
@client_page(ANSWER_SURVEY)
def survey(request: TenantRequest, engagement_id: int, survey_id: int) -> HttpResponse:
    """The questions, or thanks for an answer that is there. Nobody sees a survey that they were not asked for."""
    found = engagement_or_404(request, engagement_id)
    rows = SurveyPerson.objects.select_related("survey").filter(engagement=found, survey_id=survey_id)
    person = get_object_or_404(rows, user=request.user)
    if request.standing.is_firm_staff:
        raise Http404("No such survey.")
    asked = person.survey
    form = SurveyForm(asked.questions, request.POST or None)
    status = 200
    if request.method == "POST":
        if form.is_valid():
            said: dict[str, Any] = {"scores": form.scores(), "comment": form.cleaned_data["comment"]}
            try:
                survey_answer(survey=asked, user=request.user, now=timezone.now(), **said)
            except EngagementError as error:
                form.add_error(None, f"Not kept: {error}.")
            else:
                return redirect(request.path)
        status = 409 if person.answered_at or asked.state != "open" else 422
    context = {"engagement": found, "survey": asked, "person": person, "form": form, "scale": range(1, 6)}
    return TemplateResponse(request, "engagements/survey.html", context, status=status)
