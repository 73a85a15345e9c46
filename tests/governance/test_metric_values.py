"""Metrics by month: each formula against the definition that `metrics.md` gives, computed by plain Python over the lines."""

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest

from governance.models import Metric, MetricVersion
from governance.selectors.metric_values import MetricValues, rounded
from governance.selectors.registry import registry_get
from governance.services.registry import metric_version_add, registry_start
from metrics.formula.parse import formula_parse
from metrics.selectors.periods import Grain
from metrics.services.closes import month_close
from metrics.services.policies import policy_publish
from portal.lib.periods import month_format, month_parse
from portal.tenancy.models import Client
from portal.tenancy.scope import tenant_context
from tests.engine.oracle import COUNTS, MOVEMENTS, Oracle, Row, Table
from tests.engine.test_oracle_golden import read_lines, read_policy, read_rates
from tests.metrics.golden import golden_client
from tests.reporting.numbers import LINES, line, numbers_load
from tests.tenancy.routes_reporting import POLICY

MOVED = [name for name in (*MOVEMENTS, *COUNTS) if not name.endswith(("beginning", "ending"))]
FIRST, LAST = month_parse("2022-01"), month_parse("2025-12")
JANUARY, MARCH = month_parse("2026-01"), month_parse("2026-03")


def share(over: Fraction | int, under: Fraction | int) -> Fraction | None:
    return Fraction(over) / Fraction(under) if under else None


def by_hand(oracle: Oracle, total: Table, month: int) -> dict[str, Fraction | None]:
    """What the registry says, from the rows of the oracle alone."""
    row = total.get((month, ""), Row())
    kept = oracle.retained(month, oracle.customers)
    net = row.new + row.reactivation + row.expansion + row.contraction + row.churn
    before = total.get((month - 12, ""), Row()).ending
    grr = share(kept.kept_cents, kept.base_cents)
    return {
        "arr": Fraction(row.ending, 100),
        "mrr": Fraction(row.ending, 1200),
        "net_new_arr": Fraction(net, 100),
        "arr_growth": share(net, row.beginning),
        "arr_growth_year": share(row.ending - before, before),
        "nrr": share(kept.now_cents, kept.base_cents),
        "grr": grr,
        "annual_churn_rate": None if grr is None else 1 - grr,
        "logo_churn": share(row.customers_churned, row.customers_beginning),
        "quick_ratio": share(row.new + row.reactivation + row.expansion, abs(row.contraction + row.churn)),
        "customers": Fraction(row.customers_ending),
        "arr_per_customer": share(Fraction(row.ending, 100), row.customers_ending),
        "new_arr_per_customer": share(Fraction(row.new, 100), row.customers_new),
    }


@pytest.mark.parametrize("case", ["contract-start", "live-average-parent"])
def test_each_arr_metric_is_what_plain_python_makes_of_the_lines(shared: Path, northwind: Client, case: str) -> None:
    folder = shared / "golden" / case
    texts = {name: (folder / name).read_text() for name in ("contracts.csv", "fx_rates.csv", "policy.json")}
    oracle = Oracle(
        read_lines(texts["contracts.csv"]),
        read_rates(texts["fx_rates.csv"]),
        read_policy(texts["policy.json"]),
        FIRST,
        LAST,
    )
    total = oracle.total()
    golden_client(northwind, folder)
    with tenant_context(northwind):
        registry_start(client=northwind)
        values = MetricValues(northwind)
        for month in (FIRST + 14, FIRST + 25, FIRST + 33, LAST - 1, LAST):
            for key, expected in by_hand(oracle, total, month).items():
                found = values.point(key, month)
                assert found.exact == expected, (key, month, found.reason)
                assert (found.value is None) == bool(found.reason)


def of_period(total: Table, first: int, last: int) -> Row:
    """The rows of a period's months as one: its begin, its end, and the movements between."""
    rows = [total.get((month, ""), Row()) for month in range(first, last + 1)]
    summed = {name: sum(getattr(row, name) for row in rows) for name in MOVED}
    ends = {name: getattr(rows[-1], name) for name in ("ending", "customers_ending")}
    begins = {name: getattr(rows[0], name) for name in ("beginning", "customers_beginning")}
    return Row(**summed, **ends, **begins)


