"""Meetings of the board: planned, gone through, kept in minutes; and what one person decided alone."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404
from rest_framework.exceptions import ValidationError

from governance.api import meeting_shapes as shapes
from governance.api.board import BoardView, decision_shown
from governance.api.board_shapes import DecisionSerializer
from governance.api.changes import change_or_404
from governance.api.definitions import told
from governance.api.token_proof import token_proof
from governance.board_page import effects_told
from governance.change_impact_words import effect_told
from governance.models import BoardMeeting, ChangeRequest, EmergencyReview
from governance.selectors.board import board_now, sits
from governance.selectors.board_meetings import agenda_of, meeting_get, outdated_keys, results_of, standing_of
from governance.selectors.voting import (
    Decision,
    decisions_of,
    preview_sha256,
    sentence_of,
    signed_effect_of,
    votable,
)
from governance.services.board_meetings import (
    meeting_cancel,
    meeting_close,
    meeting_keep,
    meeting_note,
    meeting_plan,
)
from governance.services.emergency import emergency_approve
from governance.services.voting import Shown
from metrics.figures import from_cents
from portal.tenancy.api import Call, Operation
from portal.tenancy.api_paging import PageParameters
from portal.tenancy.permissions import VIEW_ARR, VIEW_CHANGES, VOTE_CHANGES

KEEP = {"permission": VOTE_CHANGES, "answers": shapes.MeetingDetailSerializer, "may_fail": (409,)}


def meeting_or_404(meeting_id: int) -> BoardMeeting:
    """The client's meeting."""
    found = meeting_get(meeting_id)
    if found is None:
        raise Http404
    return found


def to_keep(call: Call, meeting_id: int) -> BoardMeeting:
    """The meeting, for whoever sits on the board: its members alone plan meetings and keep their minutes."""
    found = meeting_or_404(meeting_id)
    require_seat(call)
    return found


def require_seat(call: Call) -> None:
    """PermissionDenied for whoever does not sit on the board."""
    if not sits(call.user):
        raise PermissionDenied


def detailed(call: Call, meeting_id: int) -> BoardMeeting:
    """A meeting as it is now, amounts for whoever sees numbers."""
    meeting = meeting_or_404(meeting_id)
    may_see = call.may(VIEW_ARR)
    entries, stands = agenda_of(meeting)
    told = effects_told(call.client, entries, call.client.locale) if may_see else {}
    meeting.shown_agenda = [  # type: ignore[attr-defined]
        {
            **entry,
            "effect": from_cents(entry["effect_cents"]) if may_see and entry["effect_cents"] is not None else None,
            "told": told.get(entry["number"], ""),
            **{name: stands.get(str(entry["number"]), {}).get(name, "") for name in ("note", "state", "sentence")},
        }
        for entry in entries
    ]
    return meeting


class BoardAgenda(BoardView):
    operations = {"GET": Operation("board_agenda", VIEW_CHANGES, shapes.AgendaNowSerializer)}

    def get(self, call: Call) -> Any:
        """What the board would meet about now, the largest effect first: the agenda that the next meeting is planned with.

        Of each request its effect and how the votes stand. Of a meeting that was planned, `meeting_get` has the agenda.
        """
        waiting, now, may_see = votable(), board_now(), call.may(VIEW_ARR)
        decisions, outdated = decisions_of(waiting, now), outdated_keys(waiting)
        results = results_of(waiting) if may_see else {}
        return {
            "results": [
                waiting_shown(call, row, decisions[row.pk], results.get(row.pk), may_see=may_see)
                | {"sentence": standing_of(row, decisions[row.pk], outdated) or sentence_of(row, decisions[row.pk])}
                for row in waiting
            ]
        }


def waiting_shown(
    call: Call, row: ChangeRequest, decision: Decision, result: dict[str, Any] | None, *, may_see: bool
) -> dict[str, Any]:
    """A request as it is before the board now."""
    cents = signed_effect_of(row) if may_see else None
    told = effect_told(result, call.client.fiscal_year_start, call.client.locale) if result else ""
    return {
        "number": row.number, "title": row.title, "kind": row.kind, "is_restating": row.is_restating, "state": row.state,
        "from_month": row.from_month, "effect": None if cents is None else from_cents(cents),
        "told": told, "outcome": decision.outcome.value,
        "content_sha256": row.content_sha256, "preview_sha256": preview_sha256(row),
    }  # fmt: skip


