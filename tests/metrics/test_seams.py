"""Where months of different policies meet, every row adds up and begins where the one before ended, in every grain and output.

The client has all of it: months before the first close, closed ones, a restating change over some of them, one that holds from
an open month on, a month that was opened and closed again, and contracts that were corrected before and after.
"""

import csv
import datetime as dt
import io
import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from itertools import groupby
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client as Browser

from metrics.engine.csv_format import ADJUSTMENT
from metrics.models import ContractLine
from metrics.selectors.adjustments import adjustment_customers
from metrics.selectors.beside import bridge_beside
from metrics.selectors.books import bridge_get, headline_get, retention_get
from metrics.selectors.breaks import breaks_get, marks_get, restated_get
from metrics.selectors.cohorts import cohorts_get
from metrics.selectors.drill import customers_of_cell, why_get
from metrics.selectors.figures import Bridge, Filters
from metrics.selectors.moves import customer_moves
from metrics.selectors.periods import Grain
from metrics.selectors.policies import policy_in_force
from metrics.selectors.policy_impact import PolicyImpact, policy_impact
from metrics.selectors.policy_impact_closed import closed_effect
from metrics.selectors.reported import bridge_reported, is_nothing
from metrics.selectors.roll_up import roll_up_get
from metrics.selectors.teams import team_bridge_get
from metrics.services.book_checks import books_check
from metrics.services.books import books_rebuild_all
from metrics.services.closes import month_close, month_restate
from metrics.services.policies import policy_publish
from portal.accounts.models import User
from portal.accounts.services.tokens import token_create
from portal.lib.periods import month_parse
from portal.tenancy.models import Client
from portal.tenancy.permissions import TOKEN_SCOPES
from portal.tenancy.scope import tenant_context
from reporting.bridge_view import whole_of
from tests.api.conftest import Program
from tests.reporting.numbers import line, numbers_load

NOW = dt.datetime(2026, 7, 15, tzinfo=dt.UTC)
JANUARY, FEBRUARY, MARCH, APRIL, MAY = (month_parse(f"2026-0{month}") for month in range(1, 6))
DECEMBER = JANUARY - 1
DIMENSIONS = ("total", "segment", "region", "rep", "product")
GRAINS: tuple[Grain, ...] = ("month", "quarter", "year")
FLOWS = ("new", "expansion", "contraction", "churn", "reactivation", "fx")
Row = Mapping[str, Any]
WHERE = {"segment": "SMB", "region": "East", "rep": "Rita"}
LINES = [
    line("K1/1", "acme", "Platform", 12_000, dt.date(2025, 8, 10), **WHERE),
    line("K2/1", "bolt", "Platform", 24_000, dt.date(2025, 11, 1), segment="Enterprise", region="West", rep="Sam"),
    line("K3/1", "bolt", "Support", 6_000, dt.date(2026, 3, 20), segment="Enterprise", region="West", rep="Sam"),
    line("K4/1", "dora", "Platform", 10_000, dt.date(2025, 9, 1), discount_e6=10**9, **WHERE),
    line("K5/1", "echo", "Training", 5_000, dt.date(2025, 10, 1), charge_type="services", **WHERE | {"rep": "Sam"}),
    line("K6/1", "fox", "Platform", 7_000, dt.date(2025, 7, 1), ends_on=dt.date(2026, 1, 14), segment="Enterprise"),
]


def change(client: Client, **parameters: object) -> None:
    policy_publish(client=client, parameters=policy_in_force(client).with_(**parameters).to_dict())
    books_rebuild_all(client=client, now=NOW)


def correct(client: Client, line_id: str, amount: int) -> None:
    ContractLine.objects.filter(line_id=line_id).update(amount=amount, content_hash=f"{amount:032x}")
    books_rebuild_all(client=client, now=NOW)


def until_closed(client: Client) -> None:
    """Numbers from July 2025 on, of which January to March 2026 are closed."""
    numbers_load(client, LINES)
    books_rebuild_all(client=client, now=NOW)
    for month in (JANUARY, FEBRUARY, MARCH):
        month_close(client=client, month=month)


