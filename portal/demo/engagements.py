"""The demonstration's engagements: one in each phase, each brought there by the same services that people use."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from engagements.models import (
    ChecklistPoint,
    Document,
    Engagement,
    Gate,
    GateCriterion,
    Meeting,
    MeetingItem,
    Participant,
    Risk,
    Task,
)
from engagements.selectors.gates import gate_now
from engagements.selectors.signing import shown_of
from engagements.services.card import card_update
from engagements.services.conversation import comment_add, homework_set, meeting_item_add, meeting_note, risk_add
from engagements.services.documents import document_version_add
from engagements.services.gates import criterion_say, gate_open, gate_override
from engagements.services.moves import row_move
from engagements.services.people import participant_add
from engagements.services.signing import criterion_sign, intent_text
from engagements.services.start import Chosen, engagement_start
from engagements.services.tasks import point_set, task_update, time_add
from engagements.shipped import shipped_playbooks
from portal.accounts.proofs import Place, Proof
from portal.demo import building, closed
from portal.demo.clock import played_on
from portal.demo.maintenance import after_launch, results_play
from portal.demo.past import documents_approved, meetings_held, workday
from portal.tenancy.models import Client

BEFORE_PORTAL = "Agreed and signed before the project moved into Tieout"


@dataclass(frozen=True)
class DemoEngagement:
    """An engagement and the phase it has reached, with so many of its tasks done; `days` since it began."""

    client: str
    playbook: str
    name: str
    kind: str
    phase: int
    days: int
    lasts: int
    people: dict[str, tuple[str, str]]  # first name → role, function
    answers: dict[str, bool]
    done: int = 0
    is_maintained: bool = False  # launched long enough ago for results of its maintenance


STORIES = (
    DemoEngagement(
        "northwind", "arr-reporting", "ARR reporting", "dedicated", 1, 12, 90,
        {"finn": ("Signs for Finance", "finance"), "rita": ("RevOps lead", "revops"), "eve": ("Sponsor", "sponsor")},
        {"usage_based": False}, done=5,
    ),
    DemoEngagement(
        "larkspur", "arr-reporting", "ARR reporting", "single", 2, 45, 100,
        {"frieda": ("Signs for Finance", "finance"), "ralf": ("RevOps lead", "revops")},
        {"usage_based": False}, done=2,
    ),
    DemoEngagement(
        "larkspur", "executive-reporting-suite", "Executive reporting", "single", 3, 70, 85,
        {"frieda": ("Finance", "finance"), "ralf": ("RevOps lead", "revops")},
        {"uses_slack": True, "has_warehouse": False}, done=1,
    ),
    DemoEngagement(
        "quayside", "sales-dashboards", "Sales dashboards", "single", 4, 80, 95, {"fay": ("Sales manager", "sales")}, {},
    ),
    DemoEngagement(
        "quayside", "arr-reporting", "ARR reporting", "dedicated", 4, 150, 160, {"fay": ("Signs for Finance", "finance")},
        {"usage_based": False}, is_maintained=True,
    ),
)  # fmt: skip
CLOSED = DemoEngagement(
    "northwind", "sales-dashboards", "Sales dashboards", "single", 4, 170, 90,
    {"rita": ("RevOps lead", "revops"), "finn": ("Budget", "finance"), "eve": ("Sponsor", "sponsor")}, {},
)  # fmt: skip


def engagements_load(client: Client, staff: list[Any], people: dict[str, Any], today: dt.date) -> None:
    """The engagements of one client, in its scope. `staff` begins with the lead, `people` are the client's by first name."""
    for told in STORIES:
        if told.client == client.slug:
            engagement_play(client, told, staff, people, today)
    if client.slug == CLOSED.client:
        closed_play(client, staff, people, today)


def closed_play(client: Client, staff: list[Any], people: dict[str, Any], today: dt.date) -> Engagement:
    """The one that is over: played to its last phase, handed over, closed some weeks ago, and looked after since."""
    engagement = engagement_play(client, CLOSED, staff, people, today)
    lead = Participant.objects.get(engagement=engagement, user=staff[0])
    ended = engagement.ends_on
    assert ended is not None
    with played_on(ended):
        for risk in Risk.objects.filter(engagement=engagement):
            row_move(about="risk", row=risk, step="close")
        for item in MeetingItem.objects.filter(engagement=engagement, kind="homework", done_at=None):
            homework_set(item=item, is_done=True)
        documents_approved(engagement, "4", lead)
        closed.ending_play(engagement, staff, people, today)
        engagement.refresh_from_db()
        phase_finish(engagement, 4, lead, (ended - dt.timedelta(days=10), ended))
    closed.close_play(engagement, staff, people, today)
    return engagement


