"""Whom an engagement waits for and since when, and what waits for one person."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.utils import timezone

from engagements.models import (
    ChecklistPoint,
    Component,
    Document,
    Engagement,
    Gate,
    Meeting,
    MeetingItem,
    Mention,
    Participant,
    ProjectQuestion,
    ProjectTest,
    Task,
)
from engagements.selectors.gates import gate_now, next_gate
from engagements.selectors.health import unplanned_get, unplanned_text
from engagements.selectors.maintenance import due_checks, owner_of
from engagements.selectors.needed import Needed
from engagements.selectors.signing import signable_by, standing_of
from engagements.selectors.spec import spec_get
from engagements.selectors.waiting_after import needed_at_the_end

SOON = timedelta(days=7)
SHOWN = 8


@dataclass(frozen=True)
class Waiting:
    """Somebody who is waited for."""

    whom: str
    what: str
    since: datetime
    page: str
    is_internal: bool = False


def waiting_list(engagement: Engagement) -> list[Waiting]:
    """Open homework, blocked tasks, documents in review: the longest wait first. What has ended waits for nobody."""
    if not engagement.is_open:
        return []
    homework = MeetingItem.objects.filter(engagement=engagement, kind="homework", done_at=None)
    found = [
        Waiting(str(item.owner), item.text, item.created_at, f"meetings/{item.meeting_id}/")
        for item in homework.select_related("owner__user")
    ]
    for task in Task.objects.filter(engagement=engagement, state="blocked").select_related("owner__user"):
        since, whom = task.moved_at or engagement.created_at, str(task.owner or "Nobody yet")
        what, page = f"{task}: {task.waiting_reason}", f"tasks/{task.pk}/"
        found.append(Waiting(whom, what, since, page, not task.is_client_visible))
    for document in Document.objects.filter(engagement=engagement, state="in_review"):
        version = document.versions.order_by("-number").first()
        since, page = version.created_at if version else engagement.created_at, f"documents/{document.pk}/"
        found.append(Waiting("Reviewers", document.name, since, page, not document.is_client_visible))
    return sorted(found, key=lambda each: each.since)


def needed_of(engagement: Engagement, user: Any, *, is_firm_staff: bool, today: date) -> list[Needed]:
    """What the engagement needs of this person now, the most pressing first; of a closed one what follows it."""
    upkeep = needed_at_the_end(engagement, user, today) + _maintenance(engagement, user, today)
    if not engagement.is_open:
        return upkeep[:SHOWN]
    me = Participant.objects.filter(engagement=engagement, user=user).first()
    found = _mentions(engagement, user) + (_mine(me, is_firm_staff, today) if me else [])
    gate = next_gate(engagement)
    if gate is not None:
        found += _gate_opens(gate, today) if is_firm_staff else _signatures(gate, user)
    if is_firm_staff:
        found += _plan(engagement) + _questions(engagement) + (_specification(engagement, me) if me else [])
    else:
        found += (_customer_tests(engagement) if me else []) + _homework_of_the_client(engagement)
    return (upkeep + found)[:SHOWN]


def _customer_tests(engagement: Engagement) -> list[Needed]:
    """The client's tests, once everything is built: what has not passed yet."""
    components = Component.objects.filter(engagement=engagement)
    if not components.exists() or components.exclude(state__in=["built", "verified"]).exists():
        return []
    count = ProjectTest.objects.filter(engagement=engagement, kind="customer", state__in=["untested", "failed"]).count()
    title = "1 test waits for you" if count == 1 else f"{count} tests wait for you"
    return [Needed(title, "Everything is built: try it yourselves.", "build/tests/", "Test")] if count else []


def _specification(engagement: Engagement, me: Participant) -> list[Needed]:
    """The specification that is ready for its engineer."""
    if "engineer" not in me.project_role.lower():
        return []
    now = spec_get(engagement)
    if not now.sections or now.not_ready or now.is_accepted:
        return []
    return [Needed("The specification waits for you", "Accept it, or say what is missing.", "build/spec/", "Read it")]


def _plan(engagement: Engagement) -> list[Needed]:
    """That nobody has planned anything yet."""
    count = unplanned_get(engagement).every
    return [Needed("Give tasks owners and dates", unplanned_text(count), "plan/", "Plan it")] if count else []


def _questions(engagement: Engagement) -> list[Needed]:
    """Questions that nobody has answered."""
    count = ProjectQuestion.objects.filter(engagement=engagement, answer="").count()
    title = "1 question has no answer" if count == 1 else f"{count} questions have no answer"
    return [Needed(title, "Good answers go into the FAQ.", "faq/", "Answer")] if count else []


