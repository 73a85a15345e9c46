"""The stored files of imports that came to nothing: kept for a while, then removed; and how much may wait at a time.

`imports_tidy(client=, now=) -> list[int]` · `room_check()`

The import itself, with its sha256 and its faults, is never deleted; a file that was loaded is kept with it.
"""

import datetime as dt
from functools import partial
from typing import Final

from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import Count, Sum
from django.db.models.functions import Coalesce

from metrics.models import ContractImport
from metrics.models.intake import ImportState
from metrics.services.problems import ImportProblem
from portal.tenancy import audit
from portal.tenancy.models import Client

KEPT: Final = dt.timedelta(days=30)
ENDED: Final = (ImportState.REFUSED, ImportState.CANCELLED)
WAITING: Final = (
    ImportState.READING,
    ImportState.UPLOADED,
    ImportState.CHECKING,
    ImportState.WAITING,
    ImportState.FAILED,
)
MOST_WAITING: Final = 100
MOST_BYTES: Final = 2_000_000_000


def imports_tidy(*, client: Client, now: dt.datetime) -> list[int]:
    """Remove the files of imports that were refused or cancelled and are older than `KEPT`, in the client's scope; their ids.

    A file goes once its audit entry is committed: one that is left behind by a crash lies in the store and is nobody's.
    """
    ended = ContractImport.objects.filter(state__in=ENDED).exclude(file_path="")
    old = ended.alias(ended_at=Coalesce("finished_at", "created_at")).filter(ended_at__lt=now - KEPT)
    removed = []
    for found in old.select_for_update(skip_locked=True, of=("self",)).order_by("id"):
        transaction.on_commit(partial(default_storage.delete, found.file_path), robust=True)
        found.file_path = ""
        found.save(update_fields=["file_path"])
        details = {"file": found.file_name, "sha256": found.file_sha256, "bytes": found.file_bytes}
        audit.record("import.file_removed", object_type="import", object_id=found.pk, details=details)
        removed.append(found.pk)
    return removed


def room_check() -> None:
    """Raise ImportProblem where the client keeps as many files waiting as it may."""
    waiting = ContractImport.objects.filter(state__in=WAITING).aggregate(count=Count("pk"), size=Sum("file_bytes"))
    if waiting["count"] >= MOST_WAITING or (waiting["size"] or 0) >= MOST_BYTES:
        reason = f"{waiting['count']} files wait for a mapping or a decision, which is as much as is kept at a time"
        raise ImportProblem(f"{reason}. Load or cancel some of them, then upload this one.")
