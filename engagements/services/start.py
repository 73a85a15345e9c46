"""Starting an engagement: the playbook, cut to the answers, becomes the engagement's own rows."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from django.utils import timezone

from engagements.models import (
    ChecklistPoint,
    Component,
    Document,
    Engagement,
    Gate,
    GateCriterion,
    Meeting,
    Milestone,
    Participant,
    Phase,
    ProjectTest,
    ProjectTraining,
    SpecSection,
    SubPhase,
    Task,
    TaskNeed,
)
from engagements.playbook.adapt import adapted
from engagements.playbook.build import to_data
from engagements.playbook.checks import needs_of
from engagements.playbook.hours import Hours
from engagements.playbook.schema import Playbook
from engagements.playbook.terms import Side
from engagements.services.changes import record_change
from engagements.services.problems import EngagementError
from engagements.services.summaries import next_morning
from portal.tenancy import audit
from portal.tenancy.dispatch import earlier_run, next_run
from portal.tenancy.models import Client

MEETING_LISTS = ("bring", "leave_with", "homework", "before", "during", "after")


@dataclass(frozen=True)
class Chosen:
    """A playbook to start from; `version` is 0 for a shipped one."""

    playbook: Playbook
    version: int = 0
    key: str = ""


def engagement_start(
    *,
    client: Client,
    chosen: Chosen,
    name: str,
    kind: str,
    starts_on: date,
    ends_on: date | None = None,
    answers: Mapping[str, bool] | None = None,
    user: Any = None,
    **card: str,
) -> Engagement:
    """A new engagement with everything that the playbook asks for; the first phase is open, and whoever starts it is on it.

    EngagementError where the end lies before the beginning, or an answer is to no condition of the playbook.
    """
    known = {condition.key for condition in chosen.playbook.conditions}
    given = dict(answers or {})
    if unknown := given.keys() - known:
        raise EngagementError(f"the playbook asks nothing about {', '.join(sorted(unknown))}")
    if ends_on is not None and ends_on < starts_on:
        raise EngagementError("the end lies before the beginning")
    given = dict.fromkeys(known, True) | given
    playbook = adapted(chosen.playbook, given)
    whole = to_data(chosen.playbook)
    engagement: Engagement = Engagement.objects.create(
        client=client, name=name, kind=kind, starts_on=starts_on, ends_on=ends_on, answers=given,
        playbook_key=chosen.key or chosen.playbook.key, playbook_name=chosen.playbook.name,
        playbook_version=chosen.version, playbook_sha256=audit.digest(whole), content=to_data(playbook),
        started_by=user, **({"deliverable": playbook.deliverable} | card),
    )  # fmt: skip
    _copy(engagement, playbook)
    if user is not None:
        Participant.objects.create(engagement=engagement, user=user, is_firm_staff=True, project_role="Lead")
    record_change(
        engagement, "engagement.started", about="engagement", about_id=engagement.pk,
        text=f"started {name} from {chosen.playbook.name}",
        after={"playbook": whole, "answers": given},
        details={"playbook_version": chosen.version, "sha256": engagement.playbook_sha256, "answers": given},
    )  # fmt: skip
    morning = next_morning(timezone.now().astimezone(ZoneInfo(client.time_zone)))
    next_run(client=client, column="next_engagement_at", at=morning)
    earlier_run(client=client, column="next_maintenance_at", at=morning)
    return engagement


def _copy(engagement: Engagement, playbook: Playbook) -> None:
    phases = _copy_phases(engagement, playbook)
    subs: dict[str, SubPhase] = {row.key: row for row in SubPhase.objects.filter(engagement=engagement)}
    _copy_tasks(engagement, playbook, subs)
    _copy_work(engagement, playbook)
    _copy_gates(engagement, playbook, phases)


def _copy_phases(engagement: Engagement, playbook: Playbook) -> dict[str, Phase]:
    phases: dict[str, Phase] = {}
    points = []
    place = 0
    for at, phase in enumerate(playbook.phases):
        row = Phase.objects.create(
            engagement=engagement, key=phase.key, position=at, name=phase.name, weight=phase.weight, goal=phase.goal,
            output=phase.output, state="open" if at == 0 else "shut",
        )  # fmt: skip
        phases[phase.key] = row
        for sub in phase.subphases:
            place += 1
            made = SubPhase.objects.create(
                engagement=engagement, phase=row, key=sub.key, position=place, name=sub.name, purpose=sub.purpose,
                timing=sub.timing[:200], output=sub.output,
            )  # fmt: skip
            said = [(track.name, track.side == Side.CLIENT, text) for track in sub.tracks for text in track.points]
            said += [("", False, text) for text in sub.checklist]
            points += [
                ChecklistPoint(
                    engagement=engagement, subphase=made, position=n, track=track, is_clients=is_clients, text=text
                )
                for n, (track, is_clients, text) in enumerate(said)
            ]
    ChecklistPoint.objects.bulk_create(points)
    return phases


def _copy_tasks(engagement: Engagement, playbook: Playbook, subs: dict[str, SubPhase]) -> None:
    rows: dict[int, Task] = {}
    needs: list[tuple[int, int]] = []
    for at, milestone in enumerate(playbook.milestones):
        budget = milestone.hours.high if milestone.hours else None
        owner = Milestone.objects.create(engagement=engagement, position=at, name=milestone.name, budget=budget)
        for each in milestone.lists:
            for task in each.tasks:
                rows[task.number] = Task.objects.create(
                    engagement=engagement, milestone=owner, subphase=subs.get(task.subphase), list_name=each.name,
                    number=task.number, name=task.name, description=task.description, end_state=task.end_state,
                    points=list(task.points), **hours_fields(task.hours),
                )  # fmt: skip
                needs += [(task.number, needed) for needed in task.needs]
    TaskNeed.objects.bulk_create(
        TaskNeed(engagement=engagement, task=rows[task], needs=rows[needed]) for task, needed in needs
    )


def _copy_gates(engagement: Engagement, playbook: Playbook, phases: dict[str, Phase]) -> None:
    documents = {row.name: row for row in Document.objects.filter(engagement=engagement)}
    for gate in playbook.gates:
        row = Gate.objects.create(
            engagement=engagement, phase=phases[gate.phase], name=gate.name, output=gate.output, go=gate.go,
            back=gate.back, early_needs=list(gate.early_needs), early_start=list(gate.early_start),
        )  # fmt: skip
        GateCriterion.objects.bulk_create(
            GateCriterion(
                engagement=engagement, gate=row, position=n, key=each.key, kind=each.kind, text=each.text[:600],
                check_key=each.check, functions=list(each.functions), quorum=each.quorum,
                document=documents.get(each.document[:200]),
            )
            for n, each in enumerate(gate.criteria)
        )  # fmt: skip


def _copy_work(engagement: Engagement, playbook: Playbook) -> None:
    Document.objects.bulk_create(
        Document(
            engagement=engagement, name=each.name[:200], kind=each.kind, subphase_key=each.subphase, position=n,
            purpose=each.purpose or each.used_for, complete_when=each.complete_when,
        )
        for n, each in enumerate(playbook.documents)
    )  # fmt: skip
    Meeting.objects.bulk_create(
        Meeting(
            engagement=engagement, key=each.key, position=n, name=each.name[:200], subphase_key=each.subphase,
            purpose=each.purpose, people=each.people[:300], length=each.length[:20],
            plan={"agenda": [to_data(slot) for slot in each.agenda]}
            | {name: list(getattr(each, name)) for name in MEETING_LISTS},
        )
        for n, each in enumerate(playbook.meetings)
    )  # fmt: skip
    there = {component.number for component in playbook.components}
    Component.objects.bulk_create(
        Component(
            engagement=engagement, number=c.number, name=c.name[:200], details=c.details,
            needs=[number for number in needs_of(c) if number in there], **hours_fields(c.hours),
        )
        for c in playbook.components
    )  # fmt: skip
    SpecSection.objects.bulk_create(
        SpecSection(
            engagement=engagement, key=s.key, position=n, name=s.name[:200], purpose=s.purpose,
            columns=[head.strip() for head in s.columns.split(",") if head.strip()],
        )
        for n, s in enumerate(playbook.spec)
    )  # fmt: skip
    ProjectTest.objects.bulk_create(
        ProjectTest(
            engagement=engagement, position=n, kind=t.kind, text=t.text, expected=t.expected, check_key=t.check,
            is_critical=t.critical,
        )
        for n, t in enumerate(playbook.tests)
    )  # fmt: skip
    ProjectTraining.objects.bulk_create(
        ProjectTraining(
            engagement=engagement, key=t.key, position=n, name=t.name[:200], audience=t.audience[:300], focus=t.focus,
            topics=t.topics, minutes=t.minutes,
        )
        for n, t in enumerate(playbook.trainings)
    )  # fmt: skip


def hours_fields(hours: Hours | None) -> dict[str, Any]:
    """An estimate as the two columns that hold it."""
    return {"hours_low": hours.low if hours else None, "hours_high": hours.high if hours else None}
