"""The look of every morning: who is told what is due, once a week and no more."""

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.test import Client as Browser

from governance.models import EvidenceFile
from governance.selectors.published_figures import Subject
from governance.selectors.quarter_audits import audit_view
from governance.services import evidence
from governance.services.evidence import KEPT, evidence_keep, evidence_tidy, folder_of
from governance.services.figure_disputes import dispute_raise, dispute_take
from governance.services.oversight import oversight_look
from governance.services.problems import DefinitionError
from governance.services.quarter_audits import audit_draw, follow_up_raise
from portal.accounts.models import User
from portal.accounts.services.people import person_role_change
from portal.lib.periods import month_parse
from portal.lib.stored import StoredFile, file_store
from portal.notices.models import Notice
from portal.tenancy.clock import database_time
from portal.tenancy.models import Client, Membership
from portal.tenancy.scope import tenant_context
from tests.governance.audits import NOW, QUARTER, an_audit, book_load, check_rest, keep

WEEK = dt.timedelta(days=7)


def told(client: Client, now: dt.datetime) -> list[tuple[str, str]]:
    """What the look of that morning tells, by person."""
    before = set(Notice.objects.values_list("pk", flat=True))
    oversight_look(client=client, now=now)
    rows = Notice.objects.exclude(pk__in=before).order_by("user__email").select_related("user")
    return [(row.user.email.split("@")[0], row.text) for row in rows]


def test_an_audit_is_asked_for_every_week_until_it_is_drawn(
    northwind: Client, finn: User, rita: User, eve: User
) -> None:
    with tenant_context(northwind):
        assert told(northwind, NOW) == []
        book_load(northwind)
        asked = "The books of Q1 2026 are closed: its audit is due. Draw a sample of its contracts"
        assert told(northwind, NOW) == [("finn", asked), ("rita", asked)]
        assert told(northwind, NOW + dt.timedelta(days=1)) == []
        assert [who for who, _ in told(northwind, NOW + WEEK)] == ["finn", "rita"]
        assert Client.objects.get(pk=northwind.pk).next_oversight_at == dt.datetime(2026, 4, 23, 8, tzinfo=dt.UTC)


def test_what_is_drawn_is_asked_of_the_auditor_then_of_finance_and_late_of_the_admin(
    northwind: Client, finn: User, rita: User, adam: User
) -> None:
    with tenant_context(northwind):
        book_load(northwind)
        due = dt.date(2026, 5, 15)
        audit_draw(client=northwind, quarter=QUARTER, size=10, due_on=due, user=rita, now=NOW)
        waits = "The audit of Q1 2026 is due on 2026-05-15: 10 of 10 contracts are not checked"
        assert told(northwind, NOW) == [("rita", waits)]
        check_rest(northwind, rita)
        assert [who for who, _ in told(northwind, NOW + WEEK)] == ["finn", "rita"]
        late = told(northwind, NOW + 5 * WEEK)
        assert late[0] == ("adam", "The audit of Q1 2026 was due on 2026-05-15: it waits for Finance's signature")
        assert [who for who, _ in late] == ["adam", "finn", "rita"]


def test_finance_is_not_asked_to_sign_while_a_pattern_is_looked_into_by_nobody(
    northwind: Client, finn: User, rita: User, signed_in: Callable[[User], Browser]
) -> None:
    with tenant_context(northwind):
        found = an_audit(northwind, rita)
        for position in (1, 2, 3):
            keep(northwind, position, rita, result="differs", difference=Decimal(10), reason="price", note="Uplift")
        check_rest(northwind, rita)
        said = "nobody looks into what its differences have in common, and Finance cannot sign before"
        assert told(northwind, NOW) == [("rita", f"The audit of Q1 2026 is due on 2026-05-15: {said}")]
    browser, path = signed_in(finn), f"/c/northwind/oversight/audits/{QUARTER}/"
    assert "Finance cannot sign yet" in browser.get(path).text
    with tenant_context(northwind):
        for pattern in audit_view(found).patterns:
            follow_up_raise(
                client=northwind, found=found, text="Ask billing", owner=rita, due_on=dt.date(2026, 6, 1),
                pattern=pattern.key, user=finn, today=NOW.date(),
            )  # fmt: skip
        assert [who for who, _ in told(northwind, NOW + WEEK)] == ["finn", "rita"]
    page = browser.get(path).text
    assert "Finance cannot sign yet" not in page and "Ready for your signature" in page


