"""What people take care of, so that whoever ends their access sees what becomes nobody's.

`owned(rows, column) -> dict` · `duties_get() -> dict[user id, words]` · `duties_at(clients, person)`
`HELD` — what higher floors count, named at start-up
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.db.models import Count, QuerySet

from portal.tenancy.models import Client
from portal.tenancy.scope import tenant_context


@dataclass(frozen=True)
class Held:
    """One kind of thing that people take care of: how many each of them does, by the id of their account."""

    one: str
    many: str
    counts: Mapping[int, int]

    def words(self, person: int) -> str:
        """So many of them; empty for whoever has none."""
        count = self.counts.get(person, 0)
        return f"{count} {self.one if count == 1 else self.many}" if count else ""


HELD: Final[list[Callable[[], list[Held]]]] = []


def owned(rows: "QuerySet[Any]", column: str) -> dict[int, int]:
    """By the id of an account how many rows name it in a column. One query."""
    found = rows.exclude(**{column: None}).order_by().values_list(column).annotate(Count("pk"))
    return dict(found)


def duties_get() -> dict[int, str]:
    """By the id of their account what everybody takes care of in the client in scope; whoever has nothing is left out."""
    held = [each for count in HELD for each in count()]
    people = {person for each in held for person in each.counts}
    return {person: ", ".join(words for each in held if (words := each.words(person))) for person in people}


def duties_at(clients: Iterable[Client], person: int) -> list[tuple[Client, str]]:
    """Where somebody takes care of anything, and of what; opens the scope of each client."""
    found = []
    for client in clients:
        with tenant_context(client):
            found.append((client, duties_get().get(person, "")))
    return [(client, words) for client, words in found if words]
