"""The command line: golden folders through the database, byte for byte, and clean errors."""

import io
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

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
    folder = shared / "golden" / request.param
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
