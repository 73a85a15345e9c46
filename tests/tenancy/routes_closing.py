"""The access matrix of the end of an engagement and of what comes after it."""

import datetime as dt
from typing import Any

from django.utils import timezone

from engagements.models import CheckIn, Engagement, Handoff, HandoffPoint, Participant, Survey, SystemAccess
from engagements.services.access import access_request, access_step
from engagements.services.check_ins import check_in_plan
from engagements.services.handoffs import handoff_begin
from engagements.services.people import participant_add
from engagements.services.surveys import survey_plan, survey_send
from portal.accounts.models import User
from portal.accounts.services.tokens import token_create
from portal.tenancy.models import Client, ClientRole
from portal.tenancy.permissions import (
    ANSWER_SURVEY,
    CONFIRM_ACCESS,
    JOIN_ENGAGEMENT,
    MANAGE_PEOPLE,
    OVERRIDE_GATE,
    RUN_ENGAGEMENT,
    VIEW_ADOPTION,
    VIEW_ARR,
    VIEW_ENGAGEMENT,
)
from portal.tenancy.scope import tenant_context
from portal.tenancy.services import consultant_assign, firm_member_add
from tests.tenancy.engagement_rows import an_engagement, engagement_of
from tests.tenancy.matrix import Route, day
from tests.tenancy.routes_engagements import a_person

TODAY = timezone.now().date()
CRM = {
    "system": "Salesforce", "system_kind": "crm", "kind": "personal", "role": "System administrator",
    "requested_on": day(-20), "kept_at": "vault Northwind, entry CRM",
}  # fmt: skip


def access_of(engagement: Engagement) -> SystemAccess:
    """An access that was asked for."""
    return access_request(
        engagement=engagement, system="Chargebee", system_kind="billing", kind="key", role="Read", requested_on=TODAY
    )


def an_access(client: Client) -> dict[str, Any]:
    engagement = engagement_of(client)
    return {"engagement_id": engagement.pk, "access_id": access_of(engagement).pk}


def noted(client: Client) -> dict[str, Any]:
    """A page with an access on it."""
    return {"engagement_id": an_access(client)["engagement_id"]}


def removed(client: Client) -> dict[str, Any]:
    """An access that the firm says is removed."""
    engagement = engagement_of(client)
    row, user = access_of(engagement), someone(client)
    for step in ("grant", "remove"):
        access_step(access=row, step=step, user=user, is_firm_staff=True)
    return {"engagement_id": engagement.pk, "access_id": row.pk}


def someone(client: Client) -> User:
    """Somebody of the firm beside Ana, who works on the client."""
    user, _ = User.objects.get_or_create(email=f"expert@{client.slug}.example")
    firm_member_add(firm=client.firm, user=user, role="expert")
    consultant_assign(client=client, user=user)
    return user


def an_expert(client: Client) -> dict[str, Any]:
    return {"kind": "consultant", "row_id": someone(client).pk}


def a_token_of_the_firm(client: Client) -> dict[str, Any]:
    user = someone(client)
    token, _ = token_create(client=client, user=user, name="Loader", scopes=[VIEW_ARR], allowed=frozenset({VIEW_ARR}))
    return {"kind": "token", "row_id": token.pk}


def two_people(client: Client, engagement: Engagement) -> dict[str, Participant]:
    """Who hands over, and who of the client receives."""
    giver = participant_add(
        engagement=engagement, user=someone(client), is_firm_staff=True, project_role="Subject expert"
    )
    return {"giver": giver, "receiver": a_person(client, engagement)}


def handoff_of(client: Client) -> Handoff:
    engagement = engagement_of(client)
    return handoff_begin(engagement=engagement, side="external", **two_people(client, engagement))


def a_handoff_point(client: Client) -> dict[str, Any]:
    row = handoff_of(client)
    return {"engagement_id": row.engagement_id, "point_id": HandoffPoint.objects.filter(handoff=row)[0].pk}


def a_handoff(client: Client) -> dict[str, Any]:
    """A handoff whose points are ticked: it can be offered."""
    row = handoff_of(client)
    HandoffPoint.objects.filter(handoff=row).update(done_at=timezone.now())
    return {"engagement_id": row.engagement_id, "handoff_id": row.pk, "step": "offer"}


def handed(client: Client) -> dict[str, Any]:
    """A page with both: what has begun and what has not."""
    return {"engagement_id": handoff_of(client).engagement_id}


def people_of_a_handoff(client: Client) -> dict[str, Any]:
    with tenant_context(client):
        engagement = Engagement.objects.order_by("-pk").first()
        if engagement is None:
            return {"side": "external", "giver": 1, "receiver": 1}
        people = two_people(client, engagement)
        return {"side": "external", **{name: person.pk for name, person in people.items()}}


def an_archived(client: Client) -> Engagement:
    engagement = engagement_of(client)
    Engagement.objects.filter(pk=engagement.pk).update(state="archived", closed_at=timezone.now())
    engagement.refresh_from_db()
    return engagement


def archived(client: Client) -> dict[str, Any]:
    return {"engagement_id": an_archived(client).pk}


def check_in_of(client: Client, state: str = "planned") -> dict[str, Any]:
    engagement = an_archived(client)
    row = check_in_plan(engagement=engagement, days=90, due_on=TODAY + dt.timedelta(days=90), owner=None)
    CheckIn.objects.filter(pk=row.pk).update(state=state)
    return {"engagement_id": engagement.pk, "check_in_id": row.pk}


