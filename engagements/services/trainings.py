"""Trainings: when, with whom, who came, what they use; and the questions that people asked, from which the FAQ grows."""

import datetime as dt
from collections.abc import Iterable
from typing import Any

from django.utils import timezone

from engagements.models import Document, Engagement, ProjectQuestion, ProjectTraining, TrainingMaterial, TrainingSeat
from engagements.services.changes import record_change
from engagements.services.moves import require_open
from engagements.services.problems import EngagementError, IllegalMove

MOST_SEATS, LONGEST_NAME, LONGEST_ANSWER = 200, 120, 4000


def training_plan(
    *, training: ProjectTraining, planned_at: dt.datetime | None, invited: Iterable[str]
) -> ProjectTraining:
    """When a training takes place and who is invited, one name each. Whoever is no longer named is no longer invited."""
    require_open(training.engagement)
    if training.held_on is not None:
        raise IllegalMove("it was held already")
    names = names_of(invited)
    rows = {seat.name: seat for seat in TrainingSeat.objects.select_for_update().filter(training=training)}
    before = {"planned_at": str(training.planned_at), "invited": sorted(rows)}
    for name in names - rows.keys():
        TrainingSeat.objects.create(engagement=training.engagement, training=training, name=name)
    TrainingSeat.objects.filter(training=training, name__in=rows.keys() - names).delete()
    training.planned_at = planned_at
    training.save(update_fields=["planned_at"])
    record_change(
        training.engagement, "training.planned", about="training", about_id=training.pk,
        path=f"build/trainings/{training.pk}/", before=before, after={"planned_at": str(planned_at), "invited": sorted(names)},
        text=f"planned the training {training} for {planned_at:%Y-%m-%d}" if planned_at else f"planned the training {training}",
        details={"invited": len(names)},
    )  # fmt: skip
    return training


def training_hold(
    *, training: ProjectTraining, held_on: dt.date, attendance: str = "", recording: str = "", came: Iterable[int] = (),
    others: Iterable[str] = (),
) -> ProjectTraining:  # fmt: skip
    """Note that a training was held: who of the invited came (ids of their seats), who came besides, and the recording."""
    require_open(training.engagement)
    training = (
        ProjectTraining.objects.select_for_update(of=("self",)).select_related("engagement__client").get(pk=training.pk)
    )
    here = set(came)
    walked_in = names_of(others)
    before = {"held_on": str(training.held_on), "came": training.attendance}
    for seat in TrainingSeat.objects.filter(training=training):
        seat.has_come = seat.pk in here or seat.name in walked_in
        seat.save(update_fields=["has_come"])
        walked_in.discard(seat.name)
    for name in walked_in:
        TrainingSeat.objects.create(
            engagement=training.engagement, training=training, name=name, is_invited=False, has_come=True
        )
    training.held_on, training.attendance, training.recording = held_on, attendance, recording
    training.save(update_fields=["held_on", "attendance", "recording"])
    names = list(TrainingSeat.objects.filter(training=training, has_come=True).values_list("name", flat=True))
    record_change(
        training.engagement, "training.held", about="training", about_id=training.pk,
        path=f"build/trainings/{training.pk}/", text=f"noted that the training {training} was held", before=before,
        after={"held_on": str(held_on), "came": attendance or names},
        details={"attendance": attendance, "came": len(names), "recording": recording},
    )  # fmt: skip
    return training


def names_of(lines: Iterable[str]) -> set[str]:
    """Names, one a line. EngagementError for more than a room holds, or a name that is none."""
    names = {" ".join(line.split()) for line in lines} - {""}
    if len(names) > MOST_SEATS or any(len(name) > LONGEST_NAME for name in names):
        raise EngagementError(f"up to {MOST_SEATS} names of up to {LONGEST_NAME} characters, one a line")
    return names


def material_set(*, training: ProjectTraining, document: Document, is_used: bool) -> None:
    """Let a training use a document, or no longer."""
    require_open(training.engagement)
    if document.engagement_id != training.engagement_id:
        raise EngagementError("the document is of another engagement")
    rows = TrainingMaterial.objects.filter(training=training, document=document)
    if rows.exists() == is_used:
        return
    if is_used:
        TrainingMaterial.objects.create(engagement=training.engagement, training=training, document=document)
    else:
        rows.delete()
    record_change(
        training.engagement, "training.material_set", about="training", about_id=training.pk,
        path=f"build/trainings/{training.pk}/", before=not is_used, after=is_used,
        text=f"{'put' if is_used else 'took'} {document} {'among' if is_used else 'from'} the material of {training}",
        is_internal=not document.is_client_visible,
    )  # fmt: skip


def question_add(
    *, engagement: Engagement, text: str, user: Any, training: ProjectTraining | None = None, asker: str = ""
) -> ProjectQuestion:
    """Keep a question. `asker` names who asked, where somebody else wrote it down."""
    require_open(engagement)
    if not text.strip() or len(text) > 600 or len(asker) > LONGEST_NAME:
        raise EngagementError("write the question, in up to 600 characters")
    question: ProjectQuestion = ProjectQuestion.objects.create(
        engagement=engagement, training=training, text=text.strip(), asked_by=user, asker=asker.strip()
    )
    record_change(
        engagement, "question.asked", about="question", about_id=question.pk, path="faq/", is_internal=True,
        text=f"noted a question: {question.text[:200]}", after=question.text,
    )  # fmt: skip
    return question


def question_answer(*, question: ProjectQuestion, answer: str, user: Any, is_published: bool) -> ProjectQuestion:
    """Answer a question, and publish it among the FAQ or keep it there no longer. Only an answered one is published."""
    require_open(question.engagement)
    question = (
        ProjectQuestion.objects.select_for_update(of=("self",)).select_related("engagement__client").get(pk=question.pk)
    )
    answer = answer.strip()
    if not answer or len(answer) > LONGEST_ANSWER:
        raise EngagementError(f"write the answer, in up to {LONGEST_ANSWER:,} characters")
    before = {"answer": question.answer, "published": question.published_at is not None}
    if before == {"answer": answer, "published": is_published}:
        return question
    now = timezone.now()
    if question.answer != answer:
        question.answer, question.answered_by, question.answered_at = answer, user, now
    question.published_at = (question.published_at or now) if is_published else None
    question.save(update_fields=["answer", "answered_by", "answered_at", "published_at"])
    record_change(
        question.engagement, "question.answered", about="question", about_id=question.pk, path="faq/",
        text=f"answered: {question.text[:200]}", before=before, after={"answer": answer, "published": is_published},
        is_internal=not is_published,
    )  # fmt: skip
    return question
