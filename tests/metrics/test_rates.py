"""A client's own exchange rates."""

import datetime as dt
import io

import pytest

from metrics import repository
from metrics.models import FxRate
from metrics.services.rates import RatesRefused, rates_import
from portal.tenancy.models import AuditEntry, Client
from portal.tenancy.scope import tenant_context


def load(client: Client, rows: str) -> None:
    content = io.BytesIO(f"date,currency,rate\n{rows}".encode())
    rates_import(client=client, file=content, file_name="rates.csv")


def test_rates_count_in_the_very_process_that_loaded_them(northwind: Client) -> None:
    """Whatever was read while the file was being loaded: what is remembered of rates must not outlive it."""
    with tenant_context(northwind):
        load(northwind, "2026-01-30,EUR,1.25\n")
        frame = repository.rates_frame(northwind, ["EUR"])
        assert frame.rows() == [("EUR", dt.date(2026, 1, 30), 12_500_000_000)]
        load(northwind, "2026-01-30,EUR,1.26\n")
        assert repository.rates_frame(northwind, ["EUR"])["rate_e10"].to_list() == [12_600_000_000]


def test_a_currency_without_own_rates_is_valued_by_the_ecb(northwind: Client) -> None:
    with tenant_context(northwind):
        load(northwind, "2026-01-30,EUR,1.25\n")
        frame = repository.rates_frame(northwind, ["EUR", "GBP"])
        counts = dict(frame.group_by("currency").len().iter_rows())
        assert counts["EUR"] == 1 and counts["GBP"] > 6_000


def test_a_faulty_file_of_rates_loads_nothing_and_names_each_row(northwind: Client) -> None:
    with tenant_context(northwind), pytest.raises(RatesRefused) as refused:
        load(northwind, "2026-01-30,EUR,1.25\n2026-02-30,EUR,1.2\n2026-01-31,EUR,-1\n2026-01-30,EUR,1.3\n")
    assert {fault.row for fault in refused.value.faults} >= {3, 4, 5}
    with tenant_context(northwind):
        assert not FxRate.objects.exists()


def test_loading_rates_is_recorded(northwind: Client) -> None:
    with tenant_context(northwind):
        load(northwind, "2026-01-30,EUR,1.25\n")
        assert AuditEntry.objects.order_by("-sequence").filter(action__startswith="rates").exists()