def all_that_follows(client: Client) -> None:
    """A restating change from February on, one from May on, April opened and closed again, a contract of 2025 corrected."""
    change(client, discounts="list", renewal_grace_days=30)
    for month in (FEBRUARY, MARCH):
        month_restate(client=client, month=month, reason="Agreed anew", redefines=True)
    month_close(client=client, month=APRIL)
    change(client, included_charge_types=("recurring", "usage_minimum", "services"))
    correct(client, "K2/1", 25_000)
    month_restate(client=client, month=APRIL, reason="The contract was wrong")
    correct(client, "K1/1", 15_000)


@pytest.fixture
def closed(northwind: Client) -> Iterator[Client]:
    with tenant_context(northwind):
        until_closed(northwind)
        yield northwind


@pytest.fixture
def history(northwind: Client) -> Client:
    with tenant_context(northwind):
        until_closed(northwind)
        all_that_follows(northwind)
    return northwind


def assert_ties(rows: Iterable[Row], said: object, adjustment: str = "adjustment") -> int:
    """Every row adds up, and each group begins a period with what it ended the one before with; gives the adjustments seen."""
    by_period: dict[Any, dict[str, Row]] = defaultdict(dict)
    for row in rows:
        by_period[row["period"]][row.get("group", "")] = row
    before: dict[str, Row] | None = None
    seen = 0
    for period, own in by_period.items():
        for group in own.keys() | (before or {}).keys():
            row, last = own.get(group, {}), (before or {}).get(group, {})
            moved = sum((Decimal(row.get(name) or 0) for name in (*FLOWS, adjustment)), Decimal())
            begins, ends = (Decimal(row.get(name) or 0) for name in ("beginning", "ending"))
            assert begins + moved == ends, (said, period, group, "adds up")
            assert before is None or begins == Decimal(last.get("ending") or 0), (said, period, group, "goes on")
            seen += bool(Decimal(row.get(adjustment) or 0))
        before = own
    return seen


def told(bridge: Bridge) -> list[dict[str, Any]]:
    return [vars(row) | {"period": row.period.key} for row in bridge.rows]


def asked(bridge: Bridge) -> list[dict[str, Any]]:
    return [vars(row) | {"period": row.period.key} for row in bridge.totals]


def test_what_holds_from_a_later_month_moves_no_month_before_the_first_close(closed: Client) -> None:
    """By no change of policy, on no page: not the bridge, not retention, not who makes a figure."""

    def seen() -> list[object]:
        last: int = DECEMBER
        bridges = [bridge_get(closed, last=last, dimension=name).rows for name in DIMENSIONS]
        cut = bridge_get(closed, last=last, filters={"segment": "SMB", "rep": "Rita"}).rows
        makers = [customers_of_cell(closed, None, month, month).customers for month in range(last - 5, last + 1)]
        why = why_get(closed, "dora", last)
        moves = customer_moves(closed, None, "dora", last - 4, last, column="change")
        cells_of = [
            [cell.arr for cell in each.cells if cell.period.last <= last] for each in cohorts_get(closed).cohorts
        ]
        cohorts = [arr for arr in cells_of if any(arr)]
        assert why is not None and moves is not None
        head = headline_get(closed, month=last)
        return [
            bridges, cut, makers, why.ending, why.clauses, why.policy_number, moves.moves, moves.amount,
            cohorts, retention_get(closed, last=last), head.arr, head.net_new,
        ]  # fmt: skip

    before = seen()
    change(closed, discounts="list", included_charge_types=("recurring", "usage_minimum", "services"))
    assert policy_in_force(closed).discounts == "list"
    for month in (JANUARY, FEBRUARY, MARCH):
        month_restate(client=closed, month=month, reason="Agreed anew", redefines=True)
    change(closed, customer_unit="parent", minimum_term_months=2)
    assert seen() == before
    assert books_check(client=closed, now=NOW) == []
    assert [way.difference for way in roll_up_get(closed, DECEMBER).ways if way.kind == "lines"] == [0]


