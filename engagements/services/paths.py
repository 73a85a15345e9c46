"""What the firm offers after a single project: managed services, else another project, else later. The firm's alone.

The row lies inside the client's wall, but no page, operation, export or log of the client reads it: a step is recorded in the
firm's own log.
"""

from datetime import date
from typing import Any, Final

from engagements import states
from engagements.models import AfterCare
from engagements.services.moves import next_state
from engagements.services.problems import EngagementError
from portal.tenancy import audit

LONGEST: Final = 1_000
MOST_STEPS: Final = 100


def path_step(*, after: AfterCare, step: str, note: str, next_on: date | None, user: Any, today: date) -> AfterCare:
    """Take a step on the path, with a note and the day on which the firm comes back to it; runs in the client's scope."""
    row: AfterCare = AfterCare.objects.select_for_update().select_related("client__firm").get(pk=after.pk)
    if not row.path:
        raise EngagementError("there is no offer to follow here: it belongs to a single project that is closed")
    machine_row = _Stated(row)
    to = next_state(states.PATH, machine_row, step)
    if len(note) > LONGEST:
        raise EngagementError(f"the note has at most {LONGEST} characters")
    if next_on is not None and next_on < today:
        raise EngagementError("the day on which you come back to it has passed")
    if to == "later" and next_on is None:
        raise EngagementError("say when to come back to it")
    if len(row.path_steps) >= MOST_STEPS:
        raise EngagementError(f"there are {MOST_STEPS} steps already")
    before = row.path
    told = {
        "from": before,
        "to": to,
        "step": step,
        "on": today.isoformat(),
        "by": user.get_full_name(),
        "note": note.strip(),
    }
    row.path, row.path_since, row.path_next_on = to, today, next_on
    row.path_steps = [*row.path_steps, told]
    row.save(update_fields=["path", "path_since", "path_next_on", "path_steps"])
    audit.record_for_firm(
        row.client.firm, "path.moved", object_type="client", object_id=row.client.slug, before=before, after=told,
        details={"client": row.client.slug, "engagement": row.engagement_id, "from": before, "to": to,
                 "next_on": next_on.isoformat() if next_on else ""},
    )  # fmt: skip
    return row


class _Stated:
    """An after-care row whose state is that of its path."""

    def __init__(self, row: AfterCare) -> None:
        self.state, self.name = row.path, row.name

    def __str__(self) -> str:
        return f"The offer after {self.name}"
