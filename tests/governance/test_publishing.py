"""A signed version becomes the engine's policy: from a month on, or restating what was closed."""

import datetime as dt
import io
from collections.abc import Callable
from decimal import Decimal

import pytest
from django.core.management import call_command
from django.test import Client as Browser
from django.urls import reverse

from governance.models import Metric, Publication, Signoff
from governance.selectors.pay import signed_pay
from governance.selectors.signoff import signed_policy
from governance.services.change_effect import changes_take_effect
from governance.services.documents import document_create
from governance.services.items import item_confirm, item_edit
from governance.services.problems import DefinitionError
from governance.services.publishing import publications_finish, signed_publish
from governance.services.registry import registry_start
from governance.services.signoff_states import TransitionError
from metrics.models import MonthClose
from metrics.selectors.policies import policy_in_force, policy_latest
from metrics.services.closes import month_close
from metrics.services.policies import policy_publish
from portal.accounts.models import User
from portal.lib.periods import month_parse
from portal.tenancy.models import AuditEntry, Client
from portal.tenancy.scope import tenant_context
from tests.governance.boards import BASE, a_board
from tests.governance.conftest import item
from tests.governance.effects import scheduled
from tests.governance.signoffs import ask, sign
from tests.governance.test_documents import confirm_critical
from tests.reporting.numbers import LINES, NOW, line, numbers_load

DISCOUNTED = line("K5/1", "dora", "Platform", 10_000, dt.date(2026, 3, 1), discount_e6=1_000 * 1_000_000)
FEBRUARY, MARCH, APRIL = (month_parse(text) for text in ("2026-02", "2026-03", "2026-04"))


def sign_list_prices(client: Client, ana: User, *signers: tuple[User, str]) -> None:
    """These people sign, each for a function, that discounts are not subtracted. In the client's scope."""
    numbers_load(client, [*LINES, DISCOUNTED])
    changed = item_edit(item=item("discounts"), version=1, changes={"value": "list"}, user=ana)
    item_confirm(item=changed, version=2, by="Finn", meeting="Review")
    confirm_critical()
    document = document_create(client=client, user=ana, is_final=True)
    ask(client, document, ana, *signers)
    for user, _ in signers:
        sign(client, user)


@pytest.fixture
def signed(started: Client, ana: User, finn: User, rita: User) -> Client:
    """Northwind signed that discounts are not subtracted: 1,000 more at the end of March."""
    with tenant_context(started):
        sign_list_prices(started, ana, (finn, "finance"), (rita, "revops"))
    return started


def close(client: Client, *months: int) -> None:
    for month in months:
        month_close(client=client, month=month)


def publish(client: Client, user: User, month: int, mode: str = "prospective", reason: str = "") -> Publication:
    signoff = Signoff.objects.latest("id")
    return signed_publish(
        client=client, signoff=signoff, from_month=month, mode=mode, reason=reason, user=user, now=NOW
    )


def test_months_before_it_have_to_be_closed_and_are_named(signed: Client, ana: User) -> None:
    with tenant_context(signed):
        with pytest.raises(DefinitionError, match="still open, close them first: 2026-01, 2026-02, 2026-03"):
            publish(signed, ana, APRIL)
        close(signed, FEBRUARY)
        with pytest.raises(DefinitionError, match=r"close them first: 2026-03$"):
            publish(signed, ana, APRIL)
        with pytest.raises(DefinitionError, match="begin with 2026-03, or restate"):
            publish(signed, ana, FEBRUARY)
        with pytest.raises(DefinitionError, match="needs a reason"):
            publish(signed, ana, FEBRUARY, "restating")
        assert policy_in_force(signed).discounts == "net" and not Publication.objects.exists()


def test_a_month_that_has_not_begun_is_refused_in_words_that_say_what_to_do(signed: Client, ana: User) -> None:
    """It would hold at once, in the open months before it: April, in which we are, can not be closed to mend that."""
    with tenant_context(signed):
        close(signed, FEBRUARY, MARCH)
        said = (
            "2026-05 has not begun, and a version that is published is in force at once, .*: publish it once 2026-04 is"
        )
        for mode, reason in (("prospective", ""), ("restating", "Agreed anew")):
            with pytest.raises(DefinitionError, match=said):
                publish(signed, ana, APRIL + 1, mode, reason)
        assert policy_in_force(signed).discounts == "net" and not Publication.objects.exists()


