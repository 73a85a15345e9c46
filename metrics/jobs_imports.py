"""The background jobs of imports. Each is at-least-once and idempotent: a message delivered twice does nothing twice.

`metrics.tasks` names them for the worker.
"""

from contextlib import suppress

from metrics import line_rows
from metrics.import_steps import StepReport
from metrics.models import ContractImport
from metrics.models.intake import ImportState
from metrics.services import import_claims as claims
from metrics.services import import_run as loads
from metrics.services.import_claims import ImportMoved, import_held
from metrics.services.imports import import_check, import_read
from portal.tenancy.jobs import tenant_task
from portal.tenancy.models import Client
from portal.tenancy.scope import tenant_context


@tenant_task(in_one_scope=False, reads_rows=False, name="metrics.tasks.import_advance")
def import_advance(client: Client, import_id: int) -> None:
    """Read and check a large file; its state says what is left to do, so that a second delivery finds nothing."""
    with import_held(client=client, import_id=import_id) as is_mine, StepReport(client, import_id) as report:
        if is_mine:
            advance(client, import_id, report)


def advance(client: Client, import_id: int, report: StepReport) -> None:
    """Both steps; what was found is thrown away where the import went on without us."""
    with suppress(ImportMoved):
        for state, step in ((ImportState.READING, "Reading the columns"), (ImportState.CHECKING, "Checking every row")):
            report(step, 10 if state == ImportState.READING else 40)
            with tenant_context(client):
                found = ContractImport.objects.select_related("source").filter(pk=import_id, state=state).first()
                if found is None:
                    continue
                if state == ImportState.READING:
                    import_read(contract_import=found)
                else:
                    import_check(client=client, contract_import=found)


@tenant_task(in_one_scope=False, reads_rows=False, name="metrics.tasks.import_run")
def import_run(client: Client, import_id: int) -> None:
    """Load an accepted file; a killed worker leaves nothing, and the next delivery begins anew."""
    with StepReport(client, import_id) as report:
        loads.import_run(client=client, import_id=import_id, report=report)


@tenant_task(in_one_scope=False, reads_rows=False, name="metrics.tasks.rows_write")
def rows_write(client: Client) -> None:
    """Write the rows of lines that have arrived, the attempt counted first; a second delivery finds none, or somebody at it."""
    with tenant_context(client):
        is_mine = line_rows.rows_begin()
    if is_mine:
        with tenant_context(client):
            line_rows.rows_write()


@tenant_task(name="metrics.tasks.imports_recover", reads_rows=False)
def imports_recover(client: Client) -> None:
    """Send the jobs of imports again that nobody works on: their message was lost, or their worker died."""
    claims.imports_recover(client=client)
