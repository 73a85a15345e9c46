"""The maintenance of an engagement: its schedule, what came out of each check, and what the system computes of it.

It goes on when the project is closed: whoever owns it then has nothing else left of the engagement that changes.
"""

from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.utils import timezone

from engagements import states
from engagements.models import Engagement, MaintenanceCheck, Phase
from engagements.playbook.figures import figure_of
from engagements.playbook.rhythm import ClientCalendar, Occurrence, occurrences
from engagements.playbook.terms import Cadence
from engagements.selectors.maintenance import firm_people, local_day, owner_of
from engagements.selectors.maintenance_checks import JUDGE, MISSING, OK, Asked, Found, compute
from engagements.services.changes import record_change
from engagements.services.files import file_take
from engagements.services.moves import closed_sentence
from engagements.services.problems import EngagementError, IllegalMove
from engagements.services.summaries import next_morning
from engagements.services.telling import maintenance_tell
from portal.tenancy.dispatch import earlier_run
from portal.tenancy.models import Client

DUE_COLUMN = "next_maintenance_at"
AHEAD = timedelta(days=92)
MONTHS = {Cadence.MONTHLY: 1, Cadence.QUARTERLY: 3}
LONGEST = 4000
PATH = "maintenance/"


def maintenance_begin(*, engagement: Engagement, begins_on: date, now: datetime | None = None) -> Engagement:
    """Let the schedule run from a day on: checks of the periods that end on it or later.

    EngagementError where the playbook's copy has no maintenance, IllegalMove where the schedule runs already.
    """
    now = now or timezone.now()
    engagement = Engagement.objects.select_for_update().get(pk=engagement.pk)
    if not engagement.content.get("maintenance"):
        raise EngagementError("the playbook of this engagement has no maintenance")
    if engagement.is_maintained or engagement.state == "archived":
        raise IllegalMove("the schedule runs already" if engagement.is_maintained else closed_sentence(engagement))
    if begins_on < engagement.starts_on:
        raise EngagementError("the schedule cannot begin before the engagement did")
    engagement.maintenance_from, engagement.maintenance_until = begins_on, None
    engagement.save(update_fields=["maintenance_from", "maintenance_until"])
    record_change(
        engagement, "maintenance.begun", about="engagement", about_id=engagement.pk, path=PATH,
        text=f"let the maintenance schedule run from {begins_on} on", after=begins_on,
    )  # fmt: skip
    schedule_make(engagement=engagement, today=local_day(engagement, now))
    wake(engagement.client, now)
    return engagement


def maintenance_end(*, engagement: Engagement, reason: str, now: datetime | None = None) -> Engagement:
    """End the schedule: what is still to come goes, results stay."""
    engagement = Engagement.objects.select_for_update().get(pk=engagement.pk)
    if not engagement.is_maintained:
        raise IllegalMove("no schedule runs")
    if not reason.strip():
        raise EngagementError("say why the schedule ends")
    today = local_day(engagement, now or timezone.now())
    engagement.maintenance_until = today
    engagement.save(update_fields=["maintenance_until"])
    MaintenanceCheck.objects.filter(engagement=engagement, state="open").delete()
    record_change(
        engagement, "maintenance.ended", about="engagement", about_id=engagement.pk, path=PATH,
        text=f"ended the maintenance schedule ({reason.strip()[:300]})", before=engagement.maintenance_from, after=today,
        details={"reason": reason},
    )  # fmt: skip
    return engagement


def phase_brings(*, phase: Phase, now: datetime | None = None) -> None:
    """Where a phase begins in which the maintenance is handed over, its schedule begins."""
    engagement = phase.engagement
    handed = owner_of(engagement).handed_at
    if engagement.maintenance_from is not None or not engagement.content.get("maintenance"):
        return
    if phase.subphases.filter(key=handed).exists():
        now = now or timezone.now()
        maintenance_begin(engagement=engagement, begins_on=local_day(engagement, now), now=now)


def wake(client: Client, now: datetime) -> None:
    """Let the client's maintenance be looked at next morning, unless it is earlier anyway."""
    morning = next_morning(now.astimezone(ZoneInfo(client.time_zone)))
    earlier_run(client=client, column=DUE_COLUMN, at=morning)


