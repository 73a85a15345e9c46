"""Reading trainings, their material and the questions: whoever may not see a document does not see it as material either."""

from dataclasses import dataclass

from django.db.models import Q

from engagements.models import Document, Engagement, ProjectQuestion, ProjectTraining, TrainingSeat
from engagements.selectors.projects import Reader


@dataclass(frozen=True)
class TrainingRow:
    """A training with how many were invited and how many came; both are None where nobody was named."""

    training: ProjectTraining
    invited: int | None
    came: int | None


def training_rows(engagement: Engagement) -> list[TrainingRow]:
    """The trainings in their order."""
    seats: dict[int, list[TrainingSeat]] = {}
    for seat in TrainingSeat.objects.filter(engagement=engagement):
        seats.setdefault(seat.training_id, []).append(seat)
    return [
        TrainingRow(
            row,
            sum(seat.is_invited for seat in seats[row.pk]) if row.pk in seats else None,
            sum(seat.has_come is True for seat in seats[row.pk]) if row.pk in seats else None,
        )
        for row in ProjectTraining.objects.filter(engagement=engagement).order_by("position")
    ]


def material_list(training: ProjectTraining, reader: Reader) -> list[Document]:
    """The documents that a training uses, as far as the reader may see them."""
    rows = Document.objects.filter(pk__in=training.materials.values("document_id")).order_by("position")
    return list(rows if reader.is_firm_staff else rows.filter(is_client_visible=True))


def question_list(
    engagement: Engagement, reader: Reader, training: ProjectTraining | None = None
) -> list[ProjectQuestion]:
    """Questions, those without an answer first: all for the firm; for others what is published, and what they asked."""
    rows = ProjectQuestion.objects.filter(engagement=engagement).select_related("training", "asked_by", "answered_by")
    if training is not None:
        rows = rows.filter(training=training)
    if not reader.is_firm_staff:
        rows = rows.filter(Q(asked_by=reader.user) | ~Q(published_at=None))
    return sorted(rows, key=lambda row: (row.answer != "", row.pk))
