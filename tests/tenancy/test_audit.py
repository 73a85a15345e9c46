"""The audit log: complete, chained, and closed."""

import contextlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from django.db import connections, transaction

from portal.database import Server
from portal.tenancy import audit
from portal.tenancy.models import AuditEntry, Client
from portal.tenancy.scope import tenant_context
from portal.tenancy.services import client_create, client_update, firm_create


class Undone(Exception):
    """Work that is taken back."""


@pytest.fixture
def logged(committed_db: Server) -> Client:
    """A client with ten entries, really committed."""
    client = client_create(firm=firm_create(slug="ridge", name="Ridge"), slug="acme", name="Acme", currency="USD")
    with tenant_context(client):
        for number in range(9):
            audit.record(
                "thing.done", object_type="thing", object_id=number, after={"n": number}, details={"n": number}
            )
    return client


def verdict(client: Client, *anchors: audit.Anchor) -> audit.Verdict:
    with tenant_context(client):
        return audit.verify_client(client, anchors)


def test_a_change_and_its_entry_are_one_transaction(northwind: Client) -> None:
    with pytest.raises(Undone), tenant_context(northwind):
        client_update(client=northwind, name="Renamed")
        raise Undone
    with tenant_context(northwind):
        assert AuditEntry.objects.filter(action="client.updated").count() == 0


def test_an_entry_says_who_did_what_to_which_and_links_to_the_one_before(northwind: Client) -> None:
    with tenant_context(northwind):
        client_update(client=northwind, name="Northwind Ltd")
        created, updated = AuditEntry.objects.order_by("sequence")
    assert (updated.sequence, updated.previous_hash) == (2, created.hash)
    assert updated.details == {"name": ["Northwind", "Northwind Ltd"]}
    assert updated.before_hash == audit.digest({"name": "Northwind"})


def test_nothing_is_recorded_outside_a_transaction(committed_db: Server) -> None:
    firm = firm_create(slug="ridge", name="Ridge")
    with pytest.raises(RuntimeError):
        audit.record_for_firm(firm, "x", object_type="x")


def test_an_untouched_chain_verifies(logged: Client) -> None:
    found = verdict(logged)
    assert found.is_sound and found.entries == 10


TAMPERINGS: dict[str, tuple[str, int]] = {
    "an edited field": ("UPDATE tenancy_auditentry SET actor = 'nobody' WHERE sequence = 4", 4),
    "edited details": ("UPDATE tenancy_auditentry SET details = '{{\"n\": 77}}' WHERE sequence = 6", 6),
    "a deleted row": ("DELETE FROM tenancy_auditentry WHERE sequence = 5", 5),
    "two swapped rows": (
        (
            "UPDATE tenancy_auditentry SET sequence = CASE sequence WHEN 3 THEN 1003 ELSE 3 END WHERE sequence IN (3, 7);"
            "UPDATE tenancy_auditentry SET sequence = 7 WHERE sequence = 1003"
        ),
        3,
    ),
    "a moved clock": ("UPDATE tenancy_auditentry SET at = at + interval '1 day' WHERE sequence = 2", 2),
    "a cut tail": ("DELETE FROM tenancy_auditentry WHERE sequence > 8", 9),
}


@pytest.mark.parametrize("how", TAMPERINGS)
def test_tampering_by_a_superuser_is_found_and_the_first_bad_entry_named(
    logged: Client, committed_db: Server, how: str
) -> None:
    with tenant_context(logged):
        anchor = audit.head_of(logged)
    assert anchor is not None
    statement, first_bad = TAMPERINGS[how]
    tamper(committed_db, statement.format())
    assert verdict(logged, anchor).bad_sequence == first_bad


def test_a_chain_rewritten_with_right_hashes_fails_without_the_key(logged: Client, committed_db: Server) -> None:
    """Someone who owns the database and knows the format recomputes every hash from the forged entry on."""
    with tenant_context(logged):
        rows = list(AuditEntry.objects.order_by("sequence").values())
    previous = audit.GENESIS
    statements = []
    for row in rows:
        row["previous_hash"] = previous
        if row["sequence"] == 3:
            row["actor"] = "forger"
        row["hash"] = previous = audit.entry_hash(f"client:{logged.pk}", row)
        statements.append(
            f"UPDATE tenancy_auditentry SET actor = '{row['actor']}', previous_hash = '{row['previous_hash']}',"
            f" hash = '{row['hash']}' WHERE sequence = {row['sequence']}"
        )
    tamper(committed_db, ";".join(statements))
    assert verdict(logged).bad_sequence == 3


def test_a_forged_entry_at_the_end_is_found(logged: Client, committed_db: Server) -> None:
    tamper(
        committed_db,
        "INSERT INTO tenancy_auditentry (client_id, sequence, at, actor, action, object_type, object_id, details,"
        " before_hash, after_hash, request_id, previous_hash, hash, mac)"
        " SELECT client_id, 11, at, actor, action, object_type, object_id, details, before_hash, after_hash, request_id,"
        " hash, repeat('a', 64), repeat('b', 64) FROM tenancy_auditentry WHERE sequence = 10",
    )
    assert verdict(logged).bad_sequence == 11


