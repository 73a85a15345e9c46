"""A few questions to the client's people: at the close and 90 days later, by a mailed link, one answer each.

An answer is no secret ballot: the link is the person's own, and the log says who answered when. So nobody is told that it is
anonymous; the page says who reads what.
"""

from datetime import date, datetime, timedelta
from typing import Any, Final

from django.db import transaction
from django.urls import reverse

from engagements import states
from engagements.models import Engagement, Moment, Participant, Survey, SurveyPerson
from engagements.services.changes import record_change
from engagements.services.moves import next_state
from engagements.services.problems import EngagementError, IllegalMove
from engagements.services.telling import survey_tell
from portal.accounts.services.magic_links import LinkWords, magic_link_send
from portal.tenancy import audit
from portal.tenancy.models import Membership
from portal.tenancy.services import TenancyError

OPEN_FOR: Final = timedelta(days=21)
SCALE: Final = range(1, 6)
LONGEST: Final = 2_000
QUESTIONS: Final[dict[str, tuple[str, ...]]] = {
    Moment.CLOSE: (
        "The definitions are ours: we could explain them to our board without help.",
        "The figures are right: I would rely on them for a decision.",
        "I find what I need on the dashboards.",
        "We were trained well enough to go on by ourselves.",
        "I would work with this team again.",
    ),
    Moment.LATER: (
        "We use these figures in our meetings.",
        "The figures agree with billing without corrections by hand.",
        "I find what I need on the dashboards.",
        "I need fewer ad-hoc reports than before.",
    ),
}


def survey_plan(*, engagement: Engagement, moment: str, send_on: date) -> Survey:
    """A survey that goes out on a day."""
    row: Survey = Survey.objects.create(
        engagement=engagement, moment=Moment(moment), questions=list(QUESTIONS[moment]), send_on=send_on
    )
    return row


def survey_send(*, survey: Survey, now: datetime, today: date) -> int:
    """Ask everyone of the client who is on the engagement and belongs to the client; gives how many. Once."""
    row: Survey = Survey.objects.select_for_update().select_related("engagement__client").get(pk=survey.pk)
    before, row.state = row.state, next_state(states.SURVEY, row, "send")
    row.sent_at, row.ends_on = now, today + OPEN_FOR
    row.save()
    members = Membership.objects.values("user_id")
    asked = Participant.objects.filter(engagement=row.engagement, is_firm_staff=False, user__in=members)
    for participant in asked.select_related("user").order_by("pk"):
        person = SurveyPerson.objects.create(engagement=row.engagement, survey=row, user=participant.user)
        if participant.user.is_active:
            _mail(row, participant.user)
            person.mailed_at = now
            person.save(update_fields=["mailed_at"])
    count = row.people.count()
    record_change(
        row.engagement, "survey.sent", about="survey", about_id=row.pk, before=before, after=row.state,
        text=f"asked {count} people how the project was", details={"moment": row.moment, "people": count},
    )  # fmt: skip
    return int(count)


def survey_answer(*, survey: Survey, user: Any, scores: list[int], comment: str = "", now: datetime) -> SurveyPerson:
    """Keep a person's one answer. IllegalMove where the survey is over or they have answered."""
    row: Survey = Survey.objects.select_for_update().select_related("engagement__client").get(pk=survey.pk)
    if row.state != "open":
        raise IllegalMove("this survey is over")
    if len(scores) != len(row.questions) or any(score not in SCALE for score in scores):
        raise EngagementError("give every question a number from 1 to 5")
    if len(comment) > LONGEST:
        raise EngagementError(f"the comment has at most {LONGEST} characters")
    person: SurveyPerson | None = SurveyPerson.objects.select_for_update().filter(survey=row, user=user).first()
    if person is None:
        raise EngagementError("this survey is for the people who were asked")
    if person.answered_at is not None:
        raise IllegalMove("you have answered already: one answer each")
    person.scores, person.comment, person.answered_at = scores, comment.strip(), now
    person.save()
    record_change(
        row.engagement, "survey.answered", about="survey", about_id=row.pk, text="answered the survey", is_internal=True,
        after=audit.digest({"scores": scores, "comment": comment}), details={"moment": row.moment},
    )  # fmt: skip
    return person


def survey_step(*, survey: Survey, step: str) -> Survey:
    """End an open survey, or cancel a planned one."""
    row: Survey = Survey.objects.select_for_update().select_related("engagement__client").get(pk=survey.pk)
    before, row.state = row.state, next_state(states.SURVEY, row, step)
    row.save(update_fields=["state"])
    record_change(
        row.engagement, "survey.moved", about="survey", about_id=row.pk, before=before, after=row.state,
        text=f"{'ended' if step == 'end' else 'cancelled'} the survey", is_internal=True,
    )  # fmt: skip
    return row


def _mail(survey: Survey, user: Any) -> None:
    """The link that opens the survey; whoever may not come by link is told where it is."""
    client, engagement = survey.engagement.client, survey.engagement
    target = reverse(
        "survey", kwargs={"client_slug": client.slug, "engagement_id": engagement.pk, "survey_id": survey.pk}
    )
    words = LinkWords(
        subject=f"{client.name}: how was the project?",
        lead=f"How was {engagement.name}?",
        text=f"{len(survey.questions)} questions, each with a number from 1 to 5, and room for a comment. "
        f"The consultants of {client.firm.name} read your answer with your name.",
        action="Answer",
    )
    try:
        with transaction.atomic():
            magic_link_send(client=client, user=user, purpose="survey", target=target, words=words)
        survey_tell(engagement=engagement, user=user, survey_id=survey.pk, by_mail=False)
    except TenancyError:  # an admin with a second factor, or somebody who got many links: they sign in
        survey_tell(engagement=engagement, user=user, survey_id=survey.pk, by_mail=True)
