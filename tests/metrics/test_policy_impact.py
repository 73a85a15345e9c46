"""The impact of another policy on the whole book: the engine's own figures under both, and every way in which they add up."""

import datetime as dt
from pathlib import Path

import numpy as np
import pytest

from metrics.engine.book import build_book
from metrics.engine.bridge import AMOUNTS, COUNTS, TOTAL
from metrics.engine.drill import customer_bridge
from metrics.engine.policy import Policy
from metrics.engine.series import FIGURES, series_of_book
from metrics.models import FxRate
from metrics.selectors.month_ends import NoValue
from metrics.selectors.policies import policy_in_force
from metrics.selectors.policy_impact import PolicyImpact, policy_impact
from metrics.selectors.policy_impact_closed import closed_effect
from metrics.selectors.policy_impact_why import impact_customers
from metrics.services.closes import month_close
from metrics.services.policies import policy_publish
from portal.lib.periods import month_parse
from portal.tenancy.models import Client
from portal.tenancy.scope import tenant_context
from tests.engine.frames import read_lines, read_policy, read_rates
from tests.metrics.golden import golden_client
from tests.reporting.numbers import LINES, line, numbers_load
from tests.tenancy.routes_reporting import POLICY

CASES = ("contract-start", "live-average-parent", "signed-contract-rate")
JANUARY, FEBRUARY, MARCH = (month_parse(f"2026-0{number}") for number in (1, 2, 3))
NORMAL = POLICY | {"reactivation_window_months": None, "renewal_grace_days": 0}
# Ends in the middle of February, and is renewed three weeks later.
LATE = [
    line("K9/1", "dora", "Platform", 9_000, dt.date(2026, 1, 1), ends_on=dt.date(2026, 2, 14), segment="SMB"),
    line("K9/2", "dora", "Platform", 10_000, dt.date(2026, 3, 7), segment="SMB"),
]


def impact_of(client: Client, **changes: object) -> PolicyImpact:
    found = policy_impact(client, read_in_force(client).with_(**changes))
    assert isinstance(found, PolicyImpact)
    return found


def read_in_force(client: Client) -> Policy:

    return policy_in_force(client)


@pytest.mark.parametrize("loaded", CASES)
def test_both_sides_are_the_engine_run_with_each_policy_to_the_cent(
    shared: Path, northwind: Client, loaded: str
) -> None:
    """Each golden client under the policy of each other one: every figure of every month and group, and all that moves."""
    folder = shared / "golden" / loaded
    lines, rates = read_lines(folder / "contracts.csv"), read_rates(folder / "fx_rates.csv")
    golden_client(northwind, folder)
    with tenant_context(northwind):
        for other in CASES:
            policy = read_policy(shared / "golden" / other / "policy.json")
            found = policy_impact(northwind, policy)
            assert isinstance(found, PolicyImpact) and not found.before.message and not found.after.message
            for side in (found.before, found.after):
                book = build_book(lines, rates, side.policy, found.first, found.last)
                series = series_of_book(book, found.first, found.last)
                assert side.groups.keys() == series.groups.keys() or set(side.groups) <= set(series.groups)
                for key, values in series.groups.items():
                    assert (side.groups[key] == values).all() if key in side.groups else not values.any()
            delta = found.after.groups[TOTAL, ""] - found.before.groups[TOTAL, ""]
            assert (found.moved["end_after"] - found.moved["end_before"]).sum() == delta[FIGURES.index("ending"), -1]
            customers = impact_customers(found)
            assert len(customers.at_end) == min(10, customers.moved_at_end)
            assert (other == loaded) == (customers.count == 0)
            for customer in customers.at_end:
                assert set(customer.parameters) <= set(found.changed) and customer.parameters


