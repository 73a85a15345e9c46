"""What each monitor finds where a fault was planted, and that none says a word about a clean book."""

import csv
import datetime as dt
from decimal import Decimal
from pathlib import Path

import pytest

from metrics.models import ContractLine, QualityMonitor
from metrics.selectors.quality_finders import Looked, book_of, look
from metrics.services.books import books_rebuild_all
from metrics.services.closes import month_close
from metrics.services.quality import monitors_ensure
from portal.lib.periods import month_parse
from portal.tenancy.models import Client
from portal.tenancy.scope import tenant_context
from tests.engine.frames import rates
from tests.metrics.golden import NOW as GOLDEN_NOW
from tests.metrics.golden import golden_client
from tests.metrics.quality import NOW, book, finding, found, full, looked, monitor


def set_to(client: Client, code: str, threshold: str) -> None:
    """A threshold, as the client set it before the look."""
    with tenant_context(client):
        QualityMonitor.objects.filter(code=code).update(threshold=Decimal(threshold))


def test_a_clean_book_leaves_every_monitor_silent(northwind: Client) -> None:
    book(northwind)
    done = looked(northwind)
    assert found(northwind) == {} and (done.opened, done.open_now) == (0, 0)
    with tenant_context(northwind):
        assert [str(row.at_stake) for row in QualityMonitor.objects.all()] == ["0.00"] * 6


def test_the_same_line_twice_is_a_duplicate_and_a_replacement_or_another_price_is_none(northwind: Client) -> None:
    same = {"customer_id": "D", "customer_name": "Dee"}
    book(
        northwind,
        full("D1", "600.10", **same, product="Seats"),
        full("D2", "600.10", **same, product="Seats", starts_on="2024-07-01"),
        full("E1", "600", **same, product="Support"),
        full("E2", "600.01", **same, product="Support"),
        full("F1", "70", **same, product="Add-on", ends_on="2024-06-30"),
        full("F2", "70", **same, product="Add-on", starts_on="2024-07-01"),
        full("G1", "80", **same, product="Extra"),
        full("G2", "80", **same, product="Extra", starts_on="2024-07-01", replaces_line_id="G1"),
    )
    looked(northwind)
    assert found(northwind) == {"duplicates": {"D2": "600.10"}}
    set_to(northwind, "duplicates", "1000")
    looked(northwind)
    assert found(northwind) == {}


def test_a_field_that_some_lines_lack_is_missing_and_one_that_nobody_fills_is_not(northwind: Client) -> None:
    book(northwind, full("D", "500", region=None), full("E", "0.37", region=None, rep=None))
    looked(northwind)
    assert found(northwind) == {"missing_fields": {"region": "500.37", "rep": "0.37"}}
    assert str(monitor(northwind, "missing_fields").at_stake) == "500.37", "a line counts once"
    set_to(northwind, "missing_fields", "20")
    looked(northwind)
    assert found(northwind) == {"missing_fields": {"region": "500.37"}}


def test_what_counts_in_its_grace_after_its_last_day_is_expired(northwind: Client) -> None:
    book(
        northwind,
        full("D", "300", ends_on="2024-12-15"),
        full("E", "400", ends_on="2024-12-31"),
        full("F", "500", ends_on="2024-11-15"),
        renewal_grace_days=30,
    )
    looked(northwind)
    assert found(northwind) == {"expired": {"D": "300.00"}}, (
        "E has its last day; F is beyond its grace and counts no more"
    )
    assert finding(northwind).detail == (
        "Line D ended on 15 Dec 2024: counted within the policy's grace of 30 days until 14 Jan 2025"
    )
    set_to(northwind, "expired", "16")
    looked(northwind)
    assert found(northwind) == {}


def test_a_correction_of_a_closed_month_without_an_event_is_a_move_that_nobody_explained(northwind: Client) -> None:
    book(northwind, full("D", "30000", starts_on="2023-01-01"), full("E", "30000", starts_on="2023-01-01"))
    with tenant_context(northwind):
        month_close(client=northwind, month=month_parse("2024-12"))
        ContractLine.objects.filter(line_id="D").update(amount=Decimal("80000.25"))
        ContractLine.objects.filter(line_id="E").update(amount=Decimal("79999"))  # below the limit of 50,000
        books_rebuild_all(client=northwind, now=NOW)
    looked(northwind)
    assert found(northwind) == {"unexplained": {f"{month_parse('2024-12')} C-D": "50000.25"}}


