"""The oracle against the worked cases: it must reproduce every expected file byte for byte (section 8)."""

import csv
import io
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import date
from fractions import Fraction
from pathlib import Path

import pytest

from tests.engine.oracle import COUNTS, MOVEMENTS, Oracle, Rates, Table
from tests.engine.oracle_lines import Line, Policy, rounded

GOLDEN = Path(__file__).parents[3] / "shared" / "golden"
FIRST, LAST = 2022 * 12, 2025 * 12 + 11

pytestmark = pytest.mark.skipif(not GOLDEN.is_dir(), reason=f"the worked cases are not at {GOLDEN}")


@pytest.mark.parametrize("case", sorted(path.parent.name for path in GOLDEN.glob("*/policy.json")))
def test_oracle_reproduces_the_worked_case_byte_for_byte(case: str) -> None:
    folder = GOLDEN / case

    def text(name: str) -> str:
        return (folder / name).read_bytes().decode()

    lines, rates = read_lines(text("contracts.csv")), read_rates(text("fx_rates.csv"))
    oracle = Oracle(lines, rates, read_policy(text("policy.json")), FIRST, LAST)
    written = golden_files(oracle)
    assert oracle.missing_rates() == []
    assert set(written) == {path.name for path in (folder / "expected").iterdir()}
    for name, content in written.items():
        assert content.encode() == (folder / "expected" / name).read_bytes(), name


def read_lines(text: str) -> list[Line]:
    return [_line(row) for row in csv.DictReader(io.StringIO(text))]


def read_rates(text: str) -> Rates:
    rates: Rates = defaultdict(dict)
    for row in csv.DictReader(io.StringIO(text)):
        rates[row["currency"]][date.fromisoformat(row["date"])] = Fraction(row["rate"])
    return dict(rates)


def read_policy(text: str) -> Policy:
    values = json.loads(text)
    return Policy(**{**values, "included_charge_types": tuple(values["included_charge_types"])})


def _line(row: dict[str, str]) -> Line:
    def day(column: str) -> date | None:
        return date.fromisoformat(row[column]) if row[column] else None

    return Line(
        contract_id=row["contract_id"],
        line_id=row["line_id"],
        customer_id=row["customer_id"],
        parent_customer_id=row["parent_customer_id"],
        product=row["product"],
        charge_type=row["charge_type"],
        amount=Fraction(row["amount"]),
        amount_basis=row["amount_basis"],
        discount=Fraction(row["discount"] or "0"),
        currency=row["currency"],
        signed_date=day("signed_date"),
        start_date=date.fromisoformat(row["start_date"]),
        end_date=day("end_date"),
        live_date=day("live_date"),
        cancelled_date=day("cancelled_date"),
        replaces_contract_id=row["replaces_contract_id"],
        replaces_line_id=row["replaces_line_id"],
        segment=row["segment"],
        region=row["region"],
        rep=row["rep"],
    )


def golden_files(oracle: Oracle) -> dict[str, str]:
    """The expected files by name."""
    files = {}
    for dimension, table in oracle.bridges().items():
        name = "bridge.csv" if dimension == "total" else f"bridge_by_{dimension}.csv"
        files[name] = _bridge_csv(table, grouped=dimension != "total")
    ratios = ((month_text(month), *_ratios(oracle, month)) for month in oracle.months)
    return files | {"retention.csv": _csv(("month", "nrr", "grr"), ratios)}


def month_text(month: int) -> str:
    return f"{month // 12:04}-{month % 12 + 1:02}"


def money_text(cents: int) -> str:
    return f"{'-' if cents < 0 else ''}{abs(cents) // 100}.{abs(cents) % 100:02}"


def _ratios(oracle: Oracle, month: int) -> tuple[str, str]:
    retained = oracle.retained(month, oracle.customers)
    return _ratio(retained.now_cents, retained.base_cents), _ratio(retained.kept_cents, retained.base_cents)


def _ratio(part: int, base: int) -> str:
    if base == 0:
        return ""
    units = rounded(Fraction(part, base) * 10_000)
    return f"{units // 10_000}.{units % 10_000:04}"


def _bridge_csv(table: Table, *, grouped: bool) -> str:
    header = ("month", *(("group",) if grouped else ()), *MOVEMENTS, *COUNTS)
    return _csv(header, _bridge_rows(table, grouped=grouped))


def _bridge_rows(table: Table, *, grouped: bool) -> Iterator[tuple[str, ...]]:
    for (month, group), row in sorted(table.items(), key=lambda item: item[0]):
        cells = row.cells()
        money = [money_text(cents) for cents in cells[: len(MOVEMENTS)]]
        counts = [str(count) for count in cells[len(MOVEMENTS) :]]
        yield (month_text(month), *((group,) if grouped else ()), *money, *counts)


def _csv(header: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([header, *rows])
    return text.getvalue()
