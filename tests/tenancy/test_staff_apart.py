"""Whoever works for a client's firm is none of its people: they neither answer nor sign for it, and lose no right by it."""

from collections.abc import Callable

import pytest
from django.db import IntegrityError, transaction
from django.test import Client as Browser
from django.urls import reverse

from governance.models import Answer, DefinitionItem, Respondent
from governance.services.answers import answer_give
from governance.services.items import definitions_start, item_edit
from governance.services.problems import DefinitionError
from governance.services.signoff import may_sign
from portal.accounts.bearer import hash_of, new_secret
from portal.accounts.models import Invitation, User
from portal.accounts.services.invitations import invitation_send
from portal.tenancy.models import Client, ClientRole, FirmMembership, FirmRole, Membership
from portal.tenancy.scope import tenant_context
from portal.tenancy.selectors import client_reached
from portal.tenancy.services import TenancyError, consultant_assign, firm_create, firm_member_add, member_add
from tests.accounts.test_people_page import stale

SignedIn = Callable[[User], Browser]
APART = "works for the client's firm"


@pytest.fixture
def started(northwind: Client, ana: User, finn: User) -> Client:
    with tenant_context(northwind):
        definitions_start(client=northwind, user=ana)
    return northwind


def members(client: Client) -> list[str]:
    with tenant_context(client):
        return [row.user.email for row in Membership.objects.select_related("user")]


def test_a_consultant_cannot_make_themself_one_who_answers(started: Client, ana: User, signed_in: SignedIn) -> None:
    url = reverse("respondent_add", kwargs={"client_slug": "northwind"})
    page = signed_in(ana).post(url, {"email": "ANA@example.com", "function": "finance"}, follow=True)
    assert APART.replace("'", "&#x27;") in page.content.decode()
    assert members(started) == ["finn@example.com"]
    with tenant_context(started):
        assert not Respondent.objects.filter(user=ana).exists()


def test_saying_who_answers_takes_a_fresh_proof_of_identity(started: Client, ana: User) -> None:
    url = reverse("respondent_add", kwargs={"client_slug": "northwind"})
    answer = stale(ana).post(url, {"email": "sam@example.com", "function": "sales"})
    assert answer.status_code == 302 and "reauthenticate" in answer["Location"]
    assert members(started) == ["finn@example.com"]


@pytest.mark.parametrize("role", [ClientRole.FINANCE, ClientRole.STAKEHOLDER])
def test_no_way_leads_staff_into_the_clients_people(started: Client, ana: User, role: str) -> None:
    with tenant_context(started):
        with pytest.raises(TenancyError, match=APART):
            member_add(client=started, user=ana, role=role)
        with pytest.raises(TenancyError, match=APART):
            invitation_send(client=started, email="Ana@example.com", role=role, sent_by=ana)
        with pytest.raises(IntegrityError, match="none of its people"), transaction.atomic():
            Membership.objects.create(client=started, user=ana, role=role)


def test_one_of_the_clients_people_does_not_become_staff_of_its_firm(started: Client, finn: User) -> None:
    with pytest.raises(TenancyError, match="one of the people of Northwind"):
        firm_member_add(firm=started.firm, user=finn, role=FirmRole.ENGINEER)
    other = firm_create(slug="vale", name="Vale")
    assert firm_member_add(firm=other, user=finn, role=FirmRole.ENGINEER).firm == other


def test_staff_answer_and_sign_nothing_even_where_they_are_named(started: Client, ana: User, finn: User) -> None:
    with tenant_context(started):
        Respondent.objects.create(client=started, user=ana, function="finance")
        found = DefinitionItem.objects.get(key="mrr")
        DefinitionItem.objects.update(edited_by=None)
        with pytest.raises(DefinitionError, match="own people answer"):
            answer_give(client=started, item=found, sha256=found.sha256, verdict="yes", user=ana)
        with pytest.raises(DefinitionError, match="own people sign"):
            may_sign(started, ana, finn)
        assert not Answer.objects.exists()


def test_nobody_answers_what_they_wrote_last(started: Client, finn: User) -> None:
    with tenant_context(started):
        found = DefinitionItem.objects.get(key="mrr")
        item_edit(item=found, version=found.version, changes={"answer": "Mine"}, user=finn)
        found.refresh_from_db()
        with pytest.raises(DefinitionError, match="what you wrote"):
            answer_give(client=started, item=found, sha256=found.sha256, verdict="yes", user=finn)
        other = DefinitionItem.objects.get(key="arr")
        assert answer_give(client=started, item=other, sha256=other.sha256, verdict="yes", user=finn)


def test_standing_with_the_firm_wins_over_a_membership(northwind: Client, finn: User) -> None:
    """A membership that is older than the work for the firm takes no right away and gives none."""
    FirmMembership.objects.create(firm=northwind.firm, user=finn, role=FirmRole.ARCHITECT)  # past the service
    assert client_reached(finn, "northwind") is None, "not assigned: no way in by the side door"
    with tenant_context(northwind):
        consultant_assign(client=northwind, user=finn)
    reached = client_reached(User.objects.get(pk=finn.pk), "northwind")
    assert reached is not None and reached.is_firm_staff and reached.role == FirmRole.ARCHITECT


def test_a_consultant_who_accepts_an_older_invitation_is_told_why_not(
    northwind: Client, person: Callable[..., User], signed_in: SignedIn
) -> None:
    gus = person("gus")
    with tenant_context(northwind):
        sent = invitation_send(client=northwind, email="gus@example.com", role=ClientRole.ADMIN, sent_by=None)
        secret = new_secret()
        Invitation.objects.filter(pk=sent.pk).update(token_hash=hash_of(secret))
    firm_member_add(firm=northwind.firm, user=gus, role=FirmRole.ENGINEER)
    browser = signed_in(gus)
    browser.get(f"/join/{secret}/")
    answer = browser.post("/join/")
    assert answer.status_code == 302 and members(northwind) == []
