"""What a change request would do: the whole result against the engine, and every way in which it adds up."""

import datetime as dt
import gc
from dataclasses import replace
from decimal import Decimal

import pytest

from governance.change_impact import Impact, ImpactFault, Size
from governance.change_impact_tables import Shown
from governance.change_impact_words import closed_told, finding, kept_told, recognition_told
from governance.models import DefinitionItem
from governance.selectors.change_impact import impact_of
from governance.services.changes import Wish, change_draft
from governance.services.items import definitions_start
from governance.services.registry import registry_start
from metrics.models import ContractLine, SampleContract
from metrics.selectors.policy_impact import PolicyImpact
from metrics.services.books import books_rebuild_all
from metrics.services.closes import month_close
from metrics.services.policies import policy_publish
from portal.accounts.models import User
from portal.tenancy.models import Client
from portal.tenancy.scope import tenant_context
from tests.governance.impacts import APRIL, FEBRUARY, JANUARY, MARCH, NORMAL, asked, at, grace, late, metric
from tests.reporting.numbers import LINES, NOW, line, numbers_load

__all__ = ["late"]


def test_the_renewal_that_comes_late_is_told_by_month_group_customer_and_metric(late: Client, rita: User) -> None:
    with tenant_context(late):
        for month in (JANUARY, FEBRUARY):
            month_close(client=late, month=month)
        impact = impact_of(late, grace(late, rita))
    assert impact.content["headline"]["before"] == impact.content["headline"]["after"] == 52_000_00
    assert impact.effect == (FEBRUARY, 9_000_00) and impact.moves
    assert impact.change("ending", FEBRUARY, "segment", "SMB") == 9_000_00
    assert impact.change("ending", FEBRUARY, "segment") == 0, "Enterprise is among the others, and stays"
    assert impact.change("churn", FEBRUARY) == 9_000_00 and impact.change("customers_churned", FEBRUARY) == -1
    assert impact.change("reactivation", MARCH) == -10_000_00 and impact.change("expansion", MARCH) == 1_000_00
    (dora,) = impact.content["customers"]["in_window"]
    assert dora["name"] == "Dora" and dora["parameters"] == ("renewal_grace_days",)
    assert [month["month"] for month in impact.content["closed"]["months"]] == [FEBRUARY]
    step = impact.content["closed"]["prior_period_adjustment"]
    assert (step["month"], step["at"], step["amount"], step["is_closed"]) == (APRIL, MARCH, 0, False)
    arr = at(metric(impact, "arr"), FEBRUARY)
    assert (arr["before"], arr["after"]) == ("36000.00", "45000.00")
    assert at(metric(impact, "mrr"), FEBRUARY)["after"] == "3750.00"
    churn = at(metric(impact, "logo_churn"), FEBRUARY)
    assert (churn["before"], churn["after"]) == ("0.5000", "0.0000")
    pages = {row["label"] for row in impact.content["touched"] if row["kind"] == "page"}
    assert {"ARR", "Home", "Closed months"} <= pages


def test_both_books_are_let_go_of_with_the_impact(late: Client, rita: User) -> None:
    """Nothing waits for the collector of cycles: a worker would keep the books of one large client beside the next one's."""
    gc.collect()
    gc.disable()
    try:
        with tenant_context(late):
            assert impact_of(late, grace(late, rita)).moves
        assert not [each for each in gc.get_objects() if type(each) is PolicyImpact]
    finally:
        gc.enable()


def test_the_effect_is_the_largest_of_the_months_that_the_request_changes(late: Client, rita: User) -> None:
    """February moves by 9,000 and is left alone: the request holds from March on, in which nothing moves."""
    with tenant_context(late):
        wish = Wish("Late renewals", {"parameters": {"renewal_grace_days": 30}}, "Because.", from_month=MARCH)
        request = change_draft(client=late, kind="policy", wish=wish, user=rita)
        impact = impact_of(late, request)
        assert impact.widest == (FEBRUARY, 9_000_00) and impact.effect == (MARCH, 0)
        customers = impact.content["customers"]
        (dora,) = customers["in_window"]
        assert customers["months"] == [MARCH, MARCH] and (dora["month"], dora["month_before"]) == (None, 0)
        assert {move["month"] for move in dora["told"]} == {MARCH}, "what she does in months left alone is no effect"
        assert finding(Shown(impact, "month", 1, "en")) == (
            "Mar 2026 ends the same; it begins 9,000.00 USD higher, booked there as a prior-period adjustment, and its "
            "movements take that up: reactivation −10,000.00 USD, expansion +1,000.00 USD"
        )
        assert impact.size == Size(MARCH, 9_000_00, is_step=True), "no month end moves, and yet March begins with more"
        request.from_month = FEBRUARY
        restated = impact_of(late, request)
        assert restated.effect == (FEBRUARY, 9_000_00) and restated.step == (FEBRUARY, 0)
        assert restated.size == Size(FEBRUARY, 9_000_00), "the larger of the two"
        request.from_month = MARCH + 9
        ahead = impact_of(late, request)
        assert ahead.effect == (FEBRUARY, 9_000_00), "no month of its own: the newest twelve"
        assert finding(Shown(ahead, "month", 1, "en")) == (
            "Mar 2026 stays as it is; Dec 2026 would begin without a step. The newest 3 months are compared as an "
            "illustration, as if it had held: ARR would differ most in Feb 2026, by 9,000.00 USD"
        )


