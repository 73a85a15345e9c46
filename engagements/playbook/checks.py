"""What must hold between the parts of a playbook, and what is only worth saying."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from engagements.playbook.build import Plain, PlaybookError, Site, from_data
from engagements.playbook.figures import figure_of
from engagements.playbook.hours import Hours, total
from engagements.playbook.order import cycle_in
from engagements.playbook.schema import Criterion, Gate, Meeting, Playbook, Task
from engagements.playbook.schema_rows import Component
from engagements.playbook.shape import is_row, slots, title_slot
from engagements.playbook.terms import (
    COMPUTED_CHECKS,
    MAINTENANCE_CHECKS,
    TEST_CHECKS,
    TRIGGER_CHECKS,
    CriterionKind,
    SigningFunction,
    TestKind,
)

KEY = re.compile(r"[a-z0-9][a-z0-9_-]{0,59}\Z")
SIGNED_CHECK = "policy_signed"
ONLY_IF = re.compile(r"(.*?)\s*\[only if ([^\]]*)\]\Z")


def playbook_from(data: Plain, lines: dict[str, int] | None = None) -> Playbook:
    """The valid playbook that plain data describes. PlaybookError names every fault with its place."""
    site = Site(lines or {})
    built = from_data(data, site)
    if built is not None:
        check(built, site)
    if built is None or site.faults:
        raise PlaybookError(site.faults)
    return built


def point_parts(point: str) -> tuple[str, str]:
    """A checklist point's text, and the condition at its end, if there is one."""
    found = ONLY_IF.match(point)
    return (found[1], found[2].strip()) if found else (point, "")


def tasks_of(playbook: Playbook) -> list[Task]:
    """All tasks in their order."""
    return [task for milestone in playbook.milestones for each in milestone.lists for task in each.tasks]


def check(playbook: Playbook, site: Site) -> None:
    """Keys are unique and well formed, every reference leads somewhere, agendas and dependencies make sense."""
    _check_keys(playbook, site)
    _check_conditions(playbook, site)
    _check_phases(playbook, site)
    _check_tasks(playbook, site)
    _check_build(playbook, site)
    for place, meeting in _numbered("meetings", playbook.meetings):
        _check_agenda(place, meeting, site)
    for place, gate in _numbered("gates", playbook.gates):
        _check_gate(place, gate, playbook, site)
    _check_upkeep(playbook, site)


def _check_upkeep(playbook: Playbook, site: Site) -> None:
    """What is computed after the project can be, and its thresholds are numbers."""
    for place, row in _numbered("maintenance", playbook.maintenance):
        _check_computed(place, row.check, MAINTENANCE_CHECKS, row.threshold, "threshold", site)
    for place, trigger in _numbered("triggers", playbook.triggers):
        _check_computed(place, trigger.check, TRIGGER_CHECKS, trigger.limit, "limit", site)


def _check_computed(place: str, check: str, known: dict[str, str], number: str, name: str, site: Site) -> None:
    if check and check not in known:
        site.fault(f"{place}.check", f"'{check}' cannot be computed; known are {', '.join(known)}")
    if number and figure_of(number) is None:
        site.fault(f"{place}.{name}", f"'{number}' is no number: digits and a point alone")


def _check_keys(playbook: Playbook, site: Site) -> None:
    if not KEY.match(playbook.key):
        site.fault("key", f"'{playbook.key}' is no key: small letters, digits, - and _")
    for slot in slots(Playbook):
        names = {each.name for each in slots(slot.kind)} if slot.is_list and slot.is_part else set()
        unique = "key" if "key" in names else "number" if "number" in names else ""
        if unique:
            for place, part in _repeated(slot.name, getattr(playbook, slot.name), unique):
                site.fault(f"{place}.{unique}", f"'{getattr(part, unique)}' is there twice")
        if unique == "key":
            for place, part in _numbered(slot.name, getattr(playbook, slot.name)):
                if not KEY.match(part.key):
                    site.fault(f"{place}.key", f"'{part.key}' is no key: small letters, digits, - and _")


