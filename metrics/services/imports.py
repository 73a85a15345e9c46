"""A file on its way to contract lines: kept, read, mapped, checked, accepted, loaded.

`import_start(client=, source=, file=, file_name=, is_partial=, user=)` → `import_advance` (or `import_read`) → `import_map` →
`import_check` → `import_accept` → `metrics.services.import_run`; `import_cancel` ends one that is not loaded. Each step runs in
the client's scope and writes its audit entry in the same transaction. A file with one fault loads nothing.

States: reading → uploaded (needs mapping) → checking → refused | unchanged | waiting (to be decided) → queued → running → done.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import IO, Any, Final

import polars as pl
from django.core.files import File

from metrics import loading, repository
from metrics.files import FileTooLarge, file_local, file_name_shown, file_store
from metrics.import_report import changes_report, file_report, table_report
from metrics.intake.contracts import ContractFile, read_contracts
from metrics.intake.faults import Fault, Faults
from metrics.intake.layout import CONTRACT_COLUMNS, CONTRACT_NAMES
from metrics.intake.limits import Refused
from metrics.intake.mapping import Mapping, MappingError
from metrics.intake.reader import read_limited
from metrics.intake.suggest import suggest_mapping
from metrics.intake.table import Table
from metrics.line_rows import are_awaited
from metrics.models import ContractImport, ImportFault, Source
from metrics.models.intake import ImportState
from metrics.services.import_claims import ADVANCE_JOB, RUN_JOB, import_expected, import_fence
from metrics.services.import_files import room_check
from metrics.services.import_news import import_failed_tell
from metrics.services.problems import ImportProblem
from portal.tenancy import audit
from portal.tenancy.dispatch import earlier_run
from portal.tenancy.jobs import enqueue
from portal.tenancy.models import Client

INLINE_BYTES: Final = 2_000_000
FAULT_LENGTHS: Final = {"column": 120, "value": 200, "reason": 400}
REQUIRED: Final = {column.name for column in CONTRACT_COLUMNS if column.is_required}
OPEN_STATES: Final = (
    ImportState.READING,
    ImportState.UPLOADED,
    ImportState.CHECKING,
    ImportState.REFUSED,
    ImportState.WAITING,
    ImportState.FAILED,
)


@dataclass(frozen=True)
class Checked:
    """What a check found: the file's content, and what it would do to the source (nothing, if it has a fault)."""

    content: ContractFile
    delta: loading.Delta | None

    @classmethod
    def refused(cls, faults: Faults) -> "Checked":
        """A file that could not be read at all."""
        return cls(ContractFile(pl.DataFrame(), pl.DataFrame(), faults, Faults.of(), [], 0), None)


# --- in ---------------------------------------------------------------------------------------------------------------


def import_start(
    *,
    client: Client,
    source: Source,
    file: "IO[bytes] | File[Any]",
    file_name: str,
    is_partial: bool = False,
    user: Any = None,
) -> ContractImport:
    """Keep an uploaded file as a new import of the source, in the state `reading`. Raises ImportProblem when it is too large
    or too many wait.

    `is_partial`: lines that the file lacks stay as they are instead of vanishing.
    """
    room_check()
    try:
        stored = file_store(client.pk, file)
    except FileTooLarge as error:
        raise ImportProblem(str(error)) from error
    started: ContractImport = ContractImport.objects.create(
        client=client,
        source=source,
        state=ImportState.READING,
        file_name=file_name_shown(file_name),
        file_path=stored.path,
        file_sha256=stored.sha256,
        file_bytes=stored.size,
        is_partial=is_partial,
        created_by=user,
    )
    details = {"file": started.file_name, "sha256": stored.sha256, "bytes": stored.size, "source": source.name}
    record(started, "import.started", after=details, details=details)
    earlier_run(
        client=client, column="next_check_at", at=datetime.now(UTC) + timedelta(days=1)
    )  # tidies, books or none
    return started


def import_advance(*, client: Client, contract_import: ContractImport) -> None:
    """Do what comes next without a person: now for a small file; in a job for a large one, and where rows are awaited, since
    whoever compares a file with them waits.
    """
    if contract_import.file_bytes > INLINE_BYTES or are_awaited():
        import_expected(contract_import=contract_import)
        enqueue(ADVANCE_JOB, client, contract_import.pk)
        return
    table = None
    if contract_import.state == ImportState.READING:
        table = import_read(contract_import=contract_import)
    if contract_import.state == ImportState.CHECKING:
        import_check(client=client, contract_import=contract_import, table=table)


