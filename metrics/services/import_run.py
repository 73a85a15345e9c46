"""Loading an accepted file: at least once, and to the same end however often and wherever it is interrupted.

`import_run(client=, import_id=, checked=, progress=) -> ContractImport | None`

One transaction writes lines, history, audit entry and the state `done`; a killed worker leaves none of them, and the next
delivery of the job begins anew. Imports of one source take turns under a lock that dies with its connection.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Final

from django.db.models import F

from metrics import loading
from metrics.import_report import changes_report
from metrics.intake.contracts import ContractFile, read_contracts
from metrics.intake.mapping import Mapping
from metrics.line_columns import is_worth_keeping, packed
from metrics.line_rows import are_awaited, may_arrive
from metrics.models import ContractImport, Source
from metrics.models.intake import ImportState
from metrics.services.after_change import lines_changed
from metrics.services.import_claims import import_held, rows_expected
from metrics.services.import_news import import_failed_tell
from metrics.services.imports import Checked, count, finish, move, newest_load, record, refuse, table_of
from metrics.services.sources import turn_take
from portal.tenancy.awaited import with_rows
from portal.tenancy.models import Client
from portal.tenancy.scope import tenant_context

Report = Callable[[str, int], None]
CHANGED_MEANWHILE: Final = (
    "The lines of this source changed after the summary was made: look at the new one and decide again."
)


def import_run(
    *, client: Client, import_id: int, checked: Checked | None = None, report: Report | None = None
) -> ContractImport | None:
    """Load an accepted import and return it; None when there is nothing to do (loaded already, cancelled, not accepted).

    Opens its own scopes. `checked` is what this process has just found; without it the file is read and validated again.
    `report(step, percent)` hears how far it is. Raises what went wrong, after the import was marked `failed`.
    """
    tell = report or (lambda step, percent: None)
    with import_held(client=client, import_id=import_id) as is_mine:
        return load_held(client, import_id, checked, tell) if is_mine else None


def load_held(client: Client, import_id: int, checked: Checked | None, tell: Report) -> ContractImport | None:
    """As `import_run`, for whoever holds the import's lease."""
    with tenant_context(client):
        contract_import = ContractImport.objects.select_related("source").filter(pk=import_id).first()
        if contract_import is None or not move(
            contract_import, (ImportState.QUEUED, ImportState.RUNNING), ImportState.RUNNING
        ):
            return None
    try:
        tell("Reading and validating the file", 5)
        content = checked.content if checked else content_of(contract_import)
        return with_rows(client, partial(load, client, contract_import, content, checked, tell))
    except Exception:
        with tenant_context(client):
            fail(contract_import)
        raise


def content_of(contract_import: ContractImport) -> ContractFile:
    """The validated content of the import's file."""
    mapping = Mapping.from_dict(contract_import.mapping)
    return read_contracts(table_of(contract_import, mapping), mapping)


def load(
    client: Client, contract_import: ContractImport, content: ContractFile, checked: Checked | None, tell: Report
) -> ContractImport | None:
    """The transaction: wait for the source's turn, look again at what is there, write, and say so."""
    with tenant_context(client):
        turn_take(contract_import.source_id)
        holder = contract_import.holder
        contract_import.refresh_from_db()
        if contract_import.state != ImportState.RUNNING or contract_import.holder != holder:
            return None  # another delivery of this job has done it, or is about to
        if len(content.faults):
            refuse(contract_import, content)
            return contract_import
        tell("Comparing with the lines that are there", 30)
        delta = current_delta(contract_import, content, checked)
        if delta.is_empty:
            count(contract_import, delta)
            return done(contract_import, ImportState.UNCHANGED)
        if delta.digest != contract_import.report.get("digest"):
            return ask_again(contract_import, delta)
        write(client, contract_import, delta, tell)
        return done(contract_import, ImportState.DONE)


def write(client: Client, contract_import: ContractImport, delta: loading.Delta, tell: Report) -> None:
    """Write a delta and what follows from it. Lines that are likely to be all are packed for their copy meanwhile."""
    rows = delta.added.height or 1
    with ThreadPoolExecutor(1) as pool:
        is_kept = delta.is_new and is_worth_keeping(delta.added) and not may_arrive(contract_import.source, delta.added)
        packing = pool.submit(packed, delta.added) if is_kept else None
        delta = loading.delta_write(
            contract_import, delta, lambda written: tell("Writing the lines", 40 + 50 * written // rows)
        )
        count(contract_import, delta)
        grow(contract_import.source, delta)
        if are_awaited():
            rows_expected(client=client)
        tell("Recomputing the numbers", 90)
        lines_changed(
            client=client,
            source=contract_import.source,
            before=delta.counted,
            after=delta.counting,
            reason=f"{contract_import.file_name} was loaded",
            packing=packing,
        )


def current_delta(contract_import: ContractImport, content: ContractFile, checked: Checked | None) -> loading.Delta:
    """What the file would do now: what the check found where no other import was loaded since."""
    known = checked.delta if checked else None
    if known is not None and newest_load(contract_import.source) == contract_import.report.get("base"):
        return known
    return loading.delta_find(contract_import.source, content.lines, is_partial=contract_import.is_partial)


def grow(source: Source, delta: loading.Delta) -> None:
    """Keep count of the lines that the source holds, so that no page has to count them."""
    more = delta.added.height + delta.returned.height - delta.vanished.height
    Source.objects.filter(pk=source.pk).update(line_count=F("line_count") + more)


def ask_again(contract_import: ContractImport, delta: loading.Delta) -> ContractImport:
    """What would happen is no longer what was accepted: show the new summary and wait for a new decision."""
    count(contract_import, delta)
    contract_import.report = {**contract_import.report, **changes_report(delta)}
    contract_import.state, contract_import.error = ImportState.WAITING, CHANGED_MEANWHILE
    contract_import.step, contract_import.progress = "", 0
    contract_import.save()
    record(contract_import, "import.asked_again", details={"file": contract_import.file_name})
    return contract_import


def done(contract_import: ContractImport, state: str) -> ContractImport:
    """Write the end and its audit entry."""
    finish(contract_import, state)
    contract_import.step, contract_import.progress = "", 100
    contract_import.save()
    names = ("added", "changed", "vanished", "unchanged")
    counts = {name: getattr(contract_import, f"{name}_count") for name in names}
    said = {"file": contract_import.file_name, "sha256": contract_import.file_sha256, **counts}
    record(
        contract_import, "import.loaded" if state == ImportState.DONE else "import.unchanged", after=said, details=said
    )
    return contract_import


def fail(contract_import: ContractImport) -> None:
    """Say that the load broke off; nothing of it is in the database, and it can be tried again."""
    if move(contract_import, (ImportState.RUNNING,), ImportState.FAILED):
        reason = (
            "Loading broke off because of an error in Tieout. No line was changed. Try again, or tell your consultant."
        )
        ContractImport.objects.filter(pk=contract_import.pk).update(error=reason, step="", progress=0)
        record(contract_import, "import.failed", details={"file": contract_import.file_name})
        import_failed_tell(contract_import=contract_import, text="was not loaded: the work on it broke off")
