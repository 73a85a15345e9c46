"""What a contract file may hold, and every reason for which it is refused."""

from datetime import date
from decimal import Decimal
from typing import Any

import polars as pl
import pytest

from metrics.intake.contracts import LINE_SCHEMA, ContractFile, read_contracts
from metrics.intake.mapping import Mapping
from metrics.intake.reader import read_bytes
from tests.intake.build import csv_bytes, line


def read(*lines: dict[str, str], mapping: Mapping | None = None) -> ContractFile:
    return read_contracts(read_bytes(csv_bytes(lines)), mapping or Mapping.identity())


def only_code(file: ContractFile) -> str:
    assert [fault.row for fault in file.faults] == [2], list(file.faults)
    assert file.lines.height == 0
    return file.faults.first(1)[0].code


def test_a_good_line_becomes_a_row_of_the_engine_frame() -> None:
    file = read(line(discount="200.25", signed_date="2023-12-01", rep="Chloé"))
    assert not len(file.faults)
    assert file.lines.schema == LINE_SCHEMA
    row = file.lines.row(0, named=True)
    assert row["row"] == 2
    assert (row["amount_e6"], row["discount_e6"]) == (1_200_500_000, 200_250_000)
    assert (row["starts_on"], row["ends_on"]) == (date(2024, 1, 1), date(2024, 12, 31))
    assert (row["signed_on"], row["live_on"], row["rep"]) == (date(2023, 12, 1), None, "Chloé")


def test_a_blank_discount_is_zero_and_a_blank_end_is_evergreen() -> None:
    row = read(line(end_date="", discount="")).lines.row(0, named=True)
    assert (row["discount_e6"], row["ends_on"]) == (0, None)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"customer_id": ""}, "value_missing"),
        ({"product": "  "}, "value_missing"),
        ({"start_date": ""}, "value_missing"),
        ({"amount": ""}, "value_missing"),
        ({"start_date": "2024-02-31"}, "date_impossible"),
        ({"start_date": "2023-02-29"}, "date_impossible"),
        ({"start_date": "00:00.0"}, "date_lost"),
        ({"start_date": "2024-01-01 12:30:00"}, "date_time"),
        ({"start_date": "45292"}, "date_serial"),
        ({"start_date": "01/02/24"}, "date_short_year"),
        ({"start_date": "12 April 2024"}, "date_words"),
        ({"start_date": "soon"}, "date_unreadable"),
        ({"start_date": "0000-00-00"}, "date_impossible"),
        ({"start_date": "1969-12-31"}, "date_range"),
        ({"end_date": "2200-01-01"}, "date_range"),
        ({"end_date": "9999-12-31"}, "date_range"),
        ({"start_date": "31/12/2023"}, "date_order_mixed"),
        ({"live_date": "NULL"}, "date_unreadable"),
        ({"end_date": "2023-12-31"}, "end_before_start"),
        ({"amount": "2,024,994"}, "number_thousands"),
        ({"amount": "1 000"}, "number_thousands"),
        ({"amount": "1,5"}, "number_other_mark"),
        ({"amount": "1,500"}, "number_thousands"),
        ({"amount": "1e30"}, "number_scientific"),
        ({"amount": "NaN"}, "number_not_finite"),
        ({"amount": "Infinity"}, "number_not_finite"),
        ({"amount": "-inf"}, "number_not_finite"),
        ({"amount": "NULL"}, "number_null_text"),
        ({"amount": "n/a"}, "number_null_text"),
        ({"amount": "(100)"}, "number_brackets"),
        ({"amount": "$100"}, "number_unit"),
        ({"amount": "100 EUR"}, "number_unit"),
        ({"amount": "abc"}, "number_unreadable"),
        ({"amount": "1.2.3"}, "number_unreadable"),
        ({"amount": "１２"}, "number_unreadable"),
        ({"amount": "1.1234567"}, "number_too_fine"),
        ({"amount": "1000000000000"}, "number_too_large"),
        ({"amount": "-0.01"}, "amount_negative"),
        ({"discount": "-1"}, "discount_negative"),
        ({"discount": "1200.51"}, "discount_above_amount"),
        ({"discount": "#REF!"}, "cell_error"),
        ({"currency": "usd"}, "currency_unknown"),
        ({"currency": "XXX"}, "currency_unknown"),
        ({"currency": "US"}, "currency_unknown"),
        ({"charge_type": "Recurring"}, "charge_type_unknown"),
        ({"amount_basis": "weekly"}, "basis_unknown"),
        ({"amount_basis": "total", "end_date": ""}, "evergreen_total"),
        ({"replaces_line_id": "K1-1"}, "replaces_itself"),
        ({"replaces_contract_id": "K1"}, "replaces_own_contract"),
        ({"customer_name": "x" * 201}, "text_too_long"),
        ({"customer_name": "two\nlines"}, "text_control"),
        ({"customer_id": "C\u200b1"}, "text_control"),
        ({"customer_id": "C\u200f1"}, "text_control"),
        ({"line_id": "L\u00ad1"}, "text_control"),
        ({"segment": "SMB\ufe0f"}, "text_control"),
        ({"product": "Core\U000e0041"}, "text_control"),
        ({"parent_customer_id": "NULL"}, "text_null"),
        ({"product": "#N/A"}, "cell_error"),
    ],
)
def test_one_fault_refuses_the_file_and_is_named(changes: dict[str, Any], code: str) -> None:
    assert only_code(read(line(**changes))) == code