def engagement_play(
    client: Client, told: DemoEngagement, staff: list[Any], people: dict[str, Any], today: dt.date
) -> Engagement:
    """Start an engagement and play it up to its phase."""
    begin = today - dt.timedelta(days=told.days)
    with played_on(begin):
        engagement, lead, team = engagement_begin(client, told, staff, people, begin)
    if told.is_maintained:
        after_launch(engagement, today)
    now = min(today, begin + dt.timedelta(days=told.lasts))  # one that is over did nothing after its end
    days = [begin + (now - begin) * phase / told.phase for phase in range(told.phase + 1)]
    for phase in range(1, told.phase):
        with played_on(days[phase]):
            phase_finish(engagement, phase, lead, (days[phase - 1], days[phase]))
    if now < today:
        with played_on(now):
            phase_begin(engagement, told, lead, team, now)
    else:
        phase_begin(engagement, told, lead, team, now)
    if told.is_maintained:
        results_play(engagement, lead, today)
    return engagement


def engagement_begin(
    client: Client, told: DemoEngagement, staff: list[Any], people: dict[str, Any], begin: dt.date
) -> tuple[Engagement, Participant, dict[str, Participant]]:
    """The engagement on its first day, its lead, and the client's people on it by first name."""
    engagement = engagement_start(
        client=client, chosen=Chosen(shipped_playbooks()[told.playbook]), name=told.name, kind=told.kind,
        starts_on=begin, ends_on=begin + dt.timedelta(days=told.lasts), answers=told.answers, user=staff[0],
    )  # fmt: skip
    for user, role in zip(staff[1:], ("Partner", "Engineer"), strict=False):
        participant_add(engagement=engagement, user=user, is_firm_staff=True, project_role=role)
    team = {
        name: participant_add(
            engagement=engagement, user=people[name], is_firm_staff=False, project_role=role, function=function
        )
        for name, (role, function) in told.people.items()
    }
    card_update(engagement=engagement, changes={"crm": "Salesforce", "billing_system": "Chargebee"})
    engagement.refresh_from_db()
    return engagement, Participant.objects.get(engagement=engagement, user=staff[0]), team


def phase_finish(engagement: Engagement, phase: int, lead: Participant, during: tuple[dt.date, dt.date]) -> None:
    """Everything of a phase is done; what the system cannot see of the time before is said by a partner."""
    key = str(phase)
    for point in ChecklistPoint.objects.filter(engagement=engagement, subphase__phase__key=key):
        point_set(point=point, is_done=True, user=lead.user)
    tasks = Task.objects.filter(engagement=engagement, subphase__phase__key=key).order_by("number")
    for task, due in zip(tasks, spread(during, tasks.count()), strict=True):
        task_done(task, lead, during[0], due)
    meetings_held(engagement, key, during)
    if phase == 1:
        building.mapping_upload(engagement, lead)
    documents_approved(engagement, key, lead)
    signer = Participant.objects.filter(engagement=engagement, is_firm_staff=False).order_by("pk")[0]
    if phase == 2:
        building.tests_pass(engagement, lead, signer)
    if phase == 3:
        building.trainings_play(engagement, lead, signer.user, during[1], is_over=True)
    gate = Gate.objects.select_related("phase", "engagement__client").get(engagement=engagement, phase__key=key)
    for criterion in gate.criteria.filter(check_key="", kind="confirmed"):
        criterion_say(criterion=criterion, holds=True, user=lead.user)
    for criterion in gate.criteria.filter(check_key="", kind="signed").select_related("document"):
        criterion.gate = gate
        criterion_play(criterion, lead)
    gate_pass(gate, lead)


def criterion_play(criterion: GateCriterion, lead: Participant) -> None:
    """What is signed is there, and whoever speaks for a function that signs it has signed."""
    document = criterion.document
    if document is not None and not document.versions.exists():
        document_version_add(document=document, text="As agreed in the review.", user=lead.user)
    for person in Participant.objects.filter(engagement=criterion.engagement, function__in=criterion.functions):
        proof, place = Proof("password", dt.datetime.now(dt.UTC)), Place("203.0.113.24", "Firefox")
        criterion_sign(
            criterion=criterion, user=person.user, function=person.function, sha256=shown_of(criterion).sha256,
            intent=intent_text(criterion, person.user, person.function), proof=proof, place=place,
        )  # fmt: skip


