"""Writing, submitting and joining change requests: what each kind has to say, and what is refused with its reason."""

from collections.abc import Callable
from typing import Any

import pytest

from governance.change_content import ContentFault, canonical_bytes, content_digest
from governance.models import ChangeEvent, ChangeRequest, ChangeState, Metric
from governance.selectors.change_duplicates import twins_of
from governance.selectors.change_pay import touches_pay
from governance.selectors.registry import month_now, registry_get
from governance.services.change_states import change_move
from governance.services.change_triage import change_join, change_triage
from governance.services.changes import DuplicateError, Wish, change_draft, change_edit, change_submit, change_withdraw
from governance.services.problems import DefinitionError, OutdatedError
from governance.services.registry import registry_start
from governance.services.signoff_states import TransitionError
from metrics.services.closes import month_close
from portal.accounts.models import User
from portal.accounts.services.people import person_remove
from portal.lib.periods import month_parse
from portal.notices.models import Notice
from portal.tenancy.models import Client, Membership
from portal.tenancy.scope import tenant_context
from tests.reporting.numbers import numbers_load

FAR = month_parse("2031-01")
GRACE = {"parameters": {"renewal_grace_days": 30}}


@pytest.fixture
def kept(northwind: Client, rita: User) -> Client:
    """Northwind with its registry started."""
    with tenant_context(northwind):
        registry_start(client=northwind, user=rita)
    return northwind


def wish(content: dict[str, Any], title: str = "Another rule", **other: Any) -> Wish:
    said: dict[str, Any] = {"title": title, "content": content, "rationale": "It misleads.", "from_month": FAR}
    return Wish(**(said | other))


def asked(client: Client, kind: str, content: dict[str, Any], user: User, **other: Any) -> ChangeRequest:
    return change_draft(client=client, kind=kind, wish=wish(content, **other), user=user)


def metric_content(client: Client, key: str, **fields: str) -> dict[str, str]:
    return registry_get(client).entries[key].content | fields


# --- what each kind says ----------------------------------------------------------------------------------------------


def test_a_policy_request_keeps_only_what_differs_and_what_held_before(northwind: Client, rita: User) -> None:
    with tenant_context(northwind):
        content = {"parameters": {"renewal_grace_days": 30, "fx": "spot"}}
        request = asked(northwind, "policy", content, rita)
        assert request.content == GRACE
        assert request.present == {"parameters": {"renewal_grace_days": 0}}
        assert (str(request), request.state, request.requested_by) == ("CR-1", ChangeState.DRAFT, rita)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ({"parameters": {"renewal_grace_days": 0}}, "nothing would change"),
        ({"parameters": {}}, "nothing would change"),
        ({"parameters": {"renewal_grace_days": -1}}, "Late renewals: -1 is not a whole number"),
        ({"parameters": {"grace": 3}}, "unknown parameter"),
        ({"parameters": {"reporting_currency": "EUR"}}, "not changed by request"),
        ({"parameters": [1]}, "not a set of names"),
        ({"parameter": {"renewal_grace_days": 3}}, "Parameters: is missing"),
        ({}, "Parameters: is missing"),
    ],
)
def test_a_policy_request_that_cannot_be_asked_for_says_why(
    northwind: Client, rita: User, content: dict[str, Any], reason: str
) -> None:
    with tenant_context(northwind):
        with pytest.raises(ContentFault, match=reason):
            asked(northwind, "policy", content, rita)
        assert not ChangeRequest.objects.exists()


