"""A case of the strategies through the engine: frames in, figures by cell out, and how many cases a property is tried on.

`TIEOUT_HYPOTHESIS=full` tries 10,000 clients, other ones each time; otherwise each property tries fewer, always the same.
"""

import os
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import polars as pl
from hypothesis import HealthCheck, settings

from metrics.engine.book import Book, build_book
from metrics.engine.lines import LINE_SCHEMA, RATE_SCHEMA
from metrics.engine.policy import Policy as EnginePolicy
from tests.engine.oracle import COUNTS, DIMENSIONS, MOVEMENTS, Oracle, Rates
from tests.engine.oracle_lines import Line
from tests.engine.strategies import Case

FULL = os.environ.get("TIEOUT_HYPOTHESIS") == "full"
SPLITS = (*DIMENSIONS, "product")

Cells = dict[tuple[int, str], tuple[int, ...]]


def tried(default: int, full: int) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """On how many clients a property is tried."""
    return settings(
        max_examples=full if FULL else default,
        derandomize=not FULL,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )


def lines_frame(lines: list[Line]) -> pl.DataFrame:
    return pl.DataFrame([_engine_row(line) for line in lines], schema=LINE_SCHEMA)


def _engine_row(line: Line) -> dict[str, Any]:
    row = {name: value if value != "" else None for name, value in asdict(line).items()}
    row |= {"customer_name": line.customer_id, "signed_on": line.signed_date, "starts_on": line.start_date}
    row |= {"ends_on": line.end_date, "live_on": line.live_date, "cancelled_on": line.cancelled_date}
    row |= {"amount_e6": int(line.amount * 10**6), "discount_e6": int(line.discount * 10**6)}
    return {name: row[name] for name in LINE_SCHEMA}


def rates_frame(rates: Rates) -> pl.DataFrame:
    rows = [(currency, day, int(rate * 10**10)) for currency, table in rates.items() for day, rate in table.items()]
    return pl.DataFrame(rows, schema=RATE_SCHEMA, orient="row")


def engine_book(case: Case) -> Book:
    policy = EnginePolicy(**asdict(case.policy))
    return build_book(lines_frame(list(case.lines)), rates_frame(case.rates), policy, case.first, case.last)


def oracle_of(case: Case) -> Oracle:
    return Oracle(list(case.lines), case.rates, case.policy, case.first, case.last)


def cells_of(book: Book) -> dict[str, Cells]:
    """By dimension, month and group: the figures of the bridge."""
    tables: dict[str, Cells] = {name: {} for name in ("total", *SPLITS)}
    for dimension, group, month, *figures in book.bridge.select(
        "dimension", "group", "month", *MOVEMENTS, *COUNTS
    ).iter_rows():
        assert (month, group) not in tables[dimension]
        tables[dimension][month, group] = tuple(figures)
    return tables


def retained_of(book: Book) -> dict[str, Cells]:
    """By dimension, month and group: the sums behind NRR and GRR, where they are not all 0."""
    tables: dict[str, Cells] = {name: {} for name in ("total", *DIMENSIONS)}
    for dimension, group, month, *figures in book.retention.iter_rows():
        if any(figures):
            tables[dimension][month, group] = tuple(figures)
    return tables
