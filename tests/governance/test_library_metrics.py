"""The shipped metrics are those that were agreed, each by its formula: the list stands here a second time, on purpose."""

from fractions import Fraction

import pytest

from governance.library.metric_reader import library_metrics
from governance.selectors.metric_values import MetricValues
from governance.selectors.registry import registry_get
from governance.services.registry import registry_start
from metrics.formula.faults import Missing
from metrics.formula.parse import formula_parse
from metrics.formula.words import in_words
from metrics.measures import MEASURES
from metrics.selectors.measure_values import MeasureReader
from portal.lib.periods import month_parse
from portal.tenancy.models import Client
from portal.tenancy.scope import tenant_context

MARCH = month_parse("2026-03")
MAY_BE = "max(0, min(1, {}))"
AGREED = {
    "MRR": {"mrr": "arr / 12"},
    "Net new ARR, growth": {
        "net_new_arr": "new_arr + reactivation_arr + expansion_arr + contraction_arr + churn_arr",
        "arr_growth": "net_new_arr / book_beginning",
        "arr_growth_year": "(arr - last_year(arr)) / last_year(arr)",
    },
    "NRR, GRR, logo churn": {
        "nrr": "retention_now / retention_base",
        "grr": "retention_kept / retention_base",
        "logo_churn": "customers_churned / customers_beginning",
    },
    "Quick ratio": {"quick_ratio": "(new_arr + reactivation_arr + expansion_arr) / abs(contraction_arr + churn_arr)"},
    "Open pipeline": {
        "open_pipeline": "opp_open_amount",
        "qualified_pipeline": "opp_qualified_amount",
        "weighted_pipeline": "opp_weighted_amount",
    },
    "Pipeline coverage, of which pipeline is a choice": {
        "coverage_pipeline": "open_pipeline",
        "quota_remaining": "quota_amount - opp_won_amount",
        "pipeline_coverage": "coverage_pipeline / max(0, quota_remaining)",
    },
    "Win rate, by deals and by cash": {
        "win_rate_deals": "opp_won_count / (opp_won_count + opp_lost_count)",
        "win_rate_cash": "opp_won_amount / (opp_won_amount + opp_lost_amount)",
    },
    "Average deal size": {"average_deal_size": "opp_won_amount / opp_won_count"},
    "Sales cycle, mean and median": {"sales_cycle": "mean(opp_cycle)", "sales_cycle_median": "median(opp_cycle)"},
    "Sales velocity": {"sales_velocity": "opp_qualified_count * average_deal_size * win_rate_deals / sales_cycle"},
    "Stage conversion": {"stage_conversion": "opp_advanced_count / opp_entered_count"},
    "Funnel: counts": {
        "lead_volume": "lead_count",
        "mql_volume": "mql_count",
        "sql_volume": "sql_count",
        "opportunity_volume": "opp_created_count",
        "won_deals": "opp_won_count",
    },
    "Funnel: conversion": {
        "mql_rate": "mql_count / lead_count",
        "sql_rate": "sql_count / mql_count",
        "opportunity_rate": "opp_created_count / sql_count",
        "won_rate": "opp_won_count / opp_created_count",
    },
    "Funnel: time in step": {
        "lead_to_mql_days": "mean(lead_mql_span)",
        "mql_to_sql_days": "mean(mql_sql_span)",
        "sql_to_opportunity_days": "mean(sql_opp_span)",
    },
    "Stale opportunities": {"stale_share": "opp_stale_count / opp_open_count"},
    "Quota attainment": {"quota_attainment": "opp_won_amount / quota_amount"},
    "CAC": {"cac": "spend_amount / customers_new"},
    "CAC payback": {"cac_payback": "cac / (new_arr_per_customer / 12 months * max(0, gross_margin))"},
    "LTV, LTV to CAC": {
        "annual_churn_rate": "1 - grr",
        "ltv": "arr_per_customer * gross_margin / annual_churn_rate",
        "ltv_to_cac": "ltv / cac",
    },
    "Forecast: weighted, by category, of several stages, of a time series, by managers": {
        "weighted_forecast": "opp_won_amount + opp_weighted_amount",
        "commit_forecast": "opp_won_amount + opp_commit_amount",
        "best_case_forecast": "commit_forecast + opp_best_case_amount",
        "pipeline_forecast": "opp_won_amount + open_pipeline",
        "multi_stage_forecast": "opp_won_amount + opp_history_amount",
        "won_three_months": "previous(opp_won_amount) + previous(previous(opp_won_amount)) + last_quarter(opp_won_amount)",
        "time_series_forecast": "last_year(opp_won_amount) * won_three_months / last_year(won_three_months)",
        "manager_forecast": "forecast_manager_amount",
    },
    "Forecast accuracy, bias": {
        "forecast_accuracy": "1 - abs(forecast_amount - opp_won_amount) / opp_won_amount",
        "forecast_bias": "(forecast_amount - opp_won_amount) / opp_won_amount",
    },
    "New logos, and which may be mentioned": {
        "new_logos": "customers_first",
        "new_logos_public": "logos_public_count",
    },
    "Pipeline growth, on quarter and year, existing against new": {
        "pipeline_growth_quarter": "(open_pipeline - last_quarter(open_pipeline)) / last_quarter(open_pipeline)",
        "pipeline_growth_year": "(open_pipeline - last_year(open_pipeline)) / last_year(open_pipeline)",
        "pipeline_existing_growth": "(opp_open_existing_amount - last_quarter(opp_open_existing_amount)) "
        "/ last_quarter(opp_open_existing_amount)",
        "pipeline_new_growth": "(opp_open_new_amount - last_quarter(opp_open_new_amount)) / last_quarter(opp_open_new_amount)",
    },
    "Budget attainment": {"budget_attainment": "budget_actual / budget_amount"},
    "Reconciliation variance": {"reconciliation_variance": "(crm_arr - billing_arr) / billing_arr"},
    "Expansion, health, at risk": {
        "expansion_arr": "book_expansion",
        "customer_health": "health_points",
        "at_risk_share": "customers_at_risk_count / customers",
    },
    "Composite score: weight × normalised metric": {
        "composite_score": "("
        + " + ".join(f"weight({key}) * {MAY_BE.format(key)}" for key in ("nrr", "quota_attainment", "customer_health"))
        + ") / (weight(nrr) + weight(quota_attainment) + weight(customer_health))",
    },
}
"""By what was agreed on, the metrics that give it. A limit that a metric's own past sets is no metric."""


