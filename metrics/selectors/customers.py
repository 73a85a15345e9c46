"""Names of customers, as their newest contract line has them."""

from collections.abc import Collection

from django.db import connection

from metrics.repository import authoritative_source


def customer_names(customers: Collection[str]) -> dict[str, str]:
    """The name of each customer id; an id that is only a parent is named by itself."""
    source = authoritative_source()
    if source is None or not customers:
        return {customer: customer for customer in customers}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT ON (customer_id) customer_id, customer_name FROM metrics_contractline"
            " WHERE source_id = %s AND customer_id = ANY(%s)"
            " ORDER BY customer_id, (removed_import_id IS NULL) DESC, starts_on DESC, line_id DESC",
            [source.pk, list(customers)],
        )
        named = dict(cursor.fetchall())
    return {customer: named.get(customer) or customer for customer in customers}