@pytest.mark.parametrize("grain", GRAINS)
def test_every_bridge_ties_at_every_seam(history: Client, grain: Grain) -> None:
    with tenant_context(history):
        for dimension in DIMENSIONS:
            given: list[Filters] = [None, {"segment": ("SMB",)}, {"segment": ("SMB",), "rep": ("Rita",)}]
            for filters in given:
                said = (grain, dimension, filters)
                for original in (False, True):
                    bridge = bridge_reported(history, None, None, None, dimension, grain, filters, original=original)
                    seams = assert_ties(told(bridge), said)
                    assert_ties(asked(bridge), said)
                    assert seams or dimension != "total" or grain == "year"
                    assert_ties([vars(whole_of(bridge.totals)) | {"period": ""}], said)
                assert_ties(told(bridge_get(history, None, None, None, dimension, grain, filters)), said)
        cut = bridge_reported(history, None, JANUARY, APRIL, "total", grain)
        assert assert_ties(told(cut), "cut") > 0, "a span that begins at a seam has it all the same"
        teams = team_bridge_get(history, "team", grain=grain)
        assert_ties([vars(row) | {"period": row.period.key} for row in teams.totals], "teams")


def test_files_and_programs_are_given_what_ties(
    history: Client, finn: User, signed_in: Callable[[User], Browser]
) -> None:
    browser = signed_in(finn)
    with tenant_context(history):
        row, token = token_create(
            client=history, user=finn, name="T", scopes=TOKEN_SCOPES, allowed=frozenset(TOKEN_SCOPES), days=3
        )
    api = Program(token, row)
    for dimension in DIMENSIONS:
        for grain in GRAINS:
            for view in ("reported", "current"):
                text = browser.get(f"/c/northwind/arr/bridge.csv?by={dimension}&grain={grain}&view={view}").content
                rows = [row | {"period": row[grain]} for row in csv.DictReader(io.StringIO(text.decode()))]
                assert rows and assert_ties(rows, (dimension, grain, view), ADJUSTMENT) > 0
            found = api.get(history, "api_bridge", {"by": dimension, "grain": grain}).json()
            assert assert_ties(found["rows"], (dimension, grain, "api"), ADJUSTMENT) > 0
            assert_ties(found["totals"], (dimension, grain, "api"), ADJUSTMENT)


def test_the_command_line_ties_as_it_stands_and_as_it_was_reported(history: Client) -> None:
    span = ["--client", "northwind", "--from", "2025-08", "--to", "2026-06"]
    for more in ([], ["--as-of", dt.datetime.now(dt.UTC).date().isoformat()]):
        for dimension in DIMENSIONS:
            by = ["--by", dimension] if dimension != "total" else []
            out = io.StringIO()
            call_command("arr_bridge", *span, *by, *more, "--format", "json", stdout=out, stderr=io.StringIO())
            rows = [row | {"period": row["month"]} for row in json.loads(out.getvalue())]
            assert assert_ties(rows, (dimension, more), ADJUSTMENT) > 0


def test_the_open_month_before_the_first_close_ends_with_what_that_one_reported(history: Client) -> None:
    """The contracts say something else by now: that is its adjustment, customer by customer as the close kept its beginning."""
    with tenant_context(history):
        december, january = bridge_reported(history, first=DECEMBER, last=JANUARY).totals
        assert (december.adjustment, december.state) == (Decimal("-4000.00"), "live")
        assert (january.beginning, january.adjustment, january.state) == (december.ending, Decimal(), "closed")
        found = adjustment_customers(history, None, DECEMBER, DECEMBER)
        assert found.amount == december.adjustment == sum(each.amount for each in found.customers) and not found.rest
        assert [each.month for each in breaks_get(history)] == [FEBRUARY, MAY]


