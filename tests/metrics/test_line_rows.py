"""A large first load gives its figures before its rows; what reads rows meanwhile waits or is told so, and misses none."""

import datetime as dt
import io
from collections.abc import Callable
from pathlib import Path
from threading import Barrier, Thread
from typing import Any

import polars as pl
import psycopg
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.db import OperationalError, connections
from django.test import Client as Browser
from django.urls import reverse

from metrics import line_rows, repository
from metrics.jobs_imports import import_advance
from metrics.jobs_imports import rows_write as rows_job
from metrics.line_columns import kept, lines_of
from metrics.models import ArrBook, ArrivedLines, BookState, ContractImport, ContractLine, LineChange, Source
from metrics.models.intake import ImportState
from metrics.selectors.books import bridge_get
from metrics.selectors.customers import customer_names
from metrics.services.after_change import numbers_refresh
from metrics.services.book_checks import books_check
from metrics.services.import_claims import ATTEMPTS, ROWS_JOB, imports_recover
from portal.accounts.models import User
from portal.accounts.services.tokens import token_create
from portal.database import Server
from portal.notices.models import Notice
from portal.tenancy import awaited
from portal.tenancy.clock import database_time
from portal.tenancy.models import Client
from portal.tenancy.permissions import TOKEN_SCOPES
from portal.tenancy.scope import tenant_context
from portal.tenancy.services import client_create, firm_create
from tests.metrics.files import csv_bytes, line
from tests.metrics.steps import load

pytestmark = pytest.mark.usefixtures("file_store")
FIVE = [line(1), line(2, amount="2400"), line(3, segment="SMB"), line(4, region="EMEA"), line(5, customer_id="C4")]
WRITTEN = [field.attname for field in ContractLine._meta.concrete_fields if field.attname not in ("id", "client_id")]


@pytest.fixture(autouse=True)
def three_are_very_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(line_rows, "ARRIVING", 3)


@pytest.fixture
def arrived(northwind: Client) -> Client:
    """Northwind, whose first file has just been loaded."""
    assert load(northwind, csv_bytes(FIVE)).state == ImportState.DONE
    with tenant_context(northwind):
        assert line_rows.are_awaited()
    return northwind


def rows_of(client: Client) -> list[dict[str, Any]]:
    with tenant_context(client):
        return list(ContractLine.objects.order_by("line_id").values(*WRITTEN))


