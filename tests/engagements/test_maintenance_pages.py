"""The pages of maintenance: who says what, what a stakeholder does not see, and that they live on after the close."""

import datetime as dt
from collections.abc import Callable, Iterator
from unittest.mock import patch

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client as Browser
from django.utils import timezone

from engagements.models import Engagement, Gate, MaintenanceCheck, ProjectFile, RefinementTrigger
from engagements.services.maintenance import maintenance_begin
from engagements.services.people import participant_add
from portal.accounts.models import User
from portal.lib.dates import date_text
from portal.tenancy.models import Client
from portal.tenancy.scope import tenant_context
from tests.engagements.conftest import started
from tests.engagements.upkeep import at, close, numbers

SignedIn = Callable[[User], Browser]
NOW = at("2026-12-10")


@pytest.fixture
def kept(northwind: Client, ana: User, finn: User, rita: User, stan: User) -> Iterator[Engagement]:
    """In maintenance since November, with a CRM that is 4 % off; Rita runs it; the project is closed and archived."""
    with tenant_context(northwind):
        engagement = started(northwind, ana)
        participant_add(engagement=engagement, user=rita, is_firm_staff=False, project_role="RevOps", function="revops")
        numbers(northwind, "104000")
        close(northwind, "2026-11", on="2026-12-03")
        maintenance_begin(engagement=engagement, begins_on=dt.date(2026, 11, 2), now=at("2026-11-02"))
        Engagement.objects.update(state="archived")
    with patch("django.utils.timezone.now", return_value=NOW):
        yield engagement


def address(client: Client, key: str) -> str:
    with tenant_context(client):
        check = MaintenanceCheck.objects.get(task_key=key, period="2026-11")
        return f"/c/northwind/engagements/{check.engagement_id}/maintenance/{check.pk}/"


def text_of(browser: Browser, path: str) -> str:
    answer = browser.get(path)
    assert answer.status_code == 200
    return answer.content.decode()


def test_revops_gives_a_result_with_evidence_when_the_project_is_archived(
    kept: Engagement, northwind: Client, rita: User, signed_in: SignedIn
) -> None:
    browser, path = signed_in(rita), address(northwind, "anomalies")
    assert "4 maintenance checks wait" in text_of(browser, "/c/northwind/")
    asked = browser.post(f"{path}result/", {"step": "flag", "evidence": "Read the movers"})
    assert asked.status_code == 422
    page = asked.content.decode()
    assert "Say what you found." in page and "Read the movers" in page and "Keep the result" in page
    assert "Say what came out." in browser.post(f"{path}result/", {"note": "Fine"}).content.decode()
    file = SimpleUploadedFile("movers.csv", b"account,change\nAcme,0\n")
    sent = {"step": "pass", "note": "Read the movers", "link": "https://sheets.example/1", "upload": file}
    assert browser.post(f"{path}result/", sent).status_code == 302
    page = text_of(browser, path)
    for expected in ("In order", "Read the movers", "https://sheets.example/1", "movers.csv", "Rita"):
        assert expected in page
    with tenant_context(northwind):
        stored = ProjectFile.objects.get()
    assert b"".join(browser.get(f"/c/northwind/engagements/{kept.pk}/files/{stored.pk}/")).startswith(b"account")
    assert browser.post(f"{path}result/", {"step": "pass", "note": "again"}).status_code == 409
    assert browser.post(f"{path}reopen/").status_code == 302 and browser.post(f"{path}nonsense/").status_code == 404


def test_figures_are_for_those_who_see_the_numbers(
    kept: Engagement, northwind: Client, rita: User, stan: User, signed_in: SignedIn
) -> None:
    path = address(northwind, "reconcile")
    assert signed_in(rita).post(f"{path}compute/").status_code == 302
    page = text_of(signed_in(rita), path)
    assert "CRM is 4.00% above Billing" in page and "104,000.00" in page and "?month=2026-11" in page
    for shown in (path, f"{path.rsplit('/', 2)[0]}/"):
        cut = text_of(signed_in(stan), shown)
        assert "Red flag" in cut and "104,000" not in cut and "4.00%" not in cut
    assert signed_in(stan).post(f"{path}compute/").status_code == 403
    assert signed_in(rita).post(f"{path}solve/", {"note": "The double opportunity is gone"}).status_code == 302
    assert "The double opportunity is gone" in text_of(signed_in(rita), path)


def test_the_page_lists_what_is_to_do_by_month_and_what_was_found(
    kept: Engagement, northwind: Client, ana: User, signed_in: SignedIn
) -> None:
    home = f"/c/northwind/engagements/{kept.pk}/maintenance/"
    browser = signed_in(ana)
    with tenant_context(northwind):
        row = RefinementTrigger.objects.create(
            engagement=kept, trigger_key="drift", fact="2026-08", name="Reconciliation drifts", text="Apart twice.",
            url_name="reconciliation", raised_at=NOW,
        )  # fmt: skip
    page = text_of(browser, home)
    assert page.index("Reconciliation drifts") < page.index("Due in Dec 2026") < page.index("Due in Jan 2027")
    assert "/c/northwind/data/reconciliation/" in page and "No result yet" in text_of(browser, f"{home}?show=done")
    settle = f"{home}triggers/{row.pk}/"
    assert browser.post(settle, {"reason": ""}).status_code == 422
    assert browser.post(settle, {"reason": "Audit ordered"}).status_code == 302
    assert "Audit ordered" in text_of(browser, home)
    assert browser.post(f"{home}look/").status_code == 302
    assert "End the schedule" in text_of(browser, home)
    assert browser.post(f"{home}end/", {"reason": "Theirs alone now"}).status_code == 302
    assert "Ran from 2 Nov 2026 to 10 Dec 2026" in " ".join(text_of(browser, home).split())


def test_a_gates_day_is_planned_and_shown(northwind: Client, ana: User, signed_in: SignedIn) -> None:
    with tenant_context(northwind):
        gate = Gate.objects.get(engagement=started(northwind, ana), phase__key="1")
    path = f"/c/northwind/engagements/{gate.engagement_id}/gates/{gate.pk}/"
    planned = timezone.now().date() + dt.timedelta(days=20)
    assert signed_in(ana).post(f"{path}day/", {"planned_on": f"{planned}"}).status_code == 302
    assert f"Planned for {date_text(planned)}" in " ".join(text_of(signed_in(ana), path).split())
    assert signed_in(ana).post(f"{path}day/", {"planned_on": "soon"}).status_code == 422