def a_check_in(client: Client) -> dict[str, Any]:
    return check_in_of(client)


def to_prepare(client: Client) -> dict[str, Any]:
    return check_in_of(client, "preparing") | {"position": 0}


def to_hold(client: Client) -> dict[str, Any]:
    return check_in_of(client, "preparing")


def to_begin(client: Client) -> dict[str, Any]:
    return check_in_of(client) | {"step": "prepare"}


def open_access(client: Client) -> dict[str, Any]:
    """An access that outlived its project."""
    engagement = engagement_of(client)
    row = access_of(engagement)
    access_step(access=row, step="grant", user=someone(client), is_firm_staff=True)
    Engagement.objects.filter(pk=engagement.pk).update(state="archived")
    return {"engagement_id": engagement.pk, "access_id": row.pk}


def ended(client: Client) -> dict[str, Any]:
    """A page with an access that is still open."""
    return {"engagement_id": open_access(client)["engagement_id"]}


def survey_of(client: Client) -> Survey:
    """A survey that everyone of the client was asked in who is there by now."""
    engagement = engagement_of(client)
    for user in User.objects.filter(memberships__client=client):
        participant_add(
            engagement=engagement, user=user, is_firm_staff=False, project_role="Reader", function="finance"
        )
    Engagement.objects.filter(pk=engagement.pk).update(state="archived")
    engagement.refresh_from_db()
    survey = survey_plan(engagement=engagement, moment="later", send_on=TODAY)
    survey_send(survey=survey, now=timezone.now(), today=TODAY)
    return survey


def a_survey(client: Client) -> dict[str, Any]:
    row = survey_of(client)
    return {"engagement_id": row.engagement_id, "survey_id": row.pk}


VIEW, RUN, JOIN = VIEW_ENGAGEMENT, RUN_ENGAGEMENT, JOIN_ENGAGEMENT
PLAN = {"ending": "at_close"}
ANSWER = {"q1": "5", "q2": "4", "q3": "3", "q4": "2", "comment": "Good"}
HELD = {"decision": "architect", "outcome": "All well"}
AGAIN = {"reason": "The client bought a company"}

CLOSING_ROUTES: list[Route] = [
    Route("access", VIEW, kwargs=noted, status=(200,)),
    Route("access_new", RUN, kwargs=an_engagement, status=(200,)),
    Route("access_new", RUN, "post", an_engagement, CRM, status=(302,)),
    Route("access_edit", RUN, kwargs=an_access, status=(200,)),
    Route("access_edit", RUN, "post", an_access, CRM, status=(302,)),
    Route("access_move", RUN, "post", an_access, {"step": "grant"}, status=(302,)),
    # The client's alone to confirm.
    Route("access_agree", CONFIRM_ACCESS, "post", removed, status=(302,), rightful=ClientRole.REVOPS),
    Route("access_ending", RUN, "post", an_engagement, PLAN, status=(302,)),
    Route("firm_access_remove", MANAGE_PEOPLE, "post", an_expert, status=(302,)),
    Route("firm_access_remove", MANAGE_PEOPLE, "post", a_token_of_the_firm, status=(302,)),
    Route("handoffs", VIEW, kwargs=handed, status=(200,)),
    Route("handoff_new", RUN, "post", an_engagement, people_of_a_handoff, status=(302,)),
    Route("handoff_point", JOIN, "post", a_handoff_point, {"done": "1"}, status=(302,)),
    Route("handoff_move", JOIN, "post", a_handoff, status=(302,)),
    Route("closing", RUN, kwargs=an_engagement, status=(200,)),
    Route("closing", RUN, "post", an_engagement, status=(409,)),  # much is missing: tests/engagements/test_closing.py
    Route("debrief", RUN, "post", an_engagement, {"went_well": "The definition"}, status=(302,)),
    Route("time_final", RUN, "post", an_engagement, {"final": "1"}, status=(302,)),
    # A partner's alone; Ana is an architect. tests/engagements/test_closing.py
    Route("reopening", OVERRIDE_GATE, "post", archived, AGAIN, status=(403,)),
    Route("report", VIEW, kwargs=an_engagement, status=(200,)),
    Route("report_pdf", VIEW_ARR, kwargs=an_engagement, status=(200,)),
    Route("after", VIEW, kwargs=ended, status=(200,)),
    Route("check_in", VIEW, kwargs=to_hold, status=(200,)),
    Route("check_in_edit", RUN, "post", a_check_in, {"due_on": str(TODAY + dt.timedelta(days=60))}, status=(302,)),
    Route("check_in_held", RUN, "post", to_hold, HELD, status=(302,)),
    Route("check_in_prepare", RUN, "post", to_prepare, {"done": "1"}, status=(302,)),
    Route("check_in_move", RUN, "post", to_begin, status=(302,)),
    Route("access_ended", JOIN, "post", open_access, status=(302,)),
    Route("survey", ANSWER_SURVEY, kwargs=a_survey, status=(200,), rightful=ClientRole.EXECUTIVE),
    Route("survey", ANSWER_SURVEY, "post", a_survey, ANSWER, status=(302,), rightful=ClientRole.EXECUTIVE),
    Route("survey_shown", VIEW_ADOPTION, kwargs=a_survey, status=(200,)),
]
OTHER_CLOSING_ROUTES = {
    "follow_ups": "firm: tests/engagements/test_follow_ups.py",
    "follow_up": "firm: tests/engagements/test_follow_ups.py",
}