@pytest.mark.parametrize(("grain", "start"), [("quarter", 1), ("quarter", 2), ("year", 1), ("year", 7)])
def test_a_quarter_or_year_is_computed_from_its_own_movements_and_never_as_a_mean_of_months(
    shared: Path, northwind: Client, grain: Grain, start: int
) -> None:
    folder = shared / "golden" / "contract-start"
    oracle = Oracle(
        read_lines((folder / "contracts.csv").read_text()),
        read_rates((folder / "fx_rates.csv").read_text()),
        read_policy((folder / "policy.json").read_text()),
        FIRST,
        LAST,
    )
    total = oracle.total()
    Client.objects.filter(pk=northwind.pk).update(fiscal_year_start=start)
    northwind.refresh_from_db()
    golden_client(northwind, folder)
    with tenant_context(northwind):
        registry_start(client=northwind)
        values = MetricValues(northwind, grain=grain)
        periods = [each for each in values.periods(FIRST, LAST) if not each.is_partial][
            4 if grain == "quarter" else 1 :
        ]
        assert len(periods) > 1
        for period in periods:
            last = period.last
            whole = {
                (last, ""): of_period(total, period.first, last),
                (last - 12, ""): total.get((last - 12, ""), Row()),
            }
            for key, expected in by_hand(oracle, whole, last).items():
                found = values.point(key, last)
                assert found.exact == expected, (key, period.key, found.reason)


@pytest.fixture
def small(northwind: Client) -> Client:
    """Northwind with Acme and Bolt: ARR 12,000 · 36,000 · 42,000 at the ends of January to March 2026."""
    with tenant_context(northwind):
        policy_publish(client=northwind, parameters=POLICY | {"reactivation_window_months": None})
        numbers_load(northwind)
        registry_start(client=northwind)
    return northwind


def test_whoever_comes_back_is_no_new_logo_however_late(northwind: Client) -> None:
    """The bridge counts them as new where the agreed window has passed; by plain Python they had ARR before."""
    days: dict[str, list[tuple[str, str | None]]] = {
        "acme": [("2025-10-05", "2025-12-30"), ("2026-03-01", None)],
        "bolt": [("2026-02-10", None)],
    }
    rows = [
        line(f"K{number}{customer}/1", customer, "Platform", 1_200, dt.date.fromisoformat(start),
             ends_on=dt.date.fromisoformat(end) if end else None)
        for customer, spans in days.items() for number, (start, end) in enumerate(spans)
    ]  # fmt: skip
    first = {customer: min(start[:7] for start, _ in spans) for customer, spans in days.items()}
    with tenant_context(northwind):
        policy_publish(client=northwind, parameters=POLICY | {"reactivation_window_months": 0})
        numbers_load(northwind, rows)
        registry_start(client=northwind)
        values, quarter = MetricValues(northwind), MetricValues(northwind, grain="quarter")
        for month in range(month_parse("2025-10"), MARCH + 1):
            assert values.point("new_logos", month).value == list(first.values()).count(month_format(month))
        assert values.reader.at("customers_new", MARCH) == 1, "Acme, who had ended in December"
        assert quarter.point("new_logos", MARCH).value == 1, "Bolt alone"


def test_no_value_says_why(small: Client) -> None:
    with tenant_context(small):
        values = MetricValues(small)

        def why(key: str, month: int = MARCH) -> str:
            return values.point(key, month).reason

        assert why("quick_ratio") == "what it is divided by is 0 in 2026-03"
        assert why("nrr") == "“ARR twelve months before” is 0 in 2026-03"
        assert why("arr_growth", JANUARY) == "“ARR at the beginning of the month” is 0 in 2026-01"
        assert why("arr_growth_year") == "the numbers begin in Jan 2026"
        assert why("arr", MARCH + 5) == "the numbers end in Mar 2026"
        assert why("cac") == "it needs data that is not loaded: Sales and marketing spend"
        assert (
            why("reconciliation_variance")
            == "Two sources are needed: load the contracts of a second one, the CRM for example"
        )


