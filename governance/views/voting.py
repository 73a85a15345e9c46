"""Voting on a change request, and approving one alone in an emergency."""

from typing import Final

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.views.decorators.http import require_POST

from governance.board_page import on_agenda, step_context
from governance.change_page import change_context
from governance.models import BoardMeeting, ChangeRequest, ChangeState
from governance.selectors.board_meetings import meeting_get
from governance.selectors.changes import change_get
from governance.services.emergency import emergency_approve
from governance.services.problems import DefinitionError, OutdatedError
from governance.services.voting import Shown, require_reason, vote_cast
from governance.views.changes import change_or_404
from portal.accounts.proofs import Proof, place_of, proof_or_answer
from portal.tenancy.access import TenantRequest, client_page
from portal.tenancy.permissions import VOTE_CHANGES

AGAIN: Final = "That is your vote already. It stands as it was given, and nothing was changed."


@require_POST
@client_page(VOTE_CHANGES)
def change_vote(request: TenantRequest, number: int) -> HttpResponse:
    """Vote on exactly what was shown, after a fresh proof of who votes."""
    change = change_or_404(request, number)
    try:
        require_reason(request.POST.get("decision", ""), request.POST.get("comment", ""))
    except DefinitionError as error:
        return refused(request, change, error)
    proof = proof_of(request, change)
    if isinstance(proof, HttpResponse):
        return proof
    try:
        vote = vote_cast(
            client=request.client, request=change, user=request.user, decision=request.POST.get("decision", ""),
            comment=request.POST.get("comment", "")[:4000], shown=shown_of(request), proof=proof, place=place_of(request),
        )  # fmt: skip
    except DefinitionError as error:
        return refused(request, change, error)
    messages.success(request, outcome_words(change.number, vote.is_again))
    return redirect(back_to(request, change))


@require_POST
@client_page(VOTE_CHANGES)
def change_emergency(request: TenantRequest, number: int) -> HttpResponse:
    """Approve alone, with a reason."""
    change = change_or_404(request, number)
    proof = proof_of(request, change)
    if isinstance(proof, HttpResponse):
        return proof
    try:
        emergency_approve(
            client=request.client, request=change, user=request.user, reason=request.POST.get("reason", "")[:4000],
            shown=shown_of(request), proof=proof, place=place_of(request),
        )  # fmt: skip
    except DefinitionError as error:
        return refused(request, change, error)
    messages.success(
        request, "Approved alone. Finance, RevOps and the board have a mail; the board looks at it within a week."
    )
    return redirect("change", client_slug=request.client.slug, number=number)


def proof_of(request: TenantRequest, change: ChangeRequest) -> Proof | HttpResponse:
    """The proof of who decides about a request, or the answer that asks for it."""
    return proof_or_answer(
        request, f"change {change.pk}", lambda said: refused(request, change, DefinitionError(said), 200)
    )


def shown_of(request: TenantRequest) -> Shown:
    """What the page had shown, as its form sends it back."""
    given = request.POST
    return Shown(given.get("content_sha256", ""), given.get("preview_sha256", ""), given.get("statement", ""))


def outcome_words(number: int, is_again: bool) -> str:
    """What a vote led to; the same once more decides only what the table has come to ask less for since."""
    found = change_get(number)
    if found is None or found.state == ChangeState.REVIEW:
        return AGAIN if is_again else "Your vote is recorded. Until the decision you may change it."
    return f"Your vote is recorded, and with it {found} is {found.get_state_display().lower()}."


def back_to(request: TenantRequest, change: ChangeRequest) -> str:
    """The page from which was voted: a meeting's, or the request's own."""
    own = f"/c/{request.client.slug}/changes/"
    if meeting := meeting_of(request, change):
        return f"{own}meeting/{meeting.pk}/{change.number}/"
    return f"{own}{change.number}/#votes"


def meeting_of(request: TenantRequest, change: ChangeRequest) -> BoardMeeting | None:
    """The meeting in which was voted, where the request is on its agenda."""
    place = request.POST.get("meeting", "")
    if not (place.isascii() and place.isdigit() and len(place) < 19):
        return None
    meeting = meeting_get(int(place))
    return meeting if meeting is not None and on_agenda(meeting, change.number) else None


def refused(
    request: TenantRequest, change: ChangeRequest, error: DefinitionError, status: int | None = None
) -> HttpResponse:
    """The page from which was voted again, with what is wrong; nothing was stored."""
    status = status or (409 if isinstance(error, OutdatedError) else 422)
    change = change_or_404(request, change.number)
    if meeting := meeting_of(request, change):
        context = step_context(request, meeting, change)
        context["votes"] |= {"problem": error.sentence, "typed": request.POST}
        return TemplateResponse(request, "governance/board/step.html", context, status=status)
    context = change_context(request, change)
    votes = context["sections"].get("votes")
    if votes is not None:
        votes["problem"], votes["typed"] = error.sentence, request.POST
    else:
        messages.error(request, error.sentence)
    return TemplateResponse(request, "governance/changes/change.html", context, status=status)