def test_a_late_follow_up_reaches_whoever_raised_it_too(northwind: Client, finn: User, rita: User) -> None:
    with tenant_context(northwind):
        book_load(northwind)
        due: Any = {"due_on": dt.date(2026, 4, 20), "user": finn}
        found = audit_draw(client=northwind, quarter=QUARTER, size=10, now=NOW, **due)
        follow_up_raise(client=northwind, found=found, text="Ask billing", owner=rita, today=NOW.date(), **due)
        on_the_day = told(northwind, dt.datetime(2026, 4, 20, 9, tzinfo=dt.UTC))
        assert ("rita", "Due on 2026-04-20, of the audit of Q1 2026: Ask billing") in on_the_day
        assert not [who for who, text in on_the_day if who == "finn" and "Ask billing" in text]
        late = told(northwind, dt.datetime(2026, 4, 28, 9, tzinfo=dt.UTC))
        assert {who for who, text in late if "Ask billing" in text} == {"finn", "rita"}


def test_a_dispute_that_nobody_takes_is_told_again(northwind: Client, finn: User, rita: User, eve: User) -> None:
    with tenant_context(northwind):
        book_load(northwind)
        subject = Subject("ending", month_parse("2026-03"))
        row = dispute_raise(client=northwind, subject=subject, believed=None, reason="Too high", user=eve)
        now = database_time()
        assert not [text for _, text in told(northwind, now) if "waits" in text]
        later = [(who, text) for who, text in told(northwind, now + WEEK) if "waits for somebody" in text]
        assert [who for who, _ in later] == ["finn", "rita"]
        dispute_take(client=northwind, dispute=row, owner=rita, user=finn)
        later = [(who, text) for who, text in told(northwind, now + 2 * WEEK) if "is not settled" in text]
        assert [who for who, _ in later] == ["rita"]


def test_whoever_looked_into_a_dispute_and_sees_no_figures_any_more_is_not_told_the_figure(
    northwind: Client, finn: User, rita: User, eve: User
) -> None:
    with tenant_context(northwind):
        book_load(northwind)
        subject = Subject("ending", month_parse("2026-03"))
        row = dispute_raise(client=northwind, subject=subject, believed=None, reason="Too high", user=finn)
        dispute_take(client=northwind, dispute=row, owner=eve, user=finn)
        person_role_change(client=northwind, member=Membership.objects.get(user=eve), role="sales_rep", user=None)
        later = [(who, text) for who, text in told(northwind, database_time() + WEEK) if "waits for somebody" in text]
        assert [who for who, _ in later] == ["finn", "rita"]


def test_evidence_has_so_much_room_also_where_two_files_come_at_once(
    northwind: Client, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.PROJECT_FILES_MAX_BYTES = 20

    def meanwhile(path: str, file: Any, most: int) -> StoredFile:
        EvidenceFile.objects.create(name="b.csv", ending="csv", path="b", size=15, sha256="b", created_at=NOW)
        return file_store(path, file, most)

    with tenant_context(northwind):
        for size in (21, 9):
            with pytest.raises(DefinitionError, match="takes up all of its"):
                evidence_keep(client=northwind, upload=ContentFile(b"a," * (size // 2) + b"1", "invoice.csv"))
            monkeypatch.setattr(evidence, "file_store", meanwhile)


def test_bytes_that_no_row_owns_are_removed_once_they_are_old(northwind: Client) -> None:
    with tenant_context(northwind):
        kept = evidence_keep(client=northwind, upload=ContentFile(b"a,b\n1,2\n", "invoice.csv"))
        now = database_time()
        young = f"{folder_of(northwind.pk)}/{now:%Y%m%dT%H%M%SZ}-young"
        old = f"{folder_of(northwind.pk)}/{now - KEPT - WEEK:%Y%m%dT%H%M%SZ}-old"
        for path in (young, old):
            default_storage.save(path, ContentFile(b"x"))
        assert evidence_tidy(client=northwind, now=now) == 1
        assert EvidenceFile.objects.get() == kept
