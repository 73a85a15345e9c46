"""What the page of one import shows. Runs in the client's scope.

`import_context(row, after=0) -> dict` · `is_still(row, now) -> bool` · `faults_text(row) -> bytes`
"""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

import polars as pl
from django.urls import reverse
from psycopg.sql import SQL, Literal

from metrics import repository
from metrics.intake.layout import CONTRACT_NAMES
from metrics.models import ContractImport
from metrics.models.intake import UNDER_WAY, ImportState
from metrics.selectors.imports import PAGE, import_changes, import_faults
from portal.tenancy.scope import current_scope

STEPS: Final = ("Upload", "Columns", "Check", "Decide", "Load")
PLACE: Final = {
    ImportState.READING: 0,
    ImportState.UPLOADED: 1,
    ImportState.CHECKING: 2,
    ImportState.REFUSED: 2,
    ImportState.WAITING: 3,
    ImportState.CANCELLED: 3,
    ImportState.QUEUED: 4,
    ImportState.RUNNING: 4,
    ImportState.FAILED: 4,
    ImportState.DONE: 5,
    ImportState.UNCHANGED: 5,
}
BADGES: Final = {
    ImportState.UPLOADED: "waiting",
    ImportState.REFUSED: "refused",
    ImportState.WAITING: "waiting",
    ImportState.DONE: "agreed",
    ImportState.UNCHANGED: "agreed",
    ImportState.CANCELLED: "lapsed",
    ImportState.FAILED: "refused",
}
GRACE: Final = timedelta(minutes=1)  # in which a file that was just uploaded comes to its first job
DANGEROUS: Final = r"^[=+\-@\t\r]"
FAULT_SCHEMA: Final = pl.Schema({"row": pl.Int64(), "column": pl.String(), "value": pl.String(), "reason": pl.String()})


def import_context(row: ContractImport, after: int = 0) -> dict[str, Any]:
    """Everything the page of one import needs, by its state."""
    context: dict[str, Any] = {
        "import": row,
        "report": row.report,
        "steps": steps_of(row),
        "is_under_way": row.state in UNDER_WAY,
        "is_still": is_still(row, datetime.now(UTC)),
        "preview": preview_of(row),
        "totals": decimals(row.totals, "amount", "discount"),
        "effect": decimals(row.report.get("effect", []), "before", "after", "change"),
        "notes": notes_alike(row.report.get("notes", [])),
        "loaded": (row.added_count or 0) + (row.changed_count or 0),
        "badge": BADGES.get(ImportState(row.state), "info"),
    }
    if row.state == ImportState.REFUSED:
        context.update(paged("faults", import_faults(row, after), row))
    if row.state == ImportState.DONE:
        context.update(paged("changes", import_changes(row, after), row))
    return context


def is_still(row: ContractImport, now: datetime) -> bool:
    """Whether an import is under way that no job holds any more, and for which none that was sent is expected to begin."""
    return row.state in UNDER_WAY and now > (row.held_until or row.created_at + GRACE)


def notes_alike(notes: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The notes of a file, those that say the same of a column together with all their rows, in the order of the file."""
    rows: dict[tuple[str, str], list[int]] = {}
    for note in notes:
        rows.setdefault((note["column"], note["reason"]), []).append(note["row"])
    return [{"column": column, "reason": reason, "rows": own} for (column, reason), own in rows.items()]


def decimals(rows: list[dict[str, Any]], *names: str) -> list[dict[str, Any]]:
    """Rows kept as JSON, with their decimal texts as decimals."""
    return [{**row, **{name: Decimal(row[name]) for name in names}} for row in rows]


def steps_of(row: ContractImport) -> list[dict[str, str]]:
    """The way of a file, for `_partials/stepper.html`."""
    here = PLACE[ImportState(row.state)]
    return [
        {"label": label, "state": "done" if place < here else "current" if place == here else "todo"}
        for place, label in enumerate(STEPS)
    ]


def preview_of(row: ContractImport) -> dict[str, Any]:
    """The first rows as they are read; columns that are blank in all of them are left out."""
    rows = row.report.get("preview", [])
    names = [name for name in ("row", *CONTRACT_NAMES) if any(line.get(name) for line in rows)]
    return {"names": names, "rows": [[line.get(name, "") for name in names] for line in rows]}


def paged(name: str, rows: list[Any], row: ContractImport) -> dict[str, Any]:
    """One page of rows, and the address of the next."""
    scope = current_scope()
    url = reverse("data_import", kwargs={"client_slug": scope.client_slug if scope else "", "import_id": row.pk})
    page = rows[:PAGE]
    return {name: page, "older_url": f"{url}?after={page[-1].pk}" if len(rows) > PAGE else "", "newer_url": ""}


def faults_text(row: ContractImport) -> bytes:
    """All faults as CSV. A value that a spreadsheet would take for a formula is preceded by an apostrophe."""
    query = SQL(
        'SELECT "row", "column", value, reason FROM metrics_importfault WHERE contract_import_id = {} ORDER BY id'
    )
    faults = repository.frame_of_query(query.format(Literal(row.pk)), FAULT_SCHEMA)
    texts = [
        pl.when(pl.col(name).str.contains(DANGEROUS)).then(pl.format("'{}", name)).otherwise(pl.col(name)).alias(name)
        for name in ("column", "value", "reason")
    ]
    return faults.with_columns(texts).write_csv().encode()
