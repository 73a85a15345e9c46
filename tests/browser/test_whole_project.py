"""A whole project: started, defined and signed by link, its four gates opened in turn, handed over, closed and archived.

What people decide is done in the browser. What would be the same click a hundred times, a ticked list or a row of tests, is
done by the services behind those clicks.
"""

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from engagements.models import ChecklistPoint, Engagement, Gate, HandoffPoint, Meeting, Participant, Phase, ProjectTest
from engagements.services.card import card_update
from engagements.services.handoffs import handoff_point_set
from engagements.services.moves import row_move
from engagements.services.people import participant_add
from engagements.services.tasks import point_set
from metrics.models import Source
from metrics.models.intake import SourceKind
from metrics.services.books import books_rebuild_all
from metrics.services.closes import month_close
from metrics.services.samples import SampleEntry, samples_save
from portal.accounts.models import User
from portal.demo import building
from portal.lib.periods import first_day, last_day, month_format, month_of
from portal.tenancy.models import Client
from portal.tenancy.scope import tenant_context
from tests.accounts.conftest import Mailbox, mail_server, mailbox
from tests.browser.definition_steps import approve, cast_of, publish, sign, sign_final, sound
from tests.browser.live import CHROMIUM, portal_on_a_port, sign_in, signed_in_page
from tests.engagements.upkeep import close
from tests.engine.frames import frame, line
from tests.metrics.loading import load_lines

__all__ = ["mail_server", "mailbox"]
pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.skipif(not Path(CHROMIUM).exists(), reason="there is no chromium on this machine"),
]
TODAY = dt.datetime.now(dt.UTC).date()
THIS_MONTH = month_of(TODAY)
GO_LIVE = THIS_MONTH - 2  # the month in which hypercare begins: its end was closed early in the next
CONTRACTS = 10


@pytest.fixture
def people(client: Client) -> dict[str, User]:
    """Billing and CRM with the same ten contracts, months closed up to the last that is over, and the cast."""
    term = {"starts_on": str(first_day(THIS_MONTH - 4)), "ends_on": str(last_day(THIS_MONTH + 20))}
    with tenant_context(client):
        for source, kind in (("Billing", SourceKind.BILLING), ("CRM", SourceKind.CRM)):
            rows = [
                line(f"L{n}", "12000", contract_id=f"K{n}", customer_id=f"c{n}", customer_name=f"Customer {n}", **term)
                for n in range(CONTRACTS)
            ]
            loaded = load_lines(frame(*rows), source)
            Source.objects.filter(pk=loaded.pk).update(kind=kind, line_count=CONTRACTS)
        books_rebuild_all(client=client, now=dt.datetime.now(dt.UTC))
        early = [month_format(month) for month in range(THIS_MONTH - 4, GO_LIVE + 1)]
        close(client, *early, on=str(first_day(GO_LIVE + 1) + dt.timedelta(days=4)))
        month_close(client=client, month=THIS_MONTH - 1)
    return cast_of(client)


@pytest.fixture
def address(people: dict[str, User]) -> Iterator[str]:
    with portal_on_a_port() as found:
        yield found


@pytest.fixture
def anas(address: str, people: dict[str, User]) -> Iterator[Page]:
    with signed_in_page(address, people["ana"], base_url=address) as page:
        yield page


@pytest.fixture
def finns(anas: Page, address: str, people: dict[str, User]) -> Page:
    """Finn at his desk."""
    browser = anas.context.browser
    assert browser is not None
    context = browser.new_context(base_url=address)
    sign_in(context, address, people["finn"])
    return context.new_page()


def begin(anas: Page, client: Client, people: dict[str, User]) -> Engagement:
    """Ana starts the project from the ARR playbook; Finn and Rita are on it."""
    anas.goto("/c/northwind/engagements/new/")
    anas.get_by_role("link", name="Start from ARR reporting").click()
    for choice in anas.locator("select[name^=if_]").all():
        choice.select_option("yes")
    anas.get_by_role("button", name="Start the engagement").click()
    expect(anas.get_by_text("ARR reporting has begun.")).to_be_visible()
    with tenant_context(client):
        engagement: Engagement = Engagement.objects.get()
        for name, function in (("finn", "finance"), ("rita", "revops")):
            participant_add(
                engagement=engagement, user=people[name], is_firm_staff=False, project_role=name, function=function
            )
    return engagement