def schedule_make(*, engagement: Engagement, today: date) -> int:
    """Make the checks of the next three months, and move those not done with the client's calendar. Idempotent.

    Gives how many were made.
    """
    if not engagement.is_maintained:
        return 0
    Engagement.objects.select_for_update().get(pk=engagement.pk)
    made: list[MaintenanceCheck] = []
    for task in engagement.content.get("maintenance", []):
        rows = {row.place: row for row in MaintenanceCheck.objects.filter(engagement=engagement, task_key=task["key"])}
        wanted = {each.place: each for each in occurrences_of(engagement, task, list(rows.values()), today)}
        made += [check_of(engagement, task, each) for place, each in wanted.items() if place not in rows]
        for place, row in rows.items():
            follow_calendar(row, wanted.get(place), today)
    MaintenanceCheck.objects.bulk_create(made)
    if made:
        last = max(each.due_on for each in made)
        count = "1 check" if len(made) == 1 else f"{len(made)} checks"
        record_change(
            engagement, "maintenance.planned", about="engagement", about_id=engagement.pk, path=PATH,
            text=f"planned {count} of maintenance, the last due on {last}",
            after=[f"{each.task_key} {each.period}" for each in made],
        )  # fmt: skip
    return len(made)


def occurrences_of(
    engagement: Engagement, task: dict[str, Any], rows: list[MaintenanceCheck], today: date
) -> list[Occurrence]:
    """When a task of the playbook is due, on the client's calendar."""
    begins = engagement.maintenance_from
    assert begins is not None
    client = engagement.client
    settled = [
        local_day(engagement, row.decided_at) for row in sorted(rows, key=lambda row: row.place) if row.decided_at
    ]
    return occurrences(
        Cadence(task["cadence"]),
        ClientCalendar(client.fiscal_year_start, client.close_day),
        launched_on=engagement.hypercare_from or begins,
        begins_on=begins,
        horizon=today + AHEAD,
        settled=settled,
    )


def check_of(engagement: Engagement, task: dict[str, Any], when: Occurrence) -> MaintenanceCheck:
    """A task of the playbook at one time."""
    return MaintenanceCheck(
        engagement=engagement, task_key=task["key"], cadence=task["cadence"], place=when.place, period=when.period,
        month=when.month, name=task["name"][:200], look_at=task["look_at"], red_flag=task.get("red_flag", ""),
        action=task.get("action", ""), how=task.get("how", ""), check_key=task.get("check", ""),
        threshold=figure_of(task.get("threshold", "")), opens_on=when.opens_on, due_on=when.due_on,
    )  # fmt: skip


def follow_calendar(row: MaintenanceCheck, wanted: Occurrence | None, today: date) -> None:
    """A check that is not done follows the client's calendar; one still to come that is in it no more goes."""
    if row.state != "open":
        return
    if wanted is None:
        if row.opens_on > today:
            row.delete()
    elif (row.opens_on, row.due_on, row.period) != (wanted.opens_on, wanted.due_on, wanted.period):
        row.opens_on, row.due_on, row.period = wanted.opens_on, wanted.due_on, wanted.period
        row.save(update_fields=["opens_on", "due_on", "period"])


def check_step(
    *,
    check: MaintenanceCheck,
    step: str,
    user: Any,
    note: str = "",
    evidence: str = "",
    link: str = "",
    upload: Any = None,
    now: datetime | None = None,
) -> MaintenanceCheck:
    """A person says what came out of a check, that a red flag is solved, or opens it again.

    EngagementError where what has to be said is missing, IllegalMove where the state has no such step or its time is not come.
    """
    now = now or timezone.now()
    check = (
        MaintenanceCheck.objects.select_for_update(of=("self",)).select_related("engagement__client").get(pk=check.pk)
    )
    after = states.target(states.MAINTENANCE, check.state, step)
    if after is None:
        raise IllegalMove(f"{check}: {check.state.replace('_', ' ')} has no step '{step}'")
    if step in {"pass", "flag"} and check.opens_on > local_day(check.engagement, now):
        raise IllegalMove(f"{check} can be looked at from {check.opens_on} on")
    note, evidence = note.strip()[:LONGEST], evidence.strip()[:LONGEST]
    require_words(step, note, evidence or link or ("a file" if upload else ""))
    if upload is not None:
        file_take(engagement=check.engagement, about="maintenance", about_id=check.pk, upload=upload, user=user)
    before, check.state = check.state, after
    if step == "solve":
        check.solution, check.solved_by, check.solved_at = note, user, now
    else:
        is_open = step == "reopen"
        check.note, check.evidence, check.link = ("", "", "") if is_open else (note, evidence, link[:500])
        check.decided_by, check.decided_at = (None, None) if is_open else (user, now)
        check.solution, check.solved_by, check.solved_at = "", None, None
    check.is_computed = False
    check.save()
    told(check, "said", before, {"step": step, "note": note, "evidence": evidence, "link": link})
    if after in {"ok", "not_applicable"} and check.cadence == Cadence.HALF_YEARLY:
        schedule_make(engagement=check.engagement, today=local_day(check.engagement, now))
    return check


