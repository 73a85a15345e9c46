"""A closed month keeps the value of every metric, whatever is decided afterwards.

Acme, Bolt and Dora (who has a discount) are customers since 2024, so that figures of 2026 read months that were never closed;
the CRM knows Bolt at another price. February and March 2026 are closed.
"""

import datetime as dt
from decimal import Decimal
from fractions import Fraction
from typing import Any

import polars as pl
import pytest

from governance.selectors.metric_values import MetricValues, Point
from governance.selectors.registry import registry_get
from governance.services.registry import registry_start
from metrics.engine.lines import LINE_SCHEMA
from metrics.models import Source
from metrics.models.intake import SourceKind
from metrics.selectors.measure_values import MeasureReader
from metrics.selectors.periods import Grain
from metrics.selectors.policies import policy_in_force
from metrics.services.books import books_rebuild_all
from metrics.services.closes import month_close, month_restate
from metrics.services.policies import policy_publish
from portal.accounts.models import User
from portal.accounts.services.tokens import token_create
from portal.lib.periods import month_parse
from portal.tenancy.models import Client
from portal.tenancy.permissions import TOKEN_SCOPES
from portal.tenancy.scope import tenant_context
from tests.api.conftest import Program
from tests.metrics.loading import load_lines, replace_lines
from tests.reporting.numbers import NOW, line, numbers_load

JANUARY, FEBRUARY, MARCH = (month_parse(f"2026-0{month}") for month in (1, 2, 3))
CLOSED = (FEBRUARY, MARCH)
GRAINS: tuple[Grain, ...] = ("month", "quarter", "year")
Everything = dict[tuple[str, str, int], Point]
BILLED = [
    line("K1/1", "acme", "Platform", 12_000, dt.date(2024, 1, 10)),
    line("K2/1", "bolt", "Platform", 24_000, dt.date(2024, 2, 1)),
    line("K3/1", "dora", "Platform", 10_000, dt.date(2024, 3, 1), discount_e6=10**9),
    line("K4/1", "emil", "Platform", 8_000, dt.date(2026, 3, 1), discount_e6=10**9),
]
SOLD = [line("S2/1", "bolt", "Platform", 25_000, dt.date(2024, 2, 1), discount_e6=2 * 10**9)]


@pytest.fixture
def closed(northwind: Client) -> Client:
    """Northwind with all shipped metrics, February and March 2026 closed."""
    with tenant_context(northwind):
        policy_publish(client=northwind, parameters=policy_in_force(northwind).to_dict())
        numbers_load(northwind, BILLED)
        load_lines(pl.DataFrame(SOLD, schema=LINE_SCHEMA), "CRM")
        Source.objects.filter(name="CRM").update(kind=SourceKind.CRM)
        registry_start(client=northwind)
        for month in CLOSED:
            month_close(client=northwind, month=month)
    return northwind


def everything(client: Client) -> Everything:
    """Every metric of the closed months, as months, quarters and years."""
    found: Everything = {}
    for grain in GRAINS:
        values = MetricValues(client, grain=grain)
        found |= {(key, grain, month): values.point(key, month) for key in values.registry.entries for month in CLOSED}
    return found


def other_policy(client: Client) -> None:
    """List prices are in force, and the numbers follow."""
    parameters = policy_in_force(client).to_dict() | {"discounts": "list"}
    policy_publish(client=client, parameters=parameters)
    books_rebuild_all(client=client, now=NOW)


def test_another_policy_moves_no_metric_of_a_closed_month(closed: Client) -> None:
    with tenant_context(closed):
        told = everything(closed)
        entries = registry_get(closed).entries
        assert {key for (key, *_), point in told.items() if point.standing == "kept"} == {
            key for key, entry in entries.items() if entry.is_in_use
        }
        valued = {key for key, _, _ in told if told[key, "month", MARCH].value is not None}
        assert {"arr_growth_year", "reconciliation_variance", "arr", "nrr"} <= valued
        other_policy(closed)
        assert everything(closed) == told
        assert MetricValues(closed).point("arr", MARCH + 1).standing == "open"


def corrected(client: Client) -> None:
    """Emil's contract of March was for 9,000."""
    emil = pl.DataFrame(BILLED[3:], schema=LINE_SCHEMA)
    right = emil.with_columns(amount_e6=pl.lit(9_000 * 10**6))
    replace_lines(Source.objects.get(name="billing"), emil, right)
    books_rebuild_all(client=client, now=NOW)


def test_a_restatement_keeps_what_it_moves_beside_what_was_reported(closed: Client) -> None:
    with tenant_context(closed):
        told = everything(closed)
        corrected(closed)
        assert everything(closed) == told
        month_restate(client=closed, month=MARCH, reason="Emil pays 9,000")
        found = everything(closed)["arr", "month", MARCH]
        assert found.reported is not None
        assert (found.value, found.reported.value) == (Decimal(53_000), Decimal(52_000))
        still = everything(closed)["customers", "month", MARCH]
        assert (still.standing, still.reported) == ("kept", None), "only what moves is kept once more"


def test_a_restating_decision_moves_what_its_months_kept_and_nothing_before(closed: Client) -> None:
    with tenant_context(closed):
        told = everything(closed)
        other_policy(closed)
        month_restate(client=closed, month=MARCH, reason="List prices", redefines=True)
        now = everything(closed)
    assert {at: point for at, point in now.items() if at[2] == FEBRUARY} == {
        at: point for at, point in told.items() if at[2] == FEBRUARY
    }
    for key in ("arr", "arr_growth_year", "reconciliation_variance"):
        for grain in GRAINS:
            before, after = told[key, grain, MARCH], now[key, grain, MARCH]
            assert after.reported == before and after.exact != before.exact, (key, grain)


def test_a_corrected_month_is_compared_by_the_definition_that_it_was_closed_under(closed: Client) -> None:
    with tenant_context(closed):
        billing = MeasureReader(closed).at("billing_arr", MARCH)
        corrected(closed)
        other_policy(closed)
        month_restate(client=closed, month=MARCH, reason="Emil pays 9,000")
        found = everything(closed)["arr_growth_year", "month", MARCH]
        assert found.exact == Fraction(53_000 - 45_000, 45_000), "a year before is net of discounts, as it was"
        assert billing == Fraction(52_000)
        assert MeasureReader(closed).at("billing_arr", MARCH) == Fraction(53_000)


def test_programs_are_given_what_was_kept(closed: Client, rita: User) -> None:
    with tenant_context(closed):
        keys = [key for key, entry in registry_get(closed).entries.items() if entry.is_in_use]
        _, token = token_create(
            client=closed, user=rita, name="Test", scopes=["arr.view"], allowed=frozenset(TOKEN_SCOPES), days=30
        )

    def told() -> list[Any]:
        program, asked = Program(token), {"from": "2026-02", "to": "2026-03"}
        return [program.get(closed, "api_metric_values", asked, key=key).json()["values"] for key in keys]

    before = told()
    assert {value["standing"] for values in before for value in values} == {"kept"}
    with tenant_context(closed):
        other_policy(closed)
    assert told() == before


def test_what_was_not_kept_is_computed_now_and_says_so(northwind: Client) -> None:
    with tenant_context(northwind):
        numbers_load(northwind, BILLED)
        month_close(client=northwind, month=FEBRUARY)
        registry_start(client=northwind)
        values = MetricValues(northwind)
        found = [values.point("arr", month) for month in CLOSED]
    assert [point.standing for point in found] == ["computed", "open"]
    assert [point.value for point in found] == [45_000, 52_000]
