"""Names of customers, as their newest contract line has them, and finding one by a part of its name."""

from collections.abc import Collection
from typing import Final

import polars as pl
from django.db.models import Q

from metrics.line_columns import lines_of
from metrics.line_rows import are_awaited
from metrics.memory import asked_once
from metrics.models import ContractLine
from metrics.repository import authoritative_source
from portal.postgres.prepared import run_binary

# The customers' lines first, and then those of the source: among many clients PostgreSQL takes a source that it does not know
# beforehand for a small one, and would read all its lines.
NAMES: Final = b"""
    WITH lines AS MATERIALIZED (
        SELECT source_id, customer_id, customer_name, removed_import_id, starts_on, line_id FROM metrics_contractline
        WHERE customer_id = ANY(%(customers)b)
    )
    SELECT DISTINCT ON (customer_id) customer_id, customer_name FROM lines
    WHERE source_id = (SELECT id FROM metrics_source WHERE is_authoritative LIMIT 1)
    ORDER BY customer_id, (removed_import_id IS NULL) DESC, starts_on DESC, line_id DESC
"""
LOOKED_AT = 200  # lines at most, of which the customers of a search are taken


def customer_names(customers: Collection[str]) -> dict[str, str]:
    """The name of each customer id; an id that is only a parent is named by itself."""
    named: dict[str, str] = {}
    if customers:
        named = names_arrived(customers) if rows_missing() else dict(run_binary(NAMES, {"customers": list(customers)}))
    return {customer: named.get(customer) or customer for customer in customers}


@asked_once
def rows_missing() -> bool:
    """Whether lines wait for their rows; pages of figures name customers before there are any."""
    return are_awaited()


def names_arrived(customers: Collection[str]) -> dict[str, str]:
    """`customer_names` from the lines as columns."""
    lines = lines_of(authoritative_source()).select("customer_id", "customer_name", "starts_on", "line_id")
    own = lines.filter(pl.col("customer_id").is_in(list(customers))).sort("starts_on", "line_id")
    return dict(own.select("customer_id", "customer_name").iter_rows())  # the newest line comes last, and stays


def customer_search(text: str, most: int) -> dict[str, str]:
    """Customers of the authoritative source whose id or name holds `text`, in capitals or not: name by id, in order of
    name; customers without a live line are not found.
    """
    source = authoritative_source()
    if source is None or not text:
        return {}
    rows = ContractLine.objects.filter(source=source, removed_import=None)
    rows = rows.filter(Q(customer_id__icontains=text) | Q(customer_name__icontains=text))
    found = {
        row["customer_id"]: row["customer_name"] for row in rows.values("customer_id", "customer_name")[:LOOKED_AT]
    }
    return dict(sorted(found.items(), key=lambda each: (each[1].casefold(), each[0]))[:most])
