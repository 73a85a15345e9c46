"""Reading meetings of the board. Runs in the client's scope.

`meeting_list()` · `meeting_get(pk)` · `agenda_of(meeting) -> (entries, stands)` · `agenda_now(meeting)` ·
`standing_of(request, decision, outdated) -> str` · `results_of(requests)` · `agenda_results(entries)`
"""

from collections.abc import Collection, Sequence
from typing import Any, Final

from governance.models import BoardMeeting, ChangeKind, ChangePreview, ChangeRequest, ChangeState
from governance.selectors.change_previews import outdated_of
from governance.selectors.voting import (
    Decision,
    decisions_of,
    effect_of,
    largest_first,
    preview_sha256,
    sentence_of,
    signed_effect_of,
)

Agenda = tuple[list[dict[str, Any]], dict[str, dict[str, Any]]]  # its entries; by number of the request how it stands
BEFORE: Final = (ChangeState.DRAFT, ChangeState.SUBMITTED, ChangeState.TRIAGE, ChangeState.NEEDS_CHANGES)


def meeting_list() -> list[BoardMeeting]:
    """Every meeting, the newest first."""
    return list(BoardMeeting.objects.order_by("-at", "-id"))


def meeting_get(pk: int) -> BoardMeeting | None:
    """The meeting of that key."""
    found: BoardMeeting | None = BoardMeeting.objects.filter(pk=pk).first()
    return found


def results_of(requests: Sequence[ChangeRequest]) -> dict[int, dict[str, Any]]:
    """By id of each of these requests that changes no policy: its impact. One query."""
    previews = {row.preview_id: row.pk for row in requests if row.preview_id and row.kind != ChangeKind.POLICY}
    rows = ChangePreview.objects.filter(pk__in=previews, result__isnull=False).values_list("pk", "result")
    return {previews[pk]: result for pk, result in rows if result is not None}


def agenda_of(meeting: BoardMeeting) -> Agenda:
    """The agenda with how each request stands: as closed minutes keep it, before that as it is now."""
    return (meeting.agenda, meeting.decisions) if meeting.closed_at else agenda_now(meeting)


def agenda_now(meeting: BoardMeeting) -> Agenda:
    """The requests of an agenda with the effect that is voted on now, the largest first, and how they stand.

    What is decided keeps the effect that it was decided on: nothing is computed anew behind a decision.
    """
    numbers = [entry["number"] for entry in meeting.agenda]
    rows = ChangeRequest.objects.filter(number__in=numbers).select_related("client", "preview", "owner")
    requests = sorted(rows.defer("preview__result"), key=lambda row: (*largest_first(effect_of(row)), row.number))
    decisions = decisions_of(requests)
    outdated = outdated_keys(requests)
    stands = {
        str(request.number): {
            "note": meeting.decisions.get(str(request.number), {}).get("note", ""),
            "state": str(request.get_state_display()),
            "sentence": standing_of(request, decisions[request.pk], outdated),
            "votes": votes_told(decisions[request.pk]),
        }
        for request in requests
    }
    return [agenda_entry(request) for request in requests], stands


def agenda_entry(request: ChangeRequest) -> dict[str, Any]:
    """A request as the agenda keeps it."""
    return {
        "number": request.number, "title": request.title, "effect_cents": signed_effect_of(request),
        "content_sha256": request.content_sha256, "preview_sha256": preview_sha256(request),
    }  # fmt: skip


def votes_told(decision: Decision) -> list[list[str]]:
    """The votes that count, as minutes tell them: who, for what, what they said, and their comment."""
    return [
        [vote.user.get_full_name(), str(vote.get_function_display()), str(vote.get_decision_display()), vote.comment]
        for vote in decision.votes
    ]


def outdated_keys(requests: Sequence[ChangeRequest]) -> set[int]:
    """The ids of those before the board whose effect is not of the figures as they are, so that no vote is taken."""
    before = [row for row in requests if row.state == ChangeState.REVIEW]
    return {row.pk for row in outdated_of(before[0].client, before)} if before else set()


def standing_of(request: ChangeRequest, decision: Decision, outdated: Collection[int]) -> str:
    """How the votes on a request stand, or why none is taken and who goes on; empty once it is decided."""
    who = request.owner.get_full_name() if request.owner else "whoever triages"
    if request.state == ChangeState.IMPACT:
        return f"No vote is taken: {who} puts it before the board again once its effect is computed."
    if request.state in BEFORE:
        return "No vote is taken: it was taken back from the board, and has to come before it again."
    if request.state != ChangeState.REVIEW:
        return ""
    if request.pk in outdated:
        return f"No vote is taken until its effect is computed anew, which {who} asks for: it is out of date."
    return sentence_of(request, decision)


def agenda_results(entries: Sequence[dict[str, Any]]) -> dict[int, dict[str, Any]]:
    """By number of each request of an agenda that changes no policy: what its effect comes to."""
    shown = {entry["number"]: entry["preview_sha256"] for entry in entries if entry["preview_sha256"]}
    rows = ChangePreview.objects.filter(request__number__in=shown, sha256__in=shown.values(), result__isnull=False)
    found = rows.exclude(request__kind=ChangeKind.POLICY).values_list("request__number", "sha256", "result")
    return {number: result for number, sha256, result in found if result is not None and shown[number] == sha256}
