"""Whether two accounts are one person's: the same mailbox, whatever its case and whatever was put behind a plus.

`mailbox_of(email) -> str` · `mailboxes_of(user_ids) -> dict[int, str]`
"""

from collections.abc import Iterable

from portal.accounts.models import User


def mailbox_of(email: str) -> str:
    """The mailbox that mails to an address end in: `Rita+board@Example.com` is `rita@example.com`."""
    name, _, domain = email.strip().casefold().rpartition("@")
    return f"{name.partition('+')[0]}@{domain}"


def mailboxes_of(user_ids: Iterable[int]) -> dict[int, str]:
    """The mailbox of each account: one query."""
    rows = User.objects.filter(pk__in=set(user_ids)).values_list("pk", "email")
    return {pk: mailbox_of(email) for pk, email in rows}