def test_requests_about_metrics_are_checked_with_the_whole_registry(kept: Client, rita: User) -> None:
    """One after the other on one registry: each kind with what it has to refuse, and once as it should be."""
    arr, own, speed = "arr", "own_growth", "quick_ratio"
    with tenant_context(kept):
        same, broken = metric_content(kept, "quick_ratio"), metric_content(kept, "quick_ratio", formula="arr + nothing")
        new = same | {"name": "Growth of new", "formula": "new_arr / previous(new_arr)"}
        refused: list[tuple[str, dict[str, Any], str]] = [
            ("metric_change", {"key": "quick_ratio", "metric": same}, "nothing would change"),
            ("metric_change", {"key": "quick_ratio", "metric": broken}, "nothing"),
            ("metric_change", {"key": "no_such", "metric": same}, "is no metric"),
            (
                "metric_change",
                {"key": "mrr", "metric": metric_content(kept, "mrr", formula="arr / 6")},
                "as it shipped",
            ),
            ("metric_new", {"key": arr, "metric": new}, "never used twice"),
            ("metric_new", {"key": "Own", "metric": new}, "small letters"),
            ("metric_new", {"key": own, "metric": new | {"formula": "own_growth + 1"}}, "own_growth|itself|round"),
            ("threshold", {"key": arr, "thresholds": {"weight": "1"}}, "is no threshold: the fields are warn_at and"),
            ("threshold", {"key": arr, "thresholds": {}}, "nothing would change"),
            ("threshold", {"key": arr, "thresholds": {"warn_at": "much"}}, "is no number"),
            ("metric_retire", {"key": "mrr", "successor": arr, "sunset_on": "2031-03-31"}, "Home, and stays as long"),
            ("metric_retire", {"key": speed, "successor": speed, "sunset_on": "2031-03-31"}, "another metric"),
            ("metric_retire", {"key": speed, "successor": "", "sunset_on": "2020-03-31"}, "still to come"),
            ("metric_retire", {"key": speed, "successor": "", "sunset_on": "9999-12-31"}, "next five years"),
            ("metric_retire", {"key": speed, "successor": "", "sunset_on": "soon"}, "is no day"),
            ("quota_rule", {"key": "q", "rule": " ", "metrics": [arr]}, "is a text"),
            ("quota_rule", {"key": "q", "rule": "A tenth", "metrics": ["nrrr"]}, "no such metric"),
            ("quota_rule", {"key": "q", "rule": "A tenth", "metrics": []}, "one to"),
            ("gossip", {}, "is not one of"),
        ]
        for kind, content, reason in refused:
            with pytest.raises(ContentFault, match=reason):
                asked(kept, kind, content, rita)
        assert not ChangeRequest.objects.exists()
        changed = same | {"name": "Speed"}
        with pytest.raises(
            ContentFault, match="only for a policy: the months of a metric that were shown keep the version"
        ):
            asked(kept, "metric_change", {"key": "quick_ratio", "metric": changed}, rita, is_restating=True)
        assert asked(kept, "metric_change", {"key": "quick_ratio", "metric": changed}, rita).present == {
            "metric": {"name": same["name"]}
        }
        assert asked(kept, "metric_new", {"key": own, "metric": new}, rita).metric is None
        limits = asked(kept, "threshold", {"key": "nrr", "thresholds": {"warn_at": "1.050"}}, rita)
        assert limits.content["thresholds"]["warn_at"] == "1.05"
        ending = asked(kept, "metric_retire", {"key": speed, "successor": "nrr", "sunset_on": "2031-03-31"}, rita)
        assert (ending.from_month, ending.metric.key) == (month_now(kept), speed)
        rule = asked(kept, "quota_rule", {"key": "q", "rule": "A tenth of it", "metrics": ["nrr", arr, "nrr"]}, rita)
        assert rule.content["metrics"] == [arr, "nrr"]


def test_what_people_agree_to_is_the_sha256_of_everything_that_is_asked(northwind: Client, rita: User) -> None:
    with tenant_context(northwind):
        request = asked(northwind, "policy", GRACE, rita)
        assert canonical_bytes(request) == (
            b'{"content":{"parameters":{"renewal_grace_days":30}},"from_month":24372,"is_restating":false,'
            b'"kind":"policy","rationale":"It misleads.","title":"Another rule"}'
        )
        seen = {request.content_sha256}
        for name, value in [
            ("title", "T"),
            ("rationale", "R"),
            ("is_restating", True),
            ("from_month", 1),
            ("content", {}),
        ]:
            before = getattr(request, name)
            setattr(request, name, value)
            seen.add(content_digest(request))
            setattr(request, name, before)
        assert len(seen) == 6


# --- writing and submitting -------------------------------------------------------------------------------------------


def test_a_request_is_written_while_it_is_a_draft_and_the_second_writer_is_told(
    northwind: Client, rita: User, finn: User
) -> None:
    with tenant_context(northwind):
        request = asked(northwind, "policy", GRACE, rita)
        later = wish({"parameters": {"renewal_grace_days": 45}})
        by_another: list[Callable[[], object]] = [
            lambda: change_edit(request=request, version=1, wish=later, user=finn),
            lambda: change_withdraw(request=request, user=finn, may_any=True),
        ]
        for write in by_another:
            with pytest.raises(DefinitionError, match="a draft is its author's alone"):
                write()
        written = change_edit(request=request, version=1, wish=later, user=rita)
        assert (written.version, written.edited_by, written.requested_by) == (2, rita, rita)
        assert written.content_sha256 != request.content_sha256
        with pytest.raises(OutdatedError):
            change_edit(request=request, version=1, wish=wish(GRACE), user=rita)
        submitted = change_submit(request=written, version=2, user=rita)
        with pytest.raises(TransitionError, match="is not written any more"):
            change_edit(request=submitted, version=submitted.version, wish=wish(GRACE), user=rita)


