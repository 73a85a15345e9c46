"""What a change request would do: the whole result against the engine, and every way in which it adds up."""

import datetime as dt
import gc
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from django.template.loader import render_to_string

from governance.change_impact import Impact, ImpactFault, Size
from governance.change_impact_tables import Shown, points_text, ratio_places
from governance.change_impact_words import closed_told, finding, metric_rows, pair_of, recognition_told
from governance.effect_words import since_words
from governance.models import ChangeRequest, DefinitionItem, Metric, MetricStatus
from governance.selectors.change_impact import impact_of
from governance.selectors.change_impact_metrics import metric_change_rows, point_row
from governance.selectors.change_previews import figures_stamp
from governance.selectors.metric_values import Point, rounded
from governance.selectors.registry import registry_get
from governance.services.changes import Wish, change_draft
from governance.services.items import definitions_start
from governance.services.registry import metric_add, metric_status_set, metric_version_add, registry_start
from metrics.models import SampleContract
from metrics.selectors.policy_impact import PolicyImpact
from metrics.services.closes import month_close
from metrics.services.policies import policy_publish
from portal.accounts.models import User
from portal.lib.periods import month_parse
from portal.tenancy.models import Client
from portal.tenancy.scope import tenant_context
from tests.reporting.numbers import LINES, line, numbers_load
from tests.tenancy.routes_reporting import POLICY

JANUARY, FEBRUARY, MARCH = (month_parse(f"2026-0{number}") for number in (1, 2, 3))
APRIL = MARCH + 1
NORMAL = POLICY | {"reactivation_window_months": None, "renewal_grace_days": 0}
# Ends in the middle of February, and is renewed three weeks later.
LATE = [
    line("K9/1", "dora", "Platform", 9_000, dt.date(2026, 1, 1), ends_on=dt.date(2026, 2, 14), segment="SMB"),
    line("K9/2", "dora", "Platform", 10_000, dt.date(2026, 3, 7), segment="SMB"),
]


@pytest.fixture
def late(northwind: Client) -> Client:
    """Northwind with Acme and Bolt, and Dora, whose renewal comes three weeks late; its registry is started."""
    with tenant_context(northwind):
        policy_publish(client=northwind, parameters=NORMAL)
        numbers_load(northwind, [*LINES, *LATE])
        registry_start(client=northwind)
    return northwind


def asked(client: Client, user: User, content: dict[str, Any], kind: str = "policy", **more: Any) -> ChangeRequest:
    wish = Wish(title="Late renewals", content=content, rationale="Because.", from_month=APRIL, **more)
    return change_draft(client=client, kind=kind, wish=wish, user=user)


def grace(client: Client, user: User, **more: Any) -> ChangeRequest:
    return asked(client, user, {"parameters": {"renewal_grace_days": 30}}, **more)


def metric(impact: Impact, key: str) -> dict[str, Any]:
    return next(each for each in impact.content["metrics"] if each["key"] == key)


def at(figure: dict[str, Any], month: int) -> dict[str, Any]:
    found: dict[str, Any] = next(point for point in figure["points"] if point["month"] == month)
    return found


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


def half_and_quarter(client: Client) -> None:
    """Two metrics of the client's own, in use, one built on the other."""
    content = dict(registry_get(client).entries["arr"].content)
    for key, formula in (("half_arr", "arr / 2"), ("quarter_arr", "half_arr / 2")):
        own = metric_add(client=client, key=key, content=content | {"name": key, "formula": formula}, reason="Ours")
        metric_status_set(metric=own, version=own.version, step="activate", reason="In use")


def changed(client: Client, key: str, **fields: str) -> dict[str, Any]:
    return {"key": key, "metric": dict(registry_get(client).entries[key].content) | fields}


def test_a_changed_metric_moves_everything_that_is_built_on_it(late: Client, rita: User) -> None:
    with tenant_context(late):
        half_and_quarter(late)
        impact = impact_of(late, asked(late, rita, changed(late, "half_arr", formula="arr"), "metric_change"))
    assert impact.book is None and impact.effect is None and impact.moves
    assert impact.content["metrics"][0]["role"] == "changed"
    for key, before, after in (("half_arr", "26000.00", "52000.00"), ("quarter_arr", "13000.00", "26000.00")):
        point = at(metric(impact, key), MARCH)
        assert (point["before"], point["after"]) == (before, after)


