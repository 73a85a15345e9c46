"""The command line: golden folders through the database, byte for byte, and clean errors."""

import io
import json
import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from metrics.models import ContractLine
from portal.tenancy.models import Client
from portal.tenancy.scope import tenant_context
from tests.engine.frames import frame, line
from tests.metrics.loading import load_folder, load_lines

CASES = ["contract-start", "live-average-parent", "signed-contract-rate"]
MONTHS = ["--from", "2022-01", "--to", "2025-12"]


def run(name: str, *arguments: str) -> str:
    """What a command prints on standard output."""
    out = io.StringIO()
    call_command(name, *arguments, stdout=out, stderr=io.StringIO())
    return out.getvalue()


@pytest.fixture
def golden(shared: Path, northwind: Client, request: pytest.FixtureRequest) -> Path:
    """Northwind with the contracts, rates and policy of a golden case."""
    folder: Path = shared / "golden" / request.param
    with tenant_context(northwind):
        load_folder(folder)
    run("policy_set", "--client", "northwind", str(folder / "policy.json"))
    return folder / "expected"


@pytest.mark.parametrize("golden", CASES, indirect=True)
def test_bridge_and_retention_equal_the_golden_files(golden: Path) -> None:
    assert run("arr_bridge", "--client", "northwind", *MONTHS).encode() == (golden / "bridge.csv").read_bytes()
    for dimension in ("segment", "region", "rep", "product"):
        text = run("arr_bridge", "--client", "northwind", *MONTHS, "--by", dimension)
        assert text.encode() == (golden / f"bridge_by_{dimension}.csv").read_bytes(), dimension
    assert run("arr_retention", "--client", "northwind", *MONTHS).encode() == (golden / "retention.csv").read_bytes()


def amounts_of(told: dict[str, Any]) -> list[str]:
    """Every amount of an explanation."""
    moved = ("beginning", "organic", "fx", "ending")
    lines = [(row["contributed"], row["contributes"], row["annual_value"]["value"]) for row in told["lines"]]
    return [row[name] for row in (told, *told["products"]) for name in moved] + [each for row in lines for each in row]


def fails(name: str, *arguments: str) -> str:
    """The message with which a command ends; nothing may be on standard output."""
    out = io.StringIO()
    with pytest.raises(CommandError) as raised:
        call_command(name, *arguments, stdout=out, stderr=io.StringIO())
    assert out.getvalue() == ""
    return str(raised.value)


def test_client_create_makes_the_firm_where_it_is_missing(db: None) -> None:
    arguments = ["--firm", "ridge", "--client", "northwind", "--name", "Northwind Ltd", "--currency", "EUR"]
    run("client_create", *arguments)
    client = Client.objects.get(slug="northwind")
    assert (client.firm.slug, client.currency) == ("ridge", "EUR")
    assert "there is a client 'northwind' already, of the firm 'ridge'" in fails("client_create", *arguments)
    assert "currency in use" in fails("client_create", *arguments[:3], "other", *arguments[4:7], "euro")


@pytest.mark.parametrize("name", ["arr_bridge", "arr_retention"])
def test_a_month_or_client_that_makes_no_sense_is_a_clean_error(northwind: Client, name: str) -> None:
    assert "no month" in fails(name, "--client", "northwind", "--from", "2022-13", "--to", "2025-12")
    assert "--from lies after --to" in fails(name, "--client", "northwind", "--from", "2025-01", "--to", "2024-01")
    assert "there is no client 'nobody'" in fails(name, "--client", "nobody", *MONTHS)


def test_missing_rates_are_named_by_currency_and_day(northwind: Client) -> None:
    with tenant_context(northwind):
        load_lines(frame(line("L1", currency="XDR")))
    message = fails("arr_bridge", "--client", "northwind", "--from", "2024-01", "--to", "2024-02")
    assert "no XDR exchange rate for 2024-01-31" in message
    assert "1 contract line needs it" in message


def test_a_client_without_contracts_has_a_bridge_of_nothing(northwind: Client) -> None:
    text = run("arr_bridge", "--client", "northwind", "--from", "2024-01", "--to", "2024-02")
    assert text.splitlines()[1] == "2024-01,0.00,0.00,0.00,0.00,0.00,0.00,0.00,0.00,0,0,0,0,0"
    assert len(text.splitlines()) == 3


def test_json_says_the_same_as_csv(northwind: Client) -> None:
    with tenant_context(northwind):
        load_lines(frame(line("L1")))
    arguments = ["--client", "northwind", "--from", "2024-01", "--to", "2024-02"]
    rows = json.loads(run("arr_bridge", *arguments, "--format", "json"))
    header, *lines = (text.split(",") for text in run("arr_bridge", *arguments).splitlines())
    assert [list(map(str, row.values())) for row in rows] == lines
    assert list(rows[0]) == header
    assert json.loads(run("arr_retention", *arguments, "--format", "json"))[0]["nrr"] is None


def test_another_recognition_can_be_asked_for(northwind: Client) -> None:
    with tenant_context(northwind):
        load_lines(frame(line("L1", signed_on="2023-11-15")))
    arguments = ["--client", "northwind", "--from", "2023-12", "--to", "2023-12"]
    assert run("arr_bridge", *arguments).splitlines()[1].startswith("2023-12,0.00,0.00")
    assert run("arr_bridge", *arguments, "--recognition", "signed").splitlines()[1].startswith("2023-12,1200.00")