@pytest.mark.parametrize(
    ("other", "reason"),
    [({"rationale": " "}, "say why"), ({"from_month": None}, "from which month")],
)
def test_a_request_is_submitted_once_nothing_is_missing(
    northwind: Client, rita: User, other: dict[str, Any], reason: str
) -> None:
    with tenant_context(northwind):
        request = asked(northwind, "policy", GRACE, rita, **other)
        with pytest.raises(DefinitionError, match=reason):
            change_submit(request=request, version=1, user=rita)
        assert ChangeRequest.objects.get().state == ChangeState.DRAFT


def test_without_a_restatement_nothing_that_was_reported_changes(northwind: Client, rita: User) -> None:
    march = month_parse("2026-03")
    with tenant_context(northwind):
        numbers_load(northwind)
        month_close(client=northwind, month=march, user=rita)
        request = asked(northwind, "policy", GRACE, rita, from_month=march)
        with pytest.raises(DefinitionError, match="Mar 2026 is closed"):
            change_submit(request=request, version=1, user=rita)
        restating = wish(GRACE, from_month=march, is_restating=True)
        change_edit(request=request, version=1, wish=restating, user=rita)
        assert change_submit(request=request, version=2, user=rita).state == ChangeState.SUBMITTED


def test_a_metric_that_others_are_built_on_is_not_retired(kept: Client, rita: User) -> None:
    with tenant_context(kept):
        ending = {"key": "arr_per_customer", "successor": "", "sunset_on": "2031-03-31"}
        request = asked(kept, "metric_retire", ending, rita)
        with pytest.raises(DefinitionError, match="built on it: change that first"):
            change_submit(request=request, version=1, user=rita)


# --- duplicates -------------------------------------------------------------------------------------------------------


def test_a_request_that_asks_for_the_same_is_joined_or_said_to_be_another(
    northwind: Client, rita: User, finn: User, eve: User
) -> None:
    with tenant_context(northwind):
        first = asked(northwind, "policy", GRACE, rita)
        first = change_submit(request=first, version=1, user=rita)
        second = asked(northwind, "policy", GRACE, finn, title="Grace")
        with pytest.raises(DuplicateError, match=r"CR-1 \(“Another rule”\) asks for the same"):
            change_submit(request=second, version=1, user=finn)
        change_join(request=first, user=finn, own=second)
        second.refresh_from_db()
        assert second.state == ChangeState.WITHDRAWN
        with pytest.raises(DefinitionError, match="stand behind CR-1 already"):
            change_join(request=first, user=finn)
        third = asked(northwind, "policy", GRACE, eve, title="For partners")
        third = change_submit(request=third, version=1, user=eve, is_not_same=True)
        assert ChangeEvent.objects.get(request=third, step="submit").text == "It is not the same as CR-1."
        change_move(request=first, step="withdraw", user=rita, reason="Not now")
        assert Notice.objects.filter(user=finn, kind="change", text__contains="is withdrawn: Not now").exists()


def test_requests_that_touch_the_same_or_are_called_alike_are_shown(kept: Client, rita: User) -> None:
    with tenant_context(kept):
        grace = asked(kept, "policy", GRACE, rita, title="Thirty days of grace")
        nrr = asked(kept, "threshold", {"key": "nrr", "thresholds": {"warn_at": "1.05"}}, rita, title="NRR limit")
        for request in (grace, nrr):
            change_submit(request=request, version=1, user=rita)
        found = twins_of("policy", {"parameters": {"renewal_grace_days": 45}}, "Something else")
        assert [(twin.change, twin.is_exact, twin.why) for twin in found] == [
            (grace, False, "is about “Late renewals” too")
        ]
        retire = {"key": "nrr", "successor": "", "sunset_on": "2031-03-31"}
        about = twins_of("metric_retire", retire, "Away with it")
        assert [(twin.change, twin.why) for twin in about] == [(nrr, "is about “Net revenue retention” too")]
        alike = twins_of("policy", {"parameters": {"fx": "contract_date"}}, "Grace of thirty days")
        assert [(twin.change, twin.why) for twin in alike] == [(grace, "is called nearly the same")]
        assert twins_of("policy", GRACE, "Thirty days of grace", leave=grace.pk) == []


