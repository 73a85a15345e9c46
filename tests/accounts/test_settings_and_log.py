"""A client's settings, and its audit log as a page."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest
from django.conf import settings as django_settings
from django.test import Client as Browser

from portal.accounts.models import User
from portal.database import Server
from portal.tenancy import audit
from portal.tenancy.actor import Actor, acting_as
from portal.tenancy.models import AuditEntry, Client, ClientRole
from portal.tenancy.scope import tenant_context
from portal.tenancy.services import client_create, client_update, firm_create, member_add, next_close

SignedIn = Callable[[User], Browser]
SETTINGS = {"name": "Northwind", "fiscal_year_start": 1, "time_zone": "UTC", "locale": "en", "close_day": ""}


def test_saving_settings_records_what_changed(adam: User, northwind: Client, signed_in: SignedIn) -> None:
    browser = signed_in(adam)
    assert browser.get("/c/northwind/settings/").status_code == 200
    changed = {
        **SETTINGS,
        "name": "Northwind AG",
        "fiscal_year_start": 4,
        "close_day": 5,
        "currency": "EUR",
        "slug": "x",
    }
    assert browser.post("/c/northwind/settings/", changed).status_code == 302
    northwind.refresh_from_db()
    assert (northwind.name, northwind.fiscal_year_start, northwind.close_day) == ("Northwind AG", 4, 5)
    assert (northwind.currency, northwind.slug) == ("USD", "northwind"), "what is no setting is not set"
    assert northwind.next_close_at is not None and northwind.next_close_at.day == 5
    with tenant_context(northwind):
        entry = AuditEntry.objects.order_by("-sequence")[0]
    assert entry.details["name"] == ["Northwind", "Northwind AG"] and entry.actor == "adam@example.com"


@pytest.mark.parametrize(
    "wrong", [{"fiscal_year_start": 13}, {"time_zone": "Mars/Base"}, {"close_day": 31}, {"name": ""}]
)
def test_wrong_settings_are_refused_whole(
    wrong: dict[str, object], adam: User, northwind: Client, signed_in: SignedIn
) -> None:
    answer = signed_in(adam).post("/c/northwind/settings/", {**SETTINGS, "name": "Other", **wrong})
    assert answer.status_code == 422
    northwind.refresh_from_db()
    assert northwind.name == "Northwind"


def test_lowering_the_guard_takes_a_fresh_proof_of_identity(adam: User, northwind: Client) -> None:
    browser = Browser()
    browser.force_login(adam, backend=django_settings.AUTHENTICATION_BACKENDS[1])
    answer = browser.post("/c/northwind/settings/", {**SETTINGS, "requires_mfa_for_admins": "on"})
    assert answer["Location"].startswith("/accounts/reauthenticate/")
    northwind.refresh_from_db()
    assert northwind.requires_mfa_for_admins is False


@pytest.mark.parametrize(
    ("day", "zone", "now", "expected"),
    [
        (5, "UTC", "2026-01-04T00:00", "2026-01-05T06:00"),
        (5, "UTC", "2026-01-05T06:00", "2026-02-05T06:00"),
        (28, "UTC", "2026-12-31T00:00", "2027-01-28T06:00"),
        (1, "America/New_York", "2026-03-31T23:00", "2026-04-01T10:00"),
        (28, "Europe/Berlin", "2026-02-28T05:30", "2026-03-28T05:00"),
    ],
)
def test_when_the_next_month_is_closed(day: int, zone: str, now: str, expected: str) -> None:
    due = next_close(day, zone, datetime.fromisoformat(now).replace(tzinfo=UTC))
    assert due is not None and due.astimezone(UTC) == datetime.fromisoformat(expected).replace(tzinfo=UTC)
    assert next_close(None, zone, datetime.now(UTC)) is None


def test_the_log_is_filtered_and_paged_by_sequence(adam: User, northwind: Client, signed_in: SignedIn) -> None:
    with tenant_context(northwind), acting_as(Actor("robot")):
        for number in range(120):
            audit.record("import.accepted", object_type="import", object_id=number)
    browser = signed_in(adam)
    seen: list[int] = []
    url = "/c/northwind/audit/?family=import"
    while url:
        page = browser.get(url)
        seen += [line.entry.sequence for line in page.context["lines"]]
        older = page.context["older_url"]
        url = f"/c/northwind/audit/{older}" if older else ""
    assert len(seen) == 120 == len(set(seen)) and seen == sorted(seen, reverse=True)
    assert len(browser.get("/c/northwind/audit/?actor=robot&about=11").context["lines"]) == 11
    assert browser.get("/c/northwind/audit/?first_day=2999-01-01").context["lines"] == []
    assert b"No entry fits" in browser.get("/c/northwind/audit/?family=nothing").content
    assert browser.get("/c/northwind/audit/?before=x&first_day=never").status_code == 200


def test_details_of_the_log_are_words(adam: User, northwind: Client, signed_in: SignedIn) -> None:
    changes = [{"month": "2026-10", "expected": [None, "12.00"]}, {"month": "2026-11", "expected": ["1.00", "2.00"]}]
    with tenant_context(northwind):
        audit.record("samples.changed", object_type="samples", object_id=1, details={"changes": changes, "sure": True})
    page = signed_in(adam).get("/c/northwind/audit/?family=samples")
    assert "month Oct 2026 expected" in page.content.decode(), "with dates as every page has them"
    said = page.context["lines"][0].said
    assert sorted(said) == [
        ("changes", "month 2026-10 expected – → 12.00; month 2026-11 expected 1.00 → 2.00"),
        ("sure", "yes"),
    ]


def test_the_log_names_kinds_acts_and_people(adam: User, northwind: Client, signed_in: SignedIn) -> None:
    with tenant_context(northwind), acting_as(Actor(adam.email, adam.pk)):
        audit.record("quarter_audit.drawn", object_type="quarter audit", object_id="2026-Q1")
        audit.record("change.to_review", object_type="change request", object_id=1)
    page = signed_in(adam).get("/c/northwind/audit/").content.decode()
    for words in (
        "Contract audit: drawn",
        "Change request: to review",
        f"<td>{adam.get_full_name()}<",
        ">Contract audit<",
    ):
        assert words in page
    assert "change.to_review" not in page and "Quarter_audit" not in page


def test_verifying_from_the_page(adam: User, northwind: Client, signed_in: SignedIn) -> None:
    page = signed_in(adam).post("/c/northwind/audit/").content.decode()
    assert "The chain holds" in page and f"client:{northwind.pk}" in page


def test_the_page_names_the_entry_that_was_tampered_with(committed_db: Server, signed_in: SignedIn) -> None:
    client = client_create(firm=firm_create(slug="ridge", name="Ridge"), slug="north", name="North", currency="USD",
                           requires_mfa_for_admins=False)  # fmt: skip
    adam = User.objects.create_user("adam@example.com", "x")
    with tenant_context(client):
        member_add(client=client, user=adam, role=ClientRole.ADMIN)
        client_update(client=client, name="Norð")
    parameters: dict[str, Any] = dict(committed_db.conninfo())
    with psycopg.connect(**parameters, autocommit=True) as owner:
        owner.execute("SET session_replication_role = replica")
        owner.execute("UPDATE tenancy_auditentry SET actor = 'nobody' WHERE sequence = 2")
    page = signed_in(adam).post("/c/north/audit/").content.decode()
    assert "The chain breaks at entry 2" in page


def test_who_may_not_read_the_log_does_not(eve: User, otto: User, northwind: Client, signed_in: SignedIn) -> None:
    assert signed_in(eve).get("/c/northwind/audit/").status_code == 403
    assert signed_in(otto).get("/c/northwind/audit/").status_code == 404


def test_whoever_keeps_programs_without_the_settings_finds_them_in_the_menu(
    adam: User, rita: User, finn: User, northwind: Client, signed_in: SignedIn
) -> None:
    rail = signed_in(rita).get("/c/northwind/people/").content.decode()
    assert 'href="/c/northwind/settings/webhooks/"' in rail and 'href="/c/northwind/settings/tokens/"' in rail
    assert 'href="/c/northwind/settings/"' not in rail
    own = signed_in(adam).get("/c/northwind/people/").content.decode()
    assert 'href="/c/northwind/settings/webhooks/"' not in own, "an admin finds them in the settings"
    assert "settings/webhooks/" not in signed_in(finn).get("/c/northwind/audit/").content.decode()
