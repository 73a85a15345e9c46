"""The engine in memory, and the peers that need no server: one timed call on data that is in memory already."""

import time
from pathlib import Path
from typing import Any

import polars as pl

from tests.bench.generate import FIRST, LAST, POLICY, lines, rates, simple


def tieout(folder: str) -> dict[str, Any]:
    """The whole book under the full policy: four dimensions, retention, cohorts, movements."""
    from metrics.engine.book import build_book
    from metrics.engine.policy import Policy

    policy, days = Policy.from_dict(POLICY), rates()
    build_book(lines(1_000), days, policy, FIRST, LAST)
    frame = pl.read_parquet(Path(folder) / "lines.parquet")
    start = time.perf_counter()
    book = build_book(frame, days, policy, FIRST, LAST)
    return {"seconds": time.perf_counter() - start, "rows": book.bridge.height}


def duckdb_events(folder: str) -> dict[str, Any]:
    """Plain event SQL over a native table of DuckDB."""
    from tests.bench.peers import EVENTS

    return in_duckdb(folder, EVENTS)


def duckdb_limit(folder: str) -> dict[str, Any]:
    """The lower limit: the same columns read once, one group-by."""
    from tests.bench.peers import LIMIT

    return in_duckdb(folder, LIMIT)


def in_duckdb(folder: str, query: str) -> dict[str, Any]:
    """One query over the native table `simple`, loaded beforehand."""
    import duckdb

    with duckdb.connect() as connection:
        path = str(Path(folder) / "simple.parquet")
        connection.execute("CREATE TABLE simple AS SELECT * FROM read_parquet(?)", [path])
        connection.execute(query.replace("simple", "(SELECT * FROM simple LIMIT 1000)")).fetchall()
        start = time.perf_counter()
        found = connection.execute(query).fetchall()
        return {"seconds": time.perf_counter() - start, "rows": len(found)}


def pandas_spine(folder: str) -> dict[str, Any]:
    """The month spine in pandas; reading the lines and writing the result are not counted."""
    from tests.bench import peers

    peers.pandas_spine(simple(lines(1_000)).to_pandas())
    table = pl.read_parquet(Path(folder) / "simple.parquet").to_pandas()
    start = time.perf_counter()
    found = peers.pandas_spine(table)
    return {"seconds": time.perf_counter() - start, "rows": len(found)}
