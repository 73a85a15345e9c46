"""Marking as read.

`notices_read(user=, pk=None, about="") -> int`
"""

from typing import Any

from portal.notices.models import Notice
from portal.tenancy.clock import database_time


def notices_read(*, user: Any, pk: int | None = None, about: str = "") -> int:
    """Mark one of a person's notices at the client in scope as read, those about a thing ("task 12"), or else all of them."""
    rows = Notice.objects.filter(user=user, read_at=None)
    if pk is not None:
        rows = rows.filter(pk=pk)
    elif about:
        rows = rows.filter(about=about)
    return rows.update(read_at=database_time())