def _check_phases(playbook: Playbook, site: Site) -> None:
    seen: set[str] = set()
    for place, phase in _numbered("phases", playbook.phases):
        for inner, sub in _numbered(f"{place}.subphases", phase.subphases):
            if not KEY.match(sub.key):
                site.fault(f"{inner}.key", f"'{sub.key}' is no key: small letters, digits, - and _")
            if sub.key in seen:
                site.fault(f"{inner}.key", f"'{sub.key}' is there twice")
            seen.add(sub.key)
    for place, part in _parts(playbook, ""):
        named = getattr(part, "subphase", "")
        if named and named not in seen:
            site.fault(f"{place}.subphase", f"there is no sub-phase '{named}'")


def _check_conditions(playbook: Playbook, site: Site) -> None:
    known = {condition.key for condition in playbook.conditions}
    for place, part in _parts(playbook, ""):
        named = getattr(part, "only_if", "")
        if named and named not in known:
            site.fault(f"{place}.only_if", f"there is no condition '{named}'")
        for name in ("checklist", "points"):
            for number, point in enumerate(getattr(part, name, ()), start=1):
                condition = point_parts(point)[1]
                if condition and condition not in known:
                    site.fault(f"{place}.{name}[{number}]", f"there is no condition '{condition}'")


def _check_tasks(playbook: Playbook, site: Site) -> None:
    tasks = tasks_of(playbook)
    numbers = Counter(task.number for task in tasks)
    roles = {role.key for role in playbook.roles}
    for place, part in _parts(playbook, ""):
        if not isinstance(part, Task):
            continue
        if numbers[part.number] > 1:
            site.fault(f"{place}.number", f"there are {numbers[part.number]} tasks with the number {part.number}")
        if part.role and part.role not in roles:
            site.fault(f"{place}.role", f"there is no role '{part.role}'")
        for number, needed in enumerate(part.needs, start=1):
            if needed not in numbers:
                site.fault(f"{place}.needs[{number}]", f"there is no task {needed}")
    if circle := cycle_in({task.number: task.needs for task in tasks}):
        shown = " → ".join(str(number) for number in circle)
        site.fault("milestones", f"tasks wait for each other in a circle: {shown}")


def needs_of(component: Component) -> tuple[int, ...]:
    """The numbers of the components that come before one. ValueError where they are no numbers."""
    return tuple(int(each) for each in component.needs.replace(",", " ").split())


def _check_build(playbook: Playbook, site: Site) -> None:
    numbers = {component.number for component in playbook.components}
    graph: dict[int, tuple[int, ...]] = {}
    for place, component in _numbered("components", playbook.components):
        try:
            graph[component.number] = needs_of(component)
        except ValueError:
            site.fault(f"{place}.needs", f"'{component.needs}' are no numbers of components")
            continue
        for needed in graph[component.number]:
            if needed not in numbers:
                site.fault(f"{place}.needs", f"there is no component {needed}")
    if circle := cycle_in(graph):
        site.fault("components", f"they wait for each other in a circle: {' → '.join(str(each) for each in circle)}")
    for place, test in _numbered("tests", playbook.tests):
        if test.check and test.check not in TEST_CHECKS:
            site.fault(f"{place}.check", f"'{test.check}' cannot be computed; known are {', '.join(TEST_CHECKS)}")
        if test.check and test.kind == TestKind.CUSTOMER:
            site.fault(f"{place}.check", "the client's own tests are run by the client's people")


def _check_agenda(place: str, meeting: Meeting, site: Site) -> None:
    clock = 0
    for inner, slot in _numbered(f"{place}.agenda", meeting.agenda):
        if slot.end <= slot.start:
            site.fault(f"{inner}.end", "it ends before it begins")
        if slot.start < clock:
            site.fault(f"{inner}.start", "it begins before the slot above it is over")
        clock = max(clock, slot.end)


