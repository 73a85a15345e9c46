"""The technical specification: versions, two writers, and an acceptance that holds for exactly what was read."""

from typing import Any

import pytest

from engagements.models import Engagement, Gate, Meeting, SpecAnswer, SpecSection, SpecVersion
from engagements.selectors.criteria import CHECKS
from engagements.selectors.spec import is_engineer, spec_get
from engagements.selectors.spec_facts import facts_of
from engagements.services.moves import row_move
from engagements.services.people import participant_add
from engagements.services.problems import EngagementError, IllegalMove
from engagements.services.spec import spec_answer, spec_write
from metrics.models import Source
from portal.accounts.models import User
from portal.tenancy.models import AuditEntry, Client
from tests.engagements.conftest import started
from tests.engagements.test_gates import TODAY
from tests.engine.frames import frame, line
from tests.metrics.loading import load_lines


def section(key: str) -> SpecSection:
    found: SpecSection = SpecSection.objects.select_related("engagement__client").get(key=key)
    return found


def write(
    key: str, text: str = "As agreed", rows: list[list[str]] | None = None, seen: int = 0, **more: Any
) -> SpecVersion:
    return spec_write(section=section(key), text=text, rows=rows or [], seen=seen, **more)


@pytest.fixture
def written(project: Engagement, ana: User) -> Engagement:
    """Every section is ready for review, and the handoff meeting was held."""
    for row in SpecSection.objects.all():
        write(row.key, user=ana)
        row_move(about="spec", row=row, step="submit")
    meeting = Meeting.objects.get(key="engineering-handoff")
    row_move(about="meeting", row=meeting, step="schedule", starts_at=project.created_at)
    row_move(about="meeting", row=meeting, step="hold")
    return project


def answer(project: Engagement, user: User, *, is_accepted: bool = True, **more: Any) -> SpecAnswer:
    given: dict[str, Any] = {"seen": spec_get(project).sha256, "is_engineer": True} | more
    return spec_answer(engagement=project, is_accepted=is_accepted, user=user, **given)


def test_the_sections_are_those_of_the_playbook_cut_to_the_answers(project: Engagement, scope: Client) -> None:
    keys = [row.key for row in SpecSection.objects.filter(engagement=project)]
    assert keys == [
        "fields",
        "objects",
        "formulas",
        "validation",
        "workflows",
        "integration",
        "history",
        "dashboards",
        "sequence",
    ]
    other = started(scope, key="arr-reporting", answers={"billing_integration": False})
    assert not SpecSection.objects.filter(engagement=other, key="integration").exists()


def test_a_version_stays_and_the_second_of_two_writers_is_told(project: Engagement, ana: User) -> None:
    first = write("formulas", rows=[["MRR", "ARR / 12", ""], ["", "", " "]], user=ana)
    assert first.rows == [["MRR", "ARR / 12", ""]], "blank rows are left out"
    with pytest.raises(IllegalMove, match="version 1 was saved in the meantime"):
        write("formulas", "Mine", seen=0)
    second = write("formulas", "Rounded once", rows=first.rows, seen=1)
    assert [row.number for row in section("formulas").versions.all()] == [2, 1] and second.sha256 != first.sha256
    with pytest.raises(EngagementError, match="nothing has changed"):
        write("formulas", "Rounded once", rows=first.rows, seen=2)


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"text": " "}, "write something"),
        ({"rows": [["one", "two"]]}, "a row has 3 cells"),
        ({"text": "x" * 40_001}, "up to 40,000"),
        ({"rows": [["x" * 1_001, "", ""]]}, "a cell has up to"),
    ],
)
def test_a_version_is_bounded_and_fits_its_table(given: dict[str, Any], reason: str, project: Engagement) -> None:
    with pytest.raises(EngagementError, match=reason):
        write("formulas", **given)


def test_an_acceptance_names_every_version_and_opens_the_criterion(written: Engagement, ana: User) -> None:
    gate = Gate.objects.select_related("engagement__client").get(phase__key="2")
    assert not CHECKS["spec_accepted"](gate, TODAY).holds
    given = answer(written, ana)
    assert len(given.sections) == 9 and {row["number"] for row in given.sections} == {1}
    assert CHECKS["spec_accepted"](gate, TODAY).sentence == "Accepted by Ana."
    assert set(SpecSection.objects.values_list("state", flat=True)) == {"approved"}
    assert AuditEntry.objects.filter(action="spec.accepted").exists()


def test_a_section_says_beside_it_what_the_portal_does_today(project: Engagement, scope: Client) -> None:
    (part,) = facts_of(project, "formulas")
    assert any("USD" in sentence for _, sentence in part.rows)
    load_lines(frame(line()))
    Source.objects.update(mapping={"columns": {"amount": "plan_amount"}})
    assert [part.rows for part in facts_of(project, "integration")] == [(("amount", "plan_amount"),)]
    assert facts_of(project, "history") == []


def test_whoever_writes_on_lets_the_acceptance_lapse(written: Engagement, ana: User) -> None:
    answer(written, ana)
    write("integration", "Every hour", seen=1)
    now = spec_get(written)
    assert not now.is_accepted and now.changed_since == ["Billing integration"]
    assert "no longer holds, because this changed: Billing integration" in now.sentence


def test_what_was_not_read_is_not_accepted(written: Engagement, ana: User) -> None:
    seen = spec_get(written).sha256
    write("fields", "Something else", seen=1)
    row_move(about="spec", row=section("fields"), step="submit")
    with pytest.raises(IllegalMove, match="has changed since you read it"):
        answer(written, ana, seen=seen)


def test_the_engineer_answers_after_the_meeting_and_nobody_else(written: Engagement, ana: User) -> None:
    with pytest.raises(EngagementError, match="an engineer on this engagement"):
        answer(written, ana, is_engineer=False)
    Meeting.objects.filter(key="engineering-handoff").update(state="scheduled")
    with pytest.raises(IllegalMove, match="Engineering handoff” comes first"):
        answer(written, ana)
    with pytest.raises(EngagementError, match="say what is missing"):
        answer(written, ana, is_accepted=False)
    returned = answer(written, ana, is_accepted=False, note="The rate limit")
    assert not returned.is_accepted and spec_get(written).sentence == "Ana has returned it: The rate limit"
    with pytest.raises(IllegalMove, match="not ready for review: Fields"):
        answer(written, ana)


def test_an_engineer_is_one_by_their_role_at_the_firm_or_on_the_engagement(
    rita: User, project: Engagement, ana: User
) -> None:
    assert is_engineer(project, ana, "engineer") and not is_engineer(project, ana, "architect")
    assert not is_engineer(project, rita, "engineer"), "not on this engagement"
    participant_add(engagement=project, user=rita, is_firm_staff=True, project_role="Lead engineer")
    assert is_engineer(project, rita, "expert")
