"""Data that nobody here wrote: it reads to published answers, or is refused with reasons."""

import csv
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from metrics.intake.contracts import ContractFile, read_contracts
from metrics.intake.mapping import Mapping
from metrics.intake.reader import read_limited
from metrics.intake.suggest import suggest_mapping
from tests.intake.build import NO_SHARED, SHARED

pytestmark = pytest.mark.skipif(not SHARED.is_dir(), reason=NO_SHARED)
DATA = SHARED / "data"
MESSY = DATA / "messy-reseller-sales"
MILLION = Decimal(1_000_000)


def read(path: Path, **settings: object) -> ContractFile:
    """The file under the mapping that is proposed for it, completed by the answers to its questions."""
    table = read_limited(path)
    proposed = suggest_mapping(table).mapping.to_dict()
    for key, value in settings.items():
        proposed[key] = {**proposed[key], **value} if isinstance(value, dict) else value
    return read_contracts(table, Mapping.from_dict(proposed))


def ravenstack(name: str) -> ContractFile:
    return read(DATA / "ravenstack" / name, end_is_exclusive=True, constants={"currency": "USD"})


@pytest.mark.parametrize("case", ["contract-start", "live-average-parent", "signed-contract-rate"])
def test_golden_files_read_without_a_fault(case: str) -> None:
    path = SHARED / "golden" / case / "contracts.csv"
    file = read_contracts(read_limited(path), Mapping.identity())
    assert not len(file.faults), file.faults.first(5)
    assert file.lines.height == len(path.read_text(encoding="utf-8").splitlines()) - 1


def test_both_formats_of_ravenstack_are_the_same_lines() -> None:
    first, second = ravenstack("ravenstack_subscriptions.csv"), ravenstack("ravenstack_subscriptions_iso.csv")
    assert first.lines.height == 5_000
    assert first.lines.equals(second.lines)
    assert first.notes.by_code() == {"term_empty": 13}


def test_ravenstack_gives_the_expected_mrr() -> None:
    lines = ravenstack("ravenstack_subscriptions.csv").lines.filter(pl.col("charge_type") == "recurring")
    with open(DATA / "expected/ravenstack_mrr_month_end.csv", newline="") as file:
        expected = list(csv.DictReader(file))
    assert len(expected) == 24
    for month in expected:
        last_day = date.fromisoformat(month["as_of_start_of"]) - timedelta(1)
        until = pl.min_horizontal(pl.col("ends_on") + pl.duration(days=1), "cancelled_on")
        counted = lines.filter((pl.col("starts_on") <= last_day) & (until.is_null() | (until > last_day)))
        assert Decimal(counted["amount_e6"].sum()) / MILLION == Decimal(month["mrr"])
        paying = counted.filter(pl.col("amount_e6") > 0)
        assert paying["customer_id"].n_unique() == int(month["paying_accounts"])
        assert paying.height <= int(month["active_subscriptions"])


@pytest.mark.parametrize("case", [1, 2])
def test_saasops_contracts_give_their_published_arr_and_carr(case: int) -> None:
    constants = {"currency": "USD", "product": "Subscription", "charge_type": "recurring"}
    file = read(DATA / f"saasops-cases/case{case}_contracts.csv", constants=constants)
    assert not len(file.faults), list(file.faults)
    lines = list(file.lines.iter_rows(named=True))
    with open(DATA / f"saasops-cases/case{case}_expected.csv", newline="") as expected:
        for month in csv.DictReader(expected):
            day = date.fromisoformat(month["month_end"])
            for column, begins in (("arr", "starts_on"), ("carr", "signed_on")):
                assert arr_at(lines, day, begins) == Decimal(month[column]), (day, column)


def arr_at(lines: list[dict[str, object]], day: date, begins: str) -> Decimal:
    """Twelve-month terms: the total is the annual value; a recognised renewal takes the place of what it renews."""
    recognised = [line for line in lines if line[begins] <= day]  # type: ignore[operator]
    replaced = {line["replaces_contract_id"] for line in recognised}
    live = [line for line in recognised if line["ends_on"] >= day and line["contract_id"] not in replaced]  # type: ignore[operator]
    return sum((Decimal(str(line["amount_e6"])) / MILLION for line in live), Decimal(0))


MESSY_COLUMNS = {
    "contract_id": "SalesOrderNumber",
    "line_id": "SalesOrderLineNumber",
    "product": "ProductKey",
    "amount": "SalesAmount",
    "discount": "DiscountAmount",
    "start_date": "OrderDate",
    "end_date": "ShipDate",
}
MESSY_CONSTANTS = {"charge_type": "one_time", "amount_basis": "total", "currency": "USD"}


def read_messy(name: str, order: str, customer: str) -> ContractFile:
    columns = {**MESSY_COLUMNS, "customer_id": customer, "customer_name": customer, "rep": "CarrierTrackingNumber"}
    return read_contracts(
        read_limited(MESSY / name), Mapping(columns=columns, constants=MESSY_CONSTANTS, date_order=order)
    )


def test_the_locale_mangled_file_is_refused_and_its_empty_tail_counted() -> None:
    file = read_messy("FactResellerSales_locale_mangled.csv", "ymd", "ResellerKey")
    assert (file.lines.height, file.rows, file.blank_rows) == (0, 587, 60_268)
    codes = file.faults.by_code()
    assert codes["date_lost"] == 2 * 587
    assert codes["number_thousands"] > 500
    assert file.faults.faulty_rows == 587


def test_amounts_that_a_locale_destroyed_are_refused_although_the_dates_read() -> None:
    file = read_messy("FactResellerSales_ddmmyyyy_sample.csv", "dmy", "ResellerKey")
    assert file.lines.height == 0
    assert file.faults.by_code()["number_thousands"] > 500
    assert not any(code.startswith("date") for code in file.faults.by_code())


def test_the_word_null_is_not_loaded_as_text() -> None:
    file = read_messy("FactInternetSales_isots_NULL_sample.csv", "ymd", "CustomerKey")
    assert file.faults.by_code()["text_null"] == 120
    assert not any(code.startswith(("date", "number")) for code in file.faults.by_code())


def test_decimal_commas_need_to_be_said() -> None:
    file = read_messy("daily/InternetSales20110124.csv", "ymd", "CustomerKey")
    assert file.faults.by_code()["number_other_mark"] == file.rows


def test_rows_without_a_date_are_named() -> None:
    columns = {"start_date": "OrderDate", "product": "ProductKey", "amount": "SalesAmount"}
    table = read_limited(MESSY / "FactInternetSales2.csv")
    file = read_contracts(table, Mapping(columns=columns, constants=MESSY_CONSTANTS, date_order="dmy"))
    assert file.blank_rows == 210
    assert file.faults.by_code()["value_missing"] > 50
    assert file.faults.by_code()["column_unmapped"] == 4
