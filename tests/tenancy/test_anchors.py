"""Heads of the audit logs outside the database: kept every night, and compared with every verification."""

import datetime as dt
from io import StringIO

import psycopg
import pytest
from django.core.management import CommandError, call_command

from portal.database import Server
from portal.tenancy import audit
from portal.tenancy.anchors import anchor_due, anchor_write, anchors_kept, log_verify
from portal.tenancy.dispatch import dispatch_due
from portal.tenancy.models import Client
from portal.tenancy.scope import tenant_context
from portal.tenancy.services import client_create, client_update, firm_create

NOW = dt.datetime(2026, 1, 15, 2, tzinfo=dt.UTC)


@pytest.fixture
def acme(committed_db: Server) -> Client:
    """A client whose log has five entries, the fourth of them anchored."""
    client = client_create(firm=firm_create(slug="ridge", name="Ridge"), slug="acme", name="Acme", currency="USD")
    with tenant_context(client):
        for number in range(3):
            client_update(client=client, name=f"Acme {number}")
        anchor_write(client=client)
        client_update(client=client, name="Acme again")
    return client


def as_owner(server: Server, statement: str) -> None:
    """What somebody can do who owns the database."""
    with psycopg.connect(**server.conninfo(), autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")  # no trigger refuses
        connection.execute(statement.encode())


def test_the_head_is_kept_once_and_the_log_agrees(acme: Client) -> None:
    with tenant_context(acme):
        first, second = anchor_write(client=acme), anchor_write(client=acme)
        assert first == second == audit.head_of(acme)
        assert [anchor.sequence for anchor in anchors_kept(acme)] == [4, 5]
        assert log_verify(acme).is_sound


def test_a_cut_tail_is_found_without_anybody_keeping_anything(acme: Client, committed_db: Server) -> None:
    as_owner(committed_db, "DELETE FROM tenancy_auditentry WHERE sequence > 3")
    with tenant_context(acme):
        verdict = log_verify(acme)
    assert verdict.bad_sequence == 4 and "ends before entry 4" in verdict.reason
    with pytest.raises(CommandError, match="entry 4 of the audit log is wrong"):
        call_command("audit_verify", client="acme")


def test_a_log_that_was_deleted_whole_is_found_even_where_nothing_was_kept(acme: Client, committed_db: Server) -> None:
    as_owner(committed_db, "DELETE FROM tenancy_auditentry")
    with tenant_context(acme):
        verdict = audit.verify_client(acme)
        assert not verdict.is_sound and verdict.bad_sequence == 1 and "log is empty" in verdict.reason
        with pytest.raises(audit.AuditBroken, match="empty"):
            anchor_write(client=acme)
    with pytest.raises(CommandError, match="of the audit log is wrong"):
        call_command("audit_verify", client="acme")


def test_a_log_that_was_changed_gets_no_further_anchor(
    acme: Client, committed_db: Server, caplog: pytest.LogCaptureFixture
) -> None:
    as_owner(committed_db, "UPDATE tenancy_auditentry SET hash = repeat('0', 64) WHERE sequence = 4")
    with tenant_context(acme):
        anchor_due(client=acme, now=NOW)
        assert [anchor.sequence for anchor in anchors_kept(acme)] == [4]
    assert "the audit log of acme is broken" in caplog.text
    with pytest.raises(CommandError, match="entry 4"):
        call_command("audit_anchor", client="acme")


def test_it_is_due_from_the_first_day_and_every_night(acme: Client) -> None:
    now = dt.datetime.now(dt.UTC)
    assert ("tenancy.audit_anchor", acme.pk) in dispatch_due(now)
    with tenant_context(acme):
        anchor_due(client=acme, now=now)
    assert Client.objects.get(pk=acme.pk).next_anchor_at == now + dt.timedelta(days=1)
    assert ("tenancy.audit_anchor", acme.pk) not in dispatch_due(now + dt.timedelta(hours=1))


def test_the_command_prints_what_it_kept(acme: Client) -> None:
    printed = StringIO()
    call_command("audit_anchor", client="acme", stdout=printed)
    chain, sequence, _ = printed.getvalue().split()
    assert (chain, sequence) == (f"client:{acme.pk}", "5")
