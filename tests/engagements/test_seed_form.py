"""The task list as documents hold it: read as it stands, and what does not tie is said."""

from collections.abc import Callable
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from engagements.models import FirmPlaybook, PlaybookVersion
from engagements.playbook.build import PlaybookError
from engagements.playbook.checks import tasks_of
from engagements.playbook.seed_form import seed_read
from engagements.selectors.playbooks import version_content
from portal.tenancy.models import Firm, FirmAuditEntry

LIST = """Things - Project Details / Task List
Tag: things
Total Hours: 5h
Milestone 1: First
Hours: 5h
Task List: (T) 1. All
Contains: Parts 1-2
| Task | Est | Description |
|---|---|---|
| 1. Do it | 2.5h | Do the thing. End state: It is done. • One • Two |
| 2. Do more | 1-2h | Only words |
Summary
- Total Tasks: 3 (one per Step)
- Generated from: things.md
"""


@pytest.fixture
def seed(shared: Path) -> Path:
    found = list((shared / "seeds").glob("000_*.txt"))
    if not found:
        pytest.skip("the task list is not beside this checkout")
    return found[0]


def test_a_list_is_read_with_its_parts_and_its_differences() -> None:
    report = seed_read(LIST)
    playbook = report.playbook
    assert (playbook.name, playbook.key, playbook.tag, playbook.source) == ("Things", "things", "things", "things.md")
    first, second = tasks_of(playbook)
    assert (first.name, str(first.hours), first.description) == ("Do it", "2.5", "Do the thing.")
    assert (first.end_state, first.points) == ("It is done.", ("One", "Two"))
    assert (str(second.hours), second.description, second.points) == ("1-2", "Only words", ())
    assert playbook.milestones[0].lists[0].contains == "Parts 1-2"
    assert report.findings == (
        "First: its tasks add up to 3.5–4.5 h, its budget is 5 h (1.5 h apart)",
        "the summary says 3 tasks, the document holds 2",
    )


@pytest.mark.parametrize(
    ("old", "new", "place", "line"),
    [
        ("| 2.5h |", "| soon |", "milestones[1].lists[1].tasks[1].hours", 10),
        ("| 2. Do more", "| Do more", "milestones[1].lists[1].tasks[1]", 11),
        ("| 2. Do more", "| 1. Do more", "milestones[1].lists[1].tasks[2].number", 11),
        ("Milestone 1: First\n", "", "the head", 5),
        ("Contains: Parts 1-2", "Colour: red", "milestones[1].lists[1]", 7),
    ],
)
def test_a_line_that_cannot_be_read_is_named(old: str, new: str, place: str, line: int) -> None:
    with pytest.raises(PlaybookError) as caught:
        seed_read(LIST.replace(old, new))
    assert (place, line) in [(fault.place, fault.line) for fault in caught.value.faults]


def test_the_document_as_it_stands(seed: Path) -> None:
    report = seed_read(seed.read_text(encoding="utf-8"))
    playbook = report.playbook
    tasks = tasks_of(playbook)
    assert [str(milestone.hours) for milestone in playbook.milestones] == ["44", "16"]
    assert [len(each.tasks) for milestone in playbook.milestones for each in milestone.lists] == [6, 6, 6]
    assert len(tasks) == 18 and sum(len(task.points) for task in tasks) == 108
    assert all(task.end_state and task.description and task.hours for task in tasks)
    assert len(report.findings) == 2
    assert "add up to 34.5 h, its budget is 44 h" in report.findings[0]
    assert "add up to 14 h, its budget is 16 h" in report.findings[1]


@pytest.mark.django_db
def test_the_command_reports_and_keeps_for_a_firm(seed: Path, ridge: Firm) -> None:
    out = StringIO()
    call_command("playbook_import", str(seed), firm="ridge", stdout=out)
    said = out.getvalue()
    assert "2 milestones, 3 task lists, 18 tasks, 108 points" in said
    assert "34.5 h, its budget is 44 h" in said and "14 h, its budget is 16 h" in said
    version = PlaybookVersion.objects.get(playbook__firm=ridge)
    assert version.number == 1 and len(tasks_of(version_content(version))) == 18
    entry = FirmAuditEntry.objects.get(action="playbook.saved")
    assert entry.actor == "command line" and entry.details["sha256"] == version.sha256


@pytest.mark.django_db
def test_the_command_without_a_firm_only_looks(tmp_path: Path) -> None:
    path = tmp_path / "list.txt"
    path.write_text(LIST, encoding="utf-8")
    call_command("playbook_import", str(path), stdout=StringIO())
    assert not FirmPlaybook.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("write", "firm", "said"),
    [
        (lambda path: path.write_text("nothing of the kind\n| x |", encoding="utf-8"), None, "line 2, the head"),
        (lambda path: path.write_bytes(b"\xff\xfe\x00"), None, "cannot be read"),
        (lambda path: path.write_text(LIST, encoding="utf-8"), "nobody", "there is no firm 'nobody'"),
    ],
)
def test_the_command_says_in_one_line_what_is_wrong(
    tmp_path: Path, write: Callable[[Path], object], firm: str | None, said: str
) -> None:
    path = tmp_path / "list.txt"
    write(path)
    with pytest.raises(CommandError, match=said):
        call_command("playbook_import", str(path), firm=firm, stdout=StringIO())
