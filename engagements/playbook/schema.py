"""What a playbook is: frozen values, in the order in which people read them.

The first field of every part that holds other parts is its title. Texts are one line each. A point of a checklist may end in
`[only if <condition>]`.
"""

from dataclasses import dataclass

from engagements.playbook.hours import Hours
from engagements.playbook.schema_rows import (
    Audience,
    Benefit,
    BillingSystem,
    Component,
    Condition,
    Escalation,
    MaintenanceOwner,
    MaintenanceTask,
    Method,
    Question,
    Requirement,
    Role,
    SpecPart,
    Story,
    Term,
    Test,
    Training,
    Trigger,
    Trouble,
)
from engagements.playbook.terms import CriterionKind, DocumentKind, EngagementKind, Side, Weight


@dataclass(frozen=True)
class TrackItem:
    """Something that is sent or made in a track."""

    item: str
    purpose: str = ""
    format: str = ""


@dataclass(frozen=True)
class Track:
    """Work that runs beside another track of the same sub-phase."""

    name: str
    side: Side = Side.FIRM
    note: str = ""
    points: tuple[str, ...] = ()
    items: tuple[TrackItem, ...] = ()


@dataclass(frozen=True)
class SubPhase:
    """A step of a phase, such as 1a, with its checklist."""

    name: str
    key: str
    purpose: str = ""
    input: str = ""
    output: str = ""
    timing: str = ""
    checklist: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    tracks: tuple[Track, ...] = ()


@dataclass(frozen=True)
class Phase:
    """A phase with its weight in the project; `share` is its part of the work where the playbook names one."""

    name: str
    key: str
    weight: Weight = Weight.MEDIUM
    share: str = ""
    goal: str = ""
    output: str = ""
    note: str = ""
    subphases: tuple[SubPhase, ...] = ()


@dataclass(frozen=True)
class Task:
    """A piece of work; `needs` are the numbers of the tasks that come before it."""

    name: str
    number: int
    hours: Hours | None = None
    subphase: str = ""
    role: str = ""
    description: str = ""
    end_state: str = ""
    only_if: str = ""
    needs: tuple[int, ...] = ()
    points: tuple[str, ...] = ()


@dataclass(frozen=True)
class TaskList:
    """Tasks that belong together."""

    name: str
    contains: str = ""
    tasks: tuple[Task, ...] = ()


@dataclass(frozen=True)
class Milestone:
    """A part of the project with a budget of its own."""

    name: str
    hours: Hours | None = None
    tag: str = ""
    description: str = ""
    lists: tuple[TaskList, ...] = ()


@dataclass(frozen=True)
class AgendaSlot:
    """From minute `start` to minute `end` of a meeting."""

    start: int
    end: int
    topic: str
    what: str = ""


@dataclass(frozen=True)
class Meeting:
    """A meeting with its agenda; `length` in minutes, one number or a range."""

    name: str
    key: str
    subphase: str = ""
    purpose: str = ""
    people: str = ""
    length: str = ""
    when: str = ""
    output: str = ""
    only_if: str = ""
    agenda: tuple[AgendaSlot, ...] = ()
    bring: tuple[str, ...] = ()
    leave_with: tuple[str, ...] = ()
    homework: tuple[str, ...] = ()
    before: tuple[str, ...] = ()
    during: tuple[str, ...] = ()
    after: tuple[str, ...] = ()


@dataclass(frozen=True)
class DocumentType:
    """A document of the project and when it is complete."""

    name: str
    kind: DocumentKind
    subphase: str = ""
    purpose: str = ""
    complete_when: str = ""
    made_from: str = ""
    used_for: str = ""
    only_if: str = ""


@dataclass(frozen=True)
class Criterion:
    """One thing that must hold; a computed one names its check, a signed one who signs it.

    `functions` sign it, `quorum` of them are enough (0: all), and `document` names the document that is signed with it.
    """

    key: str
    kind: CriterionKind
    text: str
    check: str = ""
    functions: tuple[str, ...] = ()
    quorum: int = 0
    document: str = ""
    only_if: str = ""


@dataclass(frozen=True)
class Gate:
    """What must hold at the end of a phase. `early_start` says what of the next phase may begin before, once
    the criteria of `early_needs` hold."""

    name: str
    phase: str
    output: str = ""
    go: str = ""
    back: str = ""
    criteria: tuple[Criterion, ...] = ()
    early_needs: tuple[str, ...] = ()
    early_start: tuple[str, ...] = ()


@dataclass(frozen=True)
class Hypercare:
    """Close support after the launch, and the rule by which it ends or is extended; variances in per cent.

    It begins with the phase of its `subphase`.
    """

    name: str
    weeks: str
    subphase: str = ""
    covers: str = ""
    office_hours: str = ""
    good_below: str = ""
    extend_above: str = ""
    extend_weeks: int = 0
    output: str = ""
    steps: tuple[str, ...] = ()
    focus: tuple[str, ...] = ()


@dataclass(frozen=True)
class ClosePath:
    """What follows the project, by type of engagement."""

    name: str
    kind: EngagementKind
    steps: tuple[str, ...] = ()


@dataclass(frozen=True)
class Playbook:
    """A template of an engagement."""

    name: str
    key: str
    summary: str = ""
    category: str = ""
    deliverable: str = ""
    tag: str = ""
    hours: Hours | None = None
    structure: str = ""
    source: str = ""
    gotchas: tuple[str, ...] = ()
    handoff_context: tuple[str, ...] = ()
    close_checklist: tuple[str, ...] = ()
    debrief: tuple[str, ...] = ()
    conditions: tuple[Condition, ...] = ()
    roles: tuple[Role, ...] = ()
    questions: tuple[Question, ...] = ()
    terms: tuple[Term, ...] = ()
    documents: tuple[DocumentType, ...] = ()
    billing_systems: tuple[BillingSystem, ...] = ()
    methods: tuple[Method, ...] = ()
    spec: tuple[SpecPart, ...] = ()
    components: tuple[Component, ...] = ()
    tests: tuple[Test, ...] = ()
    trainings: tuple[Training, ...] = ()
    maintenance: tuple[MaintenanceTask, ...] = ()
    maintenance_owners: tuple[MaintenanceOwner, ...] = ()
    triggers: tuple[Trigger, ...] = ()
    escalations: tuple[Escalation, ...] = ()
    troubleshooting: tuple[Trouble, ...] = ()
    audiences: tuple[Audience, ...] = ()
    stories: tuple[Story, ...] = ()
    requirements: tuple[Requirement, ...] = ()
    benefits: tuple[Benefit, ...] = ()
    phases: tuple[Phase, ...] = ()
    gates: tuple[Gate, ...] = ()
    milestones: tuple[Milestone, ...] = ()
    meetings: tuple[Meeting, ...] = ()
    hypercare: Hypercare | None = None
    close_paths: tuple[ClosePath, ...] = ()
