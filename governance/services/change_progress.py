"""How far a preview is, told to the page while the job's own transaction is still open."""

from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Final

from django.db import connection

from governance.models import ChangePreview, PreviewState
from portal.tenancy.models import Client
from portal.tenancy.scope import tenant_context

PATIENCE_SECONDS: Final = 5


class ProgressReport:
    """Writes step and percentage on a connection of its own; a step that did not change is not written again."""

    def __init__(self, client: Client, preview_id: int) -> None:
        self.client, self.preview_id = client, preview_id
        self.last: tuple[str, int] | None = None
        self.pool = ThreadPoolExecutor(1, thread_name_prefix="preview-steps")

    def __call__(self, step: str, percent: int) -> None:
        if (step, percent) != self.last:
            self.last = (step, percent)
            self.pool.submit(self._write, step, percent).result(timeout=PATIENCE_SECONDS)

    def _write(self, step: str, percent: int) -> None:
        with tenant_context(self.client):
            rows = ChangePreview.objects.filter(pk=self.preview_id, state=PreviewState.WORKING)
            rows.update(step=step, progress=percent)

    def __enter__(self) -> "ProgressReport":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.pool.submit(connection.close)
        self.pool.shutdown(wait=True)