def _check_gate(place: str, gate: Gate, playbook: Playbook, site: Site) -> None:
    if gate.phase not in {phase.key for phase in playbook.phases}:
        site.fault(f"{place}.phase", f"there is no phase '{gate.phase}'")
    if sum(other.phase == gate.phase for other in playbook.gates) > 1:
        site.fault(f"{place}.phase", f"phase '{gate.phase}' has more than one gate")
    keys = Counter(criterion.key for criterion in gate.criteria)
    for inner, criterion in _numbered(f"{place}.criteria", gate.criteria):
        if not KEY.match(criterion.key):
            site.fault(f"{inner}.key", f"'{criterion.key}' is no key: small letters, digits, - and _")
        if keys[criterion.key] > 1:
            site.fault(f"{inner}.key", f"'{criterion.key}' is there twice")
        if criterion.kind == CriterionKind.COMPUTED and criterion.check not in COMPUTED_CHECKS:
            known = ", ".join(COMPUTED_CHECKS)
            site.fault(f"{inner}.check", f"'{criterion.check}' cannot be computed; known are {known}")
        if criterion.check and not _may_have_check(criterion):
            site.fault(f"{inner}.check", f"only a computed criterion has a check, or a signed one {SIGNED_CHECK}")
        _check_signing(site, inner, criterion, {document.name for document in playbook.documents})
    for number, needed in enumerate(gate.early_needs, start=1):
        if needed not in keys:
            site.fault(f"{place}.early_needs[{number}]", f"the gate has no criterion '{needed}'")


def _check_signing(site: Site, inner: str, criterion: Criterion, documents: set[str]) -> None:
    """Only what is signed in the portal names functions, as many as its quorum at least, and a document that is there."""
    if (criterion.functions or criterion.quorum or criterion.document) and (
        criterion.kind != CriterionKind.SIGNED or criterion.check
    ):
        site.fault(inner, "only a signed criterion without a check names functions, a quorum or a document")
    for function in criterion.functions:
        if function not in set(SigningFunction):
            site.fault(f"{inner}.functions", f"'{function}' is no function; known are {', '.join(SigningFunction)}")
    if not 0 <= criterion.quorum <= len(criterion.functions):
        site.fault(f"{inner}.quorum", "a quorum is at most the number of functions; 0 means all of them")
    if criterion.document and criterion.document not in documents:
        site.fault(f"{inner}.document", f"the playbook has no document '{criterion.document}'")


def _may_have_check(criterion: Criterion) -> bool:
    """A signature is looked up too where the definitions' own sign-off holds it."""
    by_signoff = criterion.kind == CriterionKind.SIGNED and criterion.check == SIGNED_CHECK
    return by_signoff or criterion.kind == CriterionKind.COMPUTED


def _numbered(place: str, parts: Iterable[Any]) -> Iterator[tuple[str, Any]]:
    for number, part in enumerate(parts, start=1):
        yield f"{place}[{number}]", part


def _repeated(place: str, parts: Iterable[Any], name: str) -> Iterator[tuple[str, Any]]:
    seen: set[Any] = set()
    for inner, part in _numbered(place, parts):
        if getattr(part, name) in seen:
            yield inner, part
        seen.add(getattr(part, name))


def _parts(part: Any, place: str) -> Iterator[tuple[str, Any]]:
    """Every part inside a part, with its place."""
    for slot in slots(type(part)):
        if not slot.is_part:
            continue
        name = f"{place}.{slot.name}" if place else slot.name
        value = getattr(part, slot.name)
        inside = _numbered(name, value) if slot.is_list else [(name, value)] if value is not None else []
        for inner, each in inside:
            yield inner, each
            yield from _parts(each, inner)


@dataclass(frozen=True)
class Sum:
    """A budget against what its parts add up to."""

    of: str
    budget: Hours
    parts: Hours

    @property
    def ties(self) -> bool:
        return self.budget == self.parts


def sums(playbook: Playbook) -> list[Sum]:
    """Each budget of hours beside the sum of what it is made of: milestones of tasks, the whole of milestones."""
    found = []
    for milestone in playbook.milestones:
        if milestone.hours is not None:
            tasks = [task.hours for each in milestone.lists for task in each.tasks]
            found.append(Sum(milestone.name, milestone.hours, total(list(tasks))))
    if playbook.hours is not None and playbook.milestones:
        found.append(Sum(playbook.name, playbook.hours, total([each.hours for each in playbook.milestones])))
    return found


def part_name(part: Any) -> str:
    """What people call a part: its key, number or title."""
    for name in ("key", "number"):
        if value := getattr(part, name, ""):
            return str(value)
    return str(getattr(part, title_slot(type(part)).name)) if not is_row(type(part)) else _row_name(part)


def _row_name(part: Any) -> str:
    first = [slot for slot in slots(type(part)) if slot.kind is str]
    return str(getattr(part, first[0].name)) if first else ""