def test_exchange_rates_explain_a_move_and_so_does_a_contract_that_begins(northwind: Client) -> None:
    told = rates(("EUR", "2024-10-31", "1.00"), ("EUR", "2024-11-30", "1.50"), ("EUR", "2024-12-31", "1.10"))
    book(
        northwind,
        full("D", "900000", currency="EUR", starts_on="2023-01-01"),
        full("E", "900000", starts_on="2024-12-05"),
        rates=told,
    )
    looked(northwind)
    assert set(found(northwind)) == {"stale_rates"}


def test_one_customer_of_two_names_and_one_name_of_two_customers_are_found_and_a_parent_joins_them(
    northwind: Client,
) -> None:
    book(
        northwind,
        full("D1", "10", customer_id="D", customer_name="Dee"),
        full("D2", "20", customer_id="D", customer_name="Dee Holdings", product="Other"),
        full("E1", "100", customer_id="E1", customer_name="Acme, Inc."),
        full("E2", "200", customer_id="E2", customer_name="ACME"),
        full("F1", "5", customer_id="F1", customer_name="Foo GmbH", parent_customer_id="F"),
        full("F2", "5", customer_id="F2", customer_name="Foo", parent_customer_id="F"),
    )
    looked(northwind)
    assert found(northwind) == {"names": {"id D": "30.00", "name acme": "300.00"}}
    set_to(northwind, "names", "100")
    looked(northwind)
    assert found(northwind) == {"names": {"name acme": "300.00"}}


def test_an_old_rate_is_stale_from_its_threshold_on(northwind: Client) -> None:
    """The client's own rate of the month end is 15 days old on the day of the look, more than a week."""
    began = full("D", "100", currency="EUR", starts_on="2024-12-01")
    book(northwind, began, rates=rates(("EUR", "2024-12-31", "1.25")))
    looked(northwind)
    assert found(northwind) == {"stale_rates": {"EUR": "125.00"}}
    assert finding(northwind).detail == "Newest rate of 31 Dec 2024, the client’s own rates"
    set_to(northwind, "stale_rates", "15")
    looked(northwind)
    assert found(northwind) == {}


def test_a_month_without_a_rate_is_found_and_no_arr_is_made_up(northwind: Client) -> None:
    book(northwind, full("D", "100", currency="EUR"), rates=rates(("EUR", "2025-01-14", "1.25")))
    looked(northwind)
    row = finding(northwind)
    assert (row.subject, row.arr) == ("EUR", None) and "none for 2024-01-31" in row.detail
    assert row.no_value_because and monitor(northwind, "stale_rates").no_value_because == row.no_value_because


def test_without_lines_a_monitor_says_that_it_cannot_look(northwind: Client) -> None:
    looked(northwind)
    assert monitor(northwind, "duplicates").blind_because == "There are no contract lines yet."
    assert monitor(northwind, "duplicates").at_stake is None


@pytest.mark.parametrize("case", ["contract-start", "live-average-parent", "signed-contract-rate"])
def test_on_golden_data_every_alarm_is_true_and_the_other_monitors_are_silent(
    northwind: Client, shared: Path, case: str
) -> None:
    """The golden lines really lack segments, and under a policy with a grace some have ended and count: no more is said."""
    golden_client(northwind, shared / "golden" / case)
    with tenant_context(northwind):
        seen = book_of(northwind, GOLDEN_NOW)
        assert isinstance(seen, Looked)
        rows = {row.code: look(seen, row.code, row.threshold) for row in monitors_ensure(client=northwind)}
    assert [code for code, got in rows.items() if got and code not in ("missing_fields", "expired")] == []
    text = csv.DictReader((shared / "golden" / case / "contracts.csv").open())
    lines = {line["line_id"]: line for line in text}
    lacking = sum(not line["segment"] for line in lines.values())
    (missing,) = rows["missing_fields"]  # type: ignore[misc]
    assert missing.subject == "segment" and len(missing.rows) == lacking
    grace, last = seen.policy.renewal_grace_days, dt.date(2025, 12, 31)
    for each in rows["expired"]:  # type: ignore[union-attr]
        assert grace and dt.date.fromisoformat(lines[each.subject]["end_date"]) <= last