def test_a_period_that_is_not_over_is_what_it_is_so_far_and_one_that_lacks_a_month_has_no_value(small: Client) -> None:
    with tenant_context(small):
        quarter, year = (MetricValues(small, grain=grain) for grain in ("quarter", "year"))
        assert [point.value for point in quarter.series("net_new_arr", JANUARY, MARCH)] == [42_000]
        assert quarter.point("net_new_arr", MARCH - 1).value == 36_000, "January and February"
        assert year.point("net_new_arr", MARCH).value == 42_000
        Client.objects.filter(pk=small.pk).update(fiscal_year_start=3)
        small.refresh_from_db()
        cut = MetricValues(small, grain="quarter")
        assert [point.value for point in cut.series("net_new_arr", JANUARY, MARCH)] == [None, 6_000]
        assert cut.point("net_new_arr", MARCH - 1).reason == "the numbers begin in Jan 2026"
        assert cut.point("arr", MARCH - 1).value == 36_000, "a balance needs no other month"


def test_a_comparison_with_the_month_before_says_nothing_of_a_year(small: Client) -> None:
    with tenant_context(small):
        metric = Metric.objects.get(key="arr_per_customer")
        content = MetricVersion.objects.get(metric=metric).content | {"formula": "last_quarter(arr) / customers"}
        metric_version_add(metric=metric, version=1, content=content, effective_month=JANUARY, reason="To see")
        assert MetricValues(small, grain="year").point("arr_per_customer", MARCH).reason == (
            "its formula compares with an earlier month that is no whole year earlier"
        )
        assert "begin in Jan 2026" in MetricValues(small, grain="quarter").point("arr_per_customer", MARCH).reason


def test_without_contracts_nothing_is_0(northwind: Client) -> None:
    with tenant_context(northwind):
        registry_start(client=northwind)
        found = MetricValues(northwind).point("arr", MARCH)
        assert found.value is None and "contract lines" in found.reason


def test_each_month_is_computed_by_its_own_version(small: Client) -> None:
    with tenant_context(small):
        metric = Metric.objects.get(key="arr_per_customer")
        content = MetricVersion.objects.get(metric=metric).content | {"formula": "previous(arr) / customers"}
        metric_version_add(metric=metric, version=1, content=content, effective_month=MARCH, reason="To see")
        series = MetricValues(small).series("arr_per_customer", JANUARY, MARCH)
        assert [point.value for point in series] == [Decimal(12000), Decimal(18000), Decimal(18000)]
        assert [point.version for point in series] == [1, 1, 2]


def test_a_closed_month_keeps_the_figure_that_was_reported(small: Client) -> None:
    with tenant_context(small):
        month_close(client=small, month=JANUARY + 1)
        numbers_load(small, [row | {"line_id": "K9/1", "amount_e6": 1_000_000_000} for row in LINES[:1]])
        values = MetricValues(small)
        assert [values.point("arr", month).value for month in (JANUARY + 1, MARCH)] == [36_000, 43_000]
        assert values.point("arr_corrections", MARCH).value == 1_000


def test_a_formula_that_is_being_written_is_tried_on_the_clients_figures(small: Client) -> None:
    with tenant_context(small):
        registry = registry_get(small)
        found = MetricValues(small, registry).of_formula(formula_parse("arr / 7"), "money", [MARCH])
        assert found[0].value == Decimal("6000.00") and found[0].exact == 6000
        changed = registry.having("mrr", registry.entries["mrr"].content | {"formula": "arr / 6"}, None)
        assert MetricValues(small, changed).point("mrr", MARCH).value == 7_000
        assert MetricValues(small, registry).point("mrr", MARCH).value == 3_500


@pytest.mark.parametrize(
    ("exact", "shown"),
    [("1/3", "0.33"), ("-1/3", "-0.33"), ("0.005", "0.01"), ("-0.005", "-0.01"), ("2.675", "2.68"), ("0", "0.00")],
)
def test_rounding_is_for_display_and_half_away_from_zero(exact: str, shown: str) -> None:
    assert str(rounded(Fraction(exact), 2)) == shown


def test_reading_a_registry_costs_few_queries(
    small: Client, django_assert_max_num_queries: Callable[..., object]
) -> None:
    with tenant_context(small), django_assert_max_num_queries(19):  # type: ignore[attr-defined]
        values = MetricValues(small)
        for key in values.registry.entries:
            values.point(key, MARCH)