def test_the_rows_are_those_that_a_load_row_by_row_writes(
    arrived: Client, contoso: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    awaited.rows_await(arrived)
    monkeypatch.setattr(line_rows, "ARRIVING", 1_000)
    load(contoso, csv_bytes(FIVE))
    own = ("source_id", "first_import_id", "last_import_id")
    here, there = ([{**row, **dict.fromkeys(own)} for row in rows_of(client)] for client in (arrived, contoso))
    assert len(here) == 5 and here == there
    with tenant_context(arrived):
        source = Source.objects.get()
        (imports,) = {(row["first_import_id"], row["last_import_id"]) for row in rows_of_scope()}
        assert imports[0] == imports[1] and source.line_count == 5
        copy = kept(source)
        assert copy is not None and copy.total == repository.lines_sum(source)
        assert copy.frame.sort("line_id").equals(repository.lines_frame(source).sort("line_id"))
        assert line_rows.rows_write() == 0, "there is nothing left to write"


def rows_of_scope() -> list[dict[str, Any]]:
    return list(ContractLine.objects.values(*WRITTEN))


def test_figures_are_there_before_the_rows_and_do_not_move_with_them(arrived: Client) -> None:
    numbers_refresh(client=arrived)
    with tenant_context(arrived):
        before = bridge_get(arrived, "start")
        assert line_rows.are_awaited(), "no figure needed a row"
        lines = lines_of(Source.objects.get())
    awaited.rows_await(arrived)
    with tenant_context(arrived):
        assert bridge_get(arrived, "start") == before
        assert lines_of(Source.objects.get()).sort("line_id").equals(lines.sort("line_id"))


def test_a_book_that_is_ready_and_empty_is_recomputed_not_patched_from_rows(northwind: Client) -> None:
    numbers_refresh(client=northwind)
    assert load(northwind, csv_bytes(FIVE)).state == ImportState.DONE
    with tenant_context(northwind):
        assert line_rows.are_awaited()
        assert set(ArrBook.objects.values_list("state", flat=True)) == {BookState.STALE}


def test_customers_have_their_names_before_their_rows(northwind: Client) -> None:
    """As the newest line of each says, whichever order the file has."""
    older, newer = ({"customer_id": "C4", "customer_name": name, "start_date": day} for name, day in
        (("Acme", "2023-01-01"), ("Acme Group", "2024-02-01")))  # fmt: skip
    load(northwind, csv_bytes([line(7, **newer), *FIVE, line(8, **older)]))
    asked = ["C1", "C4", "nobody"]
    with tenant_context(northwind):
        before = customer_names(asked)
        line_rows.rows_write()
        assert customer_names(asked) == before
    assert before["C4"] == "Acme Group" and before["nobody"] == "nobody"


@pytest.mark.parametrize(
    "read",
    [
        lambda: list(ContractLine.objects.all()),
        lambda: ContractLine.objects.exists(),
        lambda: ContractLine.objects.update(source_row=1),
        lambda: repository.lines_frame(Source.objects.get()),
        lambda: repository.lines_sum(Source.objects.get()),
    ],
)
def test_the_database_refuses_to_read_rows_that_are_not_written(arrived: Client, read: Callable[[], Any]) -> None:
    with pytest.raises((OperationalError, psycopg.OperationalError)) as refused, tenant_context(arrived):
        read()
    assert awaited.is_awaited(refused.value)


def test_another_client_reads_its_own_rows_meanwhile(arrived: Client, contoso: Client) -> None:
    load(contoso, csv_bytes(FIVE[:2]))
    assert len(rows_of(contoso)) == 2


def test_the_same_lines_again_need_no_rows(arrived: Client) -> None:
    assert load(arrived, csv_bytes(FIVE[::-1])).state == ImportState.UNCHANGED
    with tenant_context(arrived):
        assert line_rows.are_awaited()


def test_a_changed_file_is_held_against_all_rows(arrived: Client) -> None:
    changed = load(arrived, csv_bytes([line(1, amount="1300"), *FIVE[1:4], line(6)]))
    assert (changed.state, changed.added_count, changed.changed_count, changed.vanished_count) == ("done", 1, 1, 1)
    with tenant_context(arrived):
        assert not line_rows.are_awaited()
        assert set(LineChange.objects.values_list("line_id", "kind")) == {("K1-1", "changed"), ("K5-1", "vanished")}
        assert ContractLine.objects.filter(removed_import=None).count() == Source.objects.get().line_count == 5


def test_a_file_of_another_source_finds_the_rows_written(arrived: Client) -> None:
    assert load(arrived, csv_bytes([line(7)]), source="crm").state == ImportState.DONE
    assert len(rows_of(arrived)) == 6


def test_an_upload_meanwhile_waits_in_a_job_and_not_in_the_request(
    arrived: Client, ana: User, signed_in: Callable[[User], Browser], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A few people who wait in requests would take every thread of the web from all other clients."""
    monkeypatch.setattr("metrics.services.imports.enqueue", lambda job, client, *given: None)
    file = SimpleUploadedFile("more.csv", csv_bytes([line(7)]))
    sent = {"file": file, "source": "new", "name": "CRM", "kind": "crm"}
    answer = signed_in(ana).post("/c/northwind/data/upload/", sent)
    with tenant_context(arrived):
        found = ContractImport.objects.latest("pk")
        assert (answer.status_code, found.file_name, found.state) == (302, "more.csv", ImportState.READING)
        assert line_rows.are_awaited() and found.held_until is not None, "the tick looks after it"
    import_advance(arrived.pk, found.pk)
    with tenant_context(arrived):
        found.refresh_from_db()
        assert (found.state, found.added_count) == (ImportState.WAITING, 1)


def test_the_copy_of_another_source_stays_true(northwind: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("metrics.line_columns.WORTH_KEEPING", 1)
    load(northwind, csv_bytes(FIVE[:2]), source="billing")
    load(northwind, csv_bytes([line(number) for number in range(10, 20)]), source="crm")
    with tenant_context(northwind):
        assert line_rows.are_awaited()
        assert lines_of(Source.objects.get(name="billing")).height == 2, "the figures of ARR need no row"


def test_after_two_large_loads_both_copies_are_true(northwind: Client) -> None:
    for source in ("billing", "crm"):
        load(northwind, csv_bytes([line(number) for number in range(1, 9)]), source=source)
    awaited.rows_await(northwind)
    with tenant_context(northwind):
        assert [kept(source) is not None for source in Source.objects.all()] == [True, True]


def test_lines_that_follow_others_are_written_at_once(northwind: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    load(northwind, csv_bytes(FIVE[:2]))
    load(northwind, csv_bytes([*FIVE, *(line(number) for number in range(10, 20))]))
    assert len(rows_of(northwind)) == 15


def test_a_page_of_figures_opens_and_one_of_lines_opens_in_a_moment(
    arrived: Client, ana: User, signed_in: Callable[[User], Browser]
) -> None:
    browser = signed_in(ana)
    for address in ("", "arr/", "data/"):
        assert browser.get(f"/c/northwind/{address}").status_code == 200, address
    page = browser.get("/c/northwind/data/lines/?q=K1")
    assert (page.status_code, page["Retry-After"]) == (503, "3")
    assert b'http-equiv="refresh"' in page.content and awaited.SAID.encode() in page.content
    part = browser.get("/c/northwind/data/lines/?q=K1", headers={"HX-Request": "true"})
    assert (part.status_code, part["X-Problem"], part.content) == (503, awaited.SAID, b"")
    awaited.rows_await(arrived)
    assert b"K1-1" in browser.get("/c/northwind/data/lines/?q=K1").content


def test_what_is_sent_meanwhile_changes_nothing_and_says_so(
    arrived: Client, ana: User, signed_in: Callable[[User], Browser]
) -> None:
    sent = {"rep": "Ada", "team": "North", "territory": "", "from": "2024-01", "to": ""}
    page = signed_in(ana).post("/c/northwind/data/teams/add/", sent)
    assert page.status_code == 503 and b"What you sent has changed nothing" in page.content
    assert b'http-equiv="refresh"' not in page.content, "it is not sent again by itself"


def test_a_program_is_told_when_to_ask_again(arrived: Client, ana: User) -> None:
    with tenant_context(arrived):
        _, token = token_create(
            client=arrived, user=ana, name="x", scopes=TOKEN_SCOPES, allowed=frozenset(TOKEN_SCOPES), days=30
        )
    answer = Browser().get(reverse("api_lines", args=["northwind"]), headers={"Authorization": f"Bearer {token}"})
    assert (answer.status_code, answer["Retry-After"]) == (503, "3")
    assert answer["Content-Type"] == "application/problem+json" and answer.json()["detail"] == awaited.SAID


def test_a_command_writes_them_first(arrived: Client) -> None:
    out = io.StringIO()
    call_command("arr_explain", "--client", "northwind", "--customer", "C1", "--month", "2024-03", stdout=out)
    assert "K1-1" in out.getvalue()


def test_the_check_of_every_night_reads_the_rows_themselves(arrived: Client) -> None:
    numbers_refresh(client=arrived)
    with tenant_context(arrived):
        assert books_check(client=arrived, now=dt.datetime.now(dt.UTC)) == []
        assert ContractLine.objects.count() == 5


def test_the_job_writes_them_once(arrived: Client) -> None:
    for _ in range(2):
        rows_job(arrived.pk)
        assert len(rows_of(arrived)) == 5


def test_the_job_leaves_it_to_who_is_at_it(committed_db: Server, file_store: Path) -> None:
    client = client_create(
        firm=firm_create(slug="ridge", name="Ridge"), slug="northwind", name="Northwind", currency="USD"
    )
    load(client, csv_bytes(FIVE))
    with psycopg.connect(**committed_db.conninfo()) as other:
        other.execute("SELECT pg_advisory_xact_lock(%s, %s)", [line_rows.ROWS_LOCK, client.pk])
        rows_job(client.pk)  # does not wait
        with tenant_context(client):
            assert imports_recover(client=client) == [] and ArrivedLines.objects.get().attempts == 0
    rows_job(client.pk)
    assert len(rows_of(client)) == 5


def test_rows_that_cannot_be_written_are_tried_ever_more_seldom_and_people_told_once(
    arrived: Client, ana: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("metrics.services.import_claims.enqueue", lambda job, *given: None)
    with tenant_context(arrived):
        whole = bytes(ArrivedLines.objects.get().lines)
        ArrivedLines.objects.update(lines=whole[:100])
    waits = []
    for _ in range(9):
        with pytest.raises(pl.exceptions.PolarsError):
            rows_job(arrived.pk)
        with tenant_context(arrived):
            imports_recover(client=arrived)
            told = list(Notice.objects.filter(text__contains="could not be written").values_list("user_id", flat=True))
            assert bool(told) == (ArrivedLines.objects.get().attempts >= ATTEMPTS)
            next_import = Client.objects.values_list("next_import_at", flat=True).get(pk=arrived.pk)
            assert next_import is not None
            waits.append(round((next_import - database_time()).total_seconds()))
    assert told.count(ana.pk) == 1
    assert waits == [60, 120, 240, 480, 960, 1920, 3600, 3600, 3600]
    with tenant_context(arrived):
        ArrivedLines.objects.update(lines=whole)
    rows_job(arrived.pk)
    assert len(rows_of(arrived)) == 5, "what was mended is written"


def test_a_lost_message_is_sent_again_until_they_are_written(arrived: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    arrived.refresh_from_db()
    assert arrived.next_import_at is not None, "the tick looks after them"
    sent: list[Any] = []
    monkeypatch.setattr("metrics.services.import_claims.enqueue", lambda job, *given: sent.append(job))
    with tenant_context(arrived):
        imports_recover(client=arrived)
    awaited.rows_await(arrived)
    with tenant_context(arrived):
        imports_recover(client=arrived)
    arrived.refresh_from_db()
    assert sent == [ROWS_JOB] and arrived.next_import_at is None


def test_two_that_write_at_once_write_each_row_once(committed_db: Server, file_store: Path) -> None:
    client = client_create(
        firm=firm_create(slug="ridge", name="Ridge"), slug="northwind", name="Northwind", currency="USD"
    )
    load(client, csv_bytes([line(number) for number in range(1, 3_000)]))
    start = Barrier(3)

    def write() -> None:
        start.wait()
        awaited.rows_await(client)
        connections.close_all()

    threads = [Thread(target=write) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(rows_of(client)) == 2_999


def test_an_empty_table_is_not_read_past_the_guard(committed_db: Server, file_store: Path) -> None:
    """PostgreSQL reads a table that it knows to be empty without asking a policy about any row; this one it asks beforehand."""
    client = client_create(
        firm=firm_create(slug="ridge", name="Ridge"), slug="northwind", name="Northwind", currency="USD"
    )
    load(client, csv_bytes(FIVE))
    with psycopg.connect(**committed_db.conninfo(), autocommit=True) as owner:
        owner.execute("VACUUM ANALYZE metrics_contractline")
    with pytest.raises(OperationalError), tenant_context(client):
        ContractLine.objects.filter(region="EMEA").count()
