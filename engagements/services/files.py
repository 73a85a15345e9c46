"""Files of an engagement: taken in after a look at what they are, kept for ever, and what nobody owns is removed.

`file_keep(engagement=, about=, about_id=, upload=, user=) -> ProjectFile` · `files_tidy(client=, now=) -> Tidied`

The bytes are stored before the row that owns them is committed. Where that commit never comes, because a rule was broken later
or the machine died, the bytes are nobody's: the job of every morning removes what no row names and is older than `KEPT`.
"""

import datetime as dt
import secrets
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from django.conf import settings
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import Sum

from engagements.models import Engagement, ProjectFile
from engagements.selectors.files import is_visible
from engagements.selectors.projects import Reader
from engagements.services.moves import require_open
from engagements.services.problems import FileNotKept
from portal.lib.file_kinds import FileRefused, file_kind
from portal.lib.stored import FileTooLarge, file_digest, file_name_shown, file_store
from portal.tenancy import audit
from portal.tenancy.models import Client

KEPT: Final = dt.timedelta(days=2)
STAMP: Final = "%Y%m%dT%H%M%SZ"


@dataclass(frozen=True)
class Tidied:
    """Paths that were removed, and how many more nobody owns but are too young to be sure."""

    removed: tuple[str, ...]
    left: int


def folder_of(client_id: int) -> str:
    """Where a client's files lie in the store."""
    return f"projects/{client_id}"


def file_keep(
    *, engagement: Engagement, about: str, about_id: int, upload: Any, is_internal: bool = False, user: Any = None
) -> ProjectFile:
    """Take in a file that somebody sent. FileNotKept where it is too large, not what it says, or has no room.

    `about` and `about_id` name what it belongs to; whoever may see that may see the file, unless it `is_internal`.
    """
    require_open(engagement)
    return file_take(
        engagement=engagement, about=about, about_id=about_id, upload=upload, is_internal=is_internal, user=user
    )


def file_take(
    *, engagement: Engagement, about: str, about_id: int, upload: Any, is_internal: bool = False, user: Any = None
) -> ProjectFile:
    """As `file_keep`, also for an engagement that is closed: for the papers made of it, and what goes on after it."""
    name = file_name_shown(str(upload.name or ""))
    try:
        file_digest(upload, settings.PROJECT_FILE_MAX_BYTES)
        file_kind(name, upload)
    except (FileTooLarge, FileRefused) as error:
        raise FileNotKept(
            f"“{name}” is not kept: {f'it is {error}' if isinstance(error, FileTooLarge) else error}"
        ) from error
    require_room(upload.size)
    at = dt.datetime.now(dt.UTC)
    path = f"{folder_of(engagement.client_id)}/{at.strftime(STAMP)}-{secrets.token_hex(16)}"
    stored = file_store(path, upload, settings.PROJECT_FILE_MAX_BYTES)
    kept: ProjectFile = ProjectFile.objects.create(
        engagement=engagement, about=about, about_id=about_id, name=name, ending=name.rsplit(".", 1)[-1].lower(),
        path=stored.path, size=stored.size, sha256=stored.sha256, is_internal=is_internal, created_by=user,
    )  # fmt: skip
    details: dict[str, Any] = {
        "file": name, "sha256": stored.sha256, "bytes": stored.size, "about": about, "about_id": about_id,
    }  # fmt: skip
    if not is_visible(kept, Reader(None, is_firm_staff=False)):
        details |= audit.FIRMS_ALONE
    audit.record("file.kept", object_type="file", object_id=kept.pk, after=details, details=details)
    require_room(0)  # again: since the entry above, no other file of this client can come in between
    return kept


def require_room(size: int) -> None:
    """FileNotKept where the client's files would take more room than they have."""
    used = ProjectFile.objects.aggregate(Sum("size"))["size__sum"] or 0
    if used + size > settings.PROJECT_FILES_MAX_BYTES:
        most = settings.PROJECT_FILES_MAX_BYTES // 1_000_000
        raise FileNotKept(f"this client's files take up all of their {most:,} MB: link to the file instead")


def files_tidy(*, client: Client, now: dt.datetime) -> Tidied:
    """Remove from the store what no row of the client owns and is older than `KEPT`; runs in the client's scope.

    At-least-once and idempotent. A file's age is in its name, so that nothing has to be asked of the store but its list.
    """
    folder = folder_of(client.pk)
    try:
        _, names = default_storage.listdir(folder)
    except FileNotFoundError:
        return Tidied((), 0)
    owned = set(ProjectFile.objects.values_list("path", flat=True))
    nobodys = [name for name in sorted(names) if f"{folder}/{name}" not in owned]
    old = [f"{folder}/{name}" for name in nobodys if _stored_at(name) < now - KEPT]
    for path in old:
        transaction.on_commit(partial(default_storage.delete, path), robust=True)
        audit.record("file.removed", object_type="file", object_id=path, details={"reason": "no row owns it"})
    return Tidied(tuple(old), len(nobodys) - len(old))


def _stored_at(name: str) -> dt.datetime:
    """When a file was stored, by its name; a name that says nothing is as old as can be."""
    try:
        return dt.datetime.strptime(name.partition("-")[0], STAMP).replace(tzinfo=dt.UTC)
    except ValueError:
        return dt.datetime.min.replace(tzinfo=dt.UTC)
