"""What is looked at after the projects, and when next: a chapter of the governance handbook. Runs in the client's scope."""

from typing import Final

from engagements.models import MaintenanceCheck
from engagements.playbook.terms import Cadence
from governance.chapters import Chapter, chapter
from portal.tenancy.models import Client

WORDS: Final = {
    Cadence.MONTHLY: "every month",
    Cadence.QUARTERLY: "every quarter",
    Cadence.FIRST_CYCLE: "once after the launch",
    Cadence.HALF_YEARLY: "every six to twelve months",
}


def maintenance_chapter(client: Client) -> Chapter | None:
    """Every maintenance task with how often it is due and when next; None where nothing is planned."""
    following: dict[str, MaintenanceCheck] = {}
    for check in MaintenanceCheck.objects.filter(state="open").order_by("due_on", "pk"):
        following.setdefault(check.task_key, check)
    if not following:
        return None
    return chapter(
        "maintenance", "What is looked at after the projects",
        "Its owner hears when a check can be done, when it is late, and every week from then on.",
        columns=("What", "How often", "Next due"),
        rows=[
            (each.name, WORDS.get(Cadence(each.cadence), each.cadence), each.due_on.isoformat())
            for each in following.values()
        ],
    )  # fmt: skip
