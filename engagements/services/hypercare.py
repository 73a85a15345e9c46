"""Hypercare: it begins with its phase, has an office hour every week, and the system decides how long it lasts."""

import calendar
from datetime import date, datetime, time, timedelta
from math import ceil
from zoneinfo import ZoneInfo

from django.utils import timezone

from engagements import states
from engagements.models import Engagement, Meeting, Phase
from engagements.playbook.support import FirstClose, hypercare_now
from engagements.selectors.hypercare import OFFICE_HOUR, first_close, hypercare_of, office_hours, rule_of, subphase_of
from engagements.selectors.maintenance import both_sides, local_day
from engagements.services.changes import record_change
from engagements.services.maintenance import PATH, wake
from engagements.services.moves import require_open
from engagements.services.problems import EngagementError
from engagements.services.telling import maintenance_tell, office_hours_tell

MOST_OFFICE_HOURS = 26
WORKING_DAYS = 5


def phase_brings_hypercare(*, phase: Phase, now: datetime | None = None) -> None:
    """Where the phase of hypercare begins, hypercare does."""
    engagement = phase.engagement
    if engagement.hypercare_from is None and phase.subphases.filter(key=subphase_of(engagement)).exists():
        now = now or timezone.now()
        hypercare_begin(engagement=engagement, begins_on=local_day(engagement, now), now=now)


def hypercare_begin(*, engagement: Engagement, begins_on: date, now: datetime | None = None) -> Engagement:
    """Hypercare begins on a day, with its office hours still to be given a time. Nothing where the playbook has none."""
    rule = rule_of(engagement)
    if rule is None:
        return engagement
    until = hypercare_now(rule, begins_on, None, begins_on).until
    engagement.hypercare_from, engagement.hypercare_until = begins_on, until
    engagement.save(update_fields=["hypercare_from", "hypercare_until"])
    record_change(
        engagement, "hypercare.begun", about="engagement", about_id=engagement.pk, path=PATH,
        text=f"began hypercare on {begins_on}, at least until {until}", after={"from": begins_on, "until": until},
    )  # fmt: skip
    office_hours_fill(engagement=engagement)
    wake(engagement.client, now or timezone.now())
    return engagement


def hypercare_keep(*, engagement: Engagement, today: date) -> None:
    """Where people gave hypercare its first day on the card: its earliest last day, and its office hours. Idempotent."""
    rule, begins = rule_of(engagement), engagement.hypercare_from
    if rule is None or begins is None or not engagement.is_open:
        return
    if engagement.hypercare_until is None:
        until = hypercare_now(rule, begins, first_close(engagement), today).until
        engagement.hypercare_until = until
        engagement.save(update_fields=["hypercare_until"])
        record_change(
            engagement, "hypercare.begun", about="engagement", about_id=engagement.pk, path=PATH,
            text=f"began hypercare on {begins}, at least until {until}", after={"from": begins, "until": until},
        )  # fmt: skip
    if today <= engagement.hypercare_until:
        office_hours_fill(engagement=engagement)


def hypercare_decide(*, engagement: Engagement, now: datetime, first: FirstClose | None = None) -> bool:
    """Decide, once the first month end is closed and reconciled, how long hypercare lasts; both sides hear why. Once.

    `first` is that month end where it was reconciled before the project moved here.
    """
    if engagement.hypercare_from is None or engagement.hypercare_first is not None or not engagement.is_open:
        return False
    first = first or first_close(engagement)
    if first is None or first.variance is None:
        return False
    engagement.hypercare_first = {
        "month": first.month, "closed_on": f"{first.closed_on}", "variance": f"{first.variance}",
    }  # fmt: skip
    state = hypercare_of(engagement, local_day(engagement, now))
    if state is None:
        return False
    before, engagement.hypercare_until = engagement.hypercare_until, state.until
    engagement.save(update_fields=["hypercare_first", "hypercare_until"])
    verb = "extended hypercare" if state.is_extended else "settled how long hypercare lasts"
    record_change(
        engagement, "hypercare.decided", about="engagement", about_id=engagement.pk, path=PATH,
        text=f"{verb}. {state.plain or state.sentence}", before=before, after=state.until,
        details={**engagement.hypercare_first, "is_extended": state.is_extended},
    )  # fmt: skip
    people = both_sides(engagement)
    maintenance_tell(
        engagement=engagement, people=people, text=state.sentence, plain=state.plain, page=PATH, key="hypercare"
    )
    office_hours_fill(engagement=engagement)
    return True


def office_hours_fill(*, engagement: Engagement) -> list[Meeting]:
    """An office hour for each week of hypercare; new ones take the weekday and time of those that have one."""
    begins, until = engagement.hypercare_from, engagement.hypercare_until
    rows = office_hours(engagement)
    if begins is None or until is None or not (rows or (engagement.content.get("hypercare") or {}).get("office_hours")):
        return []
    weeks = min(ceil(((until - begins).days + 1) / 7), MOST_OFFICE_HOURS)
    pattern = rows[0] if rows else None
    made = [
        Meeting.objects.create(
            engagement=engagement, key=OFFICE_HOUR, name=f"Office hour, week {week}",
            position=pattern.position if pattern else 0, subphase_key=subphase_of(engagement),
            purpose=pattern.purpose if pattern else "Questions and help with reconciliation",
            people=pattern.people if pattern else "", length=pattern.length if pattern else "30",
            plan=pattern.plan if pattern else {},
        )
        for week in range(len(rows) + 1, weeks + 1)
    ]  # fmt: skip
    if made:
        count = "1 office hour" if len(made) == 1 else f"{len(made)} office hours"
        record_change(
            engagement, "hypercare.office_hours", about="engagement", about_id=engagement.pk, path="meetings/",
            text=f"planned {count}, one a week", after=[str(meeting) for meeting in made],
        )  # fmt: skip
    timed = next((row for row in reversed(rows) if row.starts_at is not None), None)
    if made and timed is not None and timed.starts_at is not None:
        local = timed.starts_at.astimezone(ZoneInfo(engagement.client.time_zone))
        office_hours_set(engagement=engagement, weekday=local.weekday(), at=local.time().replace(tzinfo=None))
    return made


def office_hours_set(*, engagement: Engagement, weekday: int, at: time) -> int:
    """Give the office hours a weekday (0 is Monday) and a time where the client is; what was held stays. Gives how many."""
    require_open(engagement)
    begins = engagement.hypercare_from
    if begins is None:
        raise EngagementError("hypercare has not begun")
    if not 0 <= weekday < WORKING_DAYS:
        raise EngagementError("choose a day from Monday to Friday")
    zone = ZoneInfo(engagement.client.time_zone)
    first = begins + timedelta(days=(weekday - begins.weekday()) % 7)
    moved = []
    for week, meeting in enumerate(office_hours(engagement)):
        starts_at = datetime.combine(first + timedelta(weeks=week), at, zone)
        after = states.target(states.MEETING, meeting.state, "schedule")
        if after is not None and meeting.state != "cancelled" and meeting.starts_at != starts_at:
            meeting.state, meeting.starts_at = after, starts_at
            meeting.save(update_fields=["state", "starts_at"])
            moved.append(meeting)
    if moved:
        record_change(
            engagement, "hypercare.office_hours_set", about="engagement", about_id=engagement.pk, path="meetings/",
            text=f"scheduled the office hours: {len(moved)}, every {calendar.day_name[weekday]} at {at:%H:%M}",
            after=[f"{meeting}: {meeting.starts_at}" for meeting in moved],
        )  # fmt: skip
        office_hours_tell(meetings=moved)
    return len(moved)
