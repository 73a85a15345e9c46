"""What the end of an engagement, and what comes after it, needs of one person now."""

from datetime import date
from typing import Any

from engagements.models import CheckIn, Engagement, Handoff, Survey, SurveyPerson, SystemAccess
from engagements.selectors.needed import Needed
from portal.tenancy.models import Membership
from portal.tenancy.permissions import CLIENT_ROLE_PERMISSIONS, CONFIRM_ACCESS


def needed_at_the_end(engagement: Engagement, user: Any, today: date) -> list[Needed]:
    """A handoff to accept, a survey to answer, an access to confirm, a check-in to prepare.

    Pages after the end lie beside the engagement's own, which `after` leads to.
    """
    after = f"../../after/{engagement.pk}/"
    found = [
        Needed(
            f"{row.giver} hands over to you", "Read what is handed over, and accept it.", "handoff/", "Read and accept"
        )
        for row in Handoff.objects.filter(engagement=engagement, state="offered", receiver__user=user).select_related(
            "giver__user"
        )
    ]
    asked = SurveyPerson.objects.filter(engagement=engagement, user=user, answered_at=None, survey__state="open")
    for person in asked.select_related("survey"):
        survey: Survey = person.survey
        text = f"{len(survey.questions)} questions, open until {survey.ends_on:%Y-%m-%d}."
        found.append(Needed("How was the project?", text, f"{after}surveys/{survey.pk}/", "Answer"))
    ended = SystemAccess.objects.filter(engagement=engagement, state__in=["handed_over", "removed"], confirmed_at=None)
    if _may_confirm(user) and (count := ended.count()):
        name = "1 access waits" if count == 1 else f"{count} accesses wait"
        page = "access/" if engagement.is_open else after
        found.append(Needed(f"{name} for your confirmation", "The firm says that it has ended.", page, "Look"))
    mine = CheckIn.objects.filter(engagement=engagement, state="preparing", owner__user=user)
    for row in mine:
        level = "refused" if row.due_on < today else "waiting"
        text = f"It is on {row.due_on:%Y-%m-%d}."
        found.append(Needed(f"Prepare the {row}", text, f"{after}check-ins/{row.pk}/", "Prepare it", level))
    return found


def ends_followed(user: Any) -> set[int]:
    """The engagements that still ask something of a person after their end: a survey, or a check-in. Two queries."""
    asked = SurveyPerson.objects.filter(user=user, answered_at=None, survey__state="open")
    mine = CheckIn.objects.filter(owner__user=user, state="preparing")
    return {*asked.values_list("engagement_id", flat=True), *mine.values_list("engagement_id", flat=True)}


def _may_confirm(user: Any) -> bool:
    role = Membership.objects.filter(user=user).values_list("role", flat=True).first()
    return role is not None and CONFIRM_ACCESS in CLIENT_ROLE_PERMISSIONS[role]