def tamper(server: Server, statements: str) -> None:
    """As a superuser who switches the triggers off first."""
    with psycopg.connect(**server.conninfo(), autocommit=True) as connection:
        connection.execute("ALTER TABLE tenancy_auditentry DISABLE TRIGGER USER")
        connection.execute(statements.encode())
        connection.execute("ALTER TABLE tenancy_auditentry ENABLE TRIGGER USER")


def test_a_forged_entry_in_the_middle_is_found(logged: Client, committed_db: Server) -> None:
    """The entries from the fifth on move up by one, and a copy of the fourth under another name takes the gap."""
    tamper(
        committed_db,
        "UPDATE tenancy_auditentry SET sequence = -sequence - 1 WHERE sequence >= 5;"
        "UPDATE tenancy_auditentry SET sequence = -sequence WHERE sequence < 0;"
        "INSERT INTO tenancy_auditentry (client_id, sequence, at, actor, action, object_type, object_id, details,"
        " before_hash, after_hash, request_id, previous_hash, hash, mac)"
        " SELECT client_id, 5, at, 'forger', action, object_type, object_id, details, before_hash, after_hash,"
        " request_id, hash, repeat('a', 64), mac FROM tenancy_auditentry WHERE sequence = 4",
    )
    assert verdict(logged).bad_sequence == 5


def anchored(client: Client, *sequences: int) -> list[audit.Anchor]:
    """Anchors as they were written outside the database."""
    with tenant_context(client):
        rows = AuditEntry.objects.filter(sequence__in=sequences).values_list("sequence", "hash")
        return [audit.Anchor(f"client:{client.pk}", sequence, hash_hex) for sequence, hash_hex in rows]


def test_a_table_restored_from_yesterday_is_found_even_after_new_entries(logged: Client, committed_db: Server) -> None:
    anchors = anchored(logged, 4, 8, 10)
    tamper(committed_db, "DELETE FROM tenancy_auditentry WHERE sequence > 7")
    assert verdict(logged, *anchors).bad_sequence == 8
    write(logged, ["new"] * 6)
    assert verdict(logged).is_sound, "without anchors nothing shows it"
    assert verdict(logged, *anchors).bad_sequence == 8


def test_a_chain_rewritten_by_someone_who_has_the_key_too_does_not_fit_its_anchors(
    logged: Client, committed_db: Server
) -> None:
    anchors = anchored(logged, 2, 6)
    tamper(committed_db, "DELETE FROM tenancy_auditentry WHERE sequence >= 3")
    write(logged, [str(number) for number in range(8)])
    assert verdict(logged).is_sound and verdict(logged, *anchors).bad_sequence == 6


@pytest.mark.parametrize("table", ["tenancy_auditentry", "tenancy_firmauditentry"])
@pytest.mark.parametrize("verb", ["UPDATE {} SET action = 'x'", "DELETE FROM {}", "TRUNCATE {}"])
def test_not_even_a_superuser_changes_it_by_accident(
    logged: Client, committed_db: Server, table: str, verb: str
) -> None:
    """The trigger, behind the grant that the app role lacks (tests/tenancy/test_database_wall.py, test_grants.py)."""
    with (
        psycopg.connect(**committed_db.conninfo()) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege, match="never changed or removed"),
    ):
        connection.execute(verb.format(table).encode())


def write(client: Client, names: list[str]) -> None:
    """One transaction with an entry for each name."""
    with tenant_context(client):
        for name in names:
            audit.record("thing.done", object_type="thing", object_id=name)


def test_six_writers_of_a_thousand_entries_make_one_chain_without_gaps(logged: Client) -> None:
    """Transactions of one to nineteen entries, and between them some that are rolled back and leave no number out."""

    def writer(place: int) -> None:
        sizes = [1 + (place * 7 + turn * 11) % 19 for turn in range(200)]
        left = 1000
        try:
            for turn, size in enumerate(sizes):
                names = [f"{place}-{turn}-{number}" for number in range(min(size, left))]
                left -= len(names)
                write(logged, names)
                if turn % 10 == 0:
                    with contextlib.suppress(Undone), tenant_context(logged):
                        audit.record("thing.undone", object_type="thing")
                        raise Undone
        finally:
            connections.close_all()
        assert left == 0

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(writer, range(6)))
    found = verdict(logged)
    assert found.is_sound and found.entries == 6010
    with tenant_context(logged):
        assert not AuditEntry.objects.filter(action="thing.undone").exists()
        assert AuditEntry.objects.values("object_id").distinct().count() >= 6000


def test_the_trigger_refuses_a_fork(logged: Client) -> None:
    from django.db import IntegrityError

    with pytest.raises(IntegrityError), tenant_context(logged), transaction.atomic():
        head = AuditEntry.objects.order_by("-sequence").values().first()
        assert head is not None
        AuditEntry.objects.create(**{**head, "id": None})


def test_the_log_of_one_client_says_nothing_of_another(
    northwind: Client, contoso: Client, in_scope: Callable[..., object]
) -> None:
    with tenant_context(contoso):
        assert set(AuditEntry.objects.values_list("object_id", flat=True)) == {"contoso"}
