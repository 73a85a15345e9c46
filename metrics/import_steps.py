"""How far an import is, told to the page while the import's own transaction is still open."""

from concurrent.futures import ThreadPoolExecutor
from types import TracebackType

from django.db import connection

from metrics.models import ContractImport
from portal.tenancy.models import Client
from portal.tenancy.scope import tenant_context

PATIENCE_SECONDS = 5


class StepReport:
    """Writes step and percentage on a connection of its own; a percentage that did not move is not written again."""

    def __init__(self, client: Client, import_id: int) -> None:
        self.client = client
        self.import_id = import_id
        self.last: tuple[str, int] | None = None
        self.pool = ThreadPoolExecutor(1, thread_name_prefix="import-steps")

    def __call__(self, step: str, percent: int) -> None:
        if (step, percent) != self.last:
            self.last = (step, percent)
            self.pool.submit(self._write, step, percent).result(timeout=PATIENCE_SECONDS)

    def _write(self, step: str, percent: int) -> None:
        with tenant_context(self.client):
            ContractImport.objects.filter(pk=self.import_id).update(step=step, progress=percent)

    def __enter__(self) -> "StepReport":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.pool.submit(connection.close)
        self.pool.shutdown(wait=True)
