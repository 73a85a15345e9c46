"""A small client whose numbers can be checked in the head.

Two customers in US dollars: Acme pays 12,000 a year from January 2026 and renews nothing; Bolt pays 24,000 from
February and adds 6,000 of support in March. So ARR is 12,000 · 36,000 · 42,000 at the ends of January, February and March 2026.
"""

import datetime as dt
from typing import Any

import polars as pl

from metrics.engine.lines import LINE_SCHEMA
from metrics.services.books import books_rebuild_all
from portal.tenancy.models import Client
from tests.metrics.loading import load_lines

NOW = dt.datetime(2026, 4, 15, tzinfo=dt.UTC)


def line(line_id: str, customer: str, product: str, amount: int, start: dt.date, **more: Any) -> dict[str, Any]:
    """One recurring yearly line, without an end unless it is given."""
    blank: dict[str, Any] = dict.fromkeys(LINE_SCHEMA.names())
    return blank | {
        "line_id": line_id,
        "contract_id": line_id.split("/")[0],
        "customer_id": customer,
        "customer_name": customer.title(),
        "product": product,
        "charge_type": "recurring",
        "amount_basis": "year",
        "currency": "USD",
        "amount_e6": amount * 1_000_000,
        "discount_e6": 0,
        "starts_on": start,
        **more,
    }


LINES = [
    line("K1/1", "acme", "Platform", 12_000, dt.date(2026, 1, 10), segment="SMB"),
    line("K2/1", "bolt", "Platform", 24_000, dt.date(2026, 2, 1), segment="Enterprise"),
    line("K3/1", "bolt", "Support", 6_000, dt.date(2026, 3, 20), segment="Enterprise"),
]


def numbers_load(client: Client, lines: list[dict[str, Any]] | None = None) -> None:
    """Load the lines and compute the books; runs in the client's scope."""
    load_lines(pl.DataFrame(LINES if lines is None else lines, schema=LINE_SCHEMA))
    books_rebuild_all(client=client, now=NOW)
