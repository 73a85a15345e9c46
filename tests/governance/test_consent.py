"""Somebody who is added by their address belongs to the client once they say so themselves, and is a stranger until then."""

import datetime as dt
from collections.abc import Callable

import pytest
from allauth.mfa.models import Authenticator
from django.db import IntegrityError, transaction
from django.test import Client as Browser
from django.urls import reverse

from governance.models import DefinitionItem, Respondent
from governance.selectors.answers import questions_of
from governance.services.asking import questions_ask
from portal.accounts.models import User
from portal.accounts.services.people import person_remove
from portal.tenancy.models import AuditEntry, Client, FirmRole, Membership
from portal.tenancy.scope import tenant_context
from portal.tenancy.selectors import clients_reached
from portal.tenancy.services import firm_create, firm_member_add
from tests.accounts.conftest import Commits, Mailbox
from tests.governance.test_worth import EARLY
from tests.reporting.numbers import LINES, numbers_load

SignedIn = Callable[[User], Browser]
ADD = "/c/northwind/definitions/people/add/"
PEOPLE = ("/c/northwind/definitions/people/", "/c/northwind/people/")
QUESTION = "/c/northwind/definitions/answer/contracted-or-live/"


@pytest.fixture
def gustav(db: None) -> User:
    """A consultant of another firm, with a second factor and a name of their own."""
    user = User.objects.create_user("gus@example.com", "correct-horse-battery", name="Gustav Reallast")
    Authenticator.objects.create(user=user, type=Authenticator.Type.TOTP, data={"secret": "unused"})
    firm_member_add(firm=firm_create(slug="vale", name="Vale"), user=user, role=FirmRole.ADMIN)
    return User.objects.get(pk=user.pk)  # a new second factor ends the sessions from before


@pytest.fixture
def added(started: Client, gustav: User, anas: Browser) -> Client:
    anas.post(ADD, {"email": "gus@example.com", "function": "sales", "name": "Mr G"})
    return started


def names(client: Client) -> list[str]:
    with tenant_context(client):
        return [row.user.email for row in Membership.objects.select_related("user")]


def test_until_they_agree_nothing_is_shown_but_what_was_typed(added: Client, gustav: User, anas: Browser) -> None:
    for path in PEOPLE:
        page = anas.get(path).content.decode()
        assert "Mr G" in page and "gus@example.com" in page and "Reallast" not in page, path
    page = anas.get(PEOPLE[1]).content.decode()
    invited = page.split('id="invited-head"')[1].split("</section>")[0]
    assert "Not opened yet" in invited and "actor" not in invited
    anas.post(ADD, {"email": "nobody@example.com", "function": "sales", "name": "Ms N"})
    page = anas.get(PEOPLE[1]).content.decode()
    rows = page.split('id="invited-head"')[1].split("</section>")[0].split("<li>")[1:]
    shapes = [
        row.replace("Mr G", "·").replace("Ms N", "·").replace("nobody@", "·").replace("gus@", "·") for row in rows
    ]
    assert shapes[0].split("/people/")[0] == shapes[1].split("/people/")[0], "with an account or without looks the same"


def test_until_they_agree_they_are_no_member_anywhere(added: Client, gustav: User, signed_in: SignedIn) -> None:
    assert "gus@example.com" not in names(added) and clients_reached(gustav) == []
    browser = signed_in(gustav)
    assert "Northwind" not in browser.get("/").content.decode()
    assert browser.get("/c/northwind/definitions/").status_code == 404
    with tenant_context(added):
        row = Membership.with_invited.get(user=gustav)
        with pytest.raises(IntegrityError), transaction.atomic():
            Membership.with_invited.filter(pk=row.pk).update(role="admin")
    url = reverse("person_role", kwargs={"client_slug": "northwind", "member_id": row.pk})
    assert signed_in(User.objects.get(email="ana@example.com")).post(url, {"role": "admin"}).status_code == 404


