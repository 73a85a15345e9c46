"""A file with validation, as `contracts_import` loads it, first and again; and what COPY makes of the same file by itself."""

import tempfile
import time
from pathlib import Path
from typing import Any

from tests.bench import stage

BLOCK = 1 << 20


def round_of(name: str, folder: str, copy_first: bool) -> dict[str, Any]:
    """One round in a database of its own: seconds of COPY, of COPY and INSERT, of the first import, of the rows that its job
    writes afterwards, of the same lines exported anew, and of the very same file.
    """
    path, anew = Path(folder) / "contracts.csv", Path(folder) / "contracts_anew.csv"
    stage.create_database(name)
    with tempfile.TemporaryDirectory(prefix="tieout-bench-") as store:
        stage.keep_files_in(Path(store))
        found = peers(name, path) if copy_first else {}
        client = stage.client_make()
        found["first"] = imported(client, path, "done")
        found["rows"] = rows_written(client)
        with stage.administrator(name) as connection:
            connection.execute("VACUUM ANALYZE metrics_contractline")
        found["again"] = imported(client, path, "unchanged")
        found["anew"] = imported(client, anew, "unchanged")
        if not copy_first:
            found |= peers(name, path)
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


def rows_written(client: Any) -> float:
    """What a large first load leaves to a job: its lines written row by row, committed."""
    from portal.tenancy.awaited import rows_await

    start = time.perf_counter()
    rows_await(client)
    return time.perf_counter() - start


def peers(name: str, path: Path) -> dict[str, float]:
    """Seconds of both peers, by name."""
    return {"copy": copied(name, path), "insert": inserted(name, path)}


def copied(name: str, path: Path) -> float:
    """The peer: the same bytes by COPY into a table with the right types and no index, committed."""
    with stage.administrator(name) as connection:
        connection.execute(f"CREATE TABLE bench_copy ({typed_columns()})")
        start = time.perf_counter()
        with connection.transaction():
            copy_into(connection, "bench_copy", path)
        seconds = time.perf_counter() - start
        connection.execute("DROP TABLE bench_copy")
    return seconds


def inserted(name: str, path: Path) -> float:
    """The least that keeps lines as Tieout does: COPY into a temporary table, and from there one INSERT into a table with the
    columns and trees of the contract lines. Nothing is validated, hashed, compared or walled.
    """
    fixed = {"client_id": 1, "source_id": 1, "first_import_id": 1, "last_import_id": 1, "source_row": 1}
    targets = ", ".join((*(names_in_table()), "content_hash", *fixed))
    given = ", ".join((*names_in_file(), "md5(line_id)", *map(str, fixed.values())))
    with stage.administrator(name) as connection:
        connection.execute("CREATE TABLE bench_lines (LIKE metrics_contractline INCLUDING INDEXES INCLUDING IDENTITY)")
        start = time.perf_counter()
        with connection.transaction():
            connection.execute(f"CREATE TEMP TABLE bench_stage ({typed_columns()})")
            copy_into(connection, "bench_stage", path)
            connection.execute(f"INSERT INTO bench_lines ({targets}) SELECT {given} FROM bench_stage")
        seconds = time.perf_counter() - start
        connection.execute("DROP TABLE bench_lines, bench_stage")
    return seconds


def copy_into(connection: Any, table: str, path: Path) -> None:
    """The file's bytes as they are."""
    statement = f"COPY {table} FROM STDIN (FORMAT csv, HEADER)"
    with path.open("rb") as file, connection.cursor() as cursor, cursor.copy(statement) as copy:
        while block := file.read(BLOCK):
            copy.write(block)


def typed_columns() -> str:
    """The columns of the file with the types that the contract lines give them."""
    from metrics.intake.layout import CONTRACT_COLUMNS

    kinds = {"amount": "numeric(20,6)", "date": "date"}
    return ", ".join(f"{column.name} {kinds.get(column.kind, 'text')}" for column in CONTRACT_COLUMNS)


def names_in_file() -> list[str]:
    """The columns of the file, an amount that is left out as nothing."""
    from metrics.intake.layout import CONTRACT_COLUMNS

    return [f"coalesce({each.name}, 0)" if each.kind == "amount" else each.name for each in CONTRACT_COLUMNS]


def names_in_table() -> list[str]:
    """The same columns as the table of contract lines calls them."""
    from metrics.intake.layout import CONTRACT_COLUMNS

    return [each.target.removesuffix("_e6") for each in CONTRACT_COLUMNS]
