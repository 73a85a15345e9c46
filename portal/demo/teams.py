"""Who belongs to which team and territory in the demonstration: one representative moves, and one has no team yet."""

from typing import Final

from metrics.models import AssignmentKind
from metrics.selectors.books import book_head
from metrics.services.assignments import assignment_add
from portal.accounts.models import User
from portal.tenancy.actor import Actor, acting_as
from portal.tenancy.models import Client

TEAMS: Final = {
    "Grace Okafor": "Enterprise",
    "Luis Prado": "Mid-market",
    "Mia Chen": "Mid-market",
    "Jonas Weber": "Enterprise",
    "Aoife Byrne": "Mid-market",
}
TERRITORIES: Final = {
    "Grace Okafor": "North America",
    "Mia Chen": "North America",
    "Luis Prado": "Latin America",
    "Jonas Weber": "DACH",
    "Aoife Byrne": "UK & Ireland",
    "Ken Watanabe": "Asia Pacific",
}
MOVER, MOVES_TO, MONTHS_AGO = "Mia Chen", "Enterprise", 5


def teams_load(client: Client, rita: User) -> None:
    """RevOps said who belongs where when the numbers began; this summer one of them moved to another team."""
    head = book_head(client)
    if head.first_month is None or head.last_month is None:
        return
    with acting_as(Actor(rita.email, rita.pk)):
        for kind, placed in ((AssignmentKind.TEAM, TEAMS), (AssignmentKind.TERRITORY, TERRITORIES)):
            for rep, group in placed.items():
                assignment_add(client=client, rep=rep, kind=kind, group=group, first=head.first_month, user=rita)
        moved = head.last_month - MONTHS_AGO
        team = AssignmentKind.TEAM
        assignment_add(client=client, rep=MOVER, kind=team, group=MOVES_TO, first=moved, moves=True, user=rita)
