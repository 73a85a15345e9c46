"""What a change request would do to metrics: those it changes, those built on them, and their thresholds."""

from decimal import Decimal
from fractions import Fraction

import pytest
from django.template.loader import render_to_string

from governance.change_impact import Impact, ImpactFault
from governance.change_impact_tables import Shown, points_text, ratio_places
from governance.change_impact_words import finding, metric_rows, pair_of
from governance.effect_words import since_words
from governance.models import Metric, MetricStatus
from governance.selectors.change_impact import impact_of
from governance.selectors.change_impact_metrics import metric_change_rows, point_row
from governance.selectors.change_previews import figures_stamp
from governance.selectors.metric_values import Point, rounded
from governance.selectors.registry import registry_get
from governance.services.registry import metric_add, metric_owner_set, metric_version_add
from metrics.services.closes import month_close
from portal.accounts.models import User
from portal.tenancy.models import Client
from portal.tenancy.scope import tenant_context
from tests.governance.impacts import (
    APRIL,
    FEBRUARY,
    JANUARY,
    MARCH,
    asked,
    at,
    changed,
    grace,
    half_and_quarter,
    late,
    metric,
)

__all__ = ["late"]


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


def test_an_effect_stands_while_a_metric_only_changes_hands(late: Client, rita: User) -> None:
    """Who owns a metric moves no figure; that it feeds pay, or is on its way out, is part of an effect."""
    with tenant_context(late):
        half_and_quarter(late)
        request = grace(late, rita)
        stamp = figures_stamp(late, request)
        half = Metric.objects.get(key="half_arr")
        half = metric_owner_set(metric=half, version=half.version, owner=rita, user=rita)
        half = metric_owner_set(metric=half, version=half.version, owner=None, user=rita)
        assert half.version > 2 and figures_stamp(late, request) == stamp
        Metric.objects.filter(pk=half.pk).update(feeds_pay=True)
        paid = figures_stamp(late, request)
        Metric.objects.filter(pk=half.pk).update(status=MetricStatus.DEPRECATED)
        assert len({stamp, paid, figures_stamp(late, request)}) == 3


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