def test_a_name_keeps_the_joiners_that_its_script_needs() -> None:
    assert read(line(customer_name="می\u200cخواهم")).lines["customer_name"].to_list() == ["می\u200cخواهم"]


def test_the_same_text_in_two_forms_of_unicode_is_the_same_customer() -> None:
    lines = read(line(1, customer_id="Caf\u00e9"), line(2, customer_id="Cafe\u0301")).lines
    assert lines["customer_id"].to_list() == ["Caf\u00e9"] * 2


@pytest.mark.parametrize(
    ("text", "millionths"),
    [
        ("0", 0),
        ("-0", 0),
        ("007", 7_000_000),
        (".5", 500_000),
        ("5.", 5_000_000),
        ("1.1234560", 1_123_456),
        ("999999999999.999999", 999_999_999_999_999_999),
        ("0000000000000001", 1_000_000),
    ],
)
def test_amounts_are_exact(text: str, millionths: int) -> None:
    file = read(line(amount=text))
    assert file.lines["amount_e6"].to_list() == [millionths], list(file.faults)


@pytest.mark.parametrize(
    "text", ["2024-01-05", "2024-1-5", "2024/01/05", "20240105", "2024-01-05 00:00:00.000", "2024-01-05T00:00:00Z"]
)
def test_year_first_dates_need_no_order(text: str) -> None:
    file = read(line(start_date=text), mapping=Mapping(columns=Mapping.identity().columns))
    assert file.lines["starts_on"].to_list() == [date(2024, 1, 5)], list(file.faults)


def test_an_ambiguous_date_is_asked_about_and_never_guessed() -> None:
    file = read(line(start_date="03/04/2024"), mapping=Mapping(columns=Mapping.identity().columns))
    assert only_code(file) == "date_order_unknown"
    assert file.faults.first(1)[0].reason == "'03/04/2024' could be 3 April or 4 March: say which order this file uses"


@pytest.mark.parametrize(("order", "day"), [("dmy", date(2024, 4, 3)), ("mdy", date(2024, 3, 4))])
def test_the_stated_order_is_used(order: str, day: date) -> None:
    mapping = Mapping(columns=Mapping.identity().columns, date_order=order)
    assert read(line(start_date="03/04/2024"), mapping=mapping).lines["starts_on"].to_list() == [day]


def test_two_orders_in_one_column_are_a_fault() -> None:
    mapping = Mapping(columns=Mapping.identity().columns, date_order="dmy")
    file = read(
        line(1, start_date="31/01/2024"),
        line(2, start_date="01/31/2024"),
        line(3, start_date="2024-01-31"),
        line(4, start_date="31/02/2024"),
        mapping=mapping,
    )
    assert [(fault.row, fault.code) for fault in file.faults] == [
        (3, "date_order_mixed"),
        (4, "date_order_mixed"),
        (5, "date_impossible"),
    ]


def test_decimal_commas_are_read_when_the_mapping_says_so() -> None:
    mapping = Mapping(columns=Mapping.identity().columns, decimal_mark=",")
    assert read(line(amount="1200,50"), mapping=mapping).lines["amount_e6"].to_list() == [1_200_500_000]
    assert only_code(read(line(amount="1.200,50"), mapping=mapping)) == "number_thousands"
    assert only_code(read(line(amount="1.200"), mapping=mapping)) == "number_thousands"


def test_every_occurrence_of_a_repeated_line_is_named_with_the_first() -> None:
    file = read(line(1), line(2), line(1, contract_id="K9"), line(1))
    assert [(fault.row, fault.code) for fault in file.faults] == [(row, "line_repeated") for row in (2, 4, 5)]
    assert "in row 2" in file.faults.first(3)[1].reason


def test_a_partial_amendment_may_name_its_own_contract() -> None:
    file = read(line(1), line(2, contract_id="K1", replaces_line_id="K1-1", replaces_contract_id="K1"))
    assert not len(file.faults)


def test_a_row_with_three_faults_has_three() -> None:
    file = read(line(amount="x", currency="??", start_date=""))
    assert file.faults.by_code() == {"currency_unknown": 1, "number_unreadable": 1, "value_missing": 1}
    assert file.faults.faulty_rows == 1


def test_a_faulty_file_gives_no_lines_but_a_preview_and_totals() -> None:
    file = read(line(1), line(2, amount="7"), line(3, start_date="?"))
    assert file.lines.height == 0
    assert file.parsed.height == 3
    assert [(total.currency, total.amount_basis, total.rows, total.amount) for total in file.totals] == [
        ("USD", "year", 3, Decimal("2408"))
    ]


