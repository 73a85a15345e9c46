"""A change of ten contracts: Tieout's patch of everything the dashboard shows, against an UPDATE of the same rows."""

import time
from typing import Any

import polars as pl

from tests.bench import stage

CHANGED = 10


def change(name: str, rounds: int) -> dict[str, Any]:
    """Seconds of each, in turn, one list per contender; both begin with BEGIN and end after COMMIT."""
    stage.open_database(name)
    client = stage.client_get()
    ids = picked(client, rounds + 2)
    found: dict[str, list[float]] = {"patch": [], "update": []}
    for number, chosen in enumerate(ids):
        order = (patched, updated) if number % 2 else (updated, patched)
        for run in order:
            seconds = run(client, chosen)
            if number > 1:  # the first two warm up
                found["patch" if run is patched else "update"].append(seconds)
    return found


def picked(client: Any, sets: int) -> list[list[str]]:
    """Ten lines of ten customers for each round, no line twice."""
    from metrics.models import ContractLine
    from portal.tenancy.scope import tenant_context

    with tenant_context(client):
        rows = ContractLine.objects.filter(charge_type="recurring").order_by("customer_id", "line_id")
        names = list(rows.distinct("customer_id").values_list("line_id", flat=True))
    step = max(1, len(names) // CHANGED)
    return [[names[(number + place * step) % len(names)] for place in range(CHANGED)] for number in range(sets)]


def updated(client: Any, ids: list[str]) -> float:
    """The peer: one statement, by key, in the same scope of the wall."""
    from django.db import connection

    from portal.tenancy.scope import tenant_context

    start = time.perf_counter()
    with tenant_context(client), connection.cursor() as cursor:
        cursor.execute("UPDATE metrics_contractline SET amount = amount + 1 WHERE line_id = ANY(%s)", [ids])
        assert cursor.rowcount == CHANGED
    return time.perf_counter() - start


def patched(client: Any, ids: list[str]) -> float:
    """The same ten lines get another amount, and every stored number follows."""
    from metrics import line_rows, loading, repository
    from metrics.intake.compare import content_hashes
    from metrics.models import ArrBook, BookState, ContractImport
    from metrics.services.after_change import lines_changed
    from portal.tenancy.scope import tenant_context

    with tenant_context(client):
        source = repository.authoritative_source()
        assert source is not None
        before = loading.stored_lines(source, pl.Series("line_id", ids))
        newest = ContractImport.objects.latest("pk")
    raised = before.with_columns(pl.col("amount_e6") + 1_000_000)
    after = raised.with_columns(content_hashes(raised.drop("content_hash", "source_row")))
    start = time.perf_counter()
    with tenant_context(client):
        line_rows.update_lines(source.pk, newest.pk, after)
        lines_changed(client=client, source=source, before=before, after=after, reason="a bench")
    seconds = time.perf_counter() - start
    with tenant_context(client):
        assert not ArrBook.objects.exclude(state=BookState.READY).exists(), "the books were not patched"
    return seconds