def test_of_however_many_metrics_are_built_on_one_none_is_left_out(late: Client, rita: User) -> None:
    with tenant_context(late):
        half_and_quarter(late)
        content, registry = registry_get(late).entries["half_arr"].content, registry_get(late)
        for number in range(100):
            registry = registry.adding(f"on_it_{number}", content | {"formula": f"half_arr × {number}"}, None)
            registry.entries[f"on_it_{number}"].metric.status = MetricStatus.ACTIVE
        rows, _, _ = metric_change_rows(late, registry, "half_arr", content | {"formula": "arr"})
    assert len(rows) == 102 and rows[-1]["key"] == "on_it_99" and rows[-1]["moved"]


def test_a_formula_that_cannot_be_used_is_named(late: Client, rita: User) -> None:
    with tenant_context(late):
        half_and_quarter(late)
        request = asked(late, rita, changed(late, "half_arr", formula="arr / 3"), "metric_change")
        request.content["metric"]["formula"] = "quarter_arr * 2"  # it has become a circle since
        with pytest.raises(ImpactFault, match="The formula cannot be used"):
            impact_of(late, request)


def test_a_new_metric_has_no_before_and_a_retired_one_its_successor_after(late: Client, rita: User) -> None:
    with tenant_context(late):
        content = dict(registry_get(late).entries["arr"].content) | {
            "name": "Half of ARR",
            "formula": "book_ending / 2",
        }
        new = impact_of(late, asked(late, rita, {"key": "half_arr", "metric": content}, "metric_new"))
        point = at(metric(new, "half_arr"), MARCH)
        assert (point["before"], point["after"]) == (None, "26000.00") and point[
            "why_before"
        ] == "it is not defined yet"
        gone = {"key": "arr_per_customer", "successor": "arr", "sunset_on": "2030-03-31"}
        retired = impact_of(late, asked(late, rita, gone, "metric_retire"))
        named = {row["label"] for row in retired.content["touched"] if row["kind"] == "metric"}
        assert "Lifetime value" in named and retired.content["notes"]
        point = at(metric(retired, "arr_per_customer"), MARCH)
        assert point["after"] == "52000.00" and not retired.moves, "two metrics side by side, of which none moves"


def test_a_metric_that_ends_stays_what_it_is_until_its_day(late: Client, rita: User) -> None:
    with tenant_context(late):
        gone = {"key": "quick_ratio", "successor": "", "sunset_on": "2030-03-31"}
        request = asked(late, rita, gone, "metric_retire")
        impact = impact_of(late, request)
        (told,) = impact.content["metrics"]
        assert not told["moved"] and all(point["before"] == point["after"] for point in told["points"])
        (note,) = impact.content["notes"]
        assert note.startswith("Until 31 Mar 2030") and "no figure of it changes" in note
        shown = Shown(impact, "month", 1, "en")
        assert finding(shown) == "Quick ratio stays what it is until 31 Mar 2030; nothing replaces it"
        (row,) = metric_rows(shown)
        assert row["months"] == 0
        assert since_words(request, "en") == "deprecated at once, last shown on 31 Mar 2030"


def test_what_is_only_proposed_is_no_part_of_an_effect(late: Client, rita: User) -> None:
    """Neither of its metrics nor of what it stands on: nobody computes anew because of it."""
    with tenant_context(late):
        half_and_quarter(late)
        request = grace(late, rita)
        stamp = figures_stamp(late, request)
        content = dict(registry_get(late).entries["arr"].content) | {"name": "On trial", "formula": "arr / 2"}
        trial = metric_add(client=late, key="on_trial", content=content, reason="For a look.", user=rita)
        assert figures_stamp(late, request) == stamp
        impact = impact_of(late, request)
        assert "on_trial" not in {each["key"] for each in impact.content["metrics"]}
        wanted = content | {"formula": "arr / 3"}
        metric_version_add(metric=trial, version=trial.version, content=wanted, effective_month=None, reason="Thirds.")
        assert figures_stamp(late, request) == stamp
        request.metric = Metric.objects.get(key="on_trial")
        assert figures_stamp(late, request) != stamp, "unless it is what the request is about"
        request.metric = None
        half = Metric.objects.get(key="half_arr")
        halved = dict(registry_get(late).entries["half_arr"].content) | {"formula": "arr / 3"}
        metric_version_add(metric=half, version=half.version, content=halved, effective_month=APRIL, reason="For good.")
        assert figures_stamp(late, request) != stamp