def import_read(*, contract_import: ContractImport, is_mapped_anew: bool = False) -> Table:
    """Read the file's columns; with a mapping that is known to fit go on to `checking`, else ask for one (`uploaded`).

    A file that cannot be read at all is refused, with the reason as its fault. The very file that was loaded last is not read
    again (`unchanged`), unless it `is_mapped_anew`.
    """
    if not is_mapped_anew and is_recognised(contract_import):
        return Table.refused(Refused("file_known", "the file is loaded already"))
    table = table_of(contract_import, None)
    if not table.header:
        refuse(contract_import, Checked.refused(table.faults).content)
        return table
    import_fence(contract_import=contract_import)
    mapping = known_mapping(contract_import.source, table)
    contract_import.report = {"table": {"header": list(table.header)} if mapping else described(table)}
    contract_import.row_count = table.cells.height + table.uncut_rows
    contract_import.state = ImportState.CHECKING if mapping else ImportState.UPLOADED
    contract_import.mapping = mapping.to_dict() if mapping else None
    contract_import.save()
    return table


def described(table: Table) -> dict[str, Any]:
    """What the mapping page asks and shows: examples of each column, a first mapping, the questions it leaves open."""
    return table_report(table, suggest_mapping(table))


def import_describe(*, contract_import: ContractImport) -> None:
    """Make sure that the mapping page has something to show; a file whose mapping was known was not looked at so closely."""
    if contract_import.file_path and "suggested" not in contract_import.report.get("table", {}):
        contract_import.report = {**contract_import.report, "table": described(table_of(contract_import, None))}
        contract_import.save(update_fields=["report"])


def is_recognised(contract_import: ContractImport) -> bool:
    """Whether this very file was the last one loaded into its source, and would be read the same way; then say `unchanged`."""
    source = contract_import.source
    last = ContractImport.objects.filter(source=source, state=ImportState.DONE).order_by("-finished_at").first()
    if last is None or (last.file_sha256, last.is_partial, last.mapping) != (
        contract_import.file_sha256,
        contract_import.is_partial,
        source.mapping,
    ):
        return False
    contract_import.mapping, contract_import.totals = last.mapping, last.totals
    contract_import.row_count = contract_import.unchanged_count = last.row_count
    contract_import.added_count = contract_import.changed_count = contract_import.vanished_count = 0
    header = last.report.get("table", {}).get("header", [])
    contract_import.report = {"table": {"header": header}, "preview": last.report.get("preview", [])}
    finish(contract_import, ImportState.UNCHANGED)
    contract_import.save()
    details = {"file": contract_import.file_name, "sha256": contract_import.file_sha256, "same_as_import": last.pk}
    record(contract_import, "import.unchanged", details=details)
    return True


def known_mapping(source: Source, table: Table) -> Mapping | None:
    """The mapping that needs no question: the one remembered for the source if the file has its columns, or our own format."""
    if source.mapping:
        remembered = Mapping.from_dict(source.mapping)
        if set(remembered.columns.values()) <= set(table.header) and remembered.columns:
            if remembered == Mapping.identity(remembered.columns):
                return Mapping.identity(table.header)
            return remembered
    return Mapping.identity(table.header) if is_canonical(table.header) else None


def is_canonical(header: tuple[str, ...]) -> bool:
    """Whether a file is meant to be in our own format: it has all required columns, or nearly, and few of its own."""
    ours = set(header) & set(CONTRACT_NAMES)
    return ours >= REQUIRED or (len(REQUIRED - ours) <= 3 and len(ours) >= len(set(header) - ours) * 3)


# --- mapping and checking ---------------------------------------------------------------------------------------------


def import_map(*, contract_import: ContractImport, mapping: Mapping) -> None:
    """Say how the file is to be read; the next step is a check. Raises ImportProblem where it is too late for that."""
    if contract_import.state not in (*OPEN_STATES, ImportState.UNCHANGED):
        raise ImportProblem(f"This file is {contract_import.get_state_display().lower()}: its mapping is settled.")
    if not contract_import.file_path:
        raise ImportProblem("The file is no longer kept: upload it again.")
    try:
        plain = Mapping.from_dict(mapping.to_dict()).to_dict()
    except MappingError as error:
        raise ImportProblem("; ".join(error.faults)) from error
    before, contract_import.mapping = contract_import.mapping, plain
    contract_import.state, contract_import.progress = ImportState.CHECKING, 0
    contract_import.save(update_fields=["mapping", "state", "progress"])
    record(contract_import, "import.mapped", before=before, after=plain)


