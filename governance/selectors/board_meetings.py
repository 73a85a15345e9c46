"""Reading meetings of the board. Runs in the client's scope."""

from governance.models import BoardMeeting


def meeting_list() -> list[BoardMeeting]:
    """Every meeting, the newest first."""
    return list(BoardMeeting.objects.order_by("-at", "-id"))


def meeting_get(pk: int) -> BoardMeeting | None:
    """The meeting of that key."""
    found: BoardMeeting | None = BoardMeeting.objects.filter(pk=pk).first()
    return found
