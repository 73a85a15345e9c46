"""`contracts_import` and `rates_import` as people type them."""

import io
import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from metrics.models import ContractImport, ContractLine, FxRate, RateChange, Source
from metrics.models.intake import ImportState
from portal.tenancy.models import Client
from portal.tenancy.scope import tenant_context
from tests.engine import frames
from tests.metrics.files import TWENTY_FAULTS, csv_bytes, faulty_file, line
from tests.metrics.loading import load_lines

pytestmark = pytest.mark.usefixtures("file_store")


def run(name: str, *args: Any) -> tuple[str, str, str]:
    """Standard output, standard error, and the message the command ended with ("" for exit 0)."""
    out, err, ended = io.StringIO(), io.StringIO(), ""
    try:
        call_command(name, *map(str, args), stdout=out, stderr=err)
    except CommandError as error:
        ended = str(error)
    return out.getvalue(), err.getvalue(), ended


@pytest.fixture
def write(tmp_path: Path) -> Any:
    def keep(data: bytes, name: str = "contracts.csv") -> Path:
        path = tmp_path / name
        path.write_bytes(data)
        return path

    return keep


def test_a_canonical_file_needs_no_options_and_twice_is_once(northwind: Client, write: Any) -> None:
    path = write(csv_bytes([line(1), line(2)]))
    out, _, ended = run("contracts_import", "--client", "northwind", path)
    assert not ended and "2 lines added, 0 changed, 0 vanished, 0 unchanged." in out
    out, _, ended = run("contracts_import", "--client", "northwind", path)
    assert not ended and "Nothing changed: 2 lines are as they were." in out
    with tenant_context(northwind):
        assert ContractLine.objects.count() == 2


def test_every_fault_is_a_line_on_standard_error_and_nothing_is_loaded(northwind: Client, write: Any) -> None:
    out, err, ended = run("contracts_import", "--client", "northwind", write(faulty_file()))
    rows = err.splitlines()
    assert out == "" and len(rows) == 21 and "is refused: 21 faults in 21 rows. Nothing was loaded." in ended
    for row, (_, column, _) in enumerate(TWENTY_FAULTS, 3):
        assert any(text.startswith(f"row {row}, column {column}: ") and " — " in text for text in rows), row
    with tenant_context(northwind):
        assert ContractLine.objects.count() == 0


def test_a_changed_file_prints_what_it_changes_and_applies_it(northwind: Client, write: Any) -> None:
    run("contracts_import", "--client", "northwind", write(csv_bytes([line(1), line(2)])))
    changed = write(csv_bytes([line(1, amount="1300"), line(3)]))
    dry, _, _ = run("contracts_import", "--client", "northwind", "--dry-run", changed)
    assert "Nothing was loaded." in dry
    out, _, ended = run("contracts_import", "--client", "northwind", changed)
    assert not ended and "1 line added, 1 changed, 1 vanished, 0 unchanged." in out
    assert "changed K1-1: amount 1200 → 1300" in out and "vanished K2-1" in out


def test_a_foreign_file_asks_and_works_with_a_mapping_and_then_without(northwind: Client, write: Any) -> None:
    text = "deal,who,fee,from\nD1,Acme,10,03/04/2024\nD2,Bolt,20,05/06/2024\n"
    path = write(text.encode(), "deals.csv")
    _, _, ended = run("contracts_import", "--client", "northwind", path)
    assert "--mapping" in ended and "Which column holds" in ended
    columns = {"contract_id": "deal", "line_id": "deal", "customer_id": "who", "customer_name": "who", "amount": "fee"}
    constants = {"product": "All", "charge_type": "recurring", "amount_basis": "month", "currency": "USD"}
    plain = {"columns": {**columns, "start_date": "from"}, "constants": constants}
    mapping = write(json.dumps(plain).encode(), "mapping.json")
    _, err, ended = run("contracts_import", "--client", "northwind", "--mapping", mapping, path)
    assert "3 April or 4 March" in err and "--date-order" in ended
    out, _, ended = run("contracts_import", "--client", "northwind", "--mapping", mapping, "--date-order", "dmy", path)
    assert not ended and "2 lines added" in out
    out, _, ended = run("contracts_import", "--client", "northwind", path)
    assert not ended and "Nothing changed: 2" in out
    with tenant_context(northwind):
        assert str(ContractLine.objects.get(line_id="D1").starts_on) == "2024-04-03"


