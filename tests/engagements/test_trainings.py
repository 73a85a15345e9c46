"""Trainings: who was invited and who came; and questions, which the client reads once they are published."""

import datetime as dt
from collections.abc import Callable

import pytest
from django.test import Client as Browser

from engagements.models import Document, Engagement, Gate, ProjectQuestion, ProjectTraining, TrainingSeat
from engagements.selectors.calendar import Asked, events_of
from engagements.selectors.criteria import CHECKS
from engagements.selectors.projects import Reader
from engagements.selectors.trainings import material_list, question_list, training_rows
from engagements.services.problems import EngagementError, IllegalMove
from engagements.services.trainings import material_set, question_add, question_answer, training_hold, training_plan
from portal.accounts.models import User
from portal.tenancy.models import Client
from portal.tenancy.scope import tenant_context
from tests.engagements.conftest import started
from tests.engagements.test_gates import TODAY

WHEN = dt.datetime(2026, 11, 18, 13, tzinfo=dt.UTC)


def a_training(key: str = "executives") -> ProjectTraining:
    found: ProjectTraining = ProjectTraining.objects.select_related("engagement__client").get(key=key)
    return found


def seats() -> dict[str, tuple[bool, bool | None]]:
    return {seat.name: (seat.is_invited, seat.has_come) for seat in TrainingSeat.objects.all()}


def test_who_was_invited_and_who_came_are_two_things(project: Engagement) -> None:
    training_plan(training=a_training(), planned_at=WHEN, invited=["Ada  Byron", "Bob", "", "Cyd"])
    training_plan(training=a_training(), planned_at=WHEN, invited=["Ada Byron", "Bob"])
    assert seats() == {"Ada Byron": (True, None), "Bob": (True, None)}
    ada = TrainingSeat.objects.get(name="Ada Byron")
    training_hold(
        training=a_training(), held_on=WHEN.date(), came=[ada.pk, 10**9], others=["Dee"], recording="https://v.example"
    )
    assert seats() == {"Ada Byron": (True, True), "Bob": (True, False), "Dee": (False, True)}
    (row,) = [row for row in training_rows(project) if row.training.key == "executives"]
    assert (row.invited, row.came) == (2, 2)
    with pytest.raises(IllegalMove, match="held already"):
        training_plan(training=a_training(), planned_at=WHEN, invited=[])


def test_a_planned_training_is_in_the_calendar_until_it_was_held(project: Engagement, ana: User) -> None:
    training_plan(training=a_training(), planned_at=WHEN, invited=[])
    asked = Asked(Reader(ana, True), False, WHEN)
    (event,) = [event for event in events_of(asked, "/e/") if event.uid.startswith("training")]
    assert (event.summary, event.starts, event.ends) == (
        "Northwind: Training: Executives",
        WHEN,
        WHEN + dt.timedelta(minutes=30),
    )
    training_hold(training=a_training(), held_on=WHEN.date())
    assert not [event for event in events_of(asked, "/e/") if event.uid.startswith("training")]


def test_the_gate_waits_for_every_training(project: Engagement) -> None:
    gate = Gate.objects.select_related("engagement__client").get(phase__key="3")
    for key in ("executives", "revops", "sales"):
        training_hold(training=a_training(key), held_on=TODAY)
    assert CHECKS["trainings_held"](gate, TODAY).sentence == "1 of 4 trainings not held."
    training_hold(training=a_training("success"), held_on=TODAY)
    assert CHECKS["trainings_held"](gate, TODAY).holds


def test_a_room_has_an_end_and_a_name_is_a_name(project: Engagement) -> None:
    for names in ([f"Name {n}" for n in range(201)], ["x" * 121]):
        with pytest.raises(EngagementError, match="up to 200 names"):
            training_plan(training=a_training(), planned_at=None, invited=names)


def test_material_that_the_client_may_not_see_is_not_there_for_it(project: Engagement, ana: User, finn: User) -> None:
    first, second = Document.objects.filter(kind="training")[:2]
    Document.objects.filter(pk=second.pk).update(is_client_visible=False)
    for document in (first, second, first):
        material_set(training=a_training(), document=document, is_used=True)
    assert material_list(a_training(), Reader(ana, True)) == [first, second]
    assert material_list(a_training(), Reader(finn, False)) == [first]
    material_set(training=a_training(), document=first, is_used=False)
    assert material_list(a_training(), Reader(finn, False)) == []


def test_a_question_is_read_by_its_asker_and_once_published_by_everyone(
    rita: User, project: Engagement, ana: User, finn: User
) -> None:
    question = question_add(engagement=project, text="When does ARR begin?", user=finn)
    finns, ritas = Reader(finn, False), Reader(rita, False)
    assert question_list(project, finns) == [question] and question_list(project, ritas) == []
    question_answer(question=question, answer="With the first day of service.", user=ana, is_published=False)
    assert question_list(project, ritas) == []
    question_answer(question=question, answer="With the first day of service.", user=ana, is_published=True)
    assert question_list(project, ritas) == [question]
    with pytest.raises(EngagementError, match="write the answer"):
        question_answer(question=question, answer=" ", user=ana, is_published=True)


def test_over_http_the_client_asks_and_the_firm_answers_into_the_faq(
    northwind: Client, ana: User, finn: User, rita: User, signed_in: Callable[[User], Browser]
) -> None:
    with tenant_context(northwind):
        project = started(northwind, ana)
    page = f"/c/northwind/engagements/{project.pk}/faq/"
    sent = signed_in(finn).post(f"{page}ask/", {"text": "Do <b>discounts</b> count?", "asker": "The CEO"})
    assert sent.status_code == 302
    with tenant_context(northwind):
        question = ProjectQuestion.objects.get()
    assert question.asker == "", "who asks is who is signed in"
    assert signed_in(finn).post(f"{page}{question.pk}/answer/", {"answer": "No"}).status_code == 403
    assert "discounts" not in signed_in(rita).get(page).content.decode()
    data = {"answer": "Yes, they lower ARR.", "published": "on"}
    assert signed_in(ana).post(f"{page}{question.pk}/answer/", data).status_code == 302
    shown = signed_in(rita).get(page).content.decode()
    assert "Yes, they lower ARR." in shown and "Do &lt;b&gt;discounts&lt;/b&gt; count?" in shown