def import_check(*, client: Client, contract_import: ContractImport, table: Table | None = None) -> Checked:
    """Validate the whole file and compare it with the source: refused, unchanged, or waiting for a decision.

    `table` saves reading the file again where it was just read with the mapping's own settings. Raises ImportProblem for an
    import that is not to be checked now.
    """
    if contract_import.state != ImportState.CHECKING:
        raise ImportProblem(f"This file is {contract_import.get_state_display().lower()} and not to be checked.")
    mapping = Mapping.from_dict(contract_import.mapping)
    content = read_contracts(fitting_table(contract_import, mapping, table), mapping)
    contract_import.row_count = content.rows
    if len(content.faults):
        refuse(contract_import, content)
        return Checked(content, None)
    base = newest_load(contract_import.source)
    delta = loading.delta_find(contract_import.source, content.lines, is_partial=contract_import.is_partial)
    import_fence(contract_import=contract_import)
    count(contract_import, delta)
    contract_import.fault_count = 0
    ImportFault.objects.filter(contract_import=contract_import).delete()
    kept = {"table": contract_import.report.get("table", {}), "base": base}
    contract_import.report = {**kept, **file_report(content), **changes_report(delta)}
    contract_import.totals = contract_import.report.pop("totals")
    if delta.is_empty:
        remember_mapping(contract_import)
        finish(contract_import, ImportState.UNCHANGED)
    else:
        contract_import.state = ImportState.WAITING
    contract_import.step, contract_import.progress = "", 0
    contract_import.save()
    return Checked(content, delta)


def refuse(contract_import: ContractImport, content: ContractFile) -> None:
    """Keep the reasons why the file is refused, and how many more there are; nothing of it is loaded."""
    import_fence(contract_import=contract_import)
    named, count = content.faults.frame, len(content.faults)
    faults = pl.concat([Faults.of(*more_faults(named.height, count)).frame, named])
    ImportFault.objects.filter(contract_import=contract_import).delete()
    texts = faults.with_columns(pl.col(name).str.slice(0, most) for name, most in FAULT_LENGTHS.items())
    repository.rows_insert(ImportFault, texts, contract_import_id=contract_import.pk)
    contract_import.report = {"table": contract_import.report.get("table", {}), **file_report(content)}
    contract_import.totals = contract_import.report.pop("totals")
    contract_import.fault_count = len(content.faults)
    contract_import.step, contract_import.progress = "", 0
    finish(contract_import, ImportState.REFUSED)
    contract_import.save()
    details = {"file": contract_import.file_name, "faults": len(content.faults), "rows": content.faults.faulty_rows}
    record(contract_import, "import.refused", details=details)
    faults_text = "1 fault" if len(content.faults) == 1 else f"{len(content.faults)} faults"
    import_failed_tell(contract_import=contract_import, text=f"is refused: {faults_text}. Nothing of it was loaded")


def more_faults(named: int, count: int) -> list[Fault]:
    """What stands in front of the named faults where they are not all."""
    if named == count:
        return []
    reason = f"the file has {count:,} faults, of which the first {named:,} are named below: correct these kinds first"
    return [Fault(0, "", "", reason, "faults_more")]


def count(contract_import: ContractImport, delta: loading.Delta) -> None:
    """Write a delta's counts on the import; a line that came back counts as changed."""
    contract_import.added_count = delta.added.height
    contract_import.changed_count = delta.changed.height + delta.returned.height
    contract_import.vanished_count = delta.vanished.height
    contract_import.unchanged_count = delta.unchanged


# --- decision ---------------------------------------------------------------------------------------------------------


