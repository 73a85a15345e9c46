"""An engagement of Northwind by the ARR playbook, with Ana of the firm and Finn of the client on it."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from engagements.models import CriterionSignature, Engagement, GateCriterion, Participant
from engagements.selectors.signing import shown_of, signable_by
from engagements.services.people import participant_add
from engagements.services.signing import criterion_sign, intent_text
from engagements.services.start import Chosen, engagement_start
from engagements.shipped import shipped_playbooks
from portal.accounts.models import User
from portal.accounts.proofs import Place, Proof
from portal.tenancy.models import Client
from portal.tenancy.scope import tenant_context

START = dt.date(2026, 11, 2)


@pytest.fixture
def scope(northwind: Client, ana: User, finn: User) -> Iterator[Client]:
    """Northwind's scope, open for the whole test; its people are there before it."""
    with tenant_context(northwind):
        yield northwind


def started(client: Client, user: User | None = None, key: str = "arr-reporting", **more: Any) -> Engagement:
    """An engagement by a shipped playbook, that of ARR without its tasks; runs in the client's scope."""
    playbook = shipped_playbooks()[key]
    chosen = Chosen(replace(playbook, milestones=()) if key == "arr-reporting" else playbook)
    return engagement_start(
        client=client, chosen=chosen, name=chosen.playbook.name, kind="single", starts_on=START, user=user, **more
    )


@pytest.fixture
def project(ana: User, finn: User, scope: Client) -> Engagement:
    engagement = started(scope, ana)
    participant_add(engagement=engagement, user=finn, is_firm_staff=False, project_role="Signer", function="finance")
    return engagement


@pytest.fixture
def analyst(project: Engagement, finn: User) -> Participant:
    """Finn as the engagement knows him."""
    found: Participant = Participant.objects.get(engagement=project, user=finn)
    return found


def sign(criterion: GateCriterion, user: User, function: str = "", **more: Any) -> CriterionSignature:
    """Sign a criterion as it is shown now, for the person's own function."""
    of = function or next(iter(signable_by(criterion, user)), "finance")
    given = {"sha256": shown_of(criterion).sha256, "intent": intent_text(criterion, user, of), **more}
    proof, place = Proof("password", dt.datetime.now(dt.UTC)), Place("203.0.113.7", "Firefox")
    return criterion_sign(criterion=criterion, user=user, function=of, proof=proof, place=place, **given)