def require_words(step: str, note: str, evidence: str) -> None:
    """What has to be said with a step."""
    if step == "pass" and not (note or evidence):
        raise EngagementError("say how you looked: a sentence, or where the evidence is")
    if step == "flag" and not note:
        raise EngagementError("say what you found")
    if step == "skip" and not note:
        raise EngagementError("say why it does not apply")
    if step == "solve" and not note:
        raise EngagementError("say how it was solved")


def check_compute(*, check: MaintenanceCheck, now: datetime | None = None, is_asked: bool = True) -> MaintenanceCheck:
    """Compute a check again and keep the figures. The result follows, unless a person gave one.

    IllegalMove before its period is over, EngagementError where the system computes nothing of it. `is_asked`: somebody wants
    it now, so it is written down whatever comes out.
    """
    now = now or timezone.now()
    check = (
        MaintenanceCheck.objects.select_for_update(of=("self",)).select_related("engagement__client").get(pk=check.pk)
    )
    if not check.check_key:
        raise EngagementError("the system computes nothing of this check")
    if check.opens_on > local_day(check.engagement, now):
        raise IllegalMove(f"{check} can be computed from {check.opens_on} on")
    months = MONTHS.get(Cadence(check.cadence), 1)
    asked = Asked(check.engagement.client, check.month, months, check.threshold, now)
    found = compute(check.check_key, asked)
    before, kept = check.state, check.found
    is_news = kept is None or (kept["state"], kept["sentence"]) != (found.state, found.sentence)
    check.found, check.computed_at = found.kept(), now
    if check.state == "open" or check.is_computed:
        follow(check, found, now)
    check.save()
    if is_asked or is_news or check.state != before:
        told(check, "computed", before, {"state": found.state, "sentence": found.sentence})
    return check


def follow(check: MaintenanceCheck, found: Found, now: datetime) -> None:
    """Let the result be what was computed. A red flag that computes as ok is solved; what is missing is never ok."""
    if found.state in {MISSING, JUDGE}:
        if check.state == "ok":
            check.state, check.is_computed, check.decided_at = "open", False, None
        return
    is_ok = found.state == OK
    if is_ok and check.state == "red_flag":
        check.state, check.solution, check.solved_at = "solved", f"Computed again: {found.sentence}", now
    elif is_ok and check.state == "open":
        check.state = "ok"
    elif not is_ok:
        check.state, check.solution, check.solved_at = "red_flag", "", None
    check.is_computed = True
    check.decided_at = check.decided_at or now


def told(check: MaintenanceCheck, action: str, before: str, details: dict[str, Any]) -> None:
    """Write a step of a check down; a new red flag is told to its owners and to the firm's people."""
    words = {
        "ok": "in order", "red_flag": "a red flag", "solved": "solved", "not_applicable": "not applicable", "open": "open",
    }  # fmt: skip
    engagement = check.engagement
    verb = "computed" if action == "computed" else "found"
    record_change(
        engagement, f"maintenance.{action}", about="maintenance", about_id=check.pk, before=before, after=check.state,
        path=f"{PATH}{check.pk}/", text=f"{verb} {check}: {words[check.state]}", details=details,
    )  # fmt: skip
    if check.state == "red_flag" and before != "red_flag":
        tell_red_flag(check)


def tell_red_flag(check: MaintenanceCheck) -> None:
    """Those who run the maintenance hear of a red flag, and so do the firm's people on the engagement."""
    engagement = check.engagement
    maintenance_tell(
        engagement=engagement, people=people_told(engagement), text=f"a red flag in {check}", page=f"{PATH}{check.pk}/",
        key=f"red flag {check.pk} {check.decided_at:%Y-%m-%d}",
    )  # fmt: skip


def people_told(engagement: Engagement) -> list[Any]:
    """The owners, and the firm's people on the engagement, each once."""
    people = [*owner_of(engagement).people, *firm_people(engagement)]
    return list({person.pk: person for person in people}.values())
