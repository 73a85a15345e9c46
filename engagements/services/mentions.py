"""Who is named in a comment: `@name` or `@address` of people on the engagement.

`named_in(text, people, is_shut=) -> list[Participant]`
"""

import re
from collections import defaultdict
from collections.abc import Sequence

from engagements.models import Document, Participant, Task
from engagements.services.problems import EngagementError

ADDRESS = re.compile(r"@([\w.+-]+@[\w-]+(?:\.[\w-]+)+)")


def named_in(text: str, people: Sequence[Participant], *, is_shut: bool) -> list[Participant]:
    """The people that a text names, in the order of their addresses.

    EngagementError where an address is nobody's on the engagement, a name is two people's, or somebody of the client is named
    in what is the firm's alone (`is_shut`).
    """
    lowered = text.casefold()
    by_address = {row.user.email.casefold(): row for row in people}
    addresses = set(ADDRESS.findall(lowered))
    if unknown := addresses - by_address.keys():
        raise EngagementError(f"not on this engagement: {', '.join(sorted(unknown))}")
    found = {row.pk: row for mail, row in by_address.items() if mail in addresses} | {
        row.pk: row for row in by_name(lowered, people)
    }
    if is_shut and (barred := sorted(row.user.email for row in found.values() if not row.is_firm_staff)):
        raise EngagementError(f"an internal comment cannot be shown to {', '.join(barred)}")
    return sorted(found.values(), key=lambda row: row.user.email)


def by_name(lowered: str, people: Sequence[Participant]) -> list[Participant]:
    """Who is named by their name; of two names that fit, the longer one counts."""
    called: dict[str, list[Participant]] = defaultdict(list)
    for row in people:
        if row.user.name:
            called[row.user.name.casefold()].append(row)
    found = []
    for name in sorted(called, key=len, reverse=True):
        pattern = re.compile(rf"@{re.escape(name)}(?!\w)")
        if not pattern.search(lowered):
            continue
        lowered = pattern.sub(" ", lowered)
        if len(called[name]) > 1:
            addresses = " or ".join(f"@{row.user.email}" for row in called[name])
            raise EngagementError(f"two people here have that name: write {addresses}")
        found += called[name]
    return found


def is_firms_alone(about: str, about_id: int) -> bool:
    """Whether the client's people do not see the thing at all."""
    if about == "task":
        return Task.objects.filter(pk=about_id, is_client_visible=False).exists()
    return about == "document" and Document.objects.filter(pk=about_id, is_client_visible=False).exists()
