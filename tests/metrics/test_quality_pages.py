"""The pages of the monitors: what they say, whom they let do what, and what they ask of the database."""

import csv
import datetime as dt
import io
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client as Browser
from django.utils import timezone

from metrics.jobs_quality import quality_look_job
from metrics.models import FindingState, QualityFinding, QualityMonitor
from portal.accounts.models import User
from portal.tenancy.models import AuditEntry, Client
from portal.tenancy.scope import tenant_context
from tests.metrics.quality import book, finding, full, looked

SignedIn = Callable[[User], Browser]
HOME = "/c/northwind/data/monitors/"


@pytest.fixture
def found_some(northwind: Client) -> Client:
    """Sixty duplicates, the first of a customer whose name a spreadsheet would take for a formula."""
    rows = []
    for number in range(60):
        same = {"customer_id": f"D{number}", "customer_name": "=Dee" if number == 0 else f"Dee {number}"}
        rows += [full(f"D{number}-{which}", str(100 + number), **same) for which in (1, 2)]
    book(northwind, *rows)
    looked(northwind)
    return northwind


def test_before_the_first_look_the_page_says_what_will_be_looked_for(
    northwind: Client, rita: User, signed_in: SignedIn
) -> None:
    page = signed_in(rita).get(HOME).content.decode()
    assert "Nothing was looked at yet" in page


def test_where_there_are_no_lines_nothing_is_said_to_be_in_order(
    northwind: Client, rita: User, signed_in: SignedIn
) -> None:
    looked(northwind)
    page = signed_in(rita).get(HOME).content.decode()
    assert "there is nothing to check yet. There are no contract lines yet." in page and "0 open findings" not in page


def test_the_overview_and_a_page_of_findings_ask_the_same_few_questions_for_many_findings(
    found_some: Client, rita: User, signed_in: SignedIn, django_assert_max_num_queries: Any
) -> None:
    browser = signed_in(rita)
    browser.get(HOME)
    with django_assert_max_num_queries(14):
        page = browser.get(HOME).content.decode()
    assert "60 open findings" in page and "7,770.00" in page  # the sum of 100 to 159, each line once
    with django_assert_max_num_queries(16):
        page = browser.get(f"{HOME}duplicates/").content.decode()
    assert page.count("once more") == 50 and "?start=50" in page
    assert browser.get(f"{HOME}duplicates/?start=50").content.decode().count("once more") == 10
    assert browser.get(f"{HOME}duplicates/?q=Dee+59").content.decode().count("once more") == 1


def test_the_file_has_every_finding_with_its_exact_amount_and_no_formula(
    found_some: Client, rita: User, signed_in: SignedIn
) -> None:
    text = signed_in(rita).get(f"{HOME}duplicates/findings.csv").content.decode()
    rows = list(csv.DictReader(io.StringIO(text)))
    assert len(rows) == 60 and rows[0]["arr_at_stake"] == "159.00" and rows[0]["currency"] == "USD"
    assert rows[-1]["finding"].startswith("'=Dee")


def test_finance_acknowledges_on_the_page_and_what_is_missing_is_said_there(
    northwind: Client, finn: User, signed_in: SignedIn
) -> None:
    same = {"customer_id": "D", "customer_name": "Dee"}
    book(northwind, full("D1", "600", **same), full("D2", "600", **same))
    looked(northwind)
    url = f"{HOME}findings/{finding(northwind).pk}/"
    browser = signed_in(finn)
    overview = browser.get("/c/northwind/data/").text
    assert "1 finding of the monitors is open" in overview
    refused = browser.post(f"{url}acknowledge/", {"reason": "", "until": ""})
    assert refused.status_code == 422
    until = timezone.localdate() + dt.timedelta(days=30)
    done = browser.post(f"{url}acknowledge/", {"reason": "Two sites", "until": until.isoformat()}, follow=True)
    page = done.content.decode()
    assert "Acknowledged until" in page and "Two sites" in page and "Open it again" in page
    with tenant_context(northwind):
        assert QualityFinding.objects.get().state == FindingState.ACKNOWLEDGED


def test_revops_has_the_data_looked_at_again_and_sees_how_old_the_look_is(
    northwind: Client, rita: User, signed_in: SignedIn
) -> None:
    same = {"customer_id": "D", "customer_name": "Dee"}
    book(northwind, full("D1", "600", **same), full("D2", "600", **same))
    looked(northwind, timezone.now() - dt.timedelta(hours=3))
    browser = signed_in(rita)
    page = browser.get(HOME).content.decode()
    assert "3 hours ago" in page and "Look again" in page and "looks-progress" not in page
    for _ in range(2):
        asked = browser.post(f"{HOME}look/", follow=True).content.decode()
    assert "looks-progress" in asked and "Look again</button>" not in asked
    with tenant_context(northwind):
        entry = AuditEntry.objects.get(action="quality.look_asked")
    assert entry.actor == rita.email, "asked once, however often the button is pressed"
    assert "HX-Redirect" not in browser.get(f"{HOME}progress/", headers={"HX-Request": "true"})
    quality_look_job(northwind.pk)
    over = browser.get(f"{HOME}progress/", headers={"HX-Request": "true"})
    page = browser.get(HOME).content.decode()
    assert over["HX-Redirect"] == HOME and "looks-progress" not in page and "3 hours ago" not in page


def test_a_finding_says_by_when_and_by_whom_it_is_settled(
    found_some: Client, rita: User, finn: User, signed_in: SignedIn
) -> None:
    with tenant_context(found_some):
        row = QualityFinding.objects.order_by("pk").first()
        assert row is not None
    browser, path = signed_in(rita), f"{HOME}findings/{row.pk}/"
    page = " ".join(browser.get(path).text.split())
    assert f"To be settled by {row.due_on:%-d %b %Y} by RevOps." in re.sub(r"<[^>]+>", "", page)
    assert "5 days later the client’s admins are told." in page
    with tenant_context(found_some):
        QualityMonitor.objects.filter(pk=row.monitor_id).update(owner=finn, escalate_to=rita, escalate_days=1)
    page = re.sub(r"<[^>]+>", "", " ".join(browser.get(path).text.split()))
    assert "by Finn." in page and "1 day later Rita is told." in page
