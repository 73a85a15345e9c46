"""ARR of a month end is the sum of its parts, in every way that a page adds it up."""

from decimal import Decimal
from pathlib import Path

import pytest

from metrics.models import ArrBook, ContractLine
from metrics.selectors.roll_up import RollUp, roll_up_get
from portal.lib.periods import month_parse
from portal.tenancy.models import Client
from portal.tenancy.scope import tenant_context
from tests.metrics.golden import golden_client
from tests.reporting.numbers import numbers_load

MARCH = month_parse("2026-03")


@pytest.mark.parametrize("case", ["contract-start", "live-average-parent"])
def test_golden_books_add_up_from_lines_properties_and_movements(shared: Path, northwind: Client, case: str) -> None:
    golden_client(northwind, shared / "golden" / case)
    with tenant_context(northwind):
        newest = roll_up_get(northwind)
        earlier = roll_up_get(northwind, month_parse("2024-06"))
    for found in (newest, earlier):
        assert found.ending and found.ties
        assert {way.kind: way.total for way in found.ways} == dict.fromkeys(
            ("lines", "product", "segment", "region", "rep", "year", "months"), found.ending
        )
        assert all(way.parts for way in found.ways)


def of(found: RollUp, kind: str) -> Decimal | None:
    return next(way.difference for way in found.ways if way.kind == kind)


def test_what_does_not_add_up_is_told_with_its_difference(northwind: Client) -> None:
    """A line that was changed behind the back of the book."""
    with tenant_context(northwind):
        numbers_load(northwind)
        assert roll_up_get(northwind, MARCH).ties
        line = (
            ContractLine.objects.filter(customer_id="acme", ends_on__isnull=True).first()
            or ContractLine.objects.first()
        )
        assert line is not None
        ContractLine.objects.filter(pk=line.pk).update(amount=line.amount + 100)
        ArrBook.objects.update(state="ready")
        found = roll_up_get(northwind, MARCH)
        assert not found.ties and of(found, "lines") != 0
        assert of(found, "segment") == 0 == of(found, "months")


def test_without_numbers_there_is_a_reason(northwind: Client) -> None:
    with tenant_context(northwind):
        assert "import contracts" in roll_up_get(northwind).reason
        numbers_load(northwind)
        assert roll_up_get(northwind, MARCH + 1).reason == "There are no numbers of that month."