def import_accept(
    *, client: Client, contract_import: ContractImport, in_background: bool = True, digest: str | None = None
) -> None:
    """Accept what the check found; the file is loaded in a job, or by the caller (`import_run`) when not `in_background`.

    `digest` is that of the summary that was shown. Raises ImportProblem where the summary is another one by now, and unless the
    import waits for that decision (or failed and is tried again).
    """
    if digest is not None:
        contract_import.refresh_from_db()
    if digest is not None and digest != contract_import.report.get("digest", ""):
        raise ImportProblem(
            "What this file would do is no longer what was shown: look at the new summary and decide again."
        )
    from_states = (ImportState.WAITING, ImportState.FAILED)
    if not move(contract_import, from_states, ImportState.QUEUED):
        raise ImportProblem(f"This file is {contract_import.get_state_display().lower()} and waits for no decision.")
    remember_mapping(contract_import)
    counts = {name: getattr(contract_import, f"{name}_count") for name in ("added", "changed", "vanished", "unchanged")}
    record(contract_import, "import.accepted", details={"file": contract_import.file_name, **counts})
    ContractImport.objects.filter(pk=contract_import.pk).update(attempts=0)
    import_expected(contract_import=contract_import)
    if in_background:
        enqueue(RUN_JOB, client, contract_import.pk)


def import_resend(*, client: Client, contract_import: ContractImport) -> None:
    """Send the job of an import that is under way once more: for a message that was lost. One too many does nothing."""
    is_accepted = contract_import.state in (ImportState.QUEUED, ImportState.RUNNING)
    if contract_import.holder is None:
        import_expected(contract_import=contract_import)
    enqueue(RUN_JOB if is_accepted else ADVANCE_JOB, client, contract_import.pk)
    record(contract_import, "import.sent_again", details={"file": contract_import.file_name})


def import_cancel(*, contract_import: ContractImport) -> None:
    """End an import that is not being loaded; the file is kept, no line is touched."""
    if not move(contract_import, OPEN_STATES, ImportState.CANCELLED):
        raise ImportProblem(
            f"This file is {contract_import.get_state_display().lower()}: it can no longer be cancelled."
        )
    finish(contract_import, ImportState.CANCELLED)
    contract_import.save(update_fields=["finished_at"])
    record(contract_import, "import.cancelled", details={"file": contract_import.file_name})


def remember_mapping(contract_import: ContractImport) -> None:
    """The source's next file is read the way this one was."""
    source = contract_import.source
    if source.mapping != contract_import.mapping:
        source.mapping = contract_import.mapping
        source.save(update_fields=["mapping"])


# --- shared with import_run -------------------------------------------------------------------------------------------


def table_of(contract_import: ContractImport, mapping: Mapping | None) -> Table:
    """The cells of the import's file, read the way the mapping says."""
    with file_local(contract_import.file_path) as path:
        if mapping is None:
            return read_limited(path)
        return read_limited(path, sheet=mapping.sheet, encoding=mapping.encoding, delimiter=mapping.delimiter)


def fitting_table(contract_import: ContractImport, mapping: Mapping, table: Table | None) -> Table:
    """The table at hand where the mapping asks for no other sheet, encoding or delimiter, else the file read again."""
    is_fitting = table is not None and mapping.encoding is None and mapping.delimiter is None
    if table is not None and is_fitting and mapping.sheet in (None, table.sheet):
        return table
    return table_of(contract_import, mapping)


def move(contract_import: ContractImport, from_states: tuple[str, ...], to_state: str) -> bool:
    """Change the state if it still is one of `from_states`: of two who try, one succeeds."""
    moved = ContractImport.objects.filter(pk=contract_import.pk, state__in=from_states).update(state=to_state, error="")
    contract_import.refresh_from_db(fields=["state", "error"])
    return moved == 1


def newest_load(source: Source) -> str:
    """Which import changed the source's lines last, as a text to compare; empty where none did."""
    loads = ContractImport.objects.filter(source=source, state=ImportState.DONE).order_by("-finished_at")
    newest = loads.values_list("pk", "finished_at").first()
    return f"{newest[0]} {newest[1]}" if newest else ""


def finish(contract_import: ContractImport, state: str) -> None:
    contract_import.state, contract_import.finished_at = state, datetime.now(UTC)


def record(contract_import: ContractImport, action: str, **said: Any) -> None:
    """An audit entry about this import; unless it says otherwise, about the state that it came to with its file."""
    said.setdefault("after", {"state": contract_import.state, "sha256": contract_import.file_sha256})
    audit.record(action, object_type="import", object_id=contract_import.pk, **said)