def _maintenance(engagement: Engagement, user: Any, today: date) -> list[Needed]:
    """Checks that whoever runs the maintenance has to do, in one line: how many, and how many are late."""
    if user.pk not in {person.pk for person in owner_of(engagement).people}:
        return []
    due = list(due_checks(engagement, today))
    if not due:
        return []
    late = sum(check.due_on < today for check in due)
    title = "1 maintenance check waits" if len(due) == 1 else f"{len(due)} maintenance checks wait"
    first = min(check.due_on for check in due)
    text = f"{late} late, the oldest due {first:%Y-%m-%d}." if late else f"The first is due {first:%Y-%m-%d}."
    page = f"maintenance/{due[0].pk}/" if len(due) == 1 else "maintenance/"
    return [Needed(title, text, page, "Do it" if len(due) == 1 else "See them", "refused" if late else "waiting")]


def _gate_opens(gate: Gate, today: date) -> list[Needed]:
    """That a gate can be opened. What the system computes is only read once people have said all that is theirs to say."""
    if (
        gate.criteria.filter(kind="confirmed", check_key="", said_at=None).exists()
        or not gate_now(gate, today).can_open
    ):
        return []
    title, page = f"{gate.name} can be opened", f"gates/{gate.pk}/"
    return [Needed(title, "Every criterion holds.", page, "Open the gate", "agreed")]


def _signatures(gate: Gate, user: Any) -> list[Needed]:
    """What waits for this person's signature."""
    found = []
    rows = gate.criteria.filter(kind="signed", check_key="").select_related("gate__engagement__client", "document")
    for row in rows.order_by("position"):
        functions = signable_by(row, user)
        now = standing_of(row) if functions else None
        if now is not None and not now.holds and set(functions) - now.done:
            found.append(Needed("Your signature", row.text, f"criteria/{row.pk}/signing/", "Read and sign"))
    return found


def _mentions(engagement: Engagement, user: Any) -> list[Needed]:
    unseen = Mention.objects.filter(engagement=engagement, user=user, seen_at=None).select_related("comment__author")
    pages = {
        "task": "tasks/{}/",
        "document": "documents/{}/",
        "meeting": "meetings/{}/",
        "gate": "gates/{}/",
        "risk": "risks/",
    }
    return [
        Needed(
            f"{each.comment.author.get_full_name()} named you", each.comment.text[:160],
            pages.get(each.comment.about, "").format(each.comment.about_id), "Read it", "info",
        )
        for each in unseen
    ]  # fmt: skip


def _mine(me: Participant, is_firm_staff: bool, today: date) -> list[Needed]:
    found = []
    for item in MeetingItem.objects.filter(owner=me, kind="homework", done_at=None).select_related("meeting"):
        late = item.due_on is not None and item.due_on < today
        due = f" Due {item.due_on:%Y-%m-%d}." if item.due_on else ""
        text = f"From {item.meeting}.{due}"
        found.append(Needed(item.text, text, f"meetings/{item.meeting_id}/", "Look", "refused" if late else "waiting"))
    tasks = Task.objects.filter(owner=me, due_on__lte=today + SOON).exclude(state__in=["done", "dropped"])
    for task in tasks if is_firm_staff else tasks.filter(is_client_visible=True):
        late = task.due_on is not None and task.due_on < today
        text = f"{'Was due' if late else 'Due'} {task.due_on:%Y-%m-%d}."
        found.append(Needed(str(task), text, f"tasks/{task.pk}/", "Go to the task", "refused" if late else "waiting"))
    if is_firm_staff:
        until = timezone.now() + SOON
        recent = timezone.now() - timedelta(days=1)
        soon = Meeting.objects.filter(engagement=me.engagement, state="scheduled", starts_at__range=(recent, until))
        found += [
            Needed(
                f"{each} is on {each.starts_at:%Y-%m-%d}", each.purpose, f"meetings/{each.pk}/", "Prepare it", "info"
            )
            for each in soon
        ]
    return found


def _homework_of_the_client(engagement: Engagement) -> list[Needed]:
    points = ChecklistPoint.objects.filter(engagement=engagement, is_clients=True, done_at=None)
    count = points.filter(subphase__phase__state__in=["open", "early"]).count()
    if not count:
        return []
    name = "1 point of your homework is" if count == 1 else f"{count} points of your homework are"
    return [Needed(f"{name} open", "What the project needs from you in this phase.", "checklists/", "See them")]
