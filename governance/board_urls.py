"""Addresses of the review board, of its votes and of its meetings, below a client's own address."""

from django.urls import path

from governance.views import board, board_meetings, voting

CHANGE = "changes/<int:number>/"
MEETING = "changes/meeting/<int:meeting_id>/"

urlpatterns = [
    path(f"{CHANGE}vote/", voting.change_vote, name="change_vote"),
    path(f"{CHANGE}emergency/", voting.change_emergency, name="change_emergency"),
    path("changes/board/", board.board, name="board"),
    path("changes/board/start/", board.board_begin, name="board_start"),
    path("changes/board/seats/", board.board_seat, name="board_seat"),
    path("changes/board/seats/<int:user_id>/end/", board.board_seat_end, name="board_seat_end"),
    path("changes/board/seats/<int:user_id>/chair/", board.board_chair, name="board_chair"),
    path("changes/board/rights/", board.board_rights, name="board_rights"),
    path("changes/meeting/", board_meetings.board_meetings, name="board_meetings"),
    path("changes/meeting/new/", board_meetings.board_meeting_new, name="board_meeting_new"),
    path(MEETING, board_meetings.board_meeting, name="board_meeting"),
    path(f"{MEETING}<int:number>/", board_meetings.board_meeting_step, name="board_meeting_step"),
    path(f"{MEETING}<int:number>/note/", board_meetings.board_meeting_note, name="board_meeting_note"),
    path(f"{MEETING}minutes/", board_meetings.board_meeting_minutes, name="board_meeting_minutes"),
    path(f"{MEETING}close/", board_meetings.board_meeting_end, name="board_meeting_close"),
    path(f"{MEETING}cancel/", board_meetings.board_meeting_cancel, name="board_meeting_cancel"),
    path(f"{MEETING}minutes.pdf", board_meetings.board_minutes_pdf, name="board_minutes_pdf"),
]
