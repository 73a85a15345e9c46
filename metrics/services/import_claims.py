"""Who works on an import: a lease that is renewed while its job lives, so that a job that died is found and sent again.

`import_held(client=, import_id=)` · `import_expected(contract_import=)` · `import_fence(contract_import=)` ·
`imports_recover(client=)` · `rows_expected(client=)`

A lease is taken by a conditional UPDATE: of two jobs on one import, one works. An import that waits for its job has a lease
without a holder, the time that the message is given to arrive. When a lease has run out, the next tick sends the job again.
"""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Final

from django.db.models import F, Q
from django.db.models.functions import Now

from metrics.line_rows import are_awaited, rows_lock_free
from metrics.models import ArrivedLines, ContractImport
from metrics.models.intake import UNDER_WAY, ImportState
from metrics.services.import_news import import_failed_tell, rows_stuck_tell
from metrics.services.problems import ImportProblem
from portal.tenancy import audit
from portal.tenancy.jobs import enqueue
from portal.tenancy.models import Client
from portal.tenancy.pulse import Heartbeat
from portal.tenancy.scope import tenant_context

LEASE: Final = timedelta(seconds=30)
RENEW_SECONDS: Final = 5.0
SELDOM: Final = timedelta(hours=1)
ATTEMPTS: Final = 5
ADVANCE_JOB: Final = "metrics.tasks.import_advance"
RUN_JOB: Final = "metrics.tasks.import_run"
ROWS_JOB: Final = "metrics.tasks.rows_write"
GIVEN_UP: Final = "The work on this file broke off {count} times. No line was changed. Tell your consultant."


class ImportMoved(ImportProblem):
    """While this job worked on it, the import went on without it; what it found must not be written."""


@contextmanager
def import_held(*, client: Client, import_id: int) -> Iterator[bool]:
    """Hold the import's lease while this lasts; yields False where another job holds it or nothing is to be done."""
    holder = uuid.uuid4()
    with tenant_context(client):
        free = Q(holder=None) | Q(held_until__lt=Now())
        mine = ContractImport.objects.filter(free, pk=import_id, state__in=UNDER_WAY)
        taken = mine.update(holder=holder, held_until=Now() + LEASE, attempts=F("attempts") + 1)
    if not taken:
        yield False
        return

    def renew() -> None:
        with tenant_context(client):
            ContractImport.objects.filter(pk=import_id, holder=holder).update(held_until=Now() + LEASE)

    try:
        with Heartbeat(renew, RENEW_SECONDS):
            yield True
    finally:
        with tenant_context(client):
            ContractImport.objects.filter(pk=import_id, holder=holder).update(holder=None, held_until=None)


def import_expected(*, contract_import: ContractImport) -> None:
    """Say that a job has been sent for the import: if none works on it in a while, the tick sends another."""
    ContractImport.objects.filter(pk=contract_import.pk).update(holder=None, held_until=Now() + LEASE)
    contract_import.refresh_from_db(fields=["holder", "held_until"])
    Client.objects.filter(pk=contract_import.client_id).update(next_import_at=Now() + LEASE)


def import_fence(*, contract_import: ContractImport) -> None:
    """Lock the import's row for the writing to come; ImportMoved where it is no longer as it was when the work began."""
    rows = ContractImport.objects.select_for_update(of=("self",)).filter(pk=contract_import.pk)
    now = rows.values_list("state", "holder", "held_until").get()
    if now[:2] != (contract_import.state, contract_import.holder):
        raise ImportMoved(f"{contract_import.file_name} was taken up elsewhere meanwhile.")
    contract_import.held_until = now[2]  # renewed since; a save must not take that back


def imports_recover(*, client: Client) -> list[int]:
    """Send the job of every import that nobody works on once more, in the client's scope; returns their ids.

    At-least-once and idempotent: a job that finds the lease taken, or its work done, does nothing.
    """
    sent = []
    under_way = ContractImport.objects.filter(state__in=UNDER_WAY)
    lost = Q(held_until=None) | Q(held_until__lt=Now())
    for found in under_way.filter(lost).select_for_update(skip_locked=True, of=("self",)).order_by("id"):
        if found.attempts >= ATTEMPTS:
            give_up(found)
            continue
        import_expected(contract_import=found)
        is_accepted = found.state in (ImportState.QUEUED, ImportState.RUNNING)
        enqueue(RUN_JOB if is_accepted else ADVANCE_JOB, client, found.pk)
        details = {"file": found.file_name, "attempts": found.attempts}
        audit.record("import.sent_again", object_type="import", object_id=found.pk, details=details)
        sent.append(found.pk)
    waits = [LEASE] if under_way.exists() else []
    waits += [rows_recover(client)] if are_awaited() else []
    again = Now() + min(waits) if waits else None
    Client.objects.filter(pk=client.pk).update(next_import_at=again)
    return sent


def rows_recover(client: Client) -> timedelta:
    """Send the job of awaited rows again, unless somebody writes them; gives when to look the next time.

    It is never given up, since the rows must be written some day, but sent ever more seldom; after `ATTEMPTS` people are told.
    """
    if not rows_lock_free():
        return LEASE
    enqueue(ROWS_JOB, client)
    arrived = list(ArrivedLines.objects.select_related("contract_import").defer("lines"))
    for found in arrived:
        if found.attempts >= ATTEMPTS:
            rows_stuck_tell(contract_import=found.contract_import)
    return min(LEASE * (1 << min([10, *(found.attempts for found in arrived)])), SELDOM)


def rows_expected(*, client: Client) -> None:
    """Send the job that writes awaited rows; if they are still awaited in a while, the tick sends another."""
    enqueue(ROWS_JOB, client)
    Client.objects.filter(pk=client.pk).update(next_import_at=Now() + LEASE)


def give_up(found: ContractImport) -> None:
    """End an import whose job dies each time it is tried: it may be what kills the worker."""
    is_accepted = found.state in (ImportState.QUEUED, ImportState.RUNNING)
    found.state = ImportState.FAILED if is_accepted else ImportState.CANCELLED
    found.error, found.holder, found.held_until = GIVEN_UP.format(count=found.attempts), None, None
    found.step, found.progress = "", 0
    found.finished_at = None if is_accepted else datetime.now(UTC)  # what failed can be tried again
    found.save(update_fields=["state", "error", "holder", "held_until", "step", "progress", "finished_at"])
    details = {"file": found.file_name, "attempts": found.attempts}
    audit.record("import.given_up", object_type="import", object_id=found.pk, details=details)
    import_failed_tell(contract_import=found, text="was not loaded: the work on it broke off again and again")
