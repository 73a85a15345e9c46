"""A finding's life: opened, acknowledged, fixed by the data, back again; and whom it is told, once for each stage."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, transaction

from metrics import jobs_quality
from metrics.jobs_quality import quality_look_job
from metrics.models import ContractLine, FindingState, QualityDay, QualityEvent, QualityMonitor
from metrics.services.books import books_rebuild_all
from metrics.services.quality import next_look
from metrics.services.quality_people import QualityProblem, finding_acknowledge, finding_reopen, monitor_set
from portal.accounts.models import User
from portal.notices.models import Notice
from portal.tenancy.clock import day_at
from portal.tenancy.models import AuditEntry, Client, ClientRole, ClientSummary, Membership
from portal.tenancy.scope import tenant_context
from tests.metrics.quality import NOW, book, days, finding, found, full, looked, monitor


@pytest.fixture
def twice(northwind: Client) -> Client:
    """Northwind, where one line is there twice; a finding of duplicates stays open for five days."""
    same = {"customer_id": "D", "customer_name": "Dee"}
    book(northwind, full("D1", "600", **same), full("D2", "600", **same))
    return northwind


def price(client: Client, amount: str) -> None:
    """Another price of the second line makes it no duplicate any more."""
    with tenant_context(client):
        ContractLine.objects.filter(line_id="D2").update(amount=Decimal(amount))


def history(client: Client) -> list[str]:
    with tenant_context(client):
        return list(QualityEvent.objects.order_by("pk").values_list("kind", flat=True))


def told(client: Client) -> list[tuple[str, str]]:
    """Who was told, and how it begins."""
    with tenant_context(client):
        rows = Notice.objects.filter(kind="quality").order_by("pk").select_related("user")
        return [(row.user.name, row.text) for row in rows]


def test_what_the_data_no_longer_shows_is_fixed_and_it_opens_again_when_it_comes_back(twice: Client) -> None:
    assert looked(twice).opened == 1
    price(twice, "601")
    assert looked(twice, days(1)).fixed == 1
    gone = finding(twice)
    assert (gone.state, gone.fixed_on) == (FindingState.FIXED, days(1).date())
    price(twice, "600")
    assert looked(twice, days(2)).returned == 1
    back = finding(twice)
    assert (back.state, back.due_on, back.first_seen_on) == ("open", days(7).date(), days(0).date())
    assert history(twice) == ["opened", "fixed", "returned"]
    with tenant_context(twice):
        for write in (lambda: QualityEvent.objects.update(text="forged"), QualityEvent.objects.all().delete):
            with pytest.raises(DatabaseError), transaction.atomic():
                write()


def test_the_monitors_look_again_once_the_numbers_changed(twice: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def due() -> dt.datetime:
        at = Client.objects.get(pk=twice.pk).next_quality_at
        assert at is not None
        return at

    tomorrow = dt.datetime.now(dt.UTC) + dt.timedelta(days=1)
    with tenant_context(twice):
        Client.objects.filter(pk=twice.pk).update(next_quality_at=tomorrow)
        books_rebuild_all(client=twice, now=NOW)
        assert due() < tomorrow - dt.timedelta(hours=20)
    quality_look_job(twice.pk)
    assert due() > dt.datetime.now(dt.UTC), "the next morning"

    def look(*, client: Client, now: dt.datetime) -> None:
        books_rebuild_all(client=client, now=NOW)  # while it looks, the numbers change

    monkeypatch.setattr(jobs_quality, "quality_look", look)
    quality_look_job(twice.pk)
    assert due() <= dt.datetime.now(dt.UTC)


def test_a_second_look_of_a_day_changes_nothing(twice: Client, rita: User) -> None:
    looked(twice)
    before = (history(twice), told(twice))
    with tenant_context(twice):
        entries = AuditEntry.objects.count()
    assert (looked(twice).opened, looked(twice).open_now) == (0, 1)
    assert (history(twice), told(twice)) == before
    with tenant_context(twice):
        assert AuditEntry.objects.count() == entries
        assert QualityDay.objects.filter(monitor__code="duplicates").count() == 1


def test_the_trend_has_one_row_for_each_day_and_monitor(twice: Client) -> None:
    looked(twice)
    price(twice, "601")
    looked(twice, days(1))
    with tenant_context(twice):
        rows = QualityDay.objects.filter(monitor__code="duplicates").values_list("open_count", "arr")
        assert list(rows) == [(1, Decimal("600.00")), (0, Decimal("0.00"))]
        assert QualityDay.objects.count() == 12


def test_an_acknowledged_finding_rests_until_its_day_and_is_not_at_stake(twice: Client, rita: User) -> None:
    looked(twice)
    until = days(3).date()
    with tenant_context(twice):
        assert ClientSummary.objects.get().open_issues == 1, "the portfolio counts what the monitors page does"
        given: dict[str, Any] = {"reason": "Two sites", "until": until, "today": days(0).date(), "user": rita}
        finding_acknowledge(finding=monitor_finding(twice), **given)
        (entry,) = AuditEntry.objects.filter(action="quality.acknowledged")
        assert entry.details["reason"] == "Two sites"
        assert ClientSummary.objects.get().open_issues == 0
    looked(twice, days(3))
    assert finding(twice).state == "acknowledged" and str(monitor(twice, "duplicates").at_stake) == "0.00"
    looked(twice, days(4))
    assert finding(twice).state == "open" and history(twice) == ["opened", "acknowledged", "lapsed"]


def monitor_finding(client: Client) -> Any:
    return QualityMonitor.objects.get(code="duplicates").findings.get()


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"reason": " "}, "say why"),
        ({"until": dt.date(2025, 1, 15)}, "after today"),
        ({"until": dt.date(2027, 1, 1)}, "year"),
    ],
)
def test_an_acknowledgement_needs_a_reason_and_a_day(
    twice: Client, rita: User, changed: dict[str, Any], why: str
) -> None:
    looked(twice)
    given: dict[str, Any] = {
        "reason": "Two sites",
        "until": days(3).date(),
        "today": days(0).date(),
        "user": rita,
    } | changed
    with tenant_context(twice), pytest.raises(QualityProblem, match=why):
        finding_acknowledge(finding=monitor_finding(twice), **given)


def test_an_acknowledgement_is_taken_back_with_a_new_deadline_and_what_is_fixed_is_not_acknowledged(
    twice: Client, rita: User
) -> None:
    looked(twice)
    with tenant_context(twice):
        row = monitor_finding(twice)
        finding_acknowledge(finding=row, reason="x", until=days(9).date(), today=days(0).date(), user=rita)
        assert finding_reopen(finding=row, today=days(2).date(), user=rita).due_on == days(7).date()
        with pytest.raises(QualityProblem, match="only an acknowledged"):
            finding_reopen(finding=row, today=days(2).date(), user=rita)
    price(twice, "601")
    looked(twice, days(3))
    with tenant_context(twice), pytest.raises(QualityProblem, match="no longer shows"):
        finding_acknowledge(
            finding=monitor_finding(twice), reason="x", until=days(9).date(), today=days(3).date(), user=rita
        )


def test_each_stage_of_a_deadline_is_told_once_and_to_whom_it_concerns(twice: Client, rita: User, adam: User) -> None:
    """Due after five days: RevOps, who owns what nobody else does, on the sixth; the client's admin five days later."""
    for day in range(14):
        looked(twice, days(day))
        looked(twice, days(day + 0.2))
    texts = told(twice)
    assert [name for name, _ in texts] == ["Rita", "Rita", "Adam"]
    assert texts[0][1] == "Duplicate lines: 1 finding (600.00 USD of ARR at stake) to be settled by 20 Jan 2025"
    assert texts[1][1].endswith("past the deadline of 5 days") and " 6 days past the deadline" in texts[2][1]
    with tenant_context(twice):
        days_told = [row.created_at for row in Notice.objects.filter(kind="quality")]
    assert len(days_told) == 3


