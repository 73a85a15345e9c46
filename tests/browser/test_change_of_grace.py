"""A change of the renewal grace, from its first word to the numbers: asked for, computed, approved by another, in force."""

import csv
import datetime as dt
import io
import os
from pathlib import Path

import polars as pl
import pytest
from playwright.sync_api import APIResponse, Page, expect

from governance.change_impact import Impact
from governance.models import ChangeRequest, ChangeVote
from governance.services.change_effect import changes_take_effect
from governance.services.change_preview import preview_run, preview_start
from governance.services.items import definitions_start
from governance.services.registry import registry_start
from metrics.engine.lines import LINE_SCHEMA
from metrics.engine.month_end import MonthEnd
from metrics.selectors.month_ends import MonthEnds
from metrics.selectors.policies import policy_in_force
from metrics.services.books import books_rebuild_all
from metrics.services.closes import month_close
from metrics.services.policies import policy_publish
from portal.accounts.models import User
from portal.lib.dates import month_text
from portal.lib.periods import month_format, month_of
from portal.tenancy.models import Client, ClientRole
from portal.tenancy.scope import tenant_context
from portal.tenancy.services import member_add
from tests.browser.live import CHROMIUM, sign_in
from tests.governance.boards import BASE, a_board
from tests.metrics.loading import load_lines
from tests.pdf_text import pdf_text
from tests.reporting.numbers import line
from tests.tenancy.routes_reporting import POLICY

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.skipif(not Path(CHROMIUM).exists(), reason="there is no chromium on this machine"),
]
NOW = dt.datetime.now(dt.UTC)
OPEN = month_of(NOW.date()) - 1  # the newest month that is over
CLOSED = OPEN - 1
SHOTS = os.environ.get("SHOTS", "")  # a folder, to look at what the test sees