def test_the_sums_over_groups_are_the_total_in_every_cell(shared: Path, northwind: Client) -> None:
    golden_client(northwind, shared / "golden" / "contract-start")
    with tenant_context(northwind):
        found = policy_impact(northwind, read_policy(shared / "golden" / "signed-contract-rate" / "policy.json"))
        assert isinstance(found, PolicyImpact)
        for side in (found.before, found.after):
            total = side.groups[TOTAL, ""]
            for dimension, groups in found.dimensions.items():
                own = [side.groups[dimension, group] for group in groups if (dimension, group) in side.groups]
                together = np.sum(own, axis=0)
                tied = ["beginning", "new", "churn", "reactivation", "fx", "ending"] if dimension == "product" \
                    else [*AMOUNTS, *COUNTS]  # fmt: skip
                for name in tied:
                    place = FIGURES.index(name)
                    assert (together[place] == total[place]).all(), (dimension, name)


def test_the_customers_that_move_are_those_of_the_drill(shared: Path, northwind: Client) -> None:
    folder = shared / "golden" / "contract-start"
    lines, rates = read_lines(folder / "contracts.csv"), read_rates(folder / "fx_rates.csv")
    golden_client(northwind, folder)
    with tenant_context(northwind):
        found = impact_of(northwind, renewal_grace_days=30, discounts="list")
        sides = [
            dict(customer_bridge(lines, rates, side.policy, found.last).select("customer", "ending").iter_rows())
            for side in (found.before, found.after)
        ]
        differ = {name for name in sides[0] | sides[1] if sides[0].get(name, 0) != sides[1].get(name, 0)}
        moved = {row["customer"]: row for row in found.moved.iter_rows(named=True)}
        assert differ == {name for name, row in moved.items() if row["end_before"] != row["end_after"]} != set()
        for name in differ:
            assert (moved[name]["end_before"], moved[name]["end_after"]) == tuple(s.get(name, 0) for s in sides)
        for customer in impact_customers(found).in_window:
            shown = sum(each.after.cents - each.before.cents for each in customer.lines)
            if customer.line_count == len(customer.lines):
                assert shown == customer.month_after - customer.month_before, "the lines add up to the customer"
            assert set(customer.parameters) <= {"renewal_grace_days", "discounts"}


@pytest.fixture
def late(northwind: Client) -> Client:
    """Northwind with Acme and Bolt, and Dora, whose renewal comes three weeks late."""
    with tenant_context(northwind):
        policy_publish(client=northwind, parameters=NORMAL)
        numbers_load(northwind, [*LINES, *LATE])
    return northwind


def test_a_late_renewal_moves_its_customer_in_the_month_between_and_says_by_which_lines(late: Client) -> None:
    with tenant_context(late):
        found = impact_of(late, renewal_grace_days=30)
        (dora,) = impact_customers(found).in_window
        assert (dora.name, dora.month, dora.month_before, dora.month_after) == ("Dora", FEBRUARY, 0, 9_000_00)
        assert dora.end_before == dora.end_after == 10_000_00 and impact_customers(found).at_end == ()
        assert dora.parameters == ("renewal_grace_days",)
        (moved,) = dora.lines
        assert (moved.line_id, moved.ends_on) == ("K9/1", "2026-02-14")
        assert (moved.before.counts_until, moved.after.counts_until) == ("2026-02-15", "2026-03-07")
        kinds = {(move.month, move.kind): (move.before, move.after) for move in dora.told}
        assert kinds[FEBRUARY, "churn"] == (-9_000_00, 0) and kinds[MARCH, "expansion"] == (0, 1_000_00)


