"""Disputes: a published figure is marked until somebody has looked into it and said what came of it."""

import hashlib
import itertools
import json
from collections.abc import Callable
from decimal import Decimal

import pytest
from django.db import DatabaseError, transaction
from django.test import Client as Browser

from governance.models import ChangeRequest, DisputeEvent, DisputeEvidence, DisputeState, FigureDispute, Metric
from governance.selectors.figure_disputes import corrections_for, disputed_marks
from governance.selectors.published_figures import FigureError, Subject, published_get
from governance.services.changes import Wish, change_draft
from governance.services.dispute_states import STEPS, next_state
from governance.services.figure_disputes import (
    dispute_comment,
    dispute_reopen,
    dispute_settle,
    dispute_take,
    dispute_withdraw,
    evidence_attach,
)
from governance.services.problems import DefinitionError, OutdatedError
from governance.services.registry import metric_owner_set, registry_start
from governance.services.signoff_states import TransitionError
from metrics.models import ContractLine
from metrics.selectors.policies import policy_in_force
from metrics.services.books import books_rebuild_all
from metrics.services.closes import month_close, month_restate
from metrics.services.policies import policy_publish
from portal.accounts.models import User
from portal.lib.periods import month_parse
from portal.notices.models import Notice
from portal.tenancy.clock import database_time
from portal.tenancy.models import AuditEntry, Client, ClientRole
from portal.tenancy.scope import tenant_context
from portal.tenancy.services import member_add
from tests.governance.disputes import MARCH, booked, raised, taken
from tests.reporting.numbers import NOW

__all__ = ["booked"]


# --- raising ----------------------------------------------------------------------------------------------------------


