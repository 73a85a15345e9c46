"""The parts of a playbook that are rows of a table: every field is a bare value."""

from dataclasses import dataclass

from engagements.playbook.hours import Hours
from engagements.playbook.terms import Cadence, EngagementKind, Side, TestKind


@dataclass(frozen=True)
class Condition:
    """A question asked when an engagement starts; what says `only if` its key is left out where the answer is no."""

    key: str
    question: str
    effect: str = ""


@dataclass(frozen=True)
class Question:
    """A question to the client's people about a definition."""

    key: str
    text: str
    recommended: str = ""
    critical: bool = False
    only_if: str = ""


@dataclass(frozen=True)
class Term:
    """A term whose definition people approve."""

    term: str
    definition: str


@dataclass(frozen=True)
class BillingSystem:
    """How hard a billing system is to connect."""

    name: str
    approach: str
    complexity: str
    note: str = ""


@dataclass(frozen=True)
class Role:
    """Who does what."""

    key: str
    name: str
    side: Side
    does: str = ""


@dataclass(frozen=True)
class Training:
    """A session for one audience."""

    key: str
    name: str
    audience: str
    focus: str
    minutes: int
    topics: str = ""


@dataclass(frozen=True)
class Component:
    """A part of the system that is built, in the recommended order; `needs` are the numbers of those that come first."""

    number: int
    name: str
    details: str = ""
    hours: Hours | None = None
    needs: str = ""
    only_if: str = ""


@dataclass(frozen=True)
class SpecPart:
    """A section of the technical specification; `columns` are the heads of its table, with commas between, if it has one."""

    key: str
    name: str
    purpose: str = ""
    columns: str = ""
    only_if: str = ""


@dataclass(frozen=True)
class Test:
    """A test of what was built; `check` names the computation by which the system runs it."""

    __test__ = False

    kind: TestKind
    text: str
    expected: str = ""
    critical: bool = False
    check: str = ""
    only_if: str = ""


@dataclass(frozen=True)
class MaintenanceTask:
    """What is looked at after the project, and how. `check` names the computation that fills it in (`MAINTENANCE_CHECKS`),
    `threshold` is its number.
    """

    key: str
    cadence: Cadence
    name: str
    look_at: str
    red_flag: str = ""
    action: str = ""
    check: str = ""
    only_if: str = ""
    threshold: str = ""
    how: str = ""


@dataclass(frozen=True)
class MaintenanceOwner:
    """Who runs the maintenance, by type of engagement, and from which sub-phase on.

    Of whose people that is, and in which function (finance, revops, sales …) where it is the client's.
    """

    kind: EngagementKind
    owner: str
    handed_at: str
    side: Side = Side.FIRM
    function: str = ""


@dataclass(frozen=True)
class Trigger:
    """When to engage again. `check` names what the system watches (`TRIGGER_CHECKS`), `limit` is its number."""

    key: str
    name: str
    threshold: str
    response: str
    check: str = ""
    limit: str = ""


@dataclass(frozen=True)
class Trouble:
    """A known problem."""

    scenario: str
    symptoms: str
    cause: str
    resolution: str


@dataclass(frozen=True)
class Method:
    """A way to build it."""

    name: str
    when: str
    complexity: str


@dataclass(frozen=True)
class Escalation:
    """Who handles which kind of issue after the handoff."""

    issue: str
    handler: str
    examples: str = ""


@dataclass(frozen=True)
class Audience:
    """Readers of what is built, and what they need it for."""

    department: str
    people: str
    need: str


@dataclass(frozen=True)
class Story:
    """What someone wants to do, and why."""

    role: str
    want: str
    so_that: str


@dataclass(frozen=True)
class Requirement:
    """What the result must do or run on."""

    area: str
    text: str


@dataclass(frozen=True)
class Benefit:
    """What the project is worth; `measure` is the figure that shows it, where there is one."""

    area: str
    text: str
    measure: str = ""
