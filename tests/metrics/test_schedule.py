"""The monthly close and the nightly check: due is a column, claimed once, sent at least once."""

import datetime as dt

import pytest

import metrics.tasks
import portal.tenancy.tasks
from metrics.models import MonthClose
from metrics.services.books import REBUILD_JOB
from metrics.services.schedule import close_due, schedule_set
from portal.celery import app
from portal.lib.periods import month_parse
from portal.tenancy import dispatch
from portal.tenancy.models import AuditEntry, Client
from portal.tenancy.scope import tenant_context
from tests.engine.frames import frame, line
from tests.metrics.loading import load_lines

UTC = dt.UTC


def instant(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.fixture
def closing(northwind: Client) -> Client:
    """Northwind closes each month on the 5th of the next."""
    with tenant_context(northwind):
        load_lines(frame(line("L1", ends_on=None)))
        schedule_set(client=northwind, close_day=5, now=instant("2024-02-01"))
    return northwind


def closed_months(client: Client) -> list[int]:
    return sorted(MonthClose.objects.filter(recognition="start").values_list("month", flat=True))


def test_a_month_is_closed_from_its_close_day_on_and_missed_ones_are_made_good(closing: Client) -> None:
    assert closing.next_close_at == instant("2024-02-05T06:00")
    with tenant_context(closing):
        close_due(client=closing, now=instant("2024-02-05T06:01"))
        assert closed_months(closing) == [month_parse("2024-01")]
        assert closing.next_close_at == instant("2024-03-05T06:00")
        close_due(client=closing, now=instant("2024-03-04"))
        assert closed_months(closing) == [month_parse("2024-01")], "February's close day has not come"
        close_due(client=closing, now=instant("2024-05-20"))
        assert closed_months(closing) == [month_parse(f"2024-0{month}") for month in range(1, 5)]
        close_due(client=closing, now=instant("2024-05-20"))
        assert len(closed_months(closing)) == 4, "a second delivery closes nothing"
        assert closing.next_close_at == instant("2024-06-05T06:00")


def test_what_cannot_be_closed_is_audited_and_tried_again(closing: Client) -> None:
    with tenant_context(closing):
        load_lines(frame(line("L2", currency="XDR", customer_id="C2", ends_on=None)))
        now = instant("2024-02-05T06:01")
        close_due(client=closing, now=now)
        assert closed_months(closing) == []
        assert "XDR" in AuditEntry.objects.get(action="month.close_failed").details["reason"]
        assert closing.next_close_at == now + dt.timedelta(hours=6)


def test_due_jobs_are_claimed_once_and_sent_again_after_the_lease(
    closing: Client, contoso: Client, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: object
) -> None:
    sent: list[tuple[str, int]] = []
    monkeypatch.setattr(dispatch, "send", lambda task, client_id: sent.append((task, client_id)))
    Client.objects.update(next_check_at=None)
    now = instant("2024-02-05T07:00")
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[operator]
        assert dispatch.dispatch_due(now) == [("metrics.tasks.month_close", closing.pk)]
        assert dispatch.dispatch_due(now) == [], "claimed: a second beat sends nothing"
        assert not dispatch.claim("next_close_at", closing.pk, instant("2024-02-05T06:00"), now)
        assert dispatch.dispatch_due(now + dispatch.LEASE) == [("metrics.tasks.month_close", closing.pk)]
    assert sent == [("metrics.tasks.month_close", closing.pk)] * 2


def test_every_task_that_is_dispatched_is_one_that_a_worker_knows() -> None:
    app.loader.import_default_modules()  # what a worker does when it starts
    assert {kind.task for kind in dispatch.due_kinds()} <= set(app.tasks)
    assert metrics.tasks.books_rebuild.name == REBUILD_JOB
    assert portal.tenancy.tasks.dispatch.name in {entry["task"] for entry in app.conf.beat_schedule.values()}


def test_the_schedule_is_audited(closing: Client) -> None:
    with tenant_context(closing):
        entry = AuditEntry.objects.get(action="month.schedule_set")
        assert entry.details == {"close_day": [None, 5]}
