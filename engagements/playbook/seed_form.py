"""Reads a project's task list as documents hold it: milestones, task lists, and tables with one task a row.

Takes the text as it stands: `Milestone 1: …`, `Task List: …`, `| 1. Name | 3h | What. End state: … • point • point |`, and a
summary whose counts are compared with what was found. Nothing is corrected; what does not tie is reported.
"""

import re
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from engagements.playbook.build import Fault, PlaybookError, one_line, text_bounded
from engagements.playbook.checks import playbook_from, sums, tasks_of
from engagements.playbook.hours import Hours, plain, total
from engagements.playbook.schema import Playbook
from portal.lib.hours import hours_text

TASK = re.compile(r"\|\s*(\d{1,4})\.\s+(.*?)\s*\|\s*([^|]*?)\s*\|\s*(.*?)\s*\|\Z")
HEAD = re.compile(r"\|\s*Task\s*\|\s*Est\s*\|\s*Description\s*\|\Z", re.IGNORECASE)
RULE = re.compile(r"\|(?:\s*:?-+:?\s*\|)+\Z")
PAIR = re.compile(r"(Tag|Total Hours|Structure|Description|Hours|Contains):\s*(.*)\Z")
MILESTONE = re.compile(r"Milestone\s+\d+:\s*(.+)\Z")
TASK_LIST = re.compile(r"Task List:\s*(.+)\Z")
TITLE_END = re.compile(r"\s*[-–]\s*Project Details\s*/\s*Task List\s*\Z")
END_STATE = re.compile(r"\s*End state:\s*", re.IGNORECASE)
COUNT = re.compile(r"-\s*Total (Milestones|Task Lists|Tasks|Hours):\s*(\d+(?:\.\d+)?)")
NOTE = re.compile(r"-\s*Generated (from|on):\s*(.+)\Z")


@dataclass(frozen=True)
class SeedReport:
    """The playbook that was read, and everything in it that does not tie."""

    playbook: Playbook
    findings: tuple[str, ...]


@dataclass
class _Reading:
    data: dict[str, Any] = field(default_factory=dict)
    lines: dict[str, int] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    said: dict[str, Decimal] = field(default_factory=dict)
    is_summary: bool = False

    @property
    def milestone(self) -> dict[str, Any] | None:
        found: list[dict[str, Any]] = self.data.get("milestones", [])
        return found[-1] if found else None

    @property
    def task_list(self) -> dict[str, Any] | None:
        lists = (self.milestone or {}).get("lists") or [None]
        found: dict[str, Any] | None = lists[-1]
        return found

    def place(self) -> str:
        """Where the newest milestone, list or task stands."""
        if self.milestone is None:
            return ""
        place = f"milestones[{len(self.data['milestones'])}]"
        if self.task_list is None:
            return place
        place += f".lists[{len(self.milestone['lists'])}]"
        tasks = self.task_list.get("tasks")
        return f"{place}.tasks[{len(tasks)}]" if tasks else place


def seed_read(text: str) -> SeedReport:
    """The playbook of such a document. PlaybookError names each line that cannot be read."""
    reading = _Reading()
    for number, raw in enumerate(text_bounded(text).splitlines(), start=1):
        if line := one_line(raw.lstrip("\ufeff")):
            _take(reading, line, number)
    if not reading.data.get("milestones"):
        reading.faults.append(Fault("the file", "it holds no milestone ('Milestone 1: its name')"))
    if reading.faults:
        raise PlaybookError(reading.faults)
    playbook = playbook_from(reading.data, reading.lines)
    return SeedReport(playbook, tuple(findings(playbook, reading.said)))


