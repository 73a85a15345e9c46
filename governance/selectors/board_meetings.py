"""Reading meetings of the board. Runs in the client's scope."""

from collections.abc import Sequence
from typing import Any

from governance.models import BoardMeeting, ChangeKind, ChangePreview, ChangeRequest


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


def agenda_results(meeting: BoardMeeting) -> dict[int, dict[str, Any]]:
    """By number of each request of the agenda that changes no policy: the effect that the agenda was planned with."""
    shown = {entry["number"]: entry["preview_sha256"] for entry in meeting.agenda if entry["preview_sha256"]}
    rows = ChangePreview.objects.filter(request__number__in=shown, sha256__in=shown.values(), result__isnull=False)
    found = rows.exclude(request__kind=ChangeKind.POLICY).values_list("request__number", "sha256", "result")
    return {number: result for number, sha256, result in found if result is not None and shown[number] == sha256}
