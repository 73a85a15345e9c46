"""The shipped playbooks hold everything the process has: counted, and named where a number matters."""

from pathlib import Path

import pytest

from engagements.playbook.checks import sums, tasks_of
from engagements.playbook.hours import total
from engagements.playbook.schema import Playbook
from engagements.playbook.seed_form import seed_read
from engagements.playbook.terms import Cadence, DocumentKind, TestKind
from engagements.shipped import LIBRARY, shipped_playbooks


@pytest.fixture(scope="module")
def arr() -> Playbook:
    return shipped_playbooks()["arr-reporting"]


@pytest.fixture(scope="module")
def suite() -> Playbook:
    return shipped_playbooks()["executive-reporting-suite"]


@pytest.fixture(scope="module")
def sales() -> Playbook:
    return shipped_playbooks()["sales-dashboards"]


def test_the_four_phases_with_weights_and_sub_phases(arr: Playbook) -> None:
    assert [(phase.name, str(phase.weight)) for phase in arr.phases] == [
        ("Strategy", "heavy"), ("Engineering", "heavy"), ("Enablement", "medium"), ("Handoff", "medium"),
    ]  # fmt: skip
    keys = [sub.key for phase in arr.phases for sub in phase.subphases]
    assert keys == [f"{phase}{step}" for phase in "1234" for step in "abcd"]
    assert arr.phases[1].share == "40-50%"


def test_every_checklist_of_the_process_is_there(arr: Playbook) -> None:
    counts = {sub.key: len(sub.checklist) for phase in arr.phases for sub in phase.subphases}
    assert counts["1d"] == 9  # the validation before the build
    assert counts["2a"] == 9  # what the spec holds
    assert counts["2d"] == 5  # the engineering sign-off
    assert counts["3a"] == 5  # the training package
    assert counts["3b"] == 4
    assert counts["3d"] == 8  # the enablement sign-off
    assert len(arr.close_checklist) == 4 and len(arr.debrief) == 3
    tracks = arr.phases[0].subphases[0].tracks
    assert [(str(track.side), len(track.points), len(track.items)) for track in tracks] == [
        ("client", 5, 4),
        ("firm", 7, 0),
    ]


def test_meetings_and_their_agendas(arr: Playbook) -> None:
    meetings = {meeting.key: meeting for meeting in arr.meetings}
    assert set(meetings) == {
        "kickoff", "refinement-1", "refinement-2", "sign-off", "engineering-handoff", "office-hour",
        "first-month-end", "final", "debrief", "check-in",
    }  # fmt: skip
    kickoff = meetings["kickoff"]
    assert [(slot.start, slot.end) for slot in kickoff.agenda] == [
        (0, 15), (15, 30), (30, 45), (45, 55), (55, 65), (65, 75), (75, 90),
    ]  # fmt: skip
    assert (len(kickoff.bring), len(kickoff.leave_with), len(kickoff.homework)) == (6, 5, 2)
    assert [(slot.start, slot.end) for slot in meetings["engineering-handoff"].agenda] == [(0, 15), (15, 30), (30, 45)]
    loop = meetings["refinement-1"]
    assert (len(loop.before), len(loop.during), len(loop.after)) == (3, 4, 3)
    assert len(meetings["final"].during) == 9


def test_thirteen_components_with_their_hours(arr: Playbook) -> None:
    assert [str(component.hours) for component in arr.components] == [
        "2-4", "1-2", "1-2", "2-4", "3-5", "4-8", "2-4", "2-3", "3-5", "2-4", "2-3", "2-3", "1-2",
    ]  # fmt: skip


def test_its_tasks_cover_every_sub_phase_and_the_build_is_the_sum_of_its_components(arr: Playbook) -> None:
    tasks = tasks_of(arr)
    assert {task.subphase for task in tasks} >= {sub.key for phase in arr.phases for sub in phase.subphases} - {"3d"}
    build = next(task for task in tasks if task.name == "Build the components")
    assert build.hours == total([component.hours for component in arr.components])
    sessions = next(task for task in tasks if task.name == "Hold the trainings")
    assert sessions.hours is not None
    assert sessions.hours.low * 60 == sum(training.minutes for training in arr.trainings)