def lists_ticked(client: Client, engagement: Engagement, phase: str, user: User) -> None:
    """Every point of a phase's checklists is done."""
    with tenant_context(client):
        for point in ChecklistPoint.objects.filter(engagement=engagement, subphase__phase__key=phase):
            point_set(point=point, is_done=True, user=user)


def open_gate(anas: Page, client: Client, engagement: Engagement, phase: str) -> None:
    """On the gate's page: say what a person has to say, then open it."""
    with tenant_context(client):
        gate = Gate.objects.get(engagement=engagement, phase__key=phase)
    anas.goto(f"/c/northwind/engagements/{engagement.pk}/gates/{gate.pk}/")
    to_say = anas.get_by_role("button", name="Confirm: ")
    for left in reversed(range(to_say.count())):
        to_say.first.click()
        expect(to_say).to_have_count(left)
    sound(anas)
    anas.get_by_role("button", name="Open the gate").click()
    expect(anas.get_by_text("The gate is open.")).to_be_visible()
    with tenant_context(client):
        assert Phase.objects.get(engagement=engagement, key=phase).state == "done"


def test_a_project_from_its_kickoff_to_the_archive(
    anas: Page, finns: Page, client: Client, people: dict[str, User], mailbox: Mailbox
) -> None:
    engagement = begin(anas, client, people)
    home = f"/c/northwind/engagements/{engagement.pk}/"
    anas.goto(home)
    expect(anas.get_by_text("Shut until this holds").first).to_be_visible()
    define(anas, client, people, mailbox)
    lists_ticked(client, engagement, "1", people["ana"])
    open_gate(anas, client, engagement, "1")
    build(anas, client, engagement, people, mailbox)
    open_gate(anas, client, engagement, "2")
    enable(client, engagement, people)
    open_gate(anas, client, engagement, "3")
    hand_over(anas, finns, client, engagement, people)
    open_gate(anas, client, engagement, "4")
    archive(anas, finns, home)


def define(anas: Page, client: Client, people: dict[str, User], mailbox: Mailbox) -> None:
    """Two approve by link, one of them refuses first; they sign; what they signed is what the ARR page shows."""
    approve(anas, client, mailbox)
    sign_final(anas, mailbox)
    publish(anas, month_format(THIS_MONTH))
    with tenant_context(client):
        books_rebuild_all(client=client, now=dt.datetime.now(dt.UTC))  # what the worker does
        expected = [SampleEntry(f"K{n}", THIS_MONTH - 1, Decimal("12000.00"), "") for n in range(CONTRACTS)]
        samples_save(client=client, entries=expected, user=people["finn"])
    anas.goto("/c/northwind/arr/?scale=full")
    expect(anas.locator(".page-state")).to_contain_text("by Finance, RevOps")
    expect(anas.get_by_text("120,000.00").first).to_be_visible()


def build(anas: Page, client: Client, engagement: Engagement, people: dict[str, User], mailbox: Mailbox) -> None:
    """Specified, built and tested; Finance and RevOps are asked for their signatures and give them by link."""
    lists_ticked(client, engagement, "2", people["ana"])
    with tenant_context(client):
        lead, signer = (Participant.objects.get(engagement=engagement, user=people[name]) for name in ("ana", "finn"))
        for meeting in Meeting.objects.filter(engagement=engagement, subphase_key="2b"):
            yesterday = dt.datetime.now(dt.UTC) - dt.timedelta(days=1)
            row_move(about="meeting", row=meeting, step="schedule", starts_at=yesterday)
            row_move(about="meeting", row=meeting, step="hold")
        building.spec_play(engagement, lead, lead)
        for test in ProjectTest.objects.filter(engagement=engagement).exclude(check_key=""):
            building.test_computed(test, dt.datetime.now(dt.UTC))
        building.tests_pass(engagement, lead, signer)
    gate = f"/c/northwind/engagements/{engagement.pk}/gates/{gate_key(client, engagement, '2')}/"
    anas.goto(gate)
    anas.get_by_role("button", name="Ask for signatures").first.click()
    for name, function in (("finn", "Finance"), ("rita", "RevOps")):
        sign(anas, mailbox, name, f"Read and sign for {function}", f"You signed for {function}")


