"""What the pages of the board and of its meetings show, made ready for their templates."""

from typing import Any, Final

from governance.board_forms import MeetingForm, MinutesForm, NoteForm, RightsForm, SeatForm, rights_formset
from governance.board_words import lone_warnings, row_sentence, row_warnings
from governance.change_impact_words import effect_told
from governance.change_page import MARKS
from governance.effect_words import since_words
from governance.models import BoardMeeting, ChangeRequest, ChangeState
from governance.outlook_page import who_starts
from governance.selectors.board import BoardNow, board_history, board_now, has_board, reviews_open, seats_void, sits
from governance.selectors.board_meetings import (
    BEFORE,
    agenda_of,
    agenda_results,
    meeting_list,
    outdated_keys,
    standing_of,
)
from governance.selectors.changes import change_get
from governance.selectors.voting import decisions_of, signed_effect_of, votable, waits_for
from governance.services.board_meetings import has_begun
from governance.vote_page import subject_context, votes_context
from metrics.figures import from_cents
from portal.lib.dates import instant_text
from portal.tenancy.access import TenantRequest
from portal.tenancy.clock import day_at, day_now, paper_reader
from portal.tenancy.models import Client
from portal.tenancy.permissions import MANAGE_BOARD, VIEW_ARR, VOTE_CHANGES
from portal.tenancy.reader import locale_of

MARK_OF: Final = {state.label: mark for state, mark in MARKS.items()}
"""By the state's name, as closed minutes keep it."""
UNVOTABLE: Final = (*BEFORE, ChangeState.IMPACT)
"""States of a request on an agenda in which nobody votes on it."""


def board_context(request: TenantRequest, seat_form: SeatForm | None = None) -> dict[str, Any]:
    """Members, the table in sentences, what waits, and what is owed after emergencies."""
    board, locale = board_now(), locale_of(request)
    may_manage = request.standing.may(MANAGE_BOARD) and not request.standing.is_firm_staff
    context: dict[str, Any] = {"board": board, "may_manage": may_manage}
    if board is None:
        return context | {"who_starts": who_starts(request.client)}
    waiting = votable()
    decisions, outdated = decisions_of(waiting, board), outdated_keys(waiting)
    return context | {
        "members": board.members,
        "void": seats_void(),
        "rights": rights_shown(board, request, locale),
        "lone": lone_warnings(board.rights, board.seats),
        "waiting": [
            {"change": row, "sentence": standing_of(row, decisions[row.pk], outdated)}
            for row in waiting
            if row.state == ChangeState.REVIEW
        ],
        "mine": {row.pk for row in waiting if row.pk not in outdated and waits_for(decisions[row.pk], request.user)},
        "reviews": [{"review": each, "is_late": each.due_on < day_now(request.client)} for each in reviews_open()],
        "history": board_history(),
        "seat_form": (seat_form or SeatForm(board=board)) if may_manage else None,
    }


def rights_shown(board: BoardNow, request: TenantRequest, locale: str) -> list[dict[str, Any]]:
    """The table of decision rights as sentences with their warnings."""
    may_see = request.standing.may(VIEW_ARR)
    return [
        {
            "sentence": row_sentence(right, request.client, locale, with_amount=may_see),
            "warnings": row_warnings(right, board.seats),
        }
        for right in board.rights
    ]


def rights_context(request: TenantRequest, board: BoardNow, data: Any = None, problem: str = "") -> dict[str, Any]:
    """The table as a form."""
    initial = {"version": board.board.version, "pay_period": board.board.pay_period}
    return {
        "formset": rights_formset(board, locale_of(request), data),
        "form": RightsForm(data, initial=initial),
        "problem": problem,
        "currency": request.client.currency,
    }


def meetings_context(request: TenantRequest, form: MeetingForm | None = None) -> dict[str, Any]:
    """Every meeting, and the form that plans one for whoever sits on the board."""
    waiting = votable()
    may_see = request.standing.may(VIEW_ARR)
    return {
        "meetings": meeting_list(),
        "waiting": [
            {"change": row, "effect": from_cents(cents) if may_see and (cents := signed_effect_of(row)) else None}
            for row in waiting
        ],
        "form": (form or MeetingForm(zone=request.client.time_zone)) if waiting and may_minute(request) else None,
        "has_board": has_board(),
    }