def test_a_deadline_that_passed_while_nobody_looked_is_told_by_its_days(twice: Client, rita: User, adam: User) -> None:
    for day in (0, 6, 20):
        looked(twice, days(day))
    assert " 15 days past the deadline; owner: nobody owns the monitor" in told(twice)[-1][1]


def test_a_monitor_is_set_for_a_client_and_audited_and_its_owner_hears_of_findings(
    twice: Client, finn: User, rita: User
) -> None:
    looked(twice)
    with tenant_context(twice):
        row = QualityMonitor.objects.get(code="duplicates")
        monitor_set(monitor=row, threshold=Decimal(1), days=2, escalate_days=1, owner=finn, escalate_to=rita)
        (entry,) = AuditEntry.objects.filter(action="quality.monitor_set")
        assert entry.details["days"] == [5, 2] and entry.details["owner"] == ["", "finn@example.com"]
        with pytest.raises(QualityProblem, match="between one day"):
            monitor_set(monitor=row, threshold=Decimal(1), days=0, escalate_days=1, owner=None, escalate_to=None)
    price(twice, "601")
    looked(twice, days(1))
    price(twice, "600")
    for day in range(2, 8):
        looked(twice, days(day))
    assert [name for name, _ in told(twice)] == ["Rita", "Finn", "Finn", "Rita"]


def test_nobody_who_may_not_see_the_data_owns_a_monitor_or_hears_of_findings(
    twice: Client, finn: User, rita: User, stan: User
) -> None:
    looked(twice)
    with tenant_context(twice):
        given: dict[str, Any] = {"threshold": Decimal(1), "days": 5, "escalate_days": 1}
        row = QualityMonitor.objects.get(code="duplicates")
        for owner, above in ((stan, rita), (rita, stan)):
            with pytest.raises(QualityProblem, match="may see the client's data"):
                monitor_set(monitor=row, **given, owner=owner, escalate_to=above)
        monitor_set(monitor=row, **given, owner=finn, escalate_to=None)
        Membership.objects.filter(user=finn).update(role=ClientRole.SALES_REP)
    looked(twice, days(6))
    assert [name for name, _ in told(twice)] == ["Rita", "Rita"]


def test_where_it_cannot_look_its_findings_stand(twice: Client) -> None:
    looked(twice)
    with tenant_context(twice):
        ContractLine.objects.all().delete()
    assert looked(twice, days(1)).fixed == 0
    assert found(twice) == {"duplicates": {"D2": "600.00"}}
    assert monitor(twice, "duplicates").blind_because


def test_the_next_look_is_at_five_in_the_morning_where_the_client_is(northwind: Client) -> None:
    northwind.time_zone = "America/Los_Angeles"
    at = next_look(northwind, dt.datetime(2025, 1, 15, 14, tzinfo=dt.UTC))
    assert at == dt.datetime(2025, 1, 16, 13, tzinfo=dt.UTC)
    assert day_at(northwind, dt.datetime(2025, 1, 15, 3, tzinfo=dt.UTC)) == dt.date(2025, 1, 14)
