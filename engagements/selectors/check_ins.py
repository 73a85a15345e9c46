"""What a check-in looks at: how well the figures agreed, who used the portal, and what is new. In the client's scope."""

from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from engagements.models import AfterCare, CheckIn, Engagement, Survey, SurveyPerson
from governance.selectors.items import definitions_changed_since
from metrics.selectors.products import products_new_since
from metrics.selectors.reconciliation_checks import MOST_MONTHS, closed_months, variance_within_tolerance
from portal.accounts.adoption import Adoption, adoption_get
from portal.lib.periods import last_day, month_format

FEWEST_SHOWN = 3  # answers, before anybody of the client sees counts


@dataclass(frozen=True)
class MonthAccuracy:
    """How closely the decided sources agreed at a closed month's end; `variance` is a ratio, None where there is none."""

    month: int
    variance: Decimal | None
    tolerance: Decimal | None
    holds: bool
    sentence: str


@dataclass(frozen=True)
class CheckInFigures:
    """Everything that is looked at, from the close to a day."""

    first: date
    last: date
    months: tuple[MonthAccuracy, ...]
    adoption: Adoption
    products: tuple[str, ...]
    definitions: tuple[str, ...]

    @property
    def accuracy_sentence(self) -> str:
        """The months in one sentence."""
        if not self.months:
            return "No month that ended since the close is closed yet."
        held = sum(month.holds for month in self.months)
        return f"{held} of {len(self.months)} closed months agree within the tolerance."

    def kept(self) -> dict[str, Any]:
        """The figures as they are kept with the check-in that was held."""
        months = [
            {"month": month_format(each.month), "variance": str(each.variance) if each.variance is not None else None,
             "holds": each.holds}
            for each in self.months
        ]  # fmt: skip
        return {
            "months": months, "adoption": self.adoption.kept(), "products": list(self.products),
            "definitions": list(self.definitions),
        }  # fmt: skip


def figures_at(check_in: CheckIn, today: date) -> CheckInFigures:
    """What is known from the close to a day (the day it was held, once it was)."""
    engagement: Engagement = check_in.engagement
    zone = ZoneInfo(engagement.client.time_zone)
    first = engagement.closed_at.astimezone(zone).date() if engagement.closed_at else check_in.due_on
    last = max(check_in.held_on or today, first)
    months = [month for month in closed_months(engagement.client) if first <= last_day(month) <= last][:MOST_MONTHS]
    accuracy = []
    for month in reversed(months):
        check = variance_within_tolerance(engagement.client, month)
        accuracy.append(MonthAccuracy(month, check.variance, check.tolerance, check.holds, check.sentence))
    since = engagement.closed_at or datetime.combine(first, time(), zone)
    return CheckInFigures(
        first, last, tuple(accuracy), adoption_get(first, last), tuple(products_new_since(first)),
        tuple(definitions_changed_since(since)),
    )  # fmt: skip


def check_in_list(engagement: Engagement) -> list[CheckIn]:
    """The check-ins, the next first."""
    return list(
        CheckIn.objects.filter(engagement=engagement).select_related("owner__user", "held_by").order_by("due_on", "pk")
    )


def survey_list(engagement: Engagement) -> list[Survey]:
    """The surveys in the order of their days."""
    return list(Survey.objects.filter(engagement=engagement).order_by("send_on", "pk"))


@dataclass(frozen=True)
class QuestionCounts:
    """How often each number from 1 to 5 was given to a question, and the mean; None where nobody answered."""

    text: str
    counts: tuple[int, ...]
    mean: Decimal | None


@dataclass(frozen=True)
class SurveyResults:
    """A survey in counts; comments carry the names of who made them, for the firm alone."""

    asked: int
    answered: int
    is_shown: bool
    questions: tuple[QuestionCounts, ...]
    comments: tuple[tuple[str, str], ...]


def survey_results(survey: Survey, *, is_firm_staff: bool) -> SurveyResults:
    """The results as a reader may see them: the client's admins see counts, once three people have answered."""
    rows = list(SurveyPerson.objects.filter(survey=survey).select_related("user"))
    answers = [row for row in rows if row.answered_at is not None]
    is_shown = is_firm_staff or len(answers) >= FEWEST_SHOWN
    questions = tuple(_counts(text, [row.scores[n] for row in answers]) for n, text in enumerate(survey.questions))
    comments = tuple((row.user.get_full_name(), row.comment) for row in answers if row.comment) if is_firm_staff else ()
    return SurveyResults(len(rows), len(answers), is_shown, questions if is_shown else (), comments)


def _counts(text: str, scores: list[int]) -> QuestionCounts:
    mean = (Decimal(sum(scores)) / len(scores)).quantize(Decimal("0.1")) if scores else None
    return QuestionCounts(text, tuple(scores.count(number) for number in range(1, 6)), mean)


def after_of(engagement: Engagement) -> AfterCare | None:
    """The firm's own row about an ended engagement; for the firm's pages alone."""
    found: AfterCare | None = AfterCare.objects.filter(engagement=engagement).first()
    return found