def test_closed_months_are_held_against_what_was_reported_and_the_step_is_named(late: Client) -> None:
    with tenant_context(late):
        for month in (JANUARY, FEBRUARY):
            month_close(client=late, month=month)
        found = impact_of(late, renewal_grace_days=30)
        effect = closed_effect(found, MARCH)
        assert effect.count == 2
        (february,) = effect.months
        assert (february.month, february.reported, february.restated) == (FEBRUARY, 36_000_00, 45_000_00)
        named = {figure.name: (figure.before, figure.after) for figure in february.figures}
        assert named["churn"] == (-9_000_00, 0) and named["customers_churned"] == (1, 0)
        step = effect.adjustment
        assert step is not None and step.is_closed and step.at == FEBRUARY and step.amount == 9_000_00
        ahead = closed_effect(found, MARCH + 3).adjustment
        assert ahead is not None and not ahead.is_closed and (ahead.at, ahead.amount) == (MARCH, 0)
        assert closed_effect(found, None).adjustment is None


def test_what_a_closed_month_differs_by_for_other_reasons_is_no_effect_of_the_policy(late: Client) -> None:
    """Closed under one rule, held against another one that a policy in between brought: only the rest is this policy's own."""
    with tenant_context(late):
        for month in (JANUARY, FEBRUARY):
            month_close(client=late, month=month)
        policy_publish(client=late, parameters=NORMAL | {"renewal_grace_days": 30})
        quiet = closed_effect(impact_of(late, minimum_term_months=1), JANUARY)
        assert quiet.months == () and quiet.count == 2
        assert quiet.apart is not None
        assert (quiet.apart.count, quiet.apart.month, quiet.apart.amount) == (1, FEBRUARY, 9_000_00)
        assert closed_effect(impact_of(late, minimum_term_months=1), MARCH).apart is None, "March stands open"
        found = closed_effect(impact_of(late, included_charge_types=[]), MARCH)
        february = found.months[-1]
        assert (february.reported, february.now, february.restated) == (36_000_00, 45_000_00, 0)
        step = found.adjustment
        assert step is not None and (step.reported, step.now, step.restated) == (36_000_00, 45_000_00, 0)


def test_a_missing_rate_is_no_figure_and_says_so(northwind: Client) -> None:
    euro = line("K5/1", "emil", "Platform", 1_000, dt.date(2026, 1, 5), currency="XTS")
    with tenant_context(northwind):
        policy_publish(client=northwind, parameters=NORMAL | {"included_charge_types": ["services"]})
        services = line("K6/1", "gina", "Platform", 500, dt.date(2026, 1, 5), charge_type="services")
        numbers_load(northwind, [euro, services])
        assert not FxRate.objects.exists()
        found = impact_of(northwind, included_charge_types=["services", "recurring"])
        assert found.before.cents("ending", MARCH) == 500_00 and found.before.reason(MARCH) == ""
        assert found.after.valued is None and "XTS" in found.after.reason(MARCH)
        assert found.end is None and found.moved.height == 0 and "XTS" in found.reason
        assert found.after.ratio("now_cents", MARCH) is None and "XTS" in found.after.retention_reason(MARCH)
        assert found.before.ratio("now_cents", MARCH) is None
        assert found.before.retention_reason(MARCH) == "Nobody had ARR twelve months before."


def test_without_lines_and_in_another_currency_there_is_a_reason_and_no_impact(northwind: Client) -> None:
    with tenant_context(northwind):
        policy = read_in_force(northwind)
        assert isinstance(policy_impact(northwind, policy), NoValue)
        numbers_load(northwind)
        other = policy_impact(northwind, policy.with_(reporting_currency="EUR"))
        assert isinstance(other, NoValue) and other.code == "other_currency"
        same = policy_impact(northwind, policy)
        assert isinstance(same, PolicyImpact) and same.changed == () and same.moved.height == 0


def test_a_policy_under_which_nothing_counts_has_zeros_for_figures(northwind: Client) -> None:
    with tenant_context(northwind):
        policy_publish(client=northwind, parameters=NORMAL)
        numbers_load(northwind)
        found = impact_of(northwind, included_charge_types=["services"])
        assert found.after.reason(MARCH) == "" and found.after.cents("ending", MARCH) == 0
        assert {row["customer"]: row["end_after"] for row in found.moved.iter_rows(named=True)} == {
            "acme": 0,
            "bolt": 0,
        }
