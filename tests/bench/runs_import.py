"""A file with validation, as `contracts_import` loads it, first and again; and the bare COPY of the same file."""

import tempfile
import time
from pathlib import Path
from typing import Any

from tests.bench import stage

BLOCK = 1 << 20


def round_of(name: str, folder: str, copy_first: bool) -> dict[str, Any]:
    """One round in a database of its own: seconds of COPY, of the first import, of the same lines exported anew, and of
    the very same file.
    """
    path, anew = Path(folder) / "contracts.csv", Path(folder) / "contracts_anew.csv"
    stage.create_database(name)
    with tempfile.TemporaryDirectory(prefix="tieout-bench-") as store:
        stage.keep_files_in(Path(store))
        found = {"copy": copied(name, path)} if copy_first else {}
        client = stage.client_make()
        found["first"] = imported(client, path, "done")
        with stage.administrator(name) as connection:
            connection.execute("VACUUM ANALYZE metrics_contractline")
        found["again"] = imported(client, path, "unchanged")
        found["anew"] = imported(client, anew, "unchanged")
        if not copy_first:
            found["copy"] = copied(name, path)
    stage.drop_database(name)
    return found


def imported(client: Any, path: Path, ends: str) -> float:
    """Kept, read, mapped, validated, compared, accepted, loaded, committed; the books are only marked stale."""
    from metrics.models.intake import ImportState
    from metrics.services.import_run import import_run
    from metrics.services.imports import import_accept, import_check, import_read, import_start
    from metrics.services.sources import source_ensure
    from portal.tenancy.scope import tenant_context

    def examine(path: Path) -> tuple[Any, Any]:
        """As `contracts_import` does; what was read of the file is not kept while it is loaded."""
        with tenant_context(client), path.open("rb") as file:
            source = source_ensure(client=client, name="")
            started = import_start(client=client, source=source, file=file, file_name=path.name)
            table = import_read(contract_import=started)
            if started.state != ImportState.CHECKING:
                return started, None
            return started, import_check(client=client, contract_import=started, table=table)

    start = time.perf_counter()
    started, checked = examine(path)
    if started.state == ImportState.WAITING:
        with tenant_context(client):
            import_accept(client=client, contract_import=started, in_background=False)
        started = import_run(client=client, import_id=started.pk, checked=checked) or started
    seconds = time.perf_counter() - start
    assert started.state == ends, f"{started.state}: {started.error}"
    return seconds


def copied(name: str, path: Path) -> float:
    """The peer: the same bytes by COPY into a table with the right types and no index, committed."""
    import psycopg

    from metrics.intake.layout import CONTRACT_COLUMNS

    kinds = {"amount": "numeric(20,6)", "date": "date"}
    columns = ", ".join(f"{column.name} {kinds.get(column.kind, 'text')}" for column in CONTRACT_COLUMNS)
    with psycopg.connect(**stage.base_server().conninfo(name)) as connection:
        connection.execute(f"CREATE TABLE bench_copy ({columns})")
        connection.commit()
        start = time.perf_counter()
        statement = "COPY bench_copy FROM STDIN (FORMAT csv, HEADER)"
        with path.open("rb") as file, connection.cursor() as cursor, cursor.copy(statement) as copy:
            while block := file.read(BLOCK):
                copy.write(block)
        connection.commit()
        seconds = time.perf_counter() - start
        connection.execute("DROP TABLE bench_copy")
    return seconds
