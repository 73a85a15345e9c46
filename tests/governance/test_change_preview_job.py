"""The job that computes a preview: once, with progress, and with a sentence where it cannot."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connections
from django.utils import timezone

from governance.models import ChangePreview, ChangeRequest, PreviewState
from governance.selectors.change_previews import preview_standing
from governance.services import change_preview
from governance.services.change_preview import preview_run, preview_start, previews_finish
from governance.services.changes import Wish, change_edit
from governance.services.problems import DefinitionError
from portal.accounts.models import User
from portal.tenancy import audit
from portal.tenancy.models import AuditEntry, Client
from portal.tenancy.scope import tenant_context
from tests.governance.impacts import APRIL, asked, late
from tests.reporting.numbers import LINES, numbers_load

__all__ = ["late"]
Scope = Callable[[Client], AbstractContextManager[Client]]


def started(client: Client, user: User, days: int = 30) -> tuple[ChangeRequest, ChangePreview]:
    with tenant_context(client):
        request = asked(client, user, {"parameters": {"renewal_grace_days": days}})
        return request, preview_start(request=request, user=user)


def reread(client: Client, preview: ChangePreview) -> ChangePreview:
    with tenant_context(client):
        found: ChangePreview = ChangePreview.objects.select_related("request__preview", "request__client").get(
            pk=preview.pk
        )
        return found


def test_a_preview_is_kept_with_the_hash_of_what_is_shown_and_becomes_the_requests(late: Client, rita: User) -> None:
    request, preview = started(late, rita)
    assert (preview.state, preview.progress, preview.step) == (PreviewState.WORKING, 0, "Waiting for its turn")
    done = preview_run(client=late, preview_id=preview.pk)
    assert done is not None and done.state == PreviewState.DONE and done.effect_cents == 9_000_00
    found = reread(late, preview)
    assert found.sha256 == audit.digest(found.result) and found.request.preview == found
    with tenant_context(late):
        assert preview_standing(found.request) == found
        entry = AuditEntry.objects.get(action="change.previewed")
        assert entry.details["sha256"] == found.sha256
        assert preview_start(request=request, user=rita) == found, "what is current is not computed again"
    assert preview_run(client=late, preview_id=preview.pk) is None, "a second delivery does nothing"


def test_a_second_press_gives_the_one_that_is_under_way(late: Client, rita: User) -> None:
    request, preview = started(late, rita)
    with tenant_context(late):
        assert preview_start(request=request, user=rita) == preview
        assert ChangePreview.objects.count() == 1


def test_other_content_and_other_figures_make_it_outdated(late: Client, rita: User) -> None:
    request, preview = started(late, rita)
    preview_run(client=late, preview_id=preview.pk)
    with tenant_context(late):
        found = reread_request(request)
        assert preview_standing(found) is not None
        numbers_load(late, [LINES[0] | {"line_id": "K7/1", "contract_id": "K7"}])
        assert preview_standing(found) is None, "the numbers have moved"
        again = preview_start(request=found, user=rita)
        assert again.pk != preview.pk
    preview_run(client=late, preview_id=again.pk)
    with tenant_context(late):
        found = reread_request(request)
        assert preview_standing(found) == again
        wish = Wish("Sixty days", {"parameters": {"renewal_grace_days": 60}}, "Because.", from_month=APRIL)
        change_edit(request=found, version=found.version, wish=wish, user=rita)
        assert preview_standing(reread_request(request)) is None, "something else is asked for"


def reread_request(request: ChangeRequest) -> ChangeRequest:
    found: ChangeRequest = ChangeRequest.objects.select_related("client", "preview").get(pk=request.pk)
    return found


def test_what_cannot_be_computed_fails_with_a_sentence(northwind: Client, rita: User) -> None:
    _, preview = started(northwind, rita)
    preview_run(client=northwind, preview_id=preview.pk)
    found = reread(northwind, preview)
    assert found.state == PreviewState.FAILED and "import contracts first" in found.message
    assert found.result is None and found.request.preview is None


def test_an_error_of_ours_is_raised_and_the_preview_does_not_stay_under_way(
    late: Client, rita: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*args: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(change_preview, "impact_of", broken)
    _, preview = started(late, rita)
    with pytest.raises(ZeroDivisionError):
        preview_run(client=late, preview_id=preview.pk)
    found = reread(late, preview)
    assert found.state == PreviewState.FAILED and "Nothing was changed" in found.message


def test_what_a_lost_message_left_is_found_and_what_hangs_for_an_hour_is_given_up(late: Client, rita: User) -> None:
    _, preview = started(late, rita)
    assert previews_finish(client=late) == [], "its job may still be on its way"
    with tenant_context(late):
        ChangePreview.objects.update(at=timezone.now() - timedelta(minutes=10))
    assert previews_finish(client=late) == [preview.pk]
    _, other = started(late, rita, days=60)
    with tenant_context(late):
        ChangePreview.objects.filter(pk=other.pk).update(at=timezone.now() - timedelta(hours=2))
    assert previews_finish(client=late) == [] and reread(late, other).state == PreviewState.FAILED


def test_a_job_leaves_a_preview_that_another_one_is_at(late: Client, rita: User, base_server: Any) -> None:
    _, preview = started(late, rita)
    other = connections["default"].copy()
    with other.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s, %s)", [change_preview.LOCK_SPACE, preview.pk])
    try:
        assert preview_run(client=late, preview_id=preview.pk) is None
        assert reread(late, preview).state == PreviewState.WORKING
    finally:
        other.close()


def test_a_request_that_is_decided_keeps_the_impact_that_was_voted_on(late: Client, rita: User) -> None:
    request, preview = started(late, rita)
    preview_run(client=late, preview_id=preview.pk)
    with tenant_context(late):
        numbers_load(late, [LINES[0] | {"line_id": "K7/1", "contract_id": "K7"}])
        begun = preview_start(request=request, user=rita)
        for state in ("approved", "scheduled", "communicated", "closed"):
            ChangeRequest.objects.filter(pk=request.pk).update(state=state)
            with pytest.raises(DefinitionError, match="decided"):
                preview_start(request=request, user=rita)
    preview_run(client=late, preview_id=begun.pk)
    assert reread(late, begun).request.preview == preview


def test_the_command_computes_what_the_worker_would(
    late: Client, rita: User, capsys: pytest.CaptureFixture[str]
) -> None:
    request, _ = started(late, rita)
    call_command("change_preview", client="northwind", number=request.number)
    assert "ARR moves by up to 9000.00" in capsys.readouterr().out
