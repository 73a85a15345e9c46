"""Reading the files of an engagement: whoever sees what a file belongs to sees the file."""

from typing import Any, Final

from engagements.models import Document, Engagement, ProjectFile, Risk, Task
from engagements.selectors.projects import Reader

# What a file can belong to that the client may not see: the model, and what a row says that the client may
SEEN_BY_CLIENT: Final[dict[str, tuple[type[Any], dict[str, bool]]]] = {
    "document": (Document, {"is_client_visible": True}),
    "task": (Task, {"is_client_visible": True}),
    "risk": (Risk, {"is_internal": False}),
}


def file_get(engagement: Engagement, file_id: int, reader: Reader) -> ProjectFile | None:
    """A file of the engagement that this reader may open."""
    found = ProjectFile.objects.filter(engagement=engagement, pk=file_id).first()
    return found if found is not None and is_visible(found, reader) else None


def is_visible(file: ProjectFile, reader: Reader) -> bool:
    """Whether the reader may open the file: as it stands now, not as it stood when the file came."""
    if reader.is_firm_staff:
        return True
    if file.is_internal:
        return False
    if file.about in SEEN_BY_CLIENT:
        model, says = SEEN_BY_CLIENT[file.about]
        return bool(model.objects.filter(pk=file.about_id, engagement_id=file.engagement_id, **says).exists())
    return True


def file_list(engagement: Engagement, about: str, reader: Reader) -> dict[int, list[ProjectFile]]:
    """The files that belong to things of a kind, by the thing's id, the newest first."""
    found: dict[int, list[ProjectFile]] = {}
    rows = ProjectFile.objects.filter(engagement=engagement, about=about).select_related("created_by").order_by("-pk")
    for row in rows:
        if is_visible(row, reader):
            found.setdefault(row.about_id, []).append(row)
    return found
