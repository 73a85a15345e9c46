"""Engagements and their rows for the tables of routes."""

import datetime as dt
from typing import Any

from engagements.models import Engagement
from engagements.services.start import Chosen, engagement_start
from engagements.shipped import shipped_playbooks
from portal.accounts.models import User
from portal.tenancy.models import Client
from tests.tenancy.matrix import Kwargs


def engagement_of(client: Client) -> Engagement:
    """An open engagement by the ARR playbook, the one that there is or a new one; Ana is on it, so that she may log time."""
    if there := Engagement.objects.filter(name="ARR", state="active").order_by("pk").first():
        return there
    playbook = shipped_playbooks()["arr-reporting"]
    start = dt.date(2026, 11, 2)
    user = User.objects.filter(email="ana@example.com").first()
    return engagement_start(
        client=client, chosen=Chosen(playbook), name="ARR", kind="single", starts_on=start, user=user
    )


def an_engagement(client: Client) -> dict[str, Any]:
    return {"engagement_id": engagement_of(client).pk}


def the_newest(model: type[Any], name: str, **which: Any) -> Kwargs:
    """Kwargs of the first row of a model in a new engagement."""

    def made(client: Client) -> dict[str, Any]:
        engagement = engagement_of(client)
        return {
            "engagement_id": engagement.pk,
            name: model.objects.filter(engagement=engagement, **which).order_by("pk")[0].pk,
        }

    return made