def test_their_own_mailed_link_is_their_consent(
    added: Client, gustav: User, anas: Browser, mailbox: Mailbox, commits: Commits, stranger: Browser
) -> None:
    with tenant_context(added):
        pk = Respondent.objects.get(user=gustav).pk
    with commits():
        page = anas.post(f"/c/northwind/definitions/people/{pk}/ask/", follow=True).content.decode()
    assert "on their way to gus@example.com" in page and mailbox.mails[-1]["To"] == "gus@example.com"
    shown = stranger.get(mailbox.path(), follow=True).content.decode()
    assert "you agree to be one of the people of Northwind" in shown and "gus@example.com" not in names(added)
    stranger.post("/link/")
    assert "gus@example.com" in names(added)
    with tenant_context(added):
        assert {"member.invited", "member.accepted"} <= set(AuditEntry.objects.values_list("action", flat=True))
    assert "Gustav Reallast" in anas.get(PEOPLE[0]).content.decode()


def test_an_invitation_that_is_accepted_makes_a_member_of_them_too(added: Client, gustav: User) -> None:
    from portal.tenancy.services import member_add

    with tenant_context(added):
        assert member_add(client=added, user=gustav, role="sales").accepted_at is not None
    assert "gus@example.com" in names(added)


def test_whoever_leaves_the_client_answers_for_nothing_any_more(started: Client, finn: User) -> None:
    with tenant_context(started):
        assert Respondent.objects.filter(user=finn).exists()
        person_remove(client=started, member=Membership.objects.get(user=finn), user=None)
        assert not Respondent.objects.filter(user=finn).exists() and questions_of(finn) == []
        assert AuditEntry.objects.filter(action="respondent.removed", object_id="finn@example.com").count() == 1


def figures(client: Client) -> dict[str, bool]:
    with tenant_context(client):
        return {row.function: row.sees_figures for row in Respondent.objects.filter(user__email="stan@example.com")}


def test_what_a_question_is_worth_is_shown_to_whom_a_consultant_allows_it(
    started: Client, stan: User, anas: Browser, signed_in: SignedIn
) -> None:
    with tenant_context(started):
        numbers_load(started, [*LINES, EARLY])
        DefinitionItem.objects.filter(key="contracted-or-live").update(functions=["finance", "sales"])
    anas.post(ADD, {"email": "stan@example.com", "function": "sales"})
    assert figures(started) == {"sales": False}
    page = signed_in(stan).get(QUESTION).content.decode()
    assert "42,000" not in page and "50,000" not in page and "USD" not in page
    assert "ARR would be lower than this way" in page
    anas.post(ADD, {"email": "stan@example.com", "function": "sales", "sees_figures": "yes"})
    assert figures(started) == {"sales": True}
    assert "42,000.00" in signed_in(stan).get(QUESTION).content.decode()
    with tenant_context(started):
        assert AuditEntry.objects.filter(action="respondent.figures_changed").count() == 1
    anas.post(ADD, {"email": "stan@example.com", "function": "finance", "sees_figures": "no"})
    anas.post(ADD, {"email": "stan@example.com", "function": "sales", "sees_figures": "no"})
    assert "42,000" not in signed_in(stan).get(QUESTION).content.decode()
    assert "sees no ARR" in anas.get(PEOPLE[0]).content.decode()


def test_finance_sees_figures_by_link_unless_it_was_refused(
    started: Client, finn: User, ana: User, mailbox: Mailbox, commits: Commits, stranger: Browser
) -> None:
    with tenant_context(started):
        numbers_load(started, [*LINES, EARLY])
    with commits(), tenant_context(started):
        questions_ask(client=started, user=finn, asked_by=ana, now=dt.datetime.now(dt.UTC))
    stranger.get(mailbox.path(), follow=True)
    stranger.post("/link/")
    assert "42,000.00" in stranger.get(QUESTION).content.decode()
    with tenant_context(started):
        Respondent.objects.filter(user=finn).update(sees_figures=False)
    page = stranger.get(QUESTION).content.decode()
    assert "42,000" not in page and "ARR would be" in page
