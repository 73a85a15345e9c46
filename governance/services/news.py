"""What people hear of definitions, and when they are reminded.

`news_add(client=, user=, text=, path=)`

News and reminders keep to the one mail of a person's day; the first piece of news goes out at once, what comes later waits for
the next morning.
"""

import datetime as dt
from typing import Any, Final

from portal.notices.kinds import Kind
from portal.notices.services.raising import notice_add
from portal.tenancy.models import Client

FIRST_AFTER: Final = dt.timedelta(days=3)  # of reminders, and how far one lies from the next
EVERY: Final = dt.timedelta(days=2)
ESCALATED_WITH: Final = 3
DUE: Final = "next_reminder_at"


def news_add(*, client: Client, user: Any, text: str, path: str, kind: str = Kind.DEFINITIONS) -> None:
    """Something about definitions that a person should hear of."""
    notice_add(client=client, users=[user], kind=kind, text=text, path=path, about=f"definitions {path}"[:60])