def day(month: int, number: int) -> dt.date:
    return dt.date(month // 12, month % 12 + 1, number)


@pytest.fixture
def late(client: Client) -> Client:
    """Dora's contract ended in the month that is closed, and was renewed 18 days later: 24,000 of 36,000 were reported."""
    with tenant_context(client):
        policy_publish(client=client, parameters=POLICY | {"renewal_grace_days": 0, "reactivation_window_months": None})
        lines = [
            line("K1/1", "acme", "Platform", 24_000, day(CLOSED - 14, 1)),
            line("K2/1", "dora", "Platform", 12_000, day(CLOSED - 13, 1), ends_on=day(CLOSED, 20)),
            line("K2/2", "dora", "Platform", 12_000, day(OPEN, 8)),
        ]
        load_lines(pl.DataFrame(lines, schema=LINE_SCHEMA))
        books_rebuild_all(client=client, now=NOW)
        month_close(client=client, month=CLOSED)
        definitions_start(client=client)
        registry_start(client=client)
    return client


@pytest.fixture
def finns(page: Page, client: Client) -> Page:
    """Finance, in a browser of their own."""
    finn = User.objects.create_user("finn@example.com", "correct-horse-battery", name="Finn")
    with tenant_context(client):
        member_add(client=client, user=finn, role=ClientRole.FINANCE)
    page.goto("/")
    browser, address = page.context.browser, "/".join(page.url.split("/")[:3])
    assert browser is not None
    context = browser.new_context(base_url=address)
    sign_in(context, address, finn)
    return context.new_page()


def shot(page: Page, name: str) -> None:
    if SHOTS:
        page.screenshot(path=f"{SHOTS}/{name}.png", full_page=True)


def ask_for_grace(page: Page) -> None:
    """Rita writes the request in the form of a policy change, and submits it."""
    page.goto("/c/northwind/changes/new/policy/")
    page.get_by_label("In one line").fill("Thirty days of grace for late renewals")
    page.get_by_text("Late renewals", exact=True).click()
    page.locator("[name=renewal_grace_days]").fill("30")
    page.locator("[name=rationale]").fill("Paperwork comes late and looks like churn.")
    page.locator("[name=from_month]").select_option(month_format(OPEN))
    page.get_by_role("button", name="Keep as a draft").click()
    page.get_by_role("button", name="Submit it").click()
    page.get_by_role("button", name="Take it in hand").click()
    page.get_by_role("button", name="Compute its impact").click()


def computed(client: Client, rita: User) -> Impact:
    """What the job computes."""
    with tenant_context(client):
        preview = preview_start(request=ChangeRequest.objects.get(), user=rita)
    preview_run(client=client, preview_id=preview.pk)
    with tenant_context(client):
        found = ChangeRequest.objects.select_related("preview").get().preview
    assert found is not None and found.state == "done"
    return Impact(found.result or {})


def by_the_engine(client: Client, grace: int, months: range) -> dict[int, int]:
    """ARR in cents at the end of every month, of an engine run of its own under that policy."""
    with tenant_context(client):
        policy, ends = policy_in_force(client).with_(renewal_grace_days=grace), MonthEnds.of(client)
        found = {month: ends.at(policy, month) for month in months}
    return {month: end.total for month, end in found.items() if isinstance(end, MonthEnd)}


def vote_of_the_requester(page: Page, finns: Page) -> APIResponse:
    """Rita sends the very form that Finn sees, past the page that has none for her."""
    finns.goto("/c/northwind/changes/1/")
    form = finns.locator("form", has=finns.get_by_role("button", name="Yes, approve"))
    given: dict[str, str | float | bool] = {
        str(field.get_attribute("name")): field.input_value() for field in form.locator("input[type=hidden]").all()
    }
    token = page.locator("input[name=csrfmiddlewaretoken]").first.input_value()
    return page.request.post(
        "/c/northwind/changes/1/vote/",
        form=given | {"decision": "yes", "csrfmiddlewaretoken": token},
        headers={"Referer": page.url},
        max_redirects=0,
    )


def test_a_change_of_the_renewal_grace(late: Client, page: Page, finns: Page) -> None:
    rita = User.objects.get(email="rita@example.com")
    with tenant_context(late):
        a_board(late, BASE, finance=User.objects.get(email="finn@example.com"), user=rita)
    ask_for_grace(page)
    impact = computed(late, rita)
    for side, grace in (("before", 0), ("after", 30)):
        told = {month: impact.cents(side, "ending", month) for month in impact.months}
        assert told == by_the_engine(late, grace, impact.months), side
    assert [impact.cents(side, "ending", CLOSED) for side in ("before", "after")] == [24_000_00, 36_000_00]
    page.get_by_role("button", name="Put it before the board").click()  # the page looks again by itself
    expect(page.get_by_role("button", name="Yes, approve")).to_have_count(0)
    refused = vote_of_the_requester(page, finns)
    assert (
        refused.status == 422 and "hoever asked for a change, or wrote any of it, does not vote on it" in refused.text()
    )
    with tenant_context(late):
        assert ChangeRequest.objects.get().state == "review" and not ChangeVote.objects.exists()
    finns.get_by_role("button", name="Yes, approve").click()
    expect(finns.locator("#effect")).to_contain_text("It is not scheduled yet")
    page.reload()
    page.get_by_role("button", name="Schedule it").click()
    expect(page.locator("#effect")).to_contain_text("Takes effect now")
    changes_take_effect(client=late, now=NOW)
    with tenant_context(late):
        books_rebuild_all(client=late, now=NOW)
    page.reload()
    # Dora is back by then: no month from that one on is worth more, and the first of them begins with more.
    begins = f"{month_text(OPEN)} begins with ARR of 36,000.00 USD instead of 24,000.00 (+12,000.00)"
    expect(page.locator("#effect")).to_contain_text(f"{begins}; {month_text(CLOSED)} stays as it is.")
    shot(page, "change")
    page.goto("/c/northwind/definitions/item/late-renewals/")
    expect(page.locator("main")).to_contain_text("CR-1")
    seen_in_every_number(page)


def seen_in_every_number(page: Page) -> None:
    """The page, its file and its paper."""
    page.goto("/c/northwind/arr/")
    notes = page.get_by_label("Footnotes of the bridge")
    expect(notes).to_contain_text(f"From {month_text(OPEN)} another definition holds (CR-1).")
    expect(notes).to_contain_text(
        f"{month_text(CLOSED)} under the new definition: 36,000.00 USD; as reported: 24,000.00 USD."
    )
    expect(page.locator("#bridge tr.row-break .footmark")).to_have_text("a")
    expect(page.locator("#trend-chart .annotation")).to_contain_text("CR-1")
    shot(page, "arr")
    file = page.request.get("/c/northwind/arr/bridge.csv").text()
    row = list(csv.DictReader(io.StringIO(file)))[-1]
    assert (row["break"], row["before_as_reported"], row["before_under_new"]) == ("CR-1", "24000.00", "36000.00")
    paper = page.request.get("/c/northwind/arr/bridge.pdf").body()
    told = pdf_text(paper)
    assert f"From {month_text(OPEN)} another definition holds (CR-1)." in told
    assert f"{month_text(CLOSED)} under the new definition: 36,000.00 USD; as reported: 24,000.00 USD." in told
    if SHOTS:
        Path(f"{SHOTS}/arr.pdf").write_bytes(paper)
        page.emulate_media(color_scheme="dark")
        shot(page, "arr-dark")
        page.set_viewport_size({"width": 390, "height": 844})
        shot(page, "arr-phone")