def test_where_a_board_decides_new_signatures_move_no_signed_policy(
    signed: Client, ana: User, finn: User, rita: User, signed_in: Callable[[User], Browser]
) -> None:
    """Definitions, a final version and signatures were a second way: without a preview, a vote and the rule for pay."""
    with tenant_context(signed):
        a_board(signed, BASE, finance=finn, revops=rita)
        close(signed, FEBRUARY, MARCH)
        publish(signed, ana, APRIL)  # the sign-off of the project itself
        changed = item_edit(
            item=item("discounts"), version=item("discounts").version, changes={"value": "net"}, user=ana
        )
        item_confirm(item=changed, version=changed.version, by="Finn", meeting="Later")
        ask(signed, document_create(client=signed, user=ana, is_final=True), ana, (finn, "finance"), (rita, "revops"))
        for person in (finn, rita):
            sign(signed, person)
        with pytest.raises(DefinitionError, match="the review board decides on this policy: ask for a change"):
            publish(signed, ana, APRIL)
        number = Signoff.objects.latest("id").document.number
    where = {"client_slug": "northwind", "number": number}
    page = signed_in(ana).get(reverse("signoff", kwargs=where)).text
    assert "The review board decides on the policy" in page and "Make it the policy" not in page
    with tenant_context(signed):
        net = policy_in_force(signed).with_(discounts="net")
        policy_publish(client=signed, parameters=net.to_dict(), is_signed=True)  # as a request does that was approved
        with pytest.raises(DefinitionError, match="the review board decides whether closed months are restated"):
            publish(signed, ana, FEBRUARY, "restating", "As it was signed")
        assert publish(signed, ana, APRIL).policy_version == policy_latest(), "signatures under what was decided"


def test_a_first_signed_document_does_not_undo_what_the_board_put_into_force(
    signed: Client, ana: User, finn: User, rita: User, eve: User
) -> None:
    """The consultants choose who signs a document, and one person may be enough: no way past a decision of the board."""
    with tenant_context(signed):
        close(signed, FEBRUARY, MARCH)
    thirty = {"parameters": {"renewal_grace_days": 30}}
    scheduled(signed, eve, finn, APRIL, content=thirty)
    changes_take_effect(client=signed, now=NOW)
    with tenant_context(signed):
        a_board(signed, BASE, finance=finn, revops=rita)
        assert policy_in_force(signed).renewal_grace_days == 30
        with pytest.raises(DefinitionError, match="the review board decides on this policy: ask for a change"):
            publish(signed, ana, APRIL)
        assert policy_in_force(signed).renewal_grace_days == 30


def paid_by_arr(client: Client) -> None:
    """ARR feeds quotas or pay from here on, and no board is there."""
    registry_start(client=client)
    Metric.objects.filter(key="arr").update(feeds_pay=True)


def signed_on(day: dt.date) -> None:
    """When the last signature was given."""
    Signoff.objects.update(closed_at=dt.datetime.combine(day, dt.time(12), dt.UTC))


def test_what_people_are_paid_by_is_not_moved_within_a_period_by_signatures_either(
    signed: Client, ana: User, signed_in: Callable[[User], Browser]
) -> None:
    """Signed by Finance and RevOps alone: no restatement, and no month but the first of a quarter after that."""
    with tenant_context(signed):
        paid_by_arr(signed)
        signed_on(dt.date(2026, 2, 20))
        close(signed, FEBRUARY, MARCH)
        pay = signed_pay(signed, Signoff.objects.get(), moves=True)
        assert pay is not None and pay.since == APRIL and "Apr 2026 at the earliest" in pay.sentence
        assert not pay.allows(APRIL, MARCH - 1, is_restating=False), "publishing puts it into force for March too"
        assert not pay.allows(APRIL + 1, APRIL, is_restating=False), "no period begins with May"
        with pytest.raises(DefinitionError, match="quotas or pay, and Sales and Finance did not both sign it"):
            publish(signed, ana, FEBRUARY, "restating", "As it was signed")
        signed_on(dt.date(2026, 4, 2))
        with pytest.raises(DefinitionError, match="Jul 2026 at the earliest"):
            publish(signed, ana, APRIL)
        assert not Publication.objects.exists()
    page = signed_in(ana).get("/c/northwind/definitions/versions/0/sign-off/").text
    assert "Quotas or pay are set by what this moves" in page
    with tenant_context(signed):
        signed_on(dt.date(2026, 3, 30))
        assert publish(signed, ana, APRIL).state == "done", (
            "signed before the quarter, and published with its first month"
        )


