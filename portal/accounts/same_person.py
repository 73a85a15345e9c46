"""Whether two accounts are one person's: the same mailbox, whatever its case and whatever was put behind a plus.

`mailbox_of(email) -> str` · `mailboxes_of(user_ids) -> dict[int, str]` · `is_one_of(user, user_ids) -> bool` ·
`is_staff_person(client, user) -> bool`
"""

from collections.abc import Iterable
from typing import Any

from portal.accounts.models import User
from portal.tenancy.models import Client, FirmMembership


def mailbox_of(email: str) -> str:
    """The mailbox that mails to an address end in: `Rita+board@Example.com` is `rita@example.com`."""
    name, _, domain = email.strip().casefold().rpartition("@")
    return f"{name.partition('+')[0]}@{domain}"


def mailboxes_of(user_ids: Iterable[int]) -> dict[int, str]:
    """The mailbox of each account: one query."""
    rows = User.objects.filter(pk__in=set(user_ids)).values_list("pk", "email")
    return {pk: mailbox_of(email) for pk, email in rows}


def is_one_of(user: Any, user_ids: Iterable[int]) -> bool:
    """Whether a person has one of these accounts, or another with the mailbox of one: one query."""
    return mailbox_of(user.email) in mailboxes_of(user_ids).values()


def is_staff_person(client: Client, user: Any) -> bool:
    """Whether a person works for the client's firm, under this account or another: two queries."""
    return is_one_of(user, FirmMembership.objects.filter(firm_id=client.firm_id).values_list("user_id", flat=True))
