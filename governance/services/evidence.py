"""Files that stand behind what people found: taken in after a look at what they are, kept for ever, nobody's removed.

`evidence_keep(client=, upload=, user=) -> EvidenceFile` · `evidence_tidy(client=, now=) -> int`. Both in the client's scope.

The rules are those of project files (`portal.lib.file_kinds`). Bytes are stored before the row that owns them is committed;
those that no row names after `KEPT` are removed by the daily look.
"""

import datetime as dt
import secrets
from functools import partial
from typing import Any, Final

from django.conf import settings
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import Sum

from governance.models import EvidenceFile
from governance.services.problems import DefinitionError
from portal.lib.file_kinds import FileRefused, file_kind
from portal.lib.stored import FileTooLarge, file_digest, file_name_shown, file_store
from portal.tenancy import audit
from portal.tenancy.clock import database_time
from portal.tenancy.models import Client

KEPT: Final = dt.timedelta(days=2)
STAMP: Final = "%Y%m%dT%H%M%SZ"


def folder_of(client_id: int) -> str:
    """Where a client's evidence lies in the store."""
    return f"evidence/{client_id}"


def evidence_keep(*, client: Client, upload: Any, user: Any = None) -> EvidenceFile:
    """Take in a file. DefinitionError where it is too large, not what it says, or has no room."""
    name = file_name_shown(str(upload.name or ""))
    try:
        file_digest(upload, settings.PROJECT_FILE_MAX_BYTES)
        file_kind(name, upload)
    except (FileTooLarge, FileRefused) as error:
        reason = f"it is {error}" if isinstance(error, FileTooLarge) else str(error)
        raise DefinitionError(f"“{name}” is not kept: {reason}") from error
    require_room(upload.size)
    at = database_time()
    path = f"{folder_of(client.pk)}/{at.astimezone(dt.UTC).strftime(STAMP)}-{secrets.token_hex(16)}"
    stored = file_store(path, upload, settings.PROJECT_FILE_MAX_BYTES)
    kept: EvidenceFile = EvidenceFile.objects.create(
        name=name, ending=name.rsplit(".", 1)[-1].lower(), path=stored.path, size=stored.size, sha256=stored.sha256,
        created_by=user, created_at=at,
    )  # fmt: skip
    details = {"file": name, "sha256": stored.sha256, "bytes": stored.size}
    audit.record("evidence.kept", object_type="evidence", object_id=kept.pk, after=details, details=details)
    require_room(0)  # again: since the entry above, no other evidence of this client can come in between
    return kept


def require_room(size: int) -> None:
    """DefinitionError where the client's evidence would take more room than it has."""
    used = EvidenceFile.objects.aggregate(Sum("size"))["size__sum"] or 0
    if used + size > settings.PROJECT_FILES_MAX_BYTES:
        most = settings.PROJECT_FILES_MAX_BYTES // 1_000_000
        raise DefinitionError(
            f"the evidence of this client takes up all of its {most:,} MB: name where the file lies instead"
        )


def evidence_tidy(*, client: Client, now: dt.datetime) -> int:
    """Remove from the store what no row of the client owns and is older than `KEPT`; gives how many. Idempotent."""
    folder = folder_of(client.pk)
    try:
        _, names = default_storage.listdir(folder)
    except FileNotFoundError:
        return 0
    owned = set(EvidenceFile.objects.values_list("path", flat=True))
    limit = (now - KEPT).astimezone(dt.UTC).strftime(STAMP)  # a name begins with the instant at which it was stored
    old = [path for name in sorted(names) if (path := f"{folder}/{name}") not in owned and name < limit]
    for path in old:
        transaction.on_commit(partial(default_storage.delete, path), robust=True)
        audit.record("evidence.removed", object_type="evidence", object_id=path, details={"reason": "no row owns it"})
    return len(old)