def test_a_change_ahead_steps_where_it_begins_and_moves_no_month_that_has_ended(late: Client, rita: User) -> None:
    """Nothing of the subscriptions counts from April on: March, which has ended, stays, and is not said to fall."""
    with tenant_context(late):
        request = asked(late, rita, {"parameters": {"included_charge_types": ["services"]}})
        said = finding(Shown(impact_of(late, request), "month", 1, "en"))
        assert said.startswith(
            "Mar 2026 stays as it is; Apr 2026 would begin with a step of −52,000.00 USD (3 customers). "
            "The newest 3 months are compared as an illustration, as if it had held: ARR would differ most in Mar 2026"
        )
        request.from_month = MARCH
        assert finding(Shown(impact_of(late, request), "month", 1, "en")).startswith(
            "ARR at Mar 2026 falls by 52,000.00"
        )


def test_what_a_month_begins_with_and_loses_again_is_said_as_that(northwind: Client, rita: User) -> None:
    """Gina's term ended in February and nothing follows it: a grace that holds from March on has her churn in March."""
    gina = line("K7/1", "gina", "Platform", 500, dt.date(2026, 1, 1), ends_on=dt.date(2026, 2, 14), segment="SMB")
    with tenant_context(northwind):
        policy_publish(client=northwind, parameters=NORMAL)
        numbers_load(northwind, [*LINES, gina])
        registry_start(client=northwind)
        request = grace(northwind, rita)
        request.from_month = MARCH
        assert finding(Shown(impact_of(northwind, request), "month", 1, "en")) == (
            "Mar 2026 ends the same; it begins 500.00 USD higher, booked there as a prior-period adjustment, and loses it as "
            "churn"
        )


def test_what_moves_months_that_are_left_alone_moves_nothing() -> None:
    sides = {side: {"valued": [FEBRUARY, MARCH], "message": ""} for side in ("before", "after")}
    total = {"before": [[1, 5]], "after": [[2, 5]]}
    book = {"first": FEBRUARY, "last": MARCH, "figures": ["ending"], "sides": sides, "total": total}
    content = {
        "book": book,
        "metrics": [],
        "from_month": MARCH,
        "customers": {"count": 0},
        "closed": {"prior_period_adjustment": None},
    }
    content["headline"] = {"month": MARCH, "before": 5, "after": 5}
    said = "Nothing moves in the months that it changes; those before, which it leaves as they are, would"
    assert finding(Shown(Impact(content), "month", 1, "en")) == said


def test_another_recognition_is_another_book_and_restates_nothing(late: Client, rita: User) -> None:
    """Cara has signed in February what begins in April: CARR has her 8,000, ARR not yet."""
    ahead = line("K8/1", "cara", "Platform", 8_000, dt.date(2026, 4, 1), signed_on=dt.date(2026, 2, 10))
    with tenant_context(late):
        numbers_load(late, [ahead])
        for month in (JANUARY, FEBRUARY, MARCH):
            month_close(client=late, month=month)
        wish = Wish(
            "Bookings", {"parameters": {"recognition": "signed"}}, "Why.", is_restating=True, from_month=JANUARY
        )
        shown = Shown(impact_of(late, change_draft(client=late, kind="policy", wish=wish, user=rita)), "month", 1, "en")
        assert finding(shown) == "CARR at Mar 2026 is above ARR by 8,000.00 USD (15.4%), from 1 customer"
        assert recognition_told(shown) == (
            "Before is ARR, after is CARR: two books of the same contracts, which are both kept and closed side by side. "
            "Pages show the other one first then; no month of either changes by that, and none is restated."
        )
        closed = closed_told(shown)
        assert [row["is_restated"] for row in closed["rows"]] == [False, False] and not closed["is_restating"]
        assert closed["step"] == "Nothing steps at Jan 2026: each book goes on as it was reported."
        wish = replace(wish, content={"parameters": {"recognition": "signed", "renewal_grace_days": 30}})
        both = Shown(impact_of(late, change_draft(client=late, kind="policy", wish=wish, user=rita)), "month", 1, "en")
        assert "What else changes moves each book on its own" in recognition_told(both)
        assert closed_told(both)["step"].startswith("By how much each book steps at Jan 2026 is told by a request")