def test_a_metric_of_which_the_preview_knows_nothing_says_so(late: Client, rita: User) -> None:
    with tenant_context(late):
        for month in (JANUARY, FEBRUARY):
            month_close(client=late, month=month)
        impact = impact_of(late, grace(late, rita))
    corrections = metric(impact, "arr_corrections")
    assert not corrections["moved"] and corrections["points"][-1]["after"] is None
    assert "told beside the closed months" in corrections["points"][-1]["why_after"]


def test_what_differs_in_later_digits_only_is_told_with_these() -> None:
    def point(exact: Fraction, places: int = 4) -> Point:
        return Point(MARCH, rounded(exact, places), exact)

    told = point_row(point(Fraction(10393, 10**6)), point(Fraction(10408, 10**6)))
    assert (told["before"], told["after"]) == ("0.01039", "0.01041")
    same = point_row(point(Fraction(1, 3)), point(Fraction(1, 3)))
    assert same["before"] == same["after"] == "0.3333"
    cents = point_row(point(Fraction(10001, 10**4), 2), point(Fraction(10002, 10**4), 2))
    assert cents["before"] == cents["after"] == "1.00", "below a cent nothing differs"
    shown = Shown(Impact({"currency": "USD"}), "month", 1, "en")
    assert pair_of(shown, {"unit": "percent"}, told) == ("1.039%", "1.041%")
    assert points_text(shown, Decimal("1.1084"), Decimal("1.1075"), 2) == "−0.09 points"
    assert ratio_places(shown, Decimal("1.1084"), Decimal("1.1075")) == 2
    assert ratio_places(shown, Decimal("1.1084"), Decimal("1.1184")) == 1


def test_what_replaces_a_metric_is_told_by_its_name_and_in_its_own_unit(late: Client, rita: User) -> None:
    with tenant_context(late):
        gone = {"key": "arr_per_customer", "successor": "customers", "sunset_on": "2030-03-31"}
        retired = impact_of(late, asked(late, rita, gone, "metric_retire"))
        unreplaced = impact_of(late, asked(late, rita, gone | {"successor": ""}, "metric_retire"))
    shown, alone = (Shown(impact, "month", 1, "en") for impact in (retired, unreplaced))
    begins = "ARR per customer is 17,333.33 USD per customer at Mar 2026; Customers, which replaces it, is "
    assert finding(shown).startswith(begins)
    assert finding(shown).endswith(" customers")
    assert metric_rows(shown)[0]["after"].endswith(" customers")
    assert finding(alone) == "ARR per customer stays what it is until 31 Mar 2030; nothing replaces it"
    told = {"metrics": metric_rows(shown), "metrics_moved": 1, "is_retired": True, "kept": ""}
    page = render_to_string("governance/changes/_impact_metrics.html", {"impact": told, "client": late})
    assert "Shown instead" in page and "metric moves" not in page, "no figure of what ends becomes another one"


def test_thresholds_say_in_which_months_they_would_ring(late: Client, rita: User) -> None:
    with tenant_context(late):
        content = {"key": "arr", "thresholds": {"warn_at": "40000", "alert_at": ""}}
        impact = impact_of(late, asked(late, rita, content, "threshold"))
    levels = {
        point["month"]: (point["level_before"], point["level_after"]) for point in metric(impact, "arr")["points"]
    }
    assert levels == {JANUARY: ("", "warn"), FEBRUARY: ("", "warn"), MARCH: ("", "")}
    assert impact.moves and not [row for row in impact.content["touched"] if row["kind"] == "threshold"]


def test_the_clause_is_told_as_it_is_and_as_it_would_be(late: Client, rita: User) -> None:
    with tenant_context(late):
        impact = impact_of(late, grace(late, rita))
    assert impact.book is not None
    (clause,) = impact.book["changed"]
    assert clause["parameter"] == "renewal_grace_days" and "30 days" in clause["new_sentence"]