def test_tests_trainings_hypercare_and_maintenance(arr: Playbook) -> None:
    kinds = [test.kind for test in arr.tests]
    assert (kinds.count(TestKind.TECHNICAL), kinds.count(TestKind.CUSTOMER)) == (14, 4)
    assert [training.minutes for training in arr.trainings] == [30, 60, 30, 30]
    assert arr.hypercare is not None
    assert (arr.hypercare.weeks, arr.hypercare.good_below, arr.hypercare.extend_above) == ("2-4", "2", "5")
    assert (arr.hypercare.extend_weeks, len(arr.hypercare.focus)) == (2, 4)
    cadences = [task.cadence for task in arr.maintenance]
    assert {cadence: cadences.count(cadence) for cadence in Cadence} == dict.fromkeys(Cadence, 4)
    flags = " ".join(task.red_flag for task in arr.maintenance)
    assert all(figure in flags for figure in ("2%", "48 hours", "50,000 in the reporting currency"))
    assert {str(owner.kind): owner.handed_at for owner in arr.maintenance_owners} == {"single": "4c", "dedicated": "4b"}
    assert [trigger.key for trigger in arr.triggers] == ["drift", "product", "migration", "dispute"]


def test_the_other_tables(arr: Playbook) -> None:
    documents = [document.kind for document in arr.documents]
    assert documents.count(DocumentKind.HANDOFF) == 12 and documents.count(DocumentKind.DELIVERABLE) == 3
    counts = {name: len(getattr(arr, name)) for name in (
        "questions", "terms", "billing_systems", "methods", "troubleshooting", "gotchas", "escalations", "gates", "conditions",
    )}  # fmt: skip
    assert counts == {
        "questions": 7, "terms": 11, "billing_systems": 5, "methods": 3, "troubleshooting": 8, "gotchas": 5,
        "escalations": 2, "gates": 4, "conditions": 4,
    }  # fmt: skip
    assert arr.gates[0].early_start and arr.gates[0].early_needs == ("policy_signed",)
    assert [len(path.steps) for path in arr.close_paths] == [3, 3]


def test_the_executive_suite_holds_all_eighteen_tasks(suite: Playbook) -> None:
    tasks = tasks_of(suite)
    assert [task.number for task in tasks] == list(range(1, 19))
    assert [str(task.hours) for task in tasks] == [
        "3", "2.5", "2.5", "2", "2.5", "3", "3.5", "4", "4", "3", "2", "2.5", "2", "2", "2.5", "2.5", "2", "3",
    ]  # fmt: skip
    assert [len(task.points) for task in tasks] == [6, 5, 6, 6, 6, 6, 6, 7, 6, 6, 6, 6, 7, 6, 5, 6, 6, 6]
    assert all(task.end_state and task.subphase for task in tasks)
    assert [(str(each.budget), str(each.parts)) for each in sums(suite)] == [
        ("44", "34.5"),
        ("16", "14"),
        ("60", "60"),
    ]


def test_its_points_are_as_many_as_in_the_document(suite: Playbook, shared: Path) -> None:
    document = next((shared / "seeds").glob("000_*.txt"))
    theirs = tasks_of(seed_read(document.read_text(encoding="utf-8")).playbook)
    assert [len(task.points) for task in tasks_of(suite)] == [len(task.points) for task in theirs]
    assert [task.hours for task in tasks_of(suite)] == [task.hours for task in theirs]


def test_sales_dashboards_hold_users_stories_requirements_and_measures(sales: Playbook) -> None:
    assert len({audience.department for audience in sales.audiences}) == 6 and len(sales.audiences) == 20
    assert len(sales.stories) == 12 and len(sales.requirements) == 19
    assert [benefit.measure for benefit in sales.benefits if benefit.measure] == [
        "30-50% less", "20-30% more", "5-10%", "3-5%",
    ]  # fmt: skip


def test_no_brand_and_no_sentence_of_the_sources_is_in_them(shared: Path) -> None:
    ours = " ".join(path.read_text(encoding="utf-8").lower() for path in LIBRARY.glob("*.yaml"))
    assert "leanscale" not in ours
    sources = [path.read_text(encoding="utf-8").lower() for path in (shared / "seeds").glob("00[012]_*.txt")]
    words = {tuple(line.split()) for text in sources for line in text.splitlines()}
    long = {" ".join(line) for line in words if len(line) > 9}
    assert [line for line in long if line in ours] == []
