"""The demonstration's maintenance: two months of results, one red flag that was solved, and what is due next."""

import datetime as dt
from collections.abc import Collection
from decimal import Decimal
from typing import Any

from engagements.models import Engagement, MaintenanceCheck, Participant
from engagements.playbook.support import FirstClose
from engagements.selectors.hypercare import office_hours
from engagements.services.hypercare import hypercare_begin, hypercare_decide, office_hours_set
from engagements.services.maintenance import check_compute, check_step, maintenance_begin
from engagements.services.moves import row_move
from portal.demo.clock import played_on
from portal.lib.periods import add_months, last_day, month_of

LAUNCHED = dt.timedelta(days=105)
FLAGGED = "expired"
FOUND = "Two contracts that ended in spring still counted in the CRM: nobody had entered the cancellation."
EVIDENCE = "The list of contract lines past their end, read with the two account owners."
SOLVED = "Both cancellations are entered, and an end date is required from now on."
SAID = {
    "spot_check": "All fifteen contracts that were drawn say on paper what stands here.",
    "components": "The ten largest movements of each class read against their contracts: all in the right class.",
    "board": "The October board pack shows the closed month as it stands here.",
}
LEFT = {"single_source"}  # still to be asked around for


def after_launch(engagement: Engagement, today: dt.date) -> None:
    """Launched more than three months ago, in maintenance since the month before last; before any phase is played."""
    launched = today - LAUNCHED
    hypercare_begin(engagement=engagement, begins_on=launched)
    month = month_of(launched)
    closed_on = last_day(month) + dt.timedelta(days=6)
    first = FirstClose(month, closed_on, Decimal("0.0118"))
    hypercare_decide(engagement=engagement, now=dt.datetime.combine(closed_on, dt.time(8), dt.UTC), first=first)
    office_hours_set(engagement=engagement, weekday=1, at=dt.time(15))
    for meeting in office_hours(engagement):
        row_move(about="meeting", row=meeting, step="hold")
    begins = add_months(today.replace(day=1), -2)
    now = dt.datetime.combine(begins, dt.time(8), dt.UTC)
    maintenance_begin(engagement=engagement, begins_on=begins, now=now)


def results_play(engagement: Engagement, who: Participant, today: dt.date, *, leave: Collection[str] = LEFT) -> None:
    """What came out of everything that could be looked at up to now, each on its day; `leave` is still to be done."""
    for check in MaintenanceCheck.objects.filter(engagement=engagement, opens_on__lte=today).order_by("due_on", "pk"):
        on = min(check.due_on, today)
        with played_on(on):
            result_play(check, who.user, dt.datetime.combine(on, dt.time(9), dt.UTC), is_left=check.task_key in leave)


def result_play(check: MaintenanceCheck, user: Any, now: dt.datetime, *, is_left: bool) -> None:
    """What came out of one check: of the first that is made for it, a red flag that was solved."""
    if check.task_key == FLAGGED and not MaintenanceCheck.objects.filter(state="solved").exists():
        flagged = check_step(check=check, step="flag", user=user, note=FOUND, evidence=EVIDENCE, now=now)
        check_step(check=flagged, step="solve", user=user, note=SOLVED, now=now)
        return
    if check.check_key:
        check = check_compute(check=check, now=now)
    if check.state == "open" and not is_left:  # the system leaves it to people, or has nothing to go by
        text = SAID.get(check.task_key, "Looked at with the client's people: in order.")
        check_step(check=check, step="pass", user=user, note=text, now=now)