@pytest.mark.parametrize("golden", ["live-average-parent"], indirect=True)
def test_explain_names_lines_rates_clauses_and_rows(golden: Path) -> None:
    text = run("arr_explain", "--client", "northwind", "--customer", "C0003", "--month", "2025-12")
    for part in ("LARR at the end of 2025-12", "annual value", "contracts.csv, row", "Policy:"):
        assert part in text
    assert "clause “When a contract starts to count”: " in text and "  Exchange rates: " in text
    assert not re.findall(r"\b(?:recognition|renewal_grace_days|monthly_average|one_time|retention_fx)\b", text), "keys"
    told = json.loads(
        run("arr_explain", "--client", "northwind", "--customer", "C0003", "--month", "2025-12", "--format", "json")
    )
    assert sum(Decimal(row["contributes"]) for row in told["lines"]) == Decimal(told["ending"])
    assert all(re.fullmatch(r"-?\d+\.\d\d", amount) for amount in amounts_of(told)), "as text, as everywhere else"
    assert "no customer 'nobody'" in fails(
        "arr_explain", "--client", "northwind", "--customer", "nobody", "--month", "2025-12"
    )


def test_policy_set_refuses_a_bad_file_with_every_fault(northwind: Client, tmp_path: Path) -> None:
    path = tmp_path / "policy.json"
    path.write_text('{"reporting_currency": "usd", "fx": "guess"}')
    message = fails("policy_set", "--client", "northwind", str(path))
    assert "fx: 'guess' is not one of" in message
    assert "overage: missing" in message
    path.write_text("[]")
    assert "no JSON object" in fails("policy_set", "--client", "northwind", str(path))
    assert "cannot be read" in fails("policy_set", "--client", "northwind", str(tmp_path / "nowhere.json"))


def test_audit_verify_prints_the_head_and_finds_a_cut_log(northwind: Client, tmp_path: Path) -> None:
    anchor = run("audit_verify", "--client", "northwind")
    assert anchor.startswith(f"client:{northwind.pk} 1 ")
    path = tmp_path / "anchors"
    path.write_text(anchor + anchor.replace(" 1 ", " 7 "))
    assert "entry 2 of the audit log is wrong" in fails("audit_verify", "--client", "northwind", "--anchors", str(path))


def test_months_are_closed_and_reopened_by_command(northwind: Client) -> None:
    with tenant_context(northwind):
        load_lines(frame(line("L1", ends_on=None)))
    close = ["--client", "northwind", "--month", "2024-03"]
    run("books_rebuild", "--client", "northwind", "--now", "2024-05-02")
    assert "2024-03 ARR closed" in run("month_close", *close)
    assert "closed already" in fails("month_close", *close)
    assert "nothing to restate" in fails("month_reopen", *close, "--reason", "none")
    assert "are those of the contract lines" in run("books_check", "--client", "northwind", "--now", "2024-05-02")


def test_what_was_reported_on_a_day_is_printed_as_it_was_then(northwind: Client) -> None:
    with tenant_context(northwind):
        load_lines(frame(line("L1", ends_on=None)))
    run("books_rebuild", "--client", "northwind", "--now", "2024-05-02")
    run("month_close", "--client", "northwind", "--month", "2024-03")
    months = ["--client", "northwind", "--from", "2024-03", "--to", "2024-04"]
    before = run("arr_bridge", *months)
    with tenant_context(northwind):
        ContractLine.objects.update(amount=2_400)
    assert run("arr_bridge", *months) != before
    reported = run("arr_bridge", *months, "--as-of", "2199-12-31")
    assert reported.splitlines() == before.splitlines()[:2], "April was open on that day, and is left out"
    assert run("arr_retention", *months, "--as-of", "2199-12-31").splitlines() == ["month,nrr,grr", "2024-03,,"]
    by_product = run("arr_bridge", *months, "--as-of", "2199-12-31", "--by", "product", "--format", "json")
    assert [(row["month"], row["ending"]) for row in json.loads(by_product)] == [("2024-03", "1200.00")]
    for name in ("arr_bridge", "arr_retention"):
        assert "none of these months was closed" in fails(name, *months, "--as-of", "2020-01-01")
        assert "is no day" in fails(name, *months, "--as-of", "9 April")


@pytest.mark.parametrize(
    "name",
    [
        *("arr_bridge", "arr_retention", "arr_explain", "policy_set", "month_close", "month_reopen"),
        *("books_rebuild", "books_check", "client_create", "audit_verify", "dispatch_due"),
    ],
)
def test_every_command_has_help(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        call_command(name, "--help")
    assert ended.value.code == 0
    assert "--help" in capsys.readouterr().out


def test_months_that_were_reported_otherwise_are_named_beside_what_is_computed_now(northwind: Client) -> None:
    with tenant_context(northwind):
        load_lines(frame(line("L1", ends_on=None)))
    run("books_rebuild", "--client", "northwind", "--now", "2024-05-02")
    for month in ("2024-02", "2024-03"):
        run("month_close", "--client", "northwind", "--month", month)
    months = ["--client", "northwind", "--from", "2024-01", "--to", "2024-04"]
    assert [said(command, *months) for command in ("arr_bridge", "arr_retention")] == ["", ""]
    with tenant_context(northwind):
        load_lines(frame(line("L2", customer_id="C2", starts_on="2024-03-15", ends_on=None)))
    for more in ((), ("--by", "product")):
        assert said("arr_bridge", *months, *more).startswith(
            "Computed from the contracts and the policy as they are now: 1 closed month was reported otherwise (2024-03)."
        )
    assert said("arr_bridge", *months, "--as-of", "2199-12-31").startswith("Open on 2199-12-31")


def said(name: str, *arguments: str) -> str:
    """What a command prints on standard error."""
    beside = io.StringIO()
    call_command(name, *arguments, stdout=io.StringIO(), stderr=beside)
    return beside.getvalue()