def gate_pass(gate: Gate, lead: Participant) -> None:
    """Open the gate: simply where everything holds, else on the record."""
    today = dt.datetime.now(dt.UTC).date()
    if gate_now(gate, today).can_open:
        gate_open(gate=gate, user=lead.user)
    else:
        gate_override(gate=gate, reason=BEFORE_PORTAL, user=lead.user)


def spread(during: tuple[dt.date, dt.date], count: int) -> list[dt.date]:
    """So many days, evenly within a time."""
    begin, end = during
    return [begin + (end - begin) * (at + 1) / (count + 1) for at in range(count)]


def task_done(task: Task, lead: Participant, begin: dt.date, due: dt.date) -> None:
    """A task of a phase that began then, with its owner, its time and its end."""
    starts = max(begin, due - dt.timedelta(days=5))
    task_update(task=task, changes={"owner": lead, "starts_on": starts, "due_on": due})
    minutes = int((task.hours_high or 1) * 60)
    time_add(task=task, user=lead.user, minutes=min(minutes, 480), day=due)
    row_move(about="task", row=task, step="finish")


def phase_begin(
    engagement: Engagement, told: DemoEngagement, lead: Participant, team: dict[str, Participant], today: dt.date
) -> None:
    """What is under way in the phase that was reached."""
    phase = told.phase
    first = next(iter(team.values()))
    tasks = list(Task.objects.filter(engagement=engagement, subphase__phase__key=str(phase)).order_by("number"))
    done, left = tasks[: told.done], tasks[told.done :]
    for at, task in enumerate(done):
        task_done(task, lead, engagement.starts_on, workday(today - dt.timedelta(days=4 + len(done) - at)))
    points = ChecklistPoint.objects.filter(engagement=engagement, subphase__phase__key=str(phase)).order_by("pk")
    if done and left and left[0].subphase:
        points = points.filter(subphase__key__lt=left[0].subphase.key)
    for point in points if done else points[: points.count() // 3]:
        point_set(point=point, is_done=True, user=lead.user)
    for at, task in enumerate(left):
        due = today + dt.timedelta(days=4 * at - 3)
        task_update(task=task, changes={"owner": lead, "starts_on": due - dt.timedelta(days=6), "due_on": due})
    meeting = (
        Meeting.objects.filter(engagement=engagement, subphase_key__startswith=str(phase)).order_by("position").first()
    )
    if meeting is not None:
        meeting_play(meeting, first, today)
    if phase == 2:
        engineer = building.engineer_of(engagement, lead)
        building.spec_play(engagement, lead, engineer)
        building.components_play(engagement, lead, engineer, today)
        building.tests_play(engagement, lead, first)
    if phase == 3:
        building.trainings_play(engagement, lead, first.user, today, is_over=False)
    document = Document.objects.filter(engagement=engagement, subphase_key__startswith=str(phase)).first()
    if document is not None:
        document_version_add(document=document, text="First draft, for comments.", user=lead.user)
        row_move(about="document", row=document, step="submit")
        comment_add(
            engagement=engagement, about="document", about_id=document.pk, author=lead.user, is_internal=False,
            text=f"@{first.user.get_full_name()} could you look at section 2 before Friday?", path=f"documents/{document.pk}/",
        )  # fmt: skip
    risk_add(
        engagement=engagement, kind="risk", severity="medium", title="The billing export may come late",
        remedy="Begin with last month's export", owner=lead,
    )  # fmt: skip


def meeting_play(meeting: Meeting, first: Participant, today: dt.date) -> None:
    """A meeting that was held, with a decision and homework."""
    when = dt.datetime.combine(workday(today - dt.timedelta(days=5)), dt.time(14), dt.UTC)
    row_move(about="meeting", row=meeting, step="schedule", starts_at=when)
    held = row_move(about="meeting", row=meeting, step="hold")
    meeting_note(
        meeting=held, attendees=f"{first}, Ana", notes="We went through the open points one by one.",
        internal_notes="They want to be faster than their own calendar allows.",
    )  # fmt: skip
    meeting_item_add(meeting=held, kind="decision", text="The next version is circulated before the next meeting")
    due = today + dt.timedelta(days=2)
    meeting_item_add(
        meeting=held, kind="homework", text="Confirm how contracts of several years count", owner=first, due_on=due
    )