def _take(reading: _Reading, line: str, number: int) -> None:
    if not reading.data:
        name = TITLE_END.sub("", line)
        reading.data.update(name=name, key=key_of(name))
        reading.lines[""] = number
    elif line == "Summary":
        reading.is_summary = True
    elif reading.is_summary:
        _summary(reading, line)
    elif found := MILESTONE.match(line):
        reading.data.setdefault("milestones", []).append({"name": found[1]})
        reading.lines[reading.place()] = number
    elif found := TASK_LIST.match(line):
        _task_list(reading, found[1], number)
    elif found := PAIR.match(line):
        _pair(reading, found[1], found[2], number)
    elif line.startswith("|"):
        _row(reading, line, number)
    else:
        reading.faults.append(
            Fault(reading.place() or "the head", f"this line is not understood: '{line[:60]}'", number)
        )


def _task_list(reading: _Reading, name: str, number: int) -> None:
    if reading.milestone is None:
        reading.faults.append(Fault("the head", "a task list stands before the first milestone", number))
        return
    reading.milestone.setdefault("lists", []).append({"name": name})
    reading.lines[reading.place()] = number


def _pair(reading: _Reading, label: str, value: str, number: int) -> None:
    if label == "Contains" and reading.task_list is not None:
        reading.task_list["contains"] = value
        return
    owner = reading.data if reading.milestone is None else reading.milestone
    names = {
        "Tag": "tag",
        "Total Hours": "hours",
        "Hours": "hours",
        "Structure": "structure",
        "Description": "description",
    }
    name = names.get(label, "")
    if reading.milestone is None and name == "description":
        name = "summary"
    if not name or (reading.milestone is not None and name == "structure"):
        reading.faults.append(Fault(reading.place() or "the head", f"'{label}' has no place here", number))
        return
    owner[name] = value
    place = reading.place().split(".")[0]
    reading.lines[f"{place}.{name}" if place else name] = number


def _row(reading: _Reading, line: str, number: int) -> None:
    if HEAD.match(line) or RULE.match(line):
        return
    found = TASK.match(line)
    if found is None:
        reason = "this row is no task: '| 1. Name | 3h | Description |' is expected"
        reading.faults.append(Fault(reading.place() or "the head", reason, number))
        return
    if reading.task_list is None:
        reading.faults.append(Fault(reading.place() or "the head", "a task stands before the first task list", number))
        return
    said, *points = found[4].split("•")
    described, *ends = END_STATE.split(said, maxsplit=1)
    task = {"name": found[2], "number": found[1], "hours": found[3], "description": described.strip()}
    task |= {"end_state": ends[0].strip()} if ends else {}
    reading.task_list.setdefault("tasks", []).append(task | {"points": [p.strip() for p in points if p.strip()]})
    reading.lines[reading.place()] = number


def _summary(reading: _Reading, line: str) -> None:
    if found := COUNT.match(line):
        reading.said[found[1]] = Decimal(found[2])
    elif (found := NOTE.match(line)) and found[1] == "from":
        reading.data["source"] = found[2]


def key_of(name: str) -> str:
    """A key from a name."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:60] or "playbook"


def findings(playbook: Playbook, said: dict[str, Decimal]) -> list[str]:
    """What does not tie: budgets against their tasks, and the summary's counts against what is there."""
    found = []
    for each in sums(playbook):
        if not each.ties:
            gap = plain(each.budget.low - each.parts.low)
            found.append(
                f"{each.of}: its tasks add up to {hours_text(each.parts.low, each.parts.high)}, "
                f"its budget is {hours_text(each.budget.low, each.budget.high)} ({gap} h apart)"
            )
    lists = [each for milestone in playbook.milestones for each in milestone.lists]
    whole: Hours = total([milestone.hours for milestone in playbook.milestones])
    there = {
        "Milestones": Decimal(len(playbook.milestones)),
        "Task Lists": Decimal(len(lists)),
        "Tasks": Decimal(len(tasks_of(playbook))),
        "Hours": whole.low,
    }
    for name, count in said.items():
        if count != there[name]:
            found.append(f"the summary says {plain(count)} {name.lower()}, the document holds {plain(there[name])}")
    return found
