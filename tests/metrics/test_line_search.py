"""Contracts and customers are found as people type them: by any part of an id or name, in capitals or not."""

import pytest

from metrics.selectors.customers import customer_search
from metrics.selectors.imports import line_search, lines_named
from metrics.selectors.samples import contract_search
from portal.tenancy.models import Client
from portal.tenancy.scope import tenant_context
from tests.engine.frames import frame, line
from tests.metrics.loading import load_lines


@pytest.fixture
def loaded(northwind: Client, contoso: Client) -> Client:
    """One contract that is looked for, one whose id begins with what it only ends in, and another client's."""
    for client, contract in ((northwind, "Con-0042"), (contoso, "Con-0042-theirs")):
        with tenant_context(client):
            load_lines(
                frame(
                    line("Ln7", contract_id=contract, customer_id="CUS-9", customer_name="Ärztehaus 100%"),
                    line("Zz8", contract_id="z1", customer_id="K8", customer_name="Other"),
                    line("0042", contract_id="x", customer_id="K8", customer_name="Other"),
                )
            )
    return northwind


@pytest.mark.parametrize("text", ["con-0042", "CON-00", "n-0042", "ln7", "N7", "cus-9", "US-9", "ärzte", "HAUS 100%"])
def test_a_line_is_found_by_a_part_of_its_ids_or_its_customers_name(loaded: Client, text: str) -> None:
    with tenant_context(loaded):
        assert [row.contract_id for row in line_search(text)] == ["Con-0042"]


def test_the_box_and_the_samples_find_parts_too_what_begins_with_them_first(loaded: Client) -> None:
    with tenant_context(loaded):
        assert [row.line_id for row in lines_named("0042", 5)] == ["0042", "Ln7"]
        assert [row.line_id for row in lines_named("CON-0042", 5)] == ["Ln7"]
        assert [found.contract_id for found in contract_search("N-0042")] == ["Con-0042"]
        assert customer_search("us-9", 5) == {"CUS-9": "Ärztehaus 100%"}
        assert lines_named("n_0042", 5) == [] == line_search("100_")
