"""Bringing an engagement to its end, by the services that people use."""

import datetime as dt
from typing import Any

from django.utils import timezone

from engagements.models import ChecklistPoint, Engagement, Gate, Handoff, HandoffPoint, Participant, Phase
from engagements.services.access import access_plan
from engagements.services.closing import Closed, engagement_close, time_finalise
from engagements.services.handoffs import handoff_begin, handoff_step
from engagements.services.people import participant_add
from engagements.services.start import Chosen, engagement_start
from engagements.shipped import shipped_playbooks
from portal.accounts.models import User
from portal.tenancy.models import Client, FirmRole
from portal.tenancy.services import consultant_assign, firm_member_add

NOW = timezone.now()
TODAY = NOW.date()
LATER = TODAY + dt.timedelta(days=120)


def almost_closed(
    client: Client, ana: User, finn: User, kind: str = "single", key: str = "sales-dashboards"
) -> Engagement:
    """An engagement whose gates are open and whose handoffs are accepted; only access and time are not settled. In scope."""
    engagement = engagement_start(
        client=client, chosen=Chosen(shipped_playbooks()[key]), name="Dashboards", kind=kind, user=ana,
        starts_on=TODAY - dt.timedelta(days=60),
    )  # fmt: skip
    Gate.objects.filter(engagement=engagement).update(state="open")
    Phase.objects.filter(engagement=engagement).update(state="done")
    ChecklistPoint.objects.filter(engagement=engagement).update(done_at=NOW, done_by=ana)
    receiver = participant_add(
        engagement=engagement, user=finn, is_firm_staff=False, project_role="Finance", function="finance"
    )
    lead = Participant.objects.get(engagement=engagement, user=ana)
    expert = participant_add(
        engagement=engagement, user=an_expert(client), is_firm_staff=True, project_role="Subject expert"
    )
    hand_over(engagement, "external", lead, receiver)
    hand_over(engagement, "internal", expert, lead)
    engagement.refresh_from_db()
    return engagement


def an_expert(client: Client) -> User:
    """A subject expert of the firm who works on the client."""
    user, _ = User.objects.get_or_create(email="expert@ridge.example", defaults={"name": "Esra"})
    firm_member_add(firm=client.firm, user=user, role=FirmRole.EXPERT)
    consultant_assign(client=client, user=user)
    return user


def hand_over(engagement: Engagement, side: str, giver: Participant, receiver: Participant) -> Handoff:
    """A handoff that is accepted."""
    handoff = handoff_begin(engagement=engagement, side=side, giver=giver, receiver=receiver)
    HandoffPoint.objects.filter(handoff=handoff).update(done_at=NOW, done_by=giver.user)
    handoff_step(handoff=handoff, step="offer", user=giver.user)
    return handoff_step(handoff=handoff, step="accept", user=receiver.user)


def closed(engagement: Engagement, ana: User, ending: str = "on_day", **how: Any) -> Closed:
    """The same, closed: access ends on a later day unless another ending is given."""
    plan = (
        {"ends_on": LATER} if ending == "on_day" else {"reason": "Ana runs the maintenance"} if ending == "kept" else {}
    )
    access_plan(engagement=engagement, ending=ending, user=ana, today=TODAY, **plan)
    time_finalise(engagement=engagement, is_final=True, user=ana)
    return engagement_close(engagement=engagement, user=ana, **how)