def test_the_published_figure_and_its_account_are_kept_as_they_are_then(booked: Client, eve: User, finn: User) -> None:
    with tenant_context(booked):
        row = raised(booked, eve)
        assert (str(row), row.published, row.recognition) == ("D-1", Decimal(42_000), "start")
        (evidence,) = DisputeEvidence.objects.all()
        customers = [(each["customer"], each["amount"]) for each in evidence.content["customers"]]
        assert customers == [("bolt", "30000.00"), ("acme", "12000.00")]
        text = json.dumps(evidence.content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        assert evidence.sha256 == hashlib.sha256(text.encode()).hexdigest()
        assert AuditEntry.objects.get(action="dispute.raised").details["published"] == row.published_text
        told = Notice.objects.get(user=finn).text
        assert told == "Eve disputes ARR in Mar 2026 (42,000.00 USD): Support is a service"
        ContractLine.objects.update(amount=1)
        evidence.refresh_from_db()
        assert customers == [(each["customer"], each["amount"]) for each in evidence.content["customers"]]


def test_a_customers_figure_is_kept_with_what_arr_explain_prints(booked: Client, eve: User) -> None:
    with tenant_context(booked):
        row = raised(booked, eve, Subject("ending", MARCH, customer="bolt"))
        assert (row.customer, row.published) == ("bolt", Decimal(30_000))
        content = DisputeEvidence.objects.get().content
        assert content["kind"] == "arr_explain"
        assert "Line K3/1 of contract K3, Support, recurring fees: 6000.00 USD" in content["text"]
        assert sum(Decimal(line["contributes"]) for line in content["explanation"]["lines"]) == 30_000


def test_a_closed_month_is_disputed_as_it_was_reported(booked: Client, eve: User) -> None:
    with tenant_context(booked):
        month_close(client=booked, month=MARCH)
        ContractLine.objects.filter(line_id="K3/1").update(amount=1_000)
        books_rebuild_all(client=booked, now=NOW)
        row = raised(booked, eve)
        content = DisputeEvidence.objects.get().content
        assert (row.published, content["published"], content["now"]) == (Decimal(42_000), "42000.00", "37000.00")
        assert content["closed_revision"] == 1
        told = [(each["customer"], each["amount"], each["now"]) for each in content["customers"]]
        assert told == [("bolt", "30000.00", "25000.00"), ("acme", "12000.00", "12000.00")], "those of the close"
        assert content["standing"] == "closed" and content["rest"] == {"customers": 0, "amount": "0.00"}


def test_what_another_definition_makes_of_a_closed_month_is_not_put_on_its_contracts(
    booked: Client, eve: User, signed_in: Callable[[User], Browser]
) -> None:
    """Services of 6,000 count by the new definition, though no contract was touched."""
    with tenant_context(booked):
        ContractLine.objects.filter(line_id="K3/1").update(charge_type="services")
        books_rebuild_all(client=booked, now=NOW)
        month_close(client=booked, month=MARCH)
        raised(booked, eve)
        before = DisputeEvidence.objects.get().content
        other = policy_in_force(booked).with_(included_charge_types=("recurring", "services"))
        policy_publish(client=booked, parameters=other.to_dict())
        books_rebuild_all(client=booked, now=NOW)
        row = raised(booked, eve, Subject("ending", MARCH, recognition="signed"))
        after = DisputeEvidence.objects.get(dispute=row).content
    assert (before["now_policy"], after["now_policy"]) == (None, 2)
    assert (after["published"], after["now"]) == ("36000.00", "42000.00")
    text = " ".join(signed_in(eve).get(f"/c/northwind/oversight/disputes/{row.number}/").text.split())
    assert "As the contracts stood then and by policy v2, the newest, it would have been" in text
    assert "by policy v2" in text and "by the contracts" not in text


def test_a_customers_figure_of_a_closed_month_is_as_it_was_closed_beside_the_lines_of_now(
    booked: Client, eve: User, signed_in: Callable[[User], Browser]
) -> None:
    with tenant_context(booked):
        month_close(client=booked, month=MARCH)
        ContractLine.objects.filter(line_id="K3/1").update(amount=1_000)
        ContractLine.objects.filter(customer_id="acme").delete()
        books_rebuild_all(client=booked, now=NOW)
        bolt = raised(booked, eve, Subject("ending", MARCH, customer="bolt"))
        acme = raised(booked, eve, Subject("ending", MARCH, customer="acme"))
        assert (bolt.published, acme.published) == (Decimal(30_000), Decimal(12_000))
        told = [DisputeEvidence.objects.get(dispute=each).content for each in (bolt, acme)]
    assert [(each["published"], each["now"]) for each in told] == [("30000.00", "25000.00"), ("12000.00", "0.00")]
    assert told[1]["text"] == "No contract line is this customer's by now." and told[1]["explanation"] is None
    text = " ".join(signed_in(eve).get(f"/c/northwind/oversight/disputes/{bolt.number}/").text.split())
    assert "The month was closed with 30,000.00 of this customer." in text and "and give 25,000.00." in text


def test_a_figure_of_a_month_closed_before_closes_kept_customers_says_whose_its_customers_are(
    booked: Client, eve: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    with tenant_context(booked):
        monkeypatch.setattr("metrics.services.closes.detail_store", lambda close, detail: None)
        month_close(client=booked, month=MARCH)
        raised(booked, eve, Subject("expansion", MARCH))
        content = DisputeEvidence.objects.get().content
    assert (content["standing"], content["unkept"]) == ("now", True)


def test_groups_rates_and_metrics_are_disputed_too(booked: Client, eve: User, rita: User) -> None:
    with tenant_context(booked):
        registry_start(client=booked, user=rita)
        group = published_get(booked, Subject("new", month_parse("2026-02"), dimension="segment", group="Enterprise"))
        assert (group.value, group.title) == (Decimal(24_000), "New, Enterprise")
        assert published_get(booked, Subject("nrr", MARCH)).value is None
        row = raised(booked, eve, Subject("metric", MARCH, metric="arr"), believed=None)
        assert (row.metric.key, row.published, row.published_text) == ("arr", Decimal(42_000), "42,000.00")
        content = DisputeEvidence.objects.get().content
        assert [(part["name"], part["value"]) for part in content["parts"]] == [("book_ending", "42000")]
        assert Notice.objects.filter(
            user=rita, text__startswith="Eve disputes ARR in Mar 2026 (42,000.00 USD): "
        ).exists()
        raised(booked, eve, Subject("nrr", MARCH), believed=None)
        assert " USD" not in Notice.objects.filter(user=rita).latest("pk").text, "a share is of no currency"


@pytest.mark.parametrize(
    "subject",
    [
        Subject("colour", MARCH), Subject("ending", MARCH + 500), Subject("ending", MARCH, customer="nobody"),
        Subject("ending", MARCH, dimension="segment", group="Moon"), Subject("metric", MARCH, metric="nothing"),
        Subject("ending", MARCH, dimension="client_id", group="1"),
    ],
)  # fmt: skip
def test_what_is_no_figure_cannot_be_disputed(booked: Client, subject: Subject) -> None:
    with tenant_context(booked), pytest.raises(FigureError):
        published_get(booked, subject)


def test_a_figure_is_disputed_once_at_a_time_and_with_a_reason(booked: Client, eve: User, stan: User) -> None:
    with tenant_context(booked):
        with pytest.raises(DefinitionError, match="say why you believe so"):
            raised(booked, eve, reason=" ")
        raised(booked, eve)
        with pytest.raises(DefinitionError, match="disputed already: say what you know in D-1"):
            raised(booked, stan)
        assert raised(booked, eve, Subject("ending", MARCH - 1)).number == 2


# --- the table of states ----------------------------------------------------------------------------------------------


def test_every_step_that_is_not_in_the_table_is_refused() -> None:
    steps = {step for _, step in STEPS}
    allowed = {
        ("raised", "take"), ("raised", "withdraw"), ("looking", "take"), ("looking", "stand"), ("looking", "correct"),
        ("looking", "withdraw"), ("looking", "release"), ("stands", "reopen"), ("corrected", "reopen"),
    }  # fmt: skip
    for state, step in itertools.product(DisputeState.values, steps):
        if (state, step) in allowed:
            assert next_state(state, step) in DisputeState.values
        else:
            with pytest.raises(TransitionError):
                next_state(state, step)


def test_a_refused_step_leaves_no_row_and_no_entry(booked: Client, eve: User, finn: User) -> None:
    with tenant_context(booked):
        row = raised(booked, eve)
        before = (DisputeEvent.objects.count(), AuditEntry.objects.count(), Notice.objects.count())
        with pytest.raises(TransitionError, match="waits for somebody to look into it"):
            dispute_settle(client=booked, dispute=row, step="stand", reason="Signed", user=finn)
        assert before == (DisputeEvent.objects.count(), AuditEntry.objects.count(), Notice.objects.count())


def test_what_is_disputed_anew_is_not_opened_again_beside_it(booked: Client, eve: User, finn: User) -> None:
    """A figure has one open dispute: what is known of it stands in one place."""
    with tenant_context(booked):
        first = taken(booked, eve, finn)
        dispute_settle(client=booked, dispute=first, step="stand", reason="Signed", user=finn)
        second = raised(booked, eve)
        with pytest.raises(DefinitionError, match=f"disputed already: say what you know in {second}"):
            dispute_reopen(client=booked, dispute=first, reason="The amendment", user=eve)
        dispute_withdraw(client=booked, dispute=second, reason="In the other one", user=eve)
        assert dispute_reopen(client=booked, dispute=first, reason="The amendment", user=eve).state == "looking"


def test_a_figure_stands_because_of_something_and_can_be_opened_again(booked: Client, eve: User, finn: User) -> None:
    with tenant_context(booked):
        row = taken(booked, eve, finn)
        dispute_comment(client=booked, dispute=row, text="The contract says recurring", user=finn)
        evidence_attach(client=booked, dispute=row, customer="bolt", user=finn)
        settled = dispute_settle(client=booked, dispute=row, step="stand", reason="Support recurs", user=finn)
        assert (settled.state, settled.outcome, settled.settled_by) == ("stands", "Support recurs", finn)
        assert not disputed_marks()
        with pytest.raises(OutdatedError, match="open it again first"):
            evidence_attach(client=booked, dispute=row, customer="acme", user=finn)
        again = dispute_reopen(client=booked, dispute=row, reason="The amendment", user=eve)
        assert (again.state, again.outcome, again.settled_at) == ("looking", "", None)
        said = [(event.step, event.text) for event in DisputeEvent.objects.order_by("pk")]
        assert ("stand", "Support recurs") in said
        assert Notice.objects.filter(user=eve, text__contains="the figure stands. Support recurs").exists()


def test_a_corrected_figure_names_what_corrected_it(
    booked: Client, eve: User, finn: User, signed_in: Callable[[User], Browser]
) -> None:
    with tenant_context(booked):
        month_close(client=booked, month=MARCH)
        row = taken(booked, eve, finn)
        asked = {"client": booked, "dispute": row, "step": "correct", "reason": "A late credit", "user": finn}
        for nothing in ("", "close:1", "import:999", "change:7", "nonsense"):
            with pytest.raises(DefinitionError, match="choose what corrected it"):
                dispute_settle(correction=nothing, **asked)  # type: ignore[arg-type]
        ContractLine.objects.filter(line_id="K3/1").update(amount=1_000)
        books_rebuild_all(client=booked, now=NOW)
        closes = month_restate(client=booked, month=MARCH, reason="Credit note of 2 April", user=finn)
        close = next(each for each in closes if each.recognition == "start")
        (offered, *_) = corrections_for(row)
        assert offered.key == f"close:{close.pk}"
        settled = dispute_settle(correction=offered.key, **asked)  # type: ignore[arg-type]
        assert (settled.state, settled.correction_close) == ("corrected", close)
    page = signed_in(finn).get(f"/c/northwind/oversight/disputes/{row.number}/").text
    assert '/c/northwind/months/2026-03/2/">the restatement of' in " ".join(page.split())


def test_only_a_change_that_took_effect_can_have_corrected_a_figure(booked: Client, eve: User, finn: User) -> None:
    with tenant_context(booked):
        row = taken(booked, eve, finn)
        wish = Wish("Longer grace", {"parameters": {"renewal_grace_days": 45}}, "Because", from_month=MARCH)
        request = change_draft(client=booked, kind="policy", wish=wish, user=finn)
        offered = {
            state: change_offered(row, request, state) for state in ("submitted", "review", "approved", "scheduled")
        }
        assert not any(offered.values()), offered
        assert all(change_offered(row, request, state) for state in ("effective", "communicated", "closed"))


def change_offered(row: FigureDispute, request: ChangeRequest, state: str) -> bool:
    """Whether the request is among what can have corrected the figure, in that state."""
    ChangeRequest.objects.filter(pk=request.pk).update(state=state, effective_at=database_time())
    return f"change:{request.pk}" in {each.key for each in corrections_for(row)}


def test_nobody_settles_their_own_and_nobody_withdraws_anothers(booked: Client, eve: User, finn: User) -> None:
    with tenant_context(booked):
        row = taken(booked, finn, eve)
        with pytest.raises(DefinitionError, match="whoever raised a dispute does not settle it"):
            dispute_settle(client=booked, dispute=row, step="stand", reason="I was wrong", user=finn)
        again = User.objects.create_user("finn+2@example.com", "x", name="Finn again")
        with pytest.raises(DefinitionError, match="whoever raised a dispute does not settle it"):
            dispute_settle(client=booked, dispute=row, step="stand", reason="I say so", user=again)
        with pytest.raises(DefinitionError, match="withdrawn by whoever raised it"):
            dispute_withdraw(client=booked, dispute=row, reason="", user=eve)
        assert dispute_withdraw(client=booked, dispute=row, reason="I was wrong", user=finn).state == "withdrawn"


def test_nobody_who_may_not_see_the_figure_looks_into_it_or_is_told(booked: Client, rita: User, finn: User) -> None:
    rep = User.objects.create_user("rep@example.com", "x", name="Rep")
    with tenant_context(booked):
        member_add(client=booked, user=rep, role=ClientRole.SALES_REP)
        registry_start(client=booked, user=rita)
        metric = Metric.objects.get(key="arr")
        metric_owner_set(metric=metric, version=metric.version, owner=rep, user=rita)
        row = raised(booked, finn, Subject("metric", MARCH, metric="arr"))
        with pytest.raises(DefinitionError, match="somebody who may see the figure"):
            dispute_take(client=booked, dispute=row, owner=rep, user=rita)
        assert Notice.objects.filter(user=rita, kind="dispute").exists()
        assert not Notice.objects.filter(user=rep, kind="dispute").exists()


def test_whoever_disputes_a_figure_is_not_asked_to_look_into_it(
    booked: Client, eve: User, finn: User, rita: User, signed_in: Callable[[User], Browser]
) -> None:
    with tenant_context(booked):
        row = raised(booked, eve)
        with pytest.raises(DefinitionError, match="name somebody else"):
            dispute_take(client=booked, dispute=row, owner=eve, user=rita)
    form = signed_in(rita).get(f"/c/northwind/oversight/disputes/{row.number}/").context["take_form"]
    names = [name for _, name in form.fields["owner"].choices]
    assert "Finn" in names and "Eve" not in names, "who could not settle it is not asked to"


def test_what_was_said_and_explained_is_never_changed(booked: Client, eve: User) -> None:
    with tenant_context(booked):
        raised(booked, eve)
        for write in (
            lambda: FigureDispute.objects.update(published=1),
            lambda: FigureDispute.objects.update(reason="x", believed=1),
            lambda: FigureDispute.objects.all().delete(),
            lambda: DisputeEvent.objects.update(text="x"),
            lambda: DisputeEvidence.objects.update(content={}),
            lambda: DisputeEvidence.objects.all().delete(),
        ):
            with pytest.raises(DatabaseError), transaction.atomic():
                write()
