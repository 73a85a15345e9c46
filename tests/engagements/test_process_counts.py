"""What the shipped playbooks hold, beside a table that was made by hand from the process as it is written down."""

from typing import Any

import pytest

from engagements.playbook.adapt import adapted
from engagements.playbook.checks import point_parts
from engagements.playbook.schema import Playbook
from engagements.shipped import shipped_playbooks

ARR = shipped_playbooks()["arr-reporting"]
SALES = shipped_playbooks()["sales-dashboards"]

# sub-phase, points of its checklist, points of its tracks (the client's, the firm's), notes
SUBPHASES = [
    ("1a", 1, (5, 7), 4),
    ("1b", 1, (), 0),
    ("1c", 1, (), 1),
    ("1d", 9, (), 0),
    ("2a", 9, (), 0),
    ("2b", 1, (), 0),
    ("2c", 1, (), 0),
    ("2d", 5, (), 0),
    ("3a", 5, (), 0),
    ("3b", 4, (), 0),
    ("3c", 1, (), 0),
    ("3d", 8, (), 0),
    ("4a", 1, (), 0),
    ("4b", 4, (), 0),
    ("4c", 4, (), 0),
    ("4d", 6, (), 0),
]
# meeting, where, how long, minutes at which its agenda turns, then how many to bring, to leave with, as homework,
# before, during and after
MEETINGS = [
    ("kickoff", "1b", "60-90", (0, 15, 30, 45, 55, 65, 75, 90), (6, 5, 2, 0, 0, 0)),
    ("refinement-1", "1c", "", (), (0, 0, 0, 3, 4, 3)),
    ("refinement-2", "1c", "", (), (0, 0, 0, 3, 4, 3)),
    ("sign-off", "1d", "", (), (0, 0, 0, 0, 0, 0)),
    ("engineering-handoff", "2b", "30-45", (0, 15, 30, 45), (4, 3, 0, 0, 0, 0)),
    ("office-hour", "3c", "30", (), (0, 0, 0, 0, 0, 0)),
    ("first-month-end", "3c", "", (), (0, 0, 0, 0, 0, 0)),
    ("final", "4c", "", (), (0, 0, 0, 0, 9, 0)),
    ("debrief", "4d", "", (), (0, 0, 0, 0, 0, 0)),
    ("check-in", "4d", "", (), (0, 0, 0, 4, 3, 2)),
]
# documents by kind and the gates' criteria by how they are known
DOCUMENTS = {"working": 4, "deliverable": 3, "technical": 2, "training": 7, "handoff": 12}
CRITERIA = {
    "1": {"signed": 1, "computed": 3, "confirmed": 4},
    "2": {"signed": 1, "computed": 4, "confirmed": 1},
    "3": {"computed": 4, "confirmed": 2},
    "4": {"computed": 6, "confirmed": 1},
}
# the sales dashboards: needs by department, benefits and requirements by area
NEEDS = {
    "Sales": 5,
    "Marketing": 4,
    "Finance": 3,
    "Operations": 3,
    "Customer service": 3,
    "Research and development": 2,
}
FUNCTIONAL = {"Interaction": 2, "Filters": 2, "Freshness": 1, "Budget": 2, "Export": 1}


def counted(parts: Any, name: str) -> dict[str, int]:
    """How many parts there are with each value of a field."""
    values = [str(getattr(part, name)) for part in parts]
    return {value: values.count(value) for value in dict.fromkeys(values)}


def test_every_sub_phase_has_as_many_points_as_the_process() -> None:
    subs = [sub for phase in ARR.phases for sub in phase.subphases]
    found = [(s.key, len(s.checklist), tuple(len(track.points) for track in s.tracks), len(s.notes)) for s in subs]
    assert found == SUBPHASES


def test_every_meeting_has_its_agenda_and_lists() -> None:
    lists = ("bring", "leave_with", "homework", "before", "during", "after")
    found = []
    for each in ARR.meetings:
        turns = tuple(slot.start for slot in each.agenda) + tuple(slot.end for slot in each.agenda[-1:])
        found.append((each.key, each.subphase, each.length, turns, tuple(len(getattr(each, name)) for name in lists)))
    assert found == MEETINGS


def test_documents_and_criteria_are_all_there() -> None:
    assert counted(ARR.documents, "kind") == DOCUMENTS
    assert {gate.phase: counted(gate.criteria, "kind") for gate in ARR.gates} == CRITERIA


def test_sales_dashboards_hold_every_department_and_requirement() -> None:
    assert counted(SALES.audiences, "department") == NEEDS
    areas = counted(SALES.requirements, "area")
    assert {area: areas[area] for area in FUNCTIONAL} == FUNCTIONAL
    assert len(SALES.benefits) == 19 and len([b for b in SALES.benefits if b.measure]) == 4


@pytest.mark.parametrize("playbook", shipped_playbooks().values(), ids=lambda each: each.key)
def test_every_condition_leaves_something_out_and_nothing_that_gates_need(playbook: Playbook) -> None:
    for condition in playbook.conditions:
        without = adapted(playbook, {condition.key: False})
        assert without != adapted(playbook, {}), condition.key
        for gate in without.gates:
            assert gate.criteria and set(gate.early_needs) <= {criterion.key for criterion in gate.criteria}


def test_without_billing_nothing_asks_for_its_integration() -> None:
    cut = adapted(ARR, {"billing_integration": False})
    assert "integration" not in {criterion.key for criterion in cut.gates[0].criteria}
    assert "Billing field mapping" not in {document.name for document in cut.documents}
    points = [point_parts(point)[0] for phase in cut.phases for sub in phase.subphases for point in sub.checklist]
    assert "The way billing is integrated is confirmed" not in points
