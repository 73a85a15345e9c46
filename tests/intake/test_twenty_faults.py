"""A file with twenty faults is refused with twenty named reasons, and a good file reads back as it was written."""

from datetime import date, timedelta
from decimal import Decimal
from unicodedata import normalize

from hypothesis import given, settings
from hypothesis import strategies as st

from metrics.intake.contracts import read_contracts
from metrics.intake.layout import AMOUNT_BASES, CHARGE_TYPES, CONTRACT_COLUMNS
from metrics.intake.mapping import Mapping
from metrics.intake.reader import read_bytes
from tests.intake.build import csv_bytes, csv_text, line

FAULTY = {
    "value_missing": {"customer_id": ""},
    "date_impossible": {"start_date": "2024-02-31"},
    "date_lost": {"start_date": "00:00.0"},
    "date_serial": {"end_date": "45657"},
    "date_order_mixed": {"signed_date": "31/12/2023"},
    "date_range": {"end_date": "9999-12-31"},
    "end_before_start": {"end_date": "2023-12-31"},
    "number_thousands": {"amount": "2,024,994"},
    "number_scientific": {"amount": "1e30"},
    "number_not_finite": {"amount": "NaN"},
    "number_null_text": {"discount": "NULL"},
    "number_too_fine": {"amount": "0.1234567"},
    "amount_negative": {"amount": "-5"},
    "discount_above_amount": {"discount": "5000"},
    "currency_unknown": {"currency": "usd"},
    "charge_type_unknown": {"charge_type": "subscription"},
    "basis_unknown": {"amount_basis": "weekly"},
    "evergreen_total": {"amount_basis": "total", "end_date": ""},
    "replaces_own_contract": {"replaces_contract_id": "K19"},
    "text_control": {"customer_name": "a\tb"},
}


def test_twenty_different_faults_have_twenty_reasons() -> None:
    good, bad = [line(0)], [line(number, **changes) for number, changes in enumerate(FAULTY.values(), 1)]
    repeated, ragged = [line(0)], "K99,K99-1,cut off\n"
    text = csv_text([*good, *bad, *repeated]) + ragged
    file = read_contracts(read_bytes(text.encode()), Mapping.identity())
    assert file.lines.height == 0
    found = [(fault.row, fault.code) for fault in file.faults]
    expected = [(row, code) for row, code in enumerate(FAULTY, 3)]
    assert found == [(2, "line_repeated"), *expected, (23, "line_repeated"), (24, "row_ragged")]
    reasons = [fault.reason for fault in file.faults]
    assert len(set(reasons)) == len(reasons)
    assert all(fault.column or fault.code == "row_ragged" for fault in file.faults)


DAYS = st.dates(date(1970, 1, 1), date(2199, 12, 31))
FILLERS = "\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u3164\uffa0" + "".join(
    map(chr, range(0xFE00, 0xFE10))
)
SEEN = st.characters(
    codec="utf-8",
    exclude_categories=("C", "Z"),
    exclude_characters=FILLERS + "".join(map(chr, range(0xE0100, 0xE01F0))),
)
TEXTS = st.text(SEEN, min_size=1, max_size=12).filter(
    lambda text: text not in ("NULL", "null", "Null", "NaN", "nan", "\\N", "<NA>") and not text.startswith("#")
)
AMOUNTS = st.decimals(0, Decimal("999999999999.999999"), places=6)


@st.composite
def lines(draw: st.DrawFn) -> dict[str, str]:
    start, amount = draw(DAYS), draw(AMOUNTS)
    end = draw(st.none() | st.integers(0, 4000).map(lambda days: min(start + timedelta(days), date(2199, 12, 31))))
    other = {name: draw(TEXTS) for name in ("customer_id", "customer_name", "product")}
    blank = st.just("")
    return {
        **other,
        **{name: draw(blank | TEXTS) for name in ("parent_customer_id", "segment", "region", "rep")},
        **{name: draw(blank | DAYS.map(str)) for name in ("signed_date", "live_date", "cancelled_date")},
        "charge_type": draw(st.sampled_from(CHARGE_TYPES)),
        "amount": format(amount, "f"),
        "discount": draw(blank | st.decimals(0, amount, places=6).map(lambda discount: format(discount, "f"))),
        "amount_basis": draw(st.sampled_from(AMOUNT_BASES if end else AMOUNT_BASES[:3])),
        "currency": draw(st.sampled_from(("EUR", "USD", "JPY", "KWD", "HRK"))),
        "start_date": start.isoformat(),
        "end_date": end.isoformat() if end else "",
    }


@settings(max_examples=100, deadline=None)
@given(st.lists(lines(), min_size=1, max_size=8))
def test_a_written_file_reads_back_equal(written: list[dict[str, str]]) -> None:
    numbered = [{**each, "contract_id": f"K{n}", "line_id": f"L{n}"} for n, each in enumerate(written)]
    file = read_contracts(read_bytes(csv_bytes(numbered)), Mapping.identity())
    assert not len(file.faults), list(file.faults)
    for each, row in zip(numbered, file.lines.iter_rows(named=True), strict=True):
        for column in CONTRACT_COLUMNS:
            text = each.get(column.name, "")
            value = row[column.target]
            if column.kind == "amount":
                assert value == int(Decimal(text or "0").scaleb(6))
            else:
                assert ("" if value is None else str(value)) == normalize("NFC", text)
