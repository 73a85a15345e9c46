"""What comes after the end: check-ins and surveys are planned at the close, and done when their day comes."""

from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from engagements.models import AccessPlan, CheckIn, Ending, Engagement, Handoff, Kind, Moment, Participant, Survey
from engagements.services.access import firm_access_end
from engagements.services.after_row import after_refresh
from engagements.services.check_ins import AFTER_DAYS, check_in_plan, check_ins_prepare
from engagements.services.summaries import next_morning
from engagements.services.surveys import survey_plan, survey_send, survey_step
from portal.tenancy.clock import day_at
from portal.tenancy.dispatch import earlier_run
from portal.tenancy.models import Client

LATER: Final = timedelta(days=90)
DUE: Final = "next_engagement_at"


def after_begin(*, engagement: Engagement, plan: AccessPlan, today: date, now: datetime) -> None:
    """Plan the check-ins that somebody of the firm can still hold, ask the client's people, and open the firm's own row.

    Where the firm's access ends with the close there is no check-in: nobody could look at the figures.
    """
    owner = owner_of(engagement)
    for days in AFTER_DAYS:
        due = today + timedelta(days=days)
        if plan.ending == Ending.KEPT or (plan.ends_on is not None and due <= plan.ends_on):
            check_in_plan(engagement=engagement, days=days, due_on=due, owner=owner)
    survey_send(survey=survey_plan(engagement=engagement, moment=Moment.CLOSE, send_on=today), now=now, today=today)
    survey_plan(engagement=engagement, moment=Moment.LATER, send_on=today + LATER)
    row = after_refresh(engagement=engagement)
    if engagement.kind == Kind.SINGLE and not row.path:
        row.path, row.path_since = "to_offer", today
        row.save(update_fields=["path", "path_since"])
    local = now.astimezone(ZoneInfo(engagement.client.time_zone))
    earlier_run(client=engagement.client, column=DUE, at=next_morning(local))


def after_stop(*, engagement: Engagement) -> None:
    """An engagement that is opened again has nothing after it: what was planned is cancelled, open surveys end."""
    CheckIn.objects.filter(engagement=engagement, state__in=["planned", "preparing"]).update(state="cancelled")
    for survey in Survey.objects.filter(engagement=engagement, state__in=["planned", "open"]):
        survey_step(survey=survey, step="cancel" if survey.state == "planned" else "end")
    AccessPlan.objects.filter(engagement=engagement).update(done_at=None)
    row = after_refresh(engagement=engagement)
    if row.path == "to_offer" and not row.path_steps:
        row.path, row.path_since = "", None
        row.save(update_fields=["path", "path_since"])


def owner_of(engagement: Engagement) -> Participant | None:
    """Whose the check-ins are: whoever received the handoff inside the firm, else the first of the firm on the engagement."""
    handoff = Handoff.objects.filter(engagement=engagement, side="internal").select_related("receiver").first()
    if handoff is not None:
        receiver: Participant = handoff.receiver
        return receiver
    rows = Participant.objects.filter(engagement=engagement, is_firm_staff=True).order_by("pk")
    found: Participant | None = rows.first()
    return found


def after_due(*, client: Client, now: datetime) -> bool:
    """Everything whose day has come, in the client's scope: preparations, surveys, and access that ends. At-least-once.

    Each is claimed by a conditional update, so that no mail goes twice. Gives whether anything is still to come.
    """
    today = day_at(client, now)
    ended = Engagement.objects.filter(state__in=["closed", "archived"])
    check_ins_prepare(engagement_rows=CheckIn.objects.filter(engagement__in=ended), now=now, today=today)
    surveys = Survey.objects.filter(engagement__in=ended)
    for survey in surveys.filter(state="planned", send_on__lte=today):
        survey_send(survey=survey, now=now, today=today)
    for survey in surveys.filter(state="open", ends_on__lt=today):
        survey_step(survey=survey, step="end")
    waiting = AccessPlan.objects.filter(engagement__in=ended, ending=Ending.ON_DAY, done_at=None)
    for plan in waiting.filter(ends_on__lt=today).select_related("engagement__client"):
        firm_access_end(engagement=plan.engagement, plan=plan, now=now)
        after_refresh(engagement=plan.engagement)
    return (
        CheckIn.objects.filter(engagement__in=ended, state="planned").exists()
        or surveys.filter(state__in=["planned", "open"]).exists()
        or waiting.exists()
    )