class Facts(MeasureReader):
    """Measures that a test states; what it does not state is not loaded."""

    def __init__(self, client: Client, **facts: int | str) -> None:
        super().__init__(client)
        self.facts = {name: Fraction(value) for name, value in facts.items()}

    def at(self, name: str, month: int) -> Fraction | Missing:
        return self.facts.get(name) or Missing(f"{name} is not loaded")


def test_every_agreed_metric_ships_by_its_formula() -> None:
    shipped = {metric.key: metric.content for metric in library_metrics()}
    labels: dict[str, str] = {}
    for agreed, metrics in AGREED.items():
        for key, formula in metrics.items():
            assert key in shipped, f"{agreed}: {key}"
            found = in_words(formula_parse(shipped[key]["formula"]), labels)
            assert found == in_words(formula_parse(formula), labels), f"{agreed}: {key}"
    for measure in MEASURES.values():
        assert measure.reader or measure.needs, f"{measure.name} is read, or says what it needs"


@pytest.mark.parametrize(
    ("key", "facts", "value"),
    [
        ("pipeline_coverage", {"opp_open_amount": 300, "quota_amount": 200, "opp_won_amount": 100}, 3),
        ("pipeline_coverage", {"opp_open_amount": 300, "quota_amount": 200, "opp_won_amount": 200}, None),
        ("pipeline_coverage", {"opp_open_amount": 300, "quota_amount": 200, "opp_won_amount": 250}, None),
        ("cac_payback", {"spend_amount": 900, "customers_new": 1, "book_new": 1200, "gross_margin": "0.5"}, 18),
        ("cac_payback", {"spend_amount": 900, "customers_new": 1, "book_new": 1200, "gross_margin": "-0.5"}, None),
    ],
)
def test_what_would_be_divided_by_less_than_nothing_has_no_value(
    northwind: Client, key: str, facts: dict[str, int | str], value: int | None
) -> None:
    with tenant_context(northwind):
        registry_start(client=northwind)
        found = MetricValues(northwind, reader=Facts(northwind, **facts)).point(key, MARCH)
        assert found.exact == value
        assert bool(found.reason) == (value is None)


def test_the_composite_score_goes_by_the_weights_of_its_parts(northwind: Client) -> None:
    """0.4, 0.3 and 0.3 of what lies between 0 and 1: retention of 120% counts whole, and no more."""
    facts: dict[str, int | str] = {
        "retention_now": 120, "retention_base": 100, "opp_won_amount": 50, "quota_amount": 100, "health_points": "0.8",
    }  # fmt: skip
    with tenant_context(northwind):
        registry_start(client=northwind)
        registry, reader = registry_get(northwind), Facts(northwind, **facts)
        score = MetricValues(northwind, registry, reader).point("composite_score", MARCH)
        assert score.exact == Fraction("0.4") * 1 + Fraction("0.3") * Fraction("0.5") + Fraction("0.3") * Fraction(
            "0.8"
        )
        heavier = registry.having(
            "quota_attainment", registry.entries["quota_attainment"].content | {"weight": "0.9"}, MARCH
        )
        assert MetricValues(northwind, heavier, reader).point("composite_score", MARCH).exact == (
            (Fraction("0.4") + Fraction("0.9") * Fraction("0.5") + Fraction("0.3") * Fraction("0.8")) / Fraction("1.6")
        )
        assert MetricValues(northwind, heavier, reader).point("composite_score", MARCH - 1).exact == score.exact


def test_the_time_series_forecast_is_the_month_a_year_before_grown_as_the_quarter_was(northwind: Client) -> None:
    """400 a year before; 130, 120 and 110 in the three months before, where it had been 100 each: 400 × 360 / 300."""
    won = {MARCH - 12: 400, MARCH - 3: 130, MARCH - 2: 120, MARCH - 1: 110} | dict.fromkeys(
        range(MARCH - 15, MARCH - 12), 100
    )

    class Won(MeasureReader):
        def at(self, name: str, month: int) -> Fraction | Missing:
            return Fraction(won[month]) if month in won else Missing("not won yet")

    with tenant_context(northwind):
        registry_start(client=northwind)
        assert MetricValues(northwind, reader=Won(northwind)).point("time_series_forecast", MARCH).exact == 480
