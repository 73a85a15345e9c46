"""Whether anything that a page of numbers shows has changed: the part of a cache's key that the data decides.

`numbers_stamp(client) -> tuple` · `lines_stamp(client) -> tuple`
"""

from typing import Any, Final

from django.db import connection

from metrics.memory import asked_once
from metrics.models import ArrBook, RateImport
from metrics.selectors.close_memory import newest_close
from portal.tenancy.models import Client

LINES: Final = "SELECT (SELECT version FROM metrics_linestamp), pg_current_xact_id_if_assigned()::text"


def numbers_stamp(client: Client) -> tuple[Any, ...]:
    """Equal as long as every book, its state and every closed month are the same; begins with the client. Two queries."""
    books = ArrBook.objects.order_by("id").values_list("id", "version", "built_at", "state", "policy_id")
    return (client.pk, client.currency, client.fiscal_year_start, newest_close(), *books)


@asked_once
def lines_stamp(client: Client) -> tuple[Any, ...]:
    """Equal as long as the client's lines, own rates and currency are the same; begins with the client. Two queries.

    The stamp of the lines is the database's own. A transaction that has written something itself is told apart, so that nothing
    is remembered of what may still be rolled back.
    """
    with connection.cursor() as cursor:
        cursor.execute(LINES)
        lines, writing = cursor.fetchone()
    rates = RateImport.objects.order_by("-id").values_list("id", "added_count", "changed_count").first()
    return (client.pk, client.currency, lines, writing, rates)