def test_sales_and_finance_may_sign_it_within_a_period(started: Client, ana: User, finn: User, rita: User) -> None:
    with tenant_context(started):
        sign_list_prices(started, ana, (finn, "finance"), (rita, "sales"))
        paid_by_arr(started)
        close(started, FEBRUARY, MARCH)
        assert publish(started, ana, FEBRUARY, "restating", "Both said so").state == "working"


def test_prospective_leaves_what_was_reported(signed: Client, ana: User) -> None:
    with tenant_context(signed):
        close(signed, FEBRUARY, MARCH)
        before = list(MonthClose.objects.values_list("month", "recognition", "content_hash"))
        made = publish(signed, ana, APRIL)
        assert made.state == "done" and policy_in_force(signed).discounts == "list"
        assert list(MonthClose.objects.values_list("month", "recognition", "content_hash")) == before
        newest = policy_latest()
        assert newest is not None
        found = signed_policy(newest.number)
        assert found is not None and found.functions_text == "Finance, RevOps" and not found.lapsed
        assert signed_policy(0) is None
        with pytest.raises(TransitionError, match="the policy already"):
            publish(signed, ana, APRIL)


def test_restating_closes_the_months_again_beside_what_was_reported(signed: Client, ana: User) -> None:
    with tenant_context(signed):
        close(signed, FEBRUARY, MARCH)
        made = publish(signed, ana, FEBRUARY, "restating", "Signed definition")
        assert made.state == "working"
    publications_finish(client=signed, now=NOW)
    publications_finish(client=signed, now=NOW)  # a second delivery
    with tenant_context(signed):
        made.refresh_from_db()
        assert made.state == "done" and made.message == ""
        rows = MonthClose.objects.filter(month=MARCH).order_by("recognition", "revision")
        assert {(row.revision, row.reason) for row in rows} >= {(1, ""), (2, "Signed definition")}
        assert rows.filter(revision=2).exists() and not rows.filter(revision=3).exists()
        assert made.restated_months == [MARCH], "February has no discount, and stays as it was closed"
        assert AuditEntry.objects.filter(action="document.restatements").count() == 1
        assert [row.bridge.get(dimension="total").ending for row in rows.filter(recognition="start")] == [
            Decimal("51000.00"), Decimal("52000.00"),
        ]  # fmt: skip


def test_a_lapsed_signature_publishes_nothing(signed: Client, ana: User) -> None:
    with tenant_context(signed):
        close(signed, FEBRUARY, MARCH)
        item_edit(item=item("mrr"), version=item("mrr").version, changes={"answer": "Another"}, user=ana)
        with pytest.raises(DefinitionError, match="signatures have lapsed, because these changed: MRR"):
            publish(signed, ana, APRIL)


def test_the_pages_say_who_signed_the_policy(
    signed: Client, ana: User, anas: Browser, signed_in: Callable[[User], Browser]
) -> None:
    page = "/c/northwind/definitions/versions/0/sign-off/"
    with tenant_context(signed):
        close(signed, FEBRUARY, MARCH)
    assert "signed" not in anas.get("/c/northwind/arr/").content.decode().split("page-state")[1].split("</p>")[0]
    form = {"from_month": "2026-02", "mode": "restating", "reason": "Signed definition"}
    assert anas.post(f"{page}publish/", form | {"from_month": "soon"}).status_code == 422
    answer = anas.post(f"{page}publish/", form, follow=True).content.decode()
    assert "Being restated" in answer
    out = io.StringIO()
    call_command("publications_finish", "--client", "northwind", "--now", "2026-04-15T00:00", stdout=out)
    assert "done: " in out.getvalue()
    assert "Restated, with what was reported kept beside" in anas.get(page).content.decode()
    assert anas.post(f"{page}publish/", form).status_code == 409
    today = dt.datetime.now(dt.UTC)
    for path in ("arr/", "policy/", "policy/1/"):
        content = anas.get(f"/c/northwind/{path}").content.decode()
        assert "by Finance, RevOps" in content and f"{today.day} {today:%b}" in content, path
    with tenant_context(signed):
        item_edit(item=item("mrr"), version=item("mrr").version, changes={"answer": "Another"}, user=ana)
    assert "Lapsed in part" in anas.get("/c/northwind/arr/").content.decode()