def test_another_recognition_says_what_it_restates_for_other_reasons(late: Client, rita: User, finn: User) -> None:
    """A line is corrected after January to March were closed: restating, the request closes them again, in each book."""
    with tenant_context(late):
        for month in (JANUARY, FEBRUARY, MARCH):
            month_close(client=late, month=month, user=finn)
        ContractLine.objects.filter(line_id=LINES[0]["line_id"]).update(amount=15_000)
        books_rebuild_all(client=late, now=NOW)
        wish = Wish(
            "Bookings", {"parameters": {"recognition": "signed"}}, "Why.", is_restating=True, from_month=FEBRUARY
        )
        shown = Shown(impact_of(late, change_draft(client=late, kind="policy", wish=wish, user=rita)), "month", 1, "en")
        told, closed = recognition_told(shown), closed_told(shown)
        assert (
            "none is restated" not in told
            and "2 closed months are restated for other reasons, Feb 2026 to Mar 2026" in told
        )
        assert [row["is_restated"] for row in closed["rows"]] == [True, True], "January is told alike by both books"
        assert closed["step"].startswith("The other recognition makes no step at Feb 2026;")
        assert "kept for 2 closed months from Feb 2026 to Mar 2026 are restated" in kept_told(shown)


def test_before_and_change_give_after_in_every_cell_and_groups_add_up(late: Client, rita: User) -> None:
    with tenant_context(late):
        request = asked(late, rita, {"parameters": {"renewal_grace_days": 30, "recognition": "signed"}})
        impact = impact_of(late, request)
    assert impact.book is not None
    for month in impact.months:
        for figure in impact.book["figures"]:
            for dimension in ("total", *impact.book["groups"]):
                before, after = (impact.cents(side, figure, month) for side in ("before", "after"))
                assert before is not None and after is not None
                assert before + (impact.change(figure, month) or 0) == after
                if dimension in ("total", "product"):
                    continue
                groups = [row["group"] for row in impact.book["groups"][dimension]["changed"]]
                for side, whole in (("before", before), ("after", after)):
                    parts = [impact.cents(side, figure, month, dimension, group) or 0 for group in [*groups, ""]]
                    assert sum(parts) == whole, (figure, dimension)


def test_the_same_content_and_figures_have_the_same_bytes(late: Client, rita: User) -> None:
    with tenant_context(late):
        request = grace(late, rita)
        first, second = impact_of(late, request), impact_of(late, request)
        restating = grace(late, rita)
        restating.is_restating = True
        other = impact_of(late, restating)
    assert first.sha256 == second.sha256 != other.sha256


def test_what_has_no_value_says_why_and_is_never_zero(late: Client, rita: User) -> None:
    with tenant_context(late):
        impact = impact_of(late, grace(late, rita))
    assert impact.ratio("before", "now_cents", MARCH) is None
    nrr = metric(impact, "nrr")
    assert nrr["points"][-1]["after"] is None and "is 0" in nrr["points"][-1]["why_after"]
    carr = metric(impact, "carr")
    assert carr["points"][-1]["after"] == "52000.00"


def test_without_numbers_it_cannot_be_computed_and_says_what_to_do(northwind: Client, rita: User) -> None:
    with tenant_context(northwind), pytest.raises(ImpactFault, match="import contracts first"):
        impact_of(northwind, grace(northwind, rita))


def test_definitions_signatures_and_samples_that_would_agree_no_more_are_named(late: Client, rita: User) -> None:
    with tenant_context(late):
        definitions_start(client=late)
        SampleContract.objects.create(
            client=late, contract_id="K9", month=FEBRUARY, expected=Decimal("0.00"), note="", updated_by=rita
        )
        touched = impact_of(late, grace(late, rita)).content["touched"]
        item = DefinitionItem.objects.get(parameter="renewal_grace_days")
    rows = {(row["kind"], row["label"]): row["note"] for row in touched}
    assert "30 days after its term" in rows["definition", item.title]
    assert {label for kind, label in rows if kind == "page"} >= {"ARR", "Home"}
    assert rows["sample", "K9"].endswith("what was expected is no longer what the engine says")