def test_a_restatement_of_the_first_closed_month_breaks_it_with_both_figures(closed: Client) -> None:
    before = bridge_reported(closed, last=DECEMBER, dimension="segment")
    change(closed, discounts="list")
    month_restate(client=closed, month=JANUARY, reason="Agreed anew", redefines=True)
    found = breaks_get(closed)[0]
    assert (found.month, found.before, found.after) == (JANUARY, 0, 1)
    parts = [str(part) for part in (found.reported, found.under_new, found.definition, found.data)]
    assert parts == ["52000.00", "53000.00", "1000.00", "0.00"]
    assert bridge_reported(closed, first=JANUARY, last=JANUARY).totals[0].adjustment == found.difference
    assert bridge_reported(closed, last=DECEMBER, dimension="segment").rows == before.rows
    who = adjustment_customers(closed, None, JANUARY, JANUARY)
    assert [(each.customer, str(each.amount)) for each in who.customers] == [("dora", "1000.00")] and not who.rest
    impact = policy_impact(closed, policy_in_force(closed).with_(discounts="net"), since=JANUARY)
    assert isinstance(impact, PolicyImpact) and impact.compared[0] == JANUARY
    for group, values in impact.before.groups.items():
        own = impact.after.groups.get(group)
        assert own is None or (values[:, : JANUARY - impact.first] == own[:, : JANUARY - impact.first]).all()
    step = closed_effect(impact, JANUARY).adjustment
    assert step is not None and (step.restated, step.now) == (52_000_00, 52_000_00)


@pytest.mark.parametrize("grain", ["month", "quarter", "year"])
@pytest.mark.parametrize("dimension", ["total", "segment"])
def test_what_was_reported_ties_beside_what_was_restated(closed: Client, dimension: str, grain: Grain) -> None:
    """As reported, the month after the restated ones began where these had ended then: its row says so, the total sums it."""
    change(closed, discounts="list")
    for month in (JANUARY, FEBRUARY):
        month_restate(client=closed, month=month, reason="Agreed anew", redefines=True)
    shown = bridge_reported(closed, dimension=dimension, grain=grain)
    beside = bridge_beside(closed, shown, marks_get(closed, None))
    firsts = [replace(row.as_reported or row, as_reported=None) for row in beside.rows]
    assert {row.period.key for row in beside.totals if row.as_reported}, "something of it was restated"
    assert_ties(told(replace(beside, rows=tuple(row for row in firsts if not is_nothing(row)))), (dimension, grain))
    whole = whole_of(beside.totals).as_reported
    sums = [row.as_reported or row for row in beside.totals]
    assert whole is not None and (whole.beginning, whole.ending) == (sums[0].beginning, sums[-1].ending)
    for name in (*FLOWS, "adjustment"):
        assert getattr(whole, name) == sum(getattr(row, name) for row in sums), name
    assert whole.beginning + sum(getattr(whole, name) for name in (*FLOWS, "adjustment")) == whole.ending


def test_a_restated_month_has_the_figures_of_its_row(closed: Client) -> None:
    """It begins where the month before ended, and the step is its adjustment: in the footnote and the API as in the table."""
    change(closed, discounts="list")
    for month in (JANUARY, FEBRUARY):
        month_restate(client=closed, month=month, reason="Agreed anew", redefines=True)
    beside = bridge_beside(closed, bridge_reported(closed), marks_get(closed, None))
    rows = {row.period.first: row for row in beside.totals}
    for month, found in restated_get(closed).items():
        shown = rows[month]
        assert shown.as_reported is not None
        assert found.restated == replace(shown, as_reported=None), month
        assert found.reported == shown.as_reported, month
    assert restated_get(closed)[JANUARY].restated.adjustment == Decimal("1000.00")


@pytest.mark.parametrize("grain", ["month", "quarter", "year"])
@pytest.mark.parametrize("dimension", ["total", "segment"])
@pytest.mark.parametrize("told_by", [bridge_reported, bridge_get])
def test_customers_go_on_from_row_to_row(
    history: Client, dimension: str, grain: Grain, told_by: Callable[..., Bridge]
) -> None:
    """Whom corrections or another definition add or take is neither won nor lost: it has its own count."""
    with tenant_context(history):
        ends: dict[str, int] = {}
        adjusted = 0
        shown = told_by(history, dimension=dimension, grain=grain)
        for period, rows in groupby(shown.rows, lambda row: row.period):
            own = {row.group: row for row in rows}
            for group, row in own.items():
                came = row.customers_adjusted + row.customers_new + row.customers_reactivated - row.customers_churned
                assert ends.get(group, 0) + came == row.customers_ending, (period.key, group)
                adjusted += bool(row.customers_adjusted)
            ends = {group: row.customers_ending for group, row in own.items()}
        assert adjusted or grain == "year" or told_by is bridge_get
