"""Whether anything that a page of numbers shows has changed: the part of a cache's key that the data decides.

`numbers_stamp(client) -> tuple`
"""

from typing import Any

from metrics.models import ArrBook
from metrics.selectors.close_memory import newest_close
from portal.tenancy.models import Client


def numbers_stamp(client: Client) -> tuple[Any, ...]:
    """Equal as long as every book, its state and every closed month are the same; begins with the client. Two queries."""
    books = ArrBook.objects.order_by("id").values_list("id", "version", "built_at", "state", "policy_id")
    return (client.pk, client.currency, client.fiscal_year_start, newest_close(), *books)