def test_mistakes_end_with_one_clear_line(northwind: Client, write: Any) -> None:
    path = write(csv_bytes([line(1)]))
    assert run("contracts_import", "--client", "nobody", path)[2] == "there is no client 'nobody'"
    assert "cannot be read" in run("contracts_import", "--client", "northwind", "/nowhere.csv")[2]
    assert "is no JSON" in run("contracts_import", "--client", "northwind", "--mapping", path, path)[2]
    assert "at most 80" in run("contracts_import", "--client", "northwind", "--source", "x" * 99, path)[2]
    with tenant_context(northwind):
        assert ContractImport.objects.count() == 0 and Source.objects.count() == 0


def test_rates_are_added_corrected_and_remembered(northwind: Client, write: Any) -> None:
    head = "date,currency,rate\n"
    out, _, _ = run(
        "rates_import", "--client", "northwind", write(f"{head}2024-01-31,EUR,1.1\n2024-02-29,EUR,1.2\n".encode())
    )
    assert "2 rates added, 0 changed, 0 unchanged." in out
    again = write(f"{head}2024-01-31,EUR,1.15\n2024-02-29,EUR,1.2\n2024-02-29,USD,1\n".encode())
    assert "0 rates added, 1 changed" in run("rates_import", "--client", "northwind", again)[0]
    assert "Nothing changed" in run("rates_import", "--client", "northwind", again)[0]
    with tenant_context(northwind):
        assert str(FxRate.objects.get(day="2024-01-31").rate) == "1.1500000000"
        assert [(str(c.old), str(c.new)) for c in RateChange.objects.all()] == [("1.1000000000", "1.1500000000")]


def test_own_rates_that_lack_months_are_told_and_can_be_taken_away(northwind: Client, write: Any) -> None:
    with tenant_context(northwind):
        load_lines(frames.frame(frames.line(currency="EUR")))
    _, err, _ = run("rates_import", "--client", "northwind", write(b"date,currency,rate\n2024-01-31,EUR,1.1\n"))
    assert "months have no rate of your own: 2024-02 to 2024-12" in err
    assert "manage.py rates_remove --client northwind --currency EUR" in err
    assert "1 own EUR rates taken away." in run("rates_remove", "--client", "northwind", "--currency", "eur")[0]
    with tenant_context(northwind):
        assert not FxRate.objects.exists()
    _, _, ended = run("rates_remove", "--client", "northwind", "--currency", "EUR")
    assert "no rates of your own for EUR" in ended


def test_a_faulty_file_of_rates_changes_nothing(northwind: Client, write: Any) -> None:
    bad = write(b"date,currency,rate\n2024-01-31,EUR,1.1\n2024-13-31,EUR,1\n2024-01-31,EURO,1\n2024-02-01,GBP,0\n")
    _, err, ended = run("rates_import", "--client", "northwind", bad)
    assert len(err.splitlines()) == 3 and "Nothing was loaded" in ended
    with tenant_context(northwind):
        assert FxRate.objects.count() == 0


def test_what_was_not_loaded_has_its_end(northwind: Client, write: Any) -> None:
    run("contracts_import", "--client", "northwind", "--dry-run", write(csv_bytes([line(1)])))
    with tenant_context(northwind):
        found = ContractImport.objects.get()
    assert found.state == ImportState.CANCELLED and found.finished_at is not None


def test_of_a_file_as_a_whole_the_reason_alone_is_said(northwind: Client, write: Any) -> None:
    _, err, _ = run("contracts_import", "--client", "northwind", write(b"contract_id\0\nK1\n"))
    (said,) = err.splitlines()
    assert not said.startswith("row") and "(empty)" not in said and "–" not in said


def test_of_a_row_as_a_whole_no_column_is_named(northwind: Client, write: Any) -> None:
    _, err, _ = run("contracts_import", "--client", "northwind", write(csv_bytes([line(1)]) + b"K2,too,few\n"))
    assert err.startswith("row 3: K2,too,few — the row has 3 cells, the header has ")