def test_a_new_metric_that_is_computed_like_another_is_found_whatever_it_is_called(kept: Client, rita: User) -> None:
    """Under two keys and titles that have nothing in common one formula went to the board twice."""
    with tenant_context(kept):
        formula = "(book_new + book_expansion) / book_beginning"
        own = metric_content(kept, "arr_growth", name="Speed", formula=formula)
        first = asked(kept, "metric_new", {"key": "speed", "metric": own}, rita, title="How fast we grow")
        change_submit(request=first, version=1, user=rita)
        again = own | {"name": "Pace", "formula": "( book_expansion+book_new )/book_beginning"}
        second = asked(kept, "metric_new", {"key": "pace", "metric": again}, rita, title="A measure for Marketing")
        (twin,) = twins_of(second.kind, second.content, second.title, second.pk)
        assert (twin.change, twin.is_exact, twin.why) == (first, True, "has the same formula")
        with pytest.raises(DuplicateError, match="asks for the same"):
            change_submit(request=second, version=1, user=rita)
        twelfth = own | {"name": "A twelfth", "formula": "book_ending * 1 / 12", "unit": "money"}
        for formula, named in (("arr / 12", "MRR"), ("arr", "ARR")):
            third = asked(
                kept, "metric_new", {"key": "twelfth", "metric": twelfth | {"formula": formula}}, rita, title=formula
            )
            with pytest.raises(DuplicateError, match=f"“{named}” is computed by this formula already: use it, or say"):
                change_submit(request=third, version=1, user=rita)


# --- triage and pay ---------------------------------------------------------------------------------------------------


def test_triage_names_who_takes_care_and_tells_both(
    northwind: Client, rita: User, finn: User, stan: User, otto: User
) -> None:
    with tenant_context(northwind):
        request = change_submit(request=asked(northwind, "policy", GRACE, finn), version=1, user=finn)
        assert Notice.objects.filter(user=rita, kind="change_waits", text__contains="CR-1").count() == 1
        for nobody in (None, otto, stan, finn):  # one answer, whoever may not
            with pytest.raises(DefinitionError, match="say who takes care of it: somebody who may take"):
                change_triage(request=request, version=request.version, owner=nobody, urgency="soon", user=rita)
        with pytest.raises(OutdatedError):
            change_triage(request=request, version=1, owner=rita, urgency="soon", user=rita)
        taken = change_triage(request=request, version=request.version, owner=rita, urgency="soon", user=rita)
        assert (taken.state, taken.owner, taken.urgency) == (ChangeState.TRIAGE, rita, "soon")
        assert Notice.objects.filter(user=finn, text__contains="is taken in hand").exists()


def test_who_leaves_takes_care_of_no_request_any_more(northwind: Client, rita: User, finn: User) -> None:
    with tenant_context(northwind):
        request = change_submit(request=asked(northwind, "policy", GRACE, finn), version=1, user=finn)
        request = change_triage(request=request, version=2, owner=rita, urgency="normal", user=rita)
        person_remove(client=northwind, member=Membership.objects.get(user=rita), user=None)
        left = ChangeRequest.objects.get()
        assert (left.owner, left.state, left.version) == (None, ChangeState.TRIAGE, request.version + 1)
        assert ChangeEvent.objects.get(step="owner").text == "Rita left and takes care of it no more."


def test_a_request_that_moves_what_people_are_paid_by_is_known(kept: Client, rita: User) -> None:
    with tenant_context(kept):
        grace = asked(kept, "policy", GRACE, rita)
        limits = asked(kept, "threshold", {"key": "arr", "thresholds": {"warn_at": "5"}}, rita)
        churn = asked(kept, "threshold", {"key": "logo_churn", "thresholds": {"warn_at": "0.03"}}, rita)
        rule = asked(kept, "quota_rule", {"key": "q", "rule": "A tenth of it", "metrics": ["arr"]}, rita)
        assert [touches_pay(each) for each in (grace, limits, churn, rule)] == [False, False, False, True]
        Metric.objects.filter(key="arr").update(feeds_pay=True)
        assert [touches_pay(each) for each in (grace, limits, churn)] == [True, True, False]