def may_minute(request: TenantRequest) -> bool:
    """Whether the reader plans meetings and keeps their minutes: whoever sits on the board."""
    return sits(request.user) and request.standing.may(VOTE_CHANGES) and not request.standing.is_firm_staff


def meeting_context(request: TenantRequest, meeting: BoardMeeting, form: MinutesForm | None = None) -> dict[str, Any]:
    """A meeting: the agenda with how each request stands, who is there, the minutes."""
    board = board_now()
    names = [member.user.get_full_name() for member in board.members] if board else []
    known = sorted({*names, *meeting.attendance}, key=str.casefold)
    initial = {"version": meeting.version, "attendance": meeting.attendance, "minutes": meeting.minutes}
    return {
        "meeting": meeting,
        "at_client": instant_text(meeting.at, locale_of(request), request.client.time_zone),
        "agenda": agenda_shown(meeting, sees_figures=request.standing.may(VIEW_ARR), locale=locale_of(request)),
        "currency": request.client.currency,
        "may_minute": may_minute(request) and meeting.closed_at is None,
        "has_begun": has_begun(meeting),
        "is_untouched": not (meeting.decisions or meeting.minutes or meeting.attendance),
        "form": form or MinutesForm(initial=initial, names=known),
    }


def agenda_shown(meeting: BoardMeeting, *, sees_figures: bool, locale: str) -> list[dict[str, Any]]:
    """The agenda with how each request stands; amounts, and what becomes of a metric, for whoever sees numbers."""
    entries, stands = agenda_of(meeting)
    told = effects_told(meeting.client, entries, locale) if sees_figures else {}
    return [
        {
            **entry,
            "effect": from_cents(entry["effect_cents"]) if sees_figures and entry["effect_cents"] else None,
            "told": told.get(entry["number"], ""),
            "is_unknown": sees_figures and entry["effect_cents"] is None,
            "stands": stands.get(str(entry["number"]), {}),
            "mark": MARK_OF.get(stands.get(str(entry["number"]), {}).get("state", ""), "draft"),
        }
        for entry in entries
    ]


def effects_told(client: Client, entries: list[dict[str, Any]], locale: str) -> dict[int, str]:
    """By number of the request what it comes to for its metric."""
    results = agenda_results(entries)
    return {number: effect_told(result, client.fiscal_year_start, locale) for number, result in results.items()}


def step_context(request: TenantRequest, meeting: BoardMeeting, change: ChangeRequest) -> dict[str, Any]:
    """One request of the agenda, for everybody in the room to read."""
    entries, stands = agenda_of(meeting)
    numbers = [entry["number"] for entry in entries]
    place, stand = numbers.index(change.number), stands[str(change.number)]
    note = stand["note"]
    return {
        "meeting": meeting, "change": change, "mark": MARKS[ChangeState(change.state)],
        "place": place + 1, "count": len(numbers),
        "earlier": numbers[place - 1] if place else None,
        "later": numbers[place + 1] if place + 1 < len(numbers) else None,
        "since": since_words(change, locale_of(request)),
        **subject_context(request, change),
        "votes": votes_context(request, change),
        "standing": stand["sentence"] if change.state in UNVOTABLE and meeting.closed_at is None else "",
        "note": note,
        "form": NoteForm(initial={"version": meeting.version, "note": note})
        if may_minute(request) and meeting.closed_at is None
        else None,
    }  # fmt: skip


def on_agenda(meeting: BoardMeeting, number: int) -> ChangeRequest | None:
    """The request of that number, where it is on the agenda."""
    if number not in [entry["number"] for entry in meeting.agenda]:
        return None
    return change_get(number)


def minutes_context(client: Client, meeting: BoardMeeting, *, sees_figures: bool) -> dict[str, Any]:
    """The minutes for paper: what `pdf/minutes.html` takes."""
    return {
        "meeting": meeting,
        "agenda": agenda_shown(meeting, sees_figures=sees_figures, locale=client.locale),
        "currency": client.currency,
        "document_name": f"Minutes of {meeting.title}",
        "client_name": client.name,
        "as_of": day_at(client, meeting.at),
        "sha256": meeting.sha256 or "minutes are open",
        "reader": paper_reader(client),
    }
