"""The demonstration's closed engagement: handed over, archived, and looked after since; and who used the portal."""

import datetime as dt
from typing import Any, Final

from engagements.models import AfterCare, CheckIn, Engagement, Handoff, HandoffPoint, Participant, Survey
from engagements.services.access import access_confirm, access_plan, access_request, access_step
from engagements.services.after import after_due
from engagements.services.check_ins import STEPS, check_in_hold, check_in_step, preparation_set
from engagements.services.closing import debrief_save, engagement_close, time_finalise
from engagements.services.handoffs import handoff_begin, handoff_point_set, handoff_step
from engagements.services.paths import path_step
from engagements.services.surveys import survey_answer
from portal.accounts.services.usage import use_note, uses_write
from portal.demo.clock import noon, played_on
from portal.demo.maintenance import results_play
from portal.tenancy.models import Client, Membership

CLOSED_DAYS_AGO: Final = 79
ACCESS_DAYS: Final = 120
ANSWERS: Final = {
    "finn": ([5, 5, 4, 4, 5], "The weekly call made the difference."),
    "rita": ([4, 4, 4, 3, 5], "I would have liked the reconciliation training earlier."),
    "eve": ([5, 4, 5, 4, 4], ""),
}
OPENED: Final = {  # first name → pages, each with how many of seven days it is opened on
    "finn": {"client_home": 4, "arr": 4, "months": 2, "reconciliation": 2},
    "rita": {"client_home": 5, "data": 4, "reconciliation": 3, "arr": 2},
    "eve": {"arr": 2, "client_home": 1},
    "adam": {"client_home": 1},
}


def ending_play(engagement: Engagement, staff: list[Any], people: dict[str, Any], today: dt.date) -> Engagement:
    """Hand the engagement over, close it some weeks ago, and play what came after."""
    lead = Participant.objects.get(engagement=engagement, user=staff[0])
    engineer = Participant.objects.get(engagement=engagement, user=staff[-1])
    receiver = Participant.objects.filter(engagement=engagement, is_firm_staff=False).order_by("pk")[0]
    handoff_play(engagement, "internal", engineer, lead)
    handoff_play(engagement, "external", lead, receiver)
    closed_on = today - dt.timedelta(days=CLOSED_DAYS_AGO)
    access_play(engagement, lead, people["rita"], closed_on)
    time_finalise(engagement=engagement, is_final=True, user=lead.user)
    debrief_save(
        engagement=engagement, user=lead.user, went_well="Sales agreed to the views in one meeting.",
        differently="Ask for access to the finance system in the first week: it took three.",
        learnings="Add a task to the playbook: test the filters with a representative who joined last month.",
    )  # fmt: skip
    return engagement


def close_play(engagement: Engagement, staff: list[Any], people: dict[str, Any], today: dt.date) -> None:
    """The close itself, and the weeks since."""
    closed_on, lead = today - dt.timedelta(days=CLOSED_DAYS_AGO), staff[0]
    with played_on(closed_on):
        engagement_close(engagement=engagement, user=lead, now=noon(closed_on))
    survey = Survey.objects.get(engagement=engagement, moment="close")
    for name, (scores, comment) in ANSWERS.items():
        day = closed_on + dt.timedelta(days=2)
        with played_on(day):
            survey_answer(survey=survey, user=people[name], scores=scores, comment=comment, now=noon(day))
    usage_play(engagement.client, people, today)
    rita = Participant.objects.get(engagement=engagement, user=people["rita"])
    results_play(engagement, rita, today, leave=())  # the client runs it since
    with played_on(closed_on + dt.timedelta(days=31)):
        month_later(engagement, lead, closed_on, today)
    after_due(client=engagement.client, now=dt.datetime.now(dt.UTC))


def month_later(engagement: Engagement, lead: Any, closed_on: dt.date, today: dt.date) -> None:
    """The first check-in, and what was offered there."""
    first = check_in_step(check_in=CheckIn.objects.get(engagement=engagement, days=30), step="prepare", today=closed_on)
    for position in range(len(STEPS)):
        preparation_set(check_in=first, position=position, is_done=True)
    check_in_hold(
        check_in=first, decision="architect", user=lead, today=closed_on + dt.timedelta(days=31),
        news="A usage-based add-on is planned for spring.", outcome="Two filters were changed. Figures agree with Finance.",
    )  # fmt: skip
    after = AfterCare.objects.get(engagement=engagement)
    path_step(
        after=after, step="offer_services", note="Finn wants to see the 90 days first.", user=lead,
        next_on=today + dt.timedelta(days=14), today=closed_on + dt.timedelta(days=31),
    )  # fmt: skip


def handoff_play(engagement: Engagement, side: str, giver: Participant, receiver: Participant) -> None:
    """A handoff, point by point, accepted."""
    handoff: Handoff = handoff_begin(engagement=engagement, side=side, giver=giver, receiver=receiver)
    for point in HandoffPoint.objects.filter(handoff=handoff):
        handoff_point_set(point=point, is_done=True, user=giver.user)
    handoff_step(handoff=handoff, step="offer", user=giver.user)
    handoff_step(handoff=handoff, step="accept", user=receiver.user, note="Thank you, all clear.")


def access_play(engagement: Engagement, lead: Participant, rita: Any, closed_on: dt.date) -> None:
    """Three accesses: one removed, one handed over, one that ends with the firm's access."""
    begin = engagement.starts_on
    told: list[dict[str, Any]] = [
        {"system": "Salesforce", "system_kind": "crm", "kind": "personal", "role": "System administrator"},
        {"system": "Finance export", "system_kind": "finance", "kind": "service", "role": "Reads budgets"},
        {"system": "Shared dashboards folder", "system_kind": "bi", "kind": "files", "role": "Editor"},
    ]
    for each, step in zip(told, ("remove", "hand_over", ""), strict=True):
        row = access_request(
            engagement=engagement,
            holder=lead,
            requested_on=begin,
            kept_at="vault Northwind, entry of that name",
            **each,
        )
        access_step(
            access=row, step="grant", user=lead.user, is_firm_staff=True, granted_by="Rita",
            now=noon(begin + dt.timedelta(days=4)),
        )  # fmt: skip
        if step:
            access_step(access=row, step=step, user=lead.user, is_firm_staff=True, now=noon(closed_on))
            access_confirm(access=row, user=rita, now=noon(closed_on))
    access_plan(
        engagement=engagement, ending="on_day", ends_on=closed_on + dt.timedelta(days=ACCESS_DAYS), user=lead.user,
        today=closed_on, reason="Until the 90-day check-in is over",
    )  # fmt: skip


def usage_play(client: Client, people: dict[str, Any], today: dt.date) -> None:
    """Ten weeks in which people signed in and opened pages, more of them as time went on."""
    roles = dict(Membership.objects.values_list("user_id", "role"))
    for back in range(70):
        day = today - dt.timedelta(days=back)
        if day.weekday() > 4:
            continue
        for name, pages in OPENED.items():
            user = people[name]
            started = int(dt.datetime.combine(day, dt.time(13), dt.UTC).timestamp())
            for at, (page, often) in enumerate(pages.items()):
                if (back * 3 + at + len(name)) % 7 < often and (back < 45 or name in ("finn", "rita")):
                    use_note(
                        client=client, user_id=user.pk, page=page, role=roles[user.pk], is_firm_staff=False,
                        session_started=started, now=noon(day),
                    )  # fmt: skip
    uses_write(client=client)
