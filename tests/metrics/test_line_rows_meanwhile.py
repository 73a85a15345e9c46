"""A large first load that comes between: what was at work goes on after the rows are written, and nobody waits crosswise."""

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from threading import Thread
from typing import Any

import psycopg
import pytest
from django.db import connections

from metrics import line_rows, loading
from metrics.models import ArrBook, BookState, ContractLine
from metrics.models.intake import ImportState
from metrics.services.after_change import numbers_refresh
from metrics.services.book_checks import books_refresh
from portal.database import Server
from portal.tenancy.jobs import tenant_task
from portal.tenancy.models import Client
from portal.tenancy.scope import tenant_context
from portal.tenancy.services import client_create, firm_create
from tests.metrics.files import csv_bytes, line
from tests.metrics.steps import load

LARGE = csv_bytes([line(number) for number in range(10, 20)])


@pytest.fixture
def acme(committed_db: Server, file_store: Path, monkeypatch: pytest.MonkeyPatch) -> Client:
    """A client whose CRM holds three lines; ten are very many."""
    monkeypatch.setattr(line_rows, "ARRIVING", 10)
    client = client_create(firm=firm_create(slug="ridge", name="Ridge"), slug="acme", name="Acme", currency="USD")
    load(client, csv_bytes([line(number) for number in range(1, 4)]), source="crm")
    return client


def elsewhere(work: Callable[[], Any]) -> None:
    """Do this in another connection, to its end."""

    def run() -> None:
        work()
        connections.close_all()

    thread = Thread(target=run)
    thread.start()
    thread.join()


def test_an_import_goes_on_when_another_source_was_loaded_meanwhile(
    acme: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Billing is loaded after the file of the CRM was held against nothing and before it is held against its rows."""
    held_hashes, calls = loading.held_hashes, []

    def billing_comes_first(source: Any) -> Any:
        calls.append(source)
        if len(calls) == 2:  # the first is the check of the file
            elsewhere(lambda: load(acme, LARGE, source="billing"))
        return held_hashes(source)

    monkeypatch.setattr(loading, "held_hashes", billing_comes_first)
    changed = [line(1, amount="1300"), line(2), line(3)]
    found = load(acme, csv_bytes(changed), source="crm")
    assert (found.state, found.changed_count, len(calls)) == (ImportState.DONE, 1, 3)
    with tenant_context(acme):
        assert ContractLine.objects.filter(source__name="billing").count() == 10


def test_a_job_is_done_again_when_rows_came_to_be_awaited_under_it(acme: Client) -> None:
    begun = []

    @tenant_task(name="tests.count_lines")
    def count_lines(client: Client) -> int:
        begun.append(client)
        if len(begun) == 1:
            elsewhere(lambda: load(acme, LARGE, source="billing"))
        return ContractLine.objects.count()

    assert count_lines(acme.pk) == 13
    assert len(begun) == 2


def test_figures_that_need_the_rows_of_another_source_have_them_written(acme: Client) -> None:
    load(acme, LARGE, source="billing")
    numbers_refresh(client=acme)
    with tenant_context(acme):
        assert BookState.STALE not in ArrBook.objects.values_list("state", flat=True)
        assert not line_rows.are_awaited()


def test_who_waits_for_rows_holds_no_book(acme: Client, committed_db: Server) -> None:
    """An import takes books after its lines, so that who checks the books must not want the rows while holding them."""
    numbers_refresh(client=acme)
    load(acme, LARGE, source="billing")
    with psycopg.connect(**committed_db.conninfo()) as other:
        other.execute("SELECT pg_advisory_xact_lock(%s, %s)", [line_rows.ROWS_LOCK, acme.pk])

        def refresh() -> None:
            with tenant_context(acme):
                assert books_refresh(client=acme, now=dt.datetime.now(dt.UTC)) == []
            connections.close_all()

        checking = Thread(target=refresh)
        checking.start()
        with psycopg.connect(**committed_db.conninfo(), autocommit=True) as watch:
            waiting = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = %s AND NOT granted"
            while watch.execute(waiting, [acme.pk]).fetchone() == (0,):
                assert checking.is_alive()
        with tenant_context(acme):
            assert len(ArrBook.objects.select_for_update(nowait=True)) == 3
    checking.join()
    with tenant_context(acme):
        assert not line_rows.are_awaited()
