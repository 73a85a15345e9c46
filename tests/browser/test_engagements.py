"""A project in a real browser: started from a playbook, ticked, timed, and its gate signed by the client and opened."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from allauth.mfa.models import Authenticator
from playwright.sync_api import Page, expect

from engagements.models import ChecklistPoint, Engagement, Gate, GateCriterion, Phase
from engagements.services.people import participant_add
from engagements.services.start import Chosen, engagement_start
from engagements.shipped import shipped_playbooks
from portal.accounts.models import User
from portal.notices.models import Notice
from portal.tenancy.models import Client, ClientRole, FirmRole
from portal.tenancy.scope import tenant_context
from portal.tenancy.services import consultant_assign, firm_member_add, member_add
from tests.browser.live import CHROMIUM, axe_violations, portal_on_a_port, signed_in_page, theme_shown
from tests.engagements.conftest import START

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.skipif(not Path(CHROMIUM).exists(), reason="there is no chromium on this machine"),
]
CONTRAST = {"resultTypes": ["violations"], "runOnly": {"type": "rule", "values": ["color-contrast"]}}
TABS = [
    "",
    "plan/",
    "plan/?view=timeline",
    "checklists/",
    "meetings/",
    "documents/",
    "build/",
    "risks/",
    "people/",
    "card/",
]


@pytest.fixture
def lead(client: Client) -> User:
    """A consultant who works on the client."""
    user = User.objects.create_user("ana@example.com", "correct-horse-battery", name="Ana")
    firm_member_add(firm=client.firm, user=user, role=FirmRole.ADMIN)
    Authenticator.objects.create(user=user, type=Authenticator.Type.TOTP, data={"secret": "unused"})
    with tenant_context(client):
        consultant_assign(client=client, user=user)
    return User.objects.get(pk=user.pk)  # a new second factor ends the sessions of before


@pytest.fixture
def desk(client: Client, lead: User) -> Iterator[Page]:
    """A page in which the consultant is signed in."""
    with portal_on_a_port() as address, signed_in_page(address, lead, base_url=address) as opened:
        yield opened


def test_a_project_from_its_start_to_an_open_gate(desk: Page, client: Client) -> None:
    desk.goto("/c/northwind/engagements/")
    desk.get_by_role("link", name="New engagement").first.click()
    desk.get_by_role("link", name="Start from Sales dashboards").click()
    for choice in desk.locator("select[name^=if_]").all():
        choice.select_option("yes")
    desk.get_by_label("Is there more than one region?").select_option("no")
    desk.get_by_role("button", name="Start the engagement").click()
    expect(desk.get_by_text("Sales dashboards has begun.")).to_be_visible()
    expect(desk.get_by_text("Shut until this holds: The sales manager has agreed")).to_be_visible()
    desk.get_by_role("link", name="Checklists").click()
    boxes = desk.locator("#phase-1 .check-form button[aria-pressed=false]")
    expect(boxes).not_to_have_count(0)
    for left in reversed(range(boxes.count())):
        boxes.first.click()
        expect(boxes).to_have_count(left)
    desk.locator(".phase-gate").first.click()
    expect(desk.get_by_role("button", name="Open the gate")).to_be_disabled()
    desk.get_by_role("button", name="Confirm: The sales manager has agreed to the requirements").click()
    desk.get_by_role("button", name="Open the gate").click()
    expect(desk.get_by_text("The gate is open.")).to_be_visible()
    with tenant_context(client):
        assert list(Phase.objects.order_by("position").values_list("state", flat=True))[:2] == ["done", "open"]


def test_time_takes_two_clicks(desk: Page, client: Client, lead: User) -> None:
    with tenant_context(client):
        engagement = started(client, lead)
    desk.goto(f"/c/northwind/engagements/{engagement.pk}/plan/")
    desk.get_by_label("Log time on 1. Interview the executives").click()
    desk.get_by_role("button", name="0.5 h today").first.click()
    expect(desk.get_by_text("0.5 h logged.")).to_be_visible()
    expect(desk.get_by_text("0.5 h logged of 60 h")).to_be_visible()


def test_an_at_offers_the_people_of_the_project_by_keyboard(desk: Page, client: Client, lead: User) -> None:
    rita = User.objects.create_user("rita@example.com", None, name="Rita")
    with tenant_context(client):
        member_add(client=client, user=rita, role=ClientRole.REVOPS)
        engagement = started(client, lead)
        participant_add(engagement=engagement, user=rita, is_firm_staff=False, project_role="Lead", function="revops")
        gate = Gate.objects.order_by("phase__position")[0]
    desk.goto(f"/c/northwind/engagements/{engagement.pk}/gates/{gate.pk}/")
    box = desk.get_by_label("Comment", exact=True)
    box.press_sequentially("Please look, @ri")
    expect(desk.get_by_role("option", name="Rita Lead")).to_be_visible()
    box.press("Enter")
    expect(box).to_have_value("Please look, @Rita ")
    desk.get_by_label("For the firm alone").check()
    box.press_sequentially("and @ri")
    expect(desk.get_by_role("option", name="Rita Lead")).to_have_count(0)
    desk.get_by_label("For the firm alone").uncheck()
    desk.get_by_role("button", name="Say it").click()
    expect(desk.get_by_text("Please look, @Rita and @ri")).to_be_visible()
    with tenant_context(client):
        assert Notice.objects.get(kind="mentioned").user == rita


def started(client: Client, lead: User, key: str = "executive-reporting-suite") -> Engagement:
    """An engagement by a shipped playbook, with its lead."""
    chosen = Chosen(shipped_playbooks()[key])
    return engagement_start(
        client=client, chosen=chosen, name=chosen.playbook.name, kind="single", starts_on=START, user=lead
    )


def test_axe_finds_nothing_on_the_pages_of_an_engagement(desk: Page, client: Client, lead: User) -> None:
    with tenant_context(client):
        engagement = started(client, lead)
        gate = Gate.objects.order_by("phase__position")[0]
        assert ChecklistPoint.objects.exists()
    home = f"/c/northwind/engagements/{engagement.pk}/"
    pages = [home + tab for tab in TABS] + [f"{home}gates/{gate.pk}/", "/f/ridge/playbooks/", "/f/ridge/engagements/"]
    faults = []
    for path in [*pages, "/f/ridge/playbooks/shipped/arr-reporting/"]:
        desk.goto(path)
        assert desk.url.endswith(path)
        theme_shown(desk, "light")
        found = axe_violations(desk, {"resultTypes": ["violations"]})
        theme_shown(desk, "dark")
        found += axe_violations(desk, CONTRAST)  # all that the theme can change
        faults += [(path, fault["id"], fault["nodes"][0]["html"]) for fault in found]
    assert faults == []


def test_a_client_signs_on_a_phone_and_nothing_scrolls_sideways(page: Page, client: Client) -> None:
    rita = User.objects.get(email="rita@example.com")
    with tenant_context(client):
        engagement = engagement_start(
            client=client,
            chosen=Chosen(shipped_playbooks()["arr-reporting"]),
            name="ARR",
            kind="single",
            starts_on=START,
        )
        GateCriterion.objects.filter(key="policy_signed").update(
            check_key=""
        )  # the policy is signed at the gate itself
        participant_add(engagement=engagement, user=rita, is_firm_staff=False, project_role="Lead", function="revops")
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto("/c/northwind/")
    page.get_by_role("link", name="Read and sign").click()
    expect(page.get_by_text("I, Rita, sign for RevOps of Northwind")).to_be_visible()
    assert not page.evaluate("document.documentElement.scrollWidth > innerWidth + 1")
    page.get_by_role("button", name="Sign").click()
    expect(page.get_by_text("You signed for RevOps")).to_be_visible()
    page.get_by_role("link", name="Back to the gate").click()
    expect(page.get_by_text("Signed by Rita")).to_be_visible()
    for tab in TABS:
        page.goto(f"/c/northwind/engagements/{engagement.pk}/{tab}")
        assert not page.evaluate("document.documentElement.scrollWidth > innerWidth + 1"), tab