class MeetingList(BoardView):
    operations = {
        "GET": Operation(
            "meetings_list", VIEW_CHANGES, shapes.MeetingSerializer, parameters=PageParameters, paged_by="-id"
        ),
        "POST": Operation(
            "meeting_plan", VOTE_CHANGES, shapes.MeetingDetailSerializer, takes=shapes.MeetingPlanSerializer, status=201
        ),
    }

    def get(self, call: Call) -> Any:
        """Meetings of the board, the newest first."""
        return BoardMeeting.objects.select_related("planned_by")

    def post(self, call: Call) -> Any:
        """Plan a meeting about everything that is before the board; its members are told. For whoever sits on it."""
        require_seat(call)
        with told():
            made = meeting_plan(client=call.client, user=call.user, **call.body)
        return detailed(call, made.pk)


class MeetingDetail(BoardView):
    operations = {"GET": Operation("meeting_get", VIEW_CHANGES, shapes.MeetingDetailSerializer)}

    def get(self, call: Call, meeting_id: int) -> Any:
        """A meeting: its agenda with how each request stands, who was there, the minutes."""
        return detailed(call, meeting_id)


class MeetingNote(BoardView):
    operations = {"PUT": Operation("meeting_note_put", takes=shapes.NoteSerializer, **KEEP)}  # type: ignore[arg-type]

    def put(self, call: Call, meeting_id: int, number: int) -> Any:
        """Keep what was said about one request of the agenda."""
        meeting = to_keep(call, meeting_id)
        if number not in [entry["number"] for entry in meeting.agenda]:
            raise Http404
        with told():
            meeting_note(meeting=meeting, number=number, user=call.user, **call.body)
        return detailed(call, meeting_id)


class MeetingMinutes(BoardView):
    operations = {"PUT": Operation("meeting_minutes_put", takes=shapes.MinutesSerializer, **KEEP)}  # type: ignore[arg-type]

    def put(self, call: Call, meeting_id: int) -> Any:
        """Keep who was there, of the members of the board, and the rest of the minutes."""
        meeting, now = to_keep(call, meeting_id), board_now()
        known = {*meeting.attendance, *(member.user.get_full_name() for member in now.members)} if now else set()
        if unknown := [name for name in call.body["attendance"] if name not in known]:
            raise ValidationError({"attendance": [f"{name} does not sit on the board." for name in unknown]})
        with told():
            meeting_keep(meeting=meeting, user=call.user, **call.body)
        return detailed(call, meeting_id)


class MeetingClose(BoardView):
    operations = {"POST": Operation("meeting_close", takes=shapes.VersionBody, **KEEP)}  # type: ignore[arg-type]

    def post(self, call: Call, meeting_id: int) -> Any:
        """Close the minutes, on the day of the meeting or later, with how each request stands; they do not change any more."""
        meeting = to_keep(call, meeting_id)
        with told():
            meeting_close(
                meeting=meeting, version=call.body["version"], attendance=meeting.attendance, minutes=meeting.minutes,
                user=call.user,
            )  # fmt: skip
        return detailed(call, meeting_id)


class MeetingCancel(BoardView):
    operations = {
        "POST": Operation(
            "meeting_cancel", VOTE_CHANGES, shapes.CancelledSerializer, takes=shapes.VersionBody, may_fail=(409,)
        )
    }  # fmt: skip

    def post(self, call: Call, meeting_id: int) -> Any:
        """Take back a meeting at which nothing was noted; its members are told."""
        meeting = to_keep(call, meeting_id)
        with told():
            meeting_cancel(meeting=meeting, version=call.body["version"], user=call.user)
        return {"id": meeting_id}


class ReviewList(BoardView):
    operations = {
        "GET": Operation(
            "emergencies_list", VIEW_CHANGES, shapes.ReviewSerializer, parameters=PageParameters, paged_by="-id"
        )
    }

    def get(self, call: Call) -> Any:
        """What was decided alone, the newest first, with what the board said of it by its votes."""
        return EmergencyReview.objects.select_related("request", "vote__user")


class ChangeEmergency(BoardView):
    operations = {
        "POST": Operation(
            "change_emergency", VOTE_CHANGES, DecisionSerializer, takes=shapes.EmergencySerializer, status=201,
            may_fail=(409,),
        )
    }  # fmt: skip

    def post(self, call: Call, number: int) -> Any:
        """Approve alone, as the chair, or as an admin where no chair may: bound to exactly what `decision` gave.

        Finance, RevOps and the board are mailed at once, and the board looks at it within a week. What proves who decides is
        the token, as for a vote; the record says so.
        """
        sent, change, proof = call.body, change_or_404(call, number), token_proof(self.token)
        with told():
            emergency_approve(
                client=call.client, request=change, user=call.user, reason=sent["reason"],
                shown=Shown(sent["content_sha256"], sent["preview_sha256"], sent["statement"]),
                proof=proof, place=self.place,
            )  # fmt: skip
        return decision_shown(call, change_or_404(call, number))
