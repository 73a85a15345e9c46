"""Answering: one question a screen, made for a phone, for members who are signed in and for whoever came by a mailed link."""

from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.views.decorators.http import require_GET, require_http_methods

from governance.answer_page import meaning_context, next_key, overview, question_context
from governance.selectors.answers import OwnQuestion, questions_of
from governance.selectors.worth import worths
from governance.services.answers import answer_give
from governance.services.problems import DefinitionError, OutdatedError
from portal.accounts.proofs import is_by_link
from portal.tenancy.access import TenantRequest, client_page
from portal.tenancy.permissions import ANSWER_DEFINITIONS


@require_GET
@client_page(ANSWER_DEFINITIONS)
def answering(request: TenantRequest) -> HttpResponse:
    """What is asked of the reader, and what they said so far."""
    return TemplateResponse(request, "governance/answering.html", overview(request))


@require_GET
@client_page(ANSWER_DEFINITIONS)
def answered(request: TenantRequest) -> HttpResponse:
    """What was recorded, and what comes next."""
    return TemplateResponse(request, "governance/answered.html", overview(request))


@require_http_methods(["GET", "POST"])
@client_page(ANSWER_DEFINITIONS)
def answer(request: TenantRequest, key: str) -> HttpResponse:
    """One question; an answer leads to the next one. What was changed in the meantime is shown again, and nothing recorded."""
    questions = questions_of(request.user)
    place = place_of(questions, key)
    problem, status = "", 200
    if request.method == "POST":
        try:
            answer_give(
                client=request.client, item=questions[place].item, sha256=request.POST.get("sha256", ""),
                verdict=request.POST.get("verdict", ""), comment=request.POST.get("comment", "")[:4000],
                user=request.user, by_link=is_by_link(request),
            )  # fmt: skip
        except DefinitionError as error:
            problem, status = (
                error.sentence,
                409 if isinstance(error, OutdatedError) else 422,
            )
        else:
            following = next_key(questions, place)
            if following:
                return redirect("answer", client_slug=request.client.slug, key=following)
            return redirect("answered", client_slug=request.client.slug)
    given = {"problem": problem, "verdict": request.POST.get("verdict"), "comment": request.POST.get("comment", "")}
    worth = worths(request.client, [questions[place].item]).get(questions[place].item.pk)
    context = question_context(questions, place) | meaning_context(request, questions[place].item, worth) | given
    return TemplateResponse(request, "governance/answer.html", context, status=status)


def place_of(questions: list[OwnQuestion], key: str) -> int:
    """Where a question stands among the reader's own; 404 for one that is not asked of them."""
    for place, question in enumerate(questions):
        if question.item.key == key:
            return place
    raise Http404("No such question.")
