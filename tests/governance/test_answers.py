"""Answers: bound to what was shown, counted by function, and what a no sets in motion."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connections, transaction
from django.db.utils import ProgrammingError

from governance.models import Answer, DefinitionItem, ItemChange, Respondent
from governance.selectors.answers import questions_of, standings, terms_approved, terms_waiting
from governance.services.answers import answer_give
from governance.services.items import definitions_start, item_confirm, item_edit
from governance.services.problems import DefinitionError, OutdatedError
from governance.services.respondents import respondent_add, respondent_remove
from portal.accounts.models import User
from portal.notices.models import Notice
from portal.tenancy.models import AuditEntry, Client, ClientRole, Membership
from portal.tenancy.scope import tenant_context
from portal.tenancy.services import TenancyError, client_create, firm_create, member_add
from tests.governance.conftest import item


def say(client: Client, key: str, user: User, verdict: str = "yes", comment: str = "") -> list[Answer]:
    found = item(key)
    return answer_give(client=client, item=found, sha256=found.sha256, verdict=verdict, comment=comment, user=user)


def state(key: str) -> dict[str, str]:
    found = item(key)
    return {each.function: each.state for each in standings([found])[found.pk].functions}


def test_a_second_account_of_ones_mailbox_answers_no_more_than_the_first(
    started: Client, finn: User, person: Callable[[str], User]
) -> None:
    second = {name: person(f"{name}+two") for name in ("finn", "ana")}
    with tenant_context(started):
        for user in second.values():
            member_add(client=started, user=user, role=ClientRole.FINANCE)
            respondent_add(client=started, email=user.email, function="finance")
        item_edit(item=item("mrr"), version=item("mrr").version, changes={"answer": "A twelfth of ARR"}, user=finn)
        with pytest.raises(DefinitionError, match="somebody else answers what you wrote"):
            say(started, "mrr", second["finn"])
        with pytest.raises(DefinitionError, match="not those of its consultants"):
            say(started, "mrr", second["ana"])
        assert not Answer.objects.exists()


def test_the_last_yes_confirms_and_says_who_agreed(started: Client, finn: User, rita: User) -> None:
    with tenant_context(started):
        say(started, "mrr", finn)
        assert state("mrr") == {"finance": "yes", "revops": "waiting"} and not item("mrr").is_confirmed
        say(started, "mrr", rita)
        found = item("mrr")
        assert found.is_confirmed and found.confirmed_by == "Finn (Finance), Rita (RevOps)"
        assert AuditEntry.objects.filter(action="definition.answered").count() == 2


def test_an_answer_to_an_earlier_wording_is_refused_and_what_was_given_lapses(
    started: Client, ana: User, finn: User, rita: User
) -> None:
    with tenant_context(started):
        say(started, "mrr", finn)
        say(started, "mrr", rita)
        shown = item("arr").sha256
        for key in ("mrr", "arr"):
            item_edit(item=item(key), version=item(key).version, changes={"answer": "Another"}, user=ana)
        assert state("mrr") == {"finance": "lapsed", "revops": "lapsed"} and not item("mrr").is_confirmed
        with pytest.raises(OutdatedError):
            answer_give(client=started, item=item("arr"), sha256=shown, verdict="yes", user=finn)
        assert not Answer.objects.filter(item=item("arr")).exists()


def test_a_no_needs_a_reason_opens_the_item_again_and_tells_whom_it_concerns(
    started: Client, ana: User, finn: User, rita: User
) -> None:
    with tenant_context(started):
        say(started, "mrr", finn)
        say(started, "mrr", rita)
        with pytest.raises(DefinitionError, match="say why"):
            say(started, "mrr", rita, "no", "  ")
        assert item("mrr").is_confirmed
        say(started, "mrr", rita, "no", "We invoice by the quarter")
        assert not item("mrr").is_confirmed and state("mrr")["revops"] == "no"
        assert ItemChange.objects.filter(item=item("mrr")).order_by("-version")[0].event == "refused"
        told = dict(Notice.objects.values_list("user__email", "text"))
        assert set(told) == {"ana@example.com", "finn@example.com"}, "who wrote it, and who had said yes"
        assert "Rita (RevOps) says no to “MRR”: We invoice by the quarter" in told["ana@example.com"]
        say(started, "mrr", rita)
        assert item("mrr").is_confirmed, "a later yes agrees again"


def test_one_objection_of_a_function_outweighs_its_yes(started: Client, finn: User, stan: User) -> None:
    with tenant_context(started):
        respondent_add(client=started, email="stan@example.com", function="finance")
        say(started, "mrr", finn)
        say(started, "mrr", stan, "propose", "Twelfths of the contract")
        assert state("mrr")["finance"] == "propose"


def test_only_who_answers_for_a_function_of_the_item_may_answer(started: Client, ana: User, eve: User) -> None:
    with tenant_context(started):
        for user in (ana, eve):
            with pytest.raises(DefinitionError, match="not asked of you"):
                say(started, "mrr", user)


def test_saying_the_same_again_records_nothing(started: Client, finn: User) -> None:
    with tenant_context(started):
        assert len(say(started, "mrr", finn)) == 1 and say(started, "mrr", finn) == []
        assert Answer.objects.count() == 1


def test_terms_are_approved_when_every_function_has_said_yes_to_each(started: Client, finn: User, rita: User) -> None:
    with tenant_context(started):
        for function in ("sales", "success"):
            respondent_add(client=started, email="finn@example.com", function=function)
        assert not terms_approved()
        terms = DefinitionItem.objects.filter(kind="term").values_list("key", flat=True)
        for key in terms:
            say(started, key, finn)
            say(started, key, rita) if key != "arr" else None
        assert [(each.item.key, each.standing.function) for each in terms_waiting()] == [("arr", "revops")]
        say(started, "arr", rita)
        assert terms_approved()


def test_people_come_from_their_roles_and_others_are_added_by_address(started: Client, finn: User) -> None:
    with tenant_context(started):
        assert dict(Respondent.objects.values_list("user__email", "function")) == {
            "finn@example.com": "finance", "rita@example.com": "revops", "eve@example.com": "executive",
        }  # fmt: skip
        with pytest.raises(DefinitionError, match="none of the client's people"):
            respondent_add(client=started, email="new@example.com", function="sales")
        with pytest.raises(TenancyError, match="no e-mail address"):
            respondent_add(client=started, email="new", function="sales", may_invite=True)
        added = respondent_add(client=started, email="New@example.com", function="sales", name="Noor", may_invite=True)
        assert not added.user.has_usable_password()
        invited = Membership.with_invited.get(user=added.user)
        assert invited.role == ClientRole.STAKEHOLDER and invited.accepted_at is None
        assert "pipeline-coverage" in {question.item.key for question in questions_of(added.user)}
        respondent_remove(user=added.user)
        assert questions_of(added.user) == []


def test_an_answer_is_never_changed_or_removed(started: Client, finn: User) -> None:
    with tenant_context(started):
        say(started, "mrr", finn)
        for change in (lambda: Answer.objects.update(verdict="no"), lambda: Answer.objects.all().delete()):
            with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
                change()


@pytest.mark.usefixtures("committed_db")
def test_fifty_parallel_answers_and_edits_end_as_if_one_after_the_other() -> None:
    """Whoever saw the content that is there is recorded; whoever comes after a change of it is told, and records nothing."""
    client = client_create(firm=firm_create(slug="ridge", name="Ridge"), slug="north", name="North", currency="USD")
    people = [User.objects.create_user(f"p{number}@example.com", "x") for number in range(40)]
    with tenant_context(client):
        definitions_start(client=client)
        for person in people:
            member_add(client=client, user=person, role=ClientRole.STAKEHOLDER)
            respondent_add(client=client, email=person.email, function="finance")
        shown = item("mrr")
    start = Barrier(10)

    def act(number: int) -> str:
        start.wait()
        try:
            with tenant_context(client):
                if number % 5 == 4:
                    item_edit(item=shown, version=shown.version, changes={"answer": f"Answer {number}"})
                    return "edit"
                person = people[number - number // 5]
                answer_give(client=client, item=shown, sha256=shown.sha256, verdict="yes", user=person)
                return "answer"
        except OutdatedError:
            return "late"
        finally:
            connections.close_all()

    with ThreadPoolExecutor(10) as threads:
        ends = list(threads.map(act, range(50)))
    with tenant_context(client):
        assert ends.count("edit") == 1 and ends.count("answer") + ends.count("late") == 49
        assert Answer.objects.count() == ends.count("answer") == Answer.objects.filter(sha256=shown.sha256).count()
        changed = AuditEntry.objects.get(action="definition.edited")
        answered = AuditEntry.objects.filter(action="definition.answered")
        assert all(entry.sequence < changed.sequence for entry in answered), "nobody answered what was no longer there"
        assert state("mrr")["finance"] in ("lapsed", "waiting")


def test_a_confirmation_in_a_meeting_does_not_make_up_for_answers(started: Client, finn: User) -> None:
    with tenant_context(started):
        item_confirm(item=item("mrr"), version=1, by="Finn", meeting="Kickoff")
        assert state("mrr") == {"finance": "waiting", "revops": "waiting"}