def test_totals_are_exact_beyond_64_bits() -> None:
    file = read(*(line(number, amount="999999999999.999999") for number in range(20)))
    assert file.totals[0].amount == Decimal("19999999999999.99998")


def test_an_exclusive_end_is_the_day_after_the_last() -> None:
    mapping = Mapping(columns=Mapping.identity().columns, end_is_exclusive=True)
    assert read(line(end_date="2025-01-01"), mapping=mapping).lines["ends_on"].to_list() == [date(2024, 12, 31)]


def test_an_exclusive_end_on_the_start_is_no_service_and_noted() -> None:
    mapping = Mapping(columns=Mapping.identity().columns, end_is_exclusive=True)
    file = read(line(end_date="2024-01-01"), mapping=mapping)
    assert file.lines.select("starts_on", "ends_on", "cancelled_on").row(0) == (date(2024, 1, 1),) * 3
    assert [(note.row, note.code) for note in file.notes] == [(2, "term_empty")]
    total = read(line(end_date="2024-01-01", amount_basis="total"), mapping=mapping)
    assert only_code(total) == "end_before_start"


def test_an_unread_end_is_not_called_evergreen_too() -> None:
    assert only_code(read(line(amount_basis="total", end_date="never"))) == "date_unreadable"


def test_a_file_without_lines_is_refused() -> None:
    assert read().faults.by_code() == {"file_empty": 1}


def test_optional_columns_may_be_absent_but_not_silently_renamed() -> None:
    columns = [name for name in line() if name != "end_date"]
    data = csv_bytes([{k: v for k, v in line().items() if k != "end_date"}], columns)
    table = read_bytes(data)
    assert read_contracts(table, Mapping.identity(table.header)).lines.height == 1
    refused = read_contracts(table, Mapping.identity())
    assert {fault.column for fault in refused.faults} >= {"end_date"}


def test_a_missing_required_column_is_one_fault_and_not_one_per_row() -> None:
    columns = [name for name in line() if name != "currency"]
    table = read_bytes(csv_bytes([{k: v for k, v in line(n).items() if k != "currency"} for n in range(9)], columns))
    file = read_contracts(table, Mapping.identity(table.header))
    assert [(fault.row, fault.column, fault.code) for fault in file.faults] == [(1, "currency", "column_unmapped")]


def test_a_million_faults_stay_cheap_and_are_all_counted() -> None:
    header = csv_bytes([])
    row = csv_bytes([line(amount="x", end_date="y")]).splitlines()[1] + b"\n"
    file = read_contracts(read_bytes(header + row * 20_000), Mapping.identity())
    assert file.faults.by_code() == {"date_unreadable": 20_000, "line_repeated": 20_000, "number_unreadable": 20_000}


def test_value_maps_constants_and_empty_markers() -> None:
    mapping = Mapping(
        columns={name: name for name in line() if name not in ("currency", "amount_basis")},
        constants={"currency": "EUR", "amount_basis": "month"},
        value_maps={"charge_type": {"false": "recurring", "TRUE": "trial", "": "services"}},
        null_markers=("NULL",),
    )
    file = read(
        line(1, charge_type="False", end_date="NULL"),
        line(2, charge_type="true"),
        line(3, charge_type=""),
        mapping=mapping,
    )
    assert file.lines["charge_type"].to_list() == ["recurring", "trial", "services"], list(file.faults)
    assert file.lines["currency"].unique().to_list() == ["EUR"]
    assert file.lines["ends_on"].to_list()[0] is None


def test_a_wrong_constant_is_one_fault_of_the_mapping() -> None:
    mapping = Mapping(columns={n: n for n in line() if n != "currency"}, constants={"currency": "usd"})
    file = read(line(1), line(2), mapping=mapping)
    assert [(fault.row, fault.code) for fault in file.faults] == [(0, "currency_unknown")]


def test_faults_carry_the_name_that_the_file_uses() -> None:
    data = csv_bytes([line()]).replace(b"start_date", b"Term Start").replace(b"2024-01-01", b"yesterday")
    mapping = Mapping(columns={**Mapping.identity().columns, "start_date": "Term Start"})
    fault = read_contracts(read_bytes(data), mapping).faults.first(1)[0]
    assert (fault.row, fault.column, fault.value) == (2, "Term Start", "yesterday")


def test_blank_rows_are_counted_and_keep_the_numbers_of_the_others() -> None:
    text = csv_bytes([line(1), line(2, amount="x")]).decode().splitlines()
    data = "\n".join([text[0], text[1], "," * 20, "", text[2], "," * 20, ""]).encode()
    file = read_contracts(read_bytes(data), Mapping.identity())
    assert file.blank_rows == 3
    assert [fault.row for fault in file.faults] == [5]


def test_the_frame_has_no_float() -> None:
    assert not any(dtype.is_float() for dtype in LINE_SCHEMA.dtypes())
    assert isinstance(read(line()).lines["amount_e6"].dtype, pl.Int64)