def gate_key(client: Client, engagement: Engagement, phase: str) -> int:
    with tenant_context(client):
        return int(Gate.objects.get(engagement=engagement, phase__key=phase).pk)


def enable(client: Client, engagement: Engagement, people: dict[str, User]) -> None:
    """Everybody is trained, and hypercare went over a month end that ties."""
    lists_ticked(client, engagement, "3", people["ana"])
    with tenant_context(client):
        lead = Participant.objects.get(engagement=engagement, user=people["ana"])
        building.trainings_play(engagement, lead, people["rita"], TODAY, is_over=True)
        card_update(engagement=engagement, changes={"hypercare_from": first_day(GO_LIVE), "hypercare_until": None})


def hand_over(anas: Page, finns: Page, client: Client, engagement: Engagement, people: dict[str, User]) -> None:
    """Ana offers what is handed over, Finn accepts it; the firm's access is to end with the close, and the time is final."""
    lists_ticked(client, engagement, "4", people["ana"])
    home = f"/c/northwind/engagements/{engagement.pk}/"
    anas.goto(f"{home}handoff/")
    begins = anas.locator("section", has=anas.get_by_role("heading", name="From the firm to the client"))
    begins.get_by_label("Who hands over").select_option(label="Ana")
    begins.get_by_label("Who receives").select_option(label="Finn")
    begins.get_by_role("button", name="Begin the handoff").click()
    with tenant_context(client):
        for point in HandoffPoint.objects.filter(handoff__engagement=engagement):
            handoff_point_set(point=point, is_done=True, user=people["ana"])
    anas.reload()
    sound(anas)
    anas.get_by_role("button", name="Offer it to Finn").click()
    finns.goto(f"{home}handoff/")
    sound(finns)
    confirm(finns, "Accept the handoff")
    expect(finns.get_by_text("Accepted.", exact=True)).to_be_visible()
    anas.goto(f"{home}access/")
    anas.get_by_label("The firm's access").select_option(label="Ends when the project is closed")
    anas.get_by_role("button", name="Decide").click()
    anas.goto(f"{home}close/")
    confirm(anas, "All time is booked: make it final")
    expect(anas.get_by_text("Time is final.")).to_be_visible()


def confirm(page: Page, button: str) -> None:
    """Press a button, and once more in the dialog that asks."""
    page.get_by_role("button", name=button).click()
    page.get_by_role("dialog").get_by_role("button", name=button).click()


def archive(anas: Page, finns: Page, home: str) -> None:
    """Ana closes the project and can no longer open the client; Finn still reads everything, and nothing changes any more."""
    anas.goto(f"{home}close/")
    sound(anas)
    confirm(anas, "Close the project")
    expect(anas.get_by_text("is closed and archived; its report is kept.")).to_be_visible()
    assert anas.request.get(home).status == 404
    finns.goto(f"{home}report/")
    expect(finns.get_by_text("Finn for Finance").first).to_be_visible()
    sound(finns)
    finns.goto(home)
    expect(finns.get_by_text("archived").first).to_be_visible()
    token = finns.context.cookies()
    csrf = next(cookie["value"] for cookie in token if "csrf" in cookie["name"].lower())
    answer = finns.request.post(f"{home}faq/ask/", form={"text": "Too late?"}, headers={"X-CSRFToken": csrf})
    assert answer.status == 409
