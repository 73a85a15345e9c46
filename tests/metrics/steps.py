"""A file all the way through the services, for tests."""

from pathlib import Path
from typing import Any

from metrics.intake.mapping import Mapping
from metrics.models import ContractImport, Source
from metrics.models.intake import ImportState
from metrics.services.import_run import import_run
from metrics.services.imports import import_accept, import_check, import_map, import_read, import_start
from metrics.services.sources import source_ensure
from portal.tenancy.models import Client
from portal.tenancy.scope import tenant_context
from tests.metrics.files import named


def check(
    client: Client,
    data: bytes,
    *,
    source: str = "",
    name: str = "contracts.csv",
    mapping: Mapping | None = None,
    is_partial: bool = False,
) -> ContractImport:
    """Upload, read, map and check a file in scopes of its own."""
    with tenant_context(client):
        found: Source = source_ensure(client=client, name=source)
        started = import_start(
            client=client, source=found, file=named(data, name), file_name=name, is_partial=is_partial
        )
        import_read(contract_import=started)
        if mapping:
            import_map(contract_import=started, mapping=mapping)
        if started.state == ImportState.CHECKING:
            import_check(client=client, contract_import=started)
    return started


def load(client: Client, data: bytes, **options: Any) -> ContractImport:
    """The same, accepted and loaded where it waits for that."""
    checked = check(client, data, **options)
    if checked.state != ImportState.WAITING:
        return checked
    with tenant_context(client):
        import_accept(client=client, contract_import=checked, in_background=False)
    return import_run(client=client, import_id=checked.pk) or checked


def load_file(client: Client, path: Path, **options: Any) -> ContractImport:
    """A file of the shared data."""
    return load(client, path.read_bytes(), name=path.name, **options)
