"""Whether two accounts are one person's: the same mailbox, in whichever of the ways in which its address can be written.

`mailbox_of(email) -> str` · `mailboxes_of(user_ids) -> dict[int, str]` · `is_one_of(user, user_ids) -> bool` ·
`is_staff_person(client, user) -> bool`
"""

import re
from collections.abc import Iterable
from typing import Any, Final

import idna

from portal.accounts.models import User
from portal.tenancy.models import Client, FirmMembership

ESCAPED: Final = re.compile(r"\\(.)")
GMAIL: Final = ("gmail.com", "googlemail.com")


def mailbox_of(email: str) -> str:
    """The mailbox that mails to an address end in: `Rita+board@Example.com` and `"rita"@example.com` are `rita@example.com`.

    Marks around a name mean nothing, nor do points in one at Gmail; a host is what it is in plain letters.
    """
    name, _, domain = email.strip().casefold().rpartition("@")
    if len(name) > 1 and name[0] == name[-1] == '"':
        name = ESCAPED.sub(r"\1", name[1:-1])
    name, host = name.partition("+")[0], host_of(domain)
    return f"{name.replace('.', '')}@gmail.com" if host in GMAIL else f"{name}@{host}"


def host_of(domain: str) -> str:
    """The host of an address as it is asked for: `exämple.com` is `xn--exmple-cua.com`."""
    try:
        return idna.encode(domain.rstrip("."), uts46=True).decode()
    except idna.IDNAError:
        return domain  # such as an IP address in brackets


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
