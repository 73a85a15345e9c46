"""Whom an engagement tells what: mentions by name, tasks, meetings with homework, gates; never what is not theirs to see."""

import datetime as dt

import pytest

from engagements.models import Engagement, Gate, Meeting, Participant
from engagements.services.conversation import comment_add, meeting_item_add
from engagements.services.gates import gate_override
from engagements.services.moves import row_move
from engagements.services.people import participant_add
from engagements.services.problems import EngagementError
from engagements.services.tasks import task_create, task_update
from portal.accounts.models import User
from portal.notices.kinds import Kind
from portal.notices.models import Notice
from portal.tenancy.actor import Actor, acting_as


def told(user: User, kind: str) -> list[str]:
    return list(Notice.objects.filter(user=user, kind=kind).order_by("pk").values_list("text", flat=True))


def say(project: Engagement, author: User, text: str, about_id: int = 1, is_internal: bool = False) -> None:
    comment_add(
        engagement=project, about="task", about_id=about_id, text=text, author=author, is_internal=is_internal,
        path=f"tasks/{about_id}/",
    )  # fmt: skip


@pytest.fixture
def finn_larsen(project: Engagement, finn: User) -> User:
    """Finn under a full name; beside him a Finn Larsen-Holm, whom nobody means."""
    User.objects.filter(pk=finn.pk).update(name="Finn Larsen")
    return User.objects.get(pk=finn.pk)


def test_a_name_is_enough_to_tell_somebody_and_the_longer_name_wins(
    rita: User, project: Engagement, ana: User, finn_larsen: User
) -> None:
    User.objects.filter(pk=rita.pk).update(name="Finn Larsen Holm")
    participant_add(engagement=project, user=rita, is_firm_staff=False, project_role="Lead", function="revops")
    say(project, ana, "@finn larsen holm, and nobody else")
    assert told(finn_larsen, Kind.MENTIONED) == []
    assert told(rita, Kind.MENTIONED) == ["Ana mentions you: @finn larsen holm, and nobody else"]
    say(project, ana, "Ask @Finn Larsen. Or mail ana@example.com")
    assert len(told(finn_larsen, Kind.MENTIONED)) == 1 and told(ana, Kind.MENTIONED) == []


def test_a_name_of_two_people_asks_for_the_address(
    rita: User, project: Engagement, ana: User, finn_larsen: User
) -> None:
    User.objects.filter(pk=rita.pk).update(name="Finn Larsen")
    participant_add(engagement=project, user=rita, is_firm_staff=False, project_role="Lead", function="revops")
    with pytest.raises(EngagementError, match=r"two people .* @(finn|rita)@example\.com or @(finn|rita)@example\.com"):
        say(project, ana, "@Finn Larsen when?")


def test_what_is_the_firms_alone_names_no_one_of_the_client(project: Engagement, ana: User, finn_larsen: User) -> None:
    hidden = task_create(engagement=project, name="Fix their mess", is_client_visible=False)
    for given in ({"is_internal": True}, {"about_id": hidden.pk}):
        with pytest.raises(EngagementError, match="cannot be shown to finn@"):
            say(project, ana, "@Finn Larsen look", **given)
    assert told(finn_larsen, Kind.MENTIONED) == []


def test_whoever_a_task_is_given_to_hears_of_it_unless_it_is_hidden_or_their_own_doing(
    project: Engagement, ana: User, finn: User, analyst: Participant
) -> None:
    task = task_create(engagement=project, name="Export contracts")
    task_update(task=task, changes={"owner": analyst, "due_on": dt.date(2026, 12, 3)})
    assert told(finn, Kind.TASK) == [f"Task {task} is yours, due 3 Dec 2026 ({project})"]
    task_create(engagement=project, name="Hidden", owner=analyst, is_client_visible=False)
    with acting_as(Actor(finn.email, finn.pk)):
        task_create(engagement=project, name="Mine", owner=analyst)
    assert len(told(finn, Kind.TASK)) == 1


def test_a_meeting_is_told_in_ones_own_time_with_ones_own_homework(
    project: Engagement, ana: User, finn: User, analyst: Participant
) -> None:
    User.objects.filter(pk=finn.pk).update(time_zone="Asia/Tokyo")
    meeting = Meeting.objects.order_by("pk")[0]
    meeting_item_add(meeting=meeting, kind="homework", text="Send the price list.", owner=analyst)
    row_move(about="meeting", row=meeting, step="schedule", starts_at=dt.datetime(2026, 12, 3, 9, tzinfo=dt.UTC))
    assert told(finn, Kind.MEETING) == [
        f"{meeting} ({project}) is on 3 Dec 2026, 18:00 JST. Yours before it: Send the price list."
    ]
    assert told(ana, Kind.MEETING) == [f"{meeting} ({project}) is on 3 Dec 2026, 09:00 UTC."]
    assert "Send the price list" in told(finn, Kind.TASK)[0]


def test_everybody_hears_of_a_gate_that_opens_against_its_criteria(project: Engagement, ana: User, finn: User) -> None:
    gate = Gate.objects.select_related("engagement__client", "phase").order_by("phase__position")[0]
    with acting_as(Actor(ana.email, ana.pk)):
        gate_override(gate=gate, reason="The board meets on Monday", user=ana)
    (text,) = told(finn, Kind.GATE)
    assert text.startswith(f"Ana opened against its criteria: {gate}") and "The board meets on Monday" in text
    assert told(ana, Kind.GATE) == [], "she knows"
