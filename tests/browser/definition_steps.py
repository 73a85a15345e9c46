"""What people do with definitions in a browser: asked by link, they answer on a phone; they sign with a code from a mail."""

import datetime as dt
import re

from allauth.mfa.models import Authenticator
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from governance.models import DefinitionItem
from governance.selectors.answers import questions_of
from governance.services.answers import answer_give
from governance.services.items import definitions_start
from governance.services.respondents import respondent_add
from portal.accounts.models import User
from portal.notices.services.outbox import notices_mail
from portal.tenancy.models import Client, ClientRole, FirmRole
from portal.tenancy.scope import tenant_context
from portal.tenancy.services import consultant_assign, firm_member_add, member_add
from tests.accounts.conftest import Mailbox

LEFT = ("mrr", "late-renewals")  # what Finn and Rita have still to answer
PHONE = {"width": 390, "height": 844}


def cast_of(client: Client) -> dict[str, User]:
    """Ana, the architect; Finn and Rita, who have answered all but two questions; Stan, who answers for everybody else."""
    names = ("ana", "finn", "rita", "stan")
    found = {name: User.objects.create_user(f"{name}@example.com", "x", name=name.title()) for name in names}
    firm_member_add(firm=client.firm, user=found["ana"], role=FirmRole.ARCHITECT)
    Authenticator.objects.create(user=found["ana"], type=Authenticator.Type.TOTP, data={"secret": "unused"})
    roles = {"finn": ClientRole.FINANCE, "rita": ClientRole.REVOPS, "stan": ClientRole.STAKEHOLDER}
    with tenant_context(client):
        consultant_assign(client=client, user=found["ana"])
        for name, role in roles.items():
            member_add(client=client, user=found[name], role=role)
        definitions_start(client=client, user=found["ana"])
        for function in ("sales", "success", "marketing", "executive"):
            respondent_add(client=client, email="stan@example.com", function=function)
        for name in roles:
            for question in questions_of(found[name]):
                if name == "stan" or question.item.key not in LEFT:
                    item = DefinitionItem.objects.get(pk=question.item.pk)
                    answer_give(client=client, item=item, sha256=item.sha256, verdict="yes", user=found[name])
    return {name: User.objects.get(pk=user.pk) for name, user in found.items()}


def phone(anas: Page) -> Page:
    """A phone of somebody who is not signed in."""
    browser = anas.context.browser
    assert browser is not None
    base = "/".join(anas.url.split("/")[:3])
    return browser.new_context(viewport=PHONE, base_url=base, has_touch=True).new_page()  # type: ignore[arg-type]


def open_link(page: Page, mailbox: Mailbox, to: str) -> None:
    """Open the link of the newest mail to somebody, and confirm."""
    place = max(at for at, mail in enumerate(mailbox.mails) if mail["To"] == f"{to}@example.com")
    page.goto(mailbox.path(place))
    page.get_by_role("button", name="Open").click()


def sound(page: Page) -> None:
    """Nothing that axe objects to, and no sideways scrolling on a phone."""
    found = Axe().run(page).response["violations"]
    assert [(fault["id"], fault["nodes"][0]["html"]) for fault in found] == [], page.url
    assert not page.evaluate("document.documentElement.scrollWidth > innerWidth + 1"), page.url


def approve(anas: Page, client: Client, mailbox: Mailbox) -> None:
    """Both are asked; Finn refuses one, Ana rewords it, both agree."""
    anas.goto("/c/northwind/definitions/people/")
    sound(anas)
    for name in ("Finn", "Rita"):
        anas.get_by_role("button", name=f"Ask {name}", exact=True).click()
        expect(anas.get_by_text(f"on their way to {name.lower()}@example.com")).to_be_visible()
    finns, ritas = phone(anas), phone(anas)
    open_link(finns, mailbox, "finn")
    expect(finns.get_by_role("heading", name="2 of 40 questions wait for you")).to_be_visible()
    finns.get_by_role("link", name="Go on").click()
    expect(finns.get_by_role("heading", name="When does a renewal that is signed late count as churn?")).to_be_visible()
    expect(finns.get_by_text("What it means for you.")).to_be_visible()
    sound(finns)
    finns.get_by_role("button", name="Yes, agreed").click()
    finns.get_by_text("No", exact=True).click()
    finns.get_by_label("What is wrong with it?").fill("Finance reports the invoiced month")
    sound(finns)
    finns.get_by_role("button", name="Send my no").click()
    expect(finns.get_by_role("heading", name="Thank you, that was all")).to_be_visible()
    notices_mail(client=client, now=dt.datetime.now(dt.UTC))  # what the worker does
    assert any("Finn (Finance) says no to “MRR”" in str(mail["Subject"]) for mail in mailbox.mails)
    anas.goto("/c/northwind/definitions/item/mrr/")
    expect(anas.get_by_text("Finance reports the invoiced month")).to_be_visible()
    sound(anas)
    anas.get_by_role("link", name="Change it").click()
    anas.get_by_label("In other words, below").check()
    anas.get_by_label("In other words", exact=False).last.fill("ARR divided by twelve; invoices are shown beside it.")
    anas.get_by_role("button", name="Save the change").click()
    open_link(ritas, mailbox, "rita")
    ritas.get_by_role("link", name="Go on").click()
    for _ in LEFT:
        ritas.get_by_role("button", name="Yes, agreed").click()
    expect(ritas.get_by_role("heading", name="Thank you, that was all")).to_be_visible()
    finns.goto("/c/northwind/definitions/answer/")
    finns.get_by_role("link", name="Go on").click()
    expect(finns.get_by_text("Changed since your answer")).to_be_visible()
    finns.get_by_role("button", name="Yes, agreed").click()
    expect(finns.get_by_text("You agreed to everything.")).to_be_visible()
    sound(finns)


def sign(anas: Page, mailbox: Mailbox, name: str, heading: str, done: str) -> None:
    """Open the link, ask for a code, enter it, sign."""
    page = phone(anas)
    open_link(page, mailbox, name)
    expect(page.get_by_role("heading", name=heading)).to_be_visible()
    sound(page)
    page.get_by_role("button", name="Mail me a code").click()
    expect(page.get_by_text("code is on its way to")).to_be_visible()
    code = re.search(r"\b\d{6}\b", mailbox.text())
    assert code is not None
    page.get_by_label("The code from the mail").fill(code[0])
    page.get_by_role("button", name="Sign").click()
    expect(page.get_by_role("heading", name=done)).to_be_visible()
    sound(page)


def sign_final(anas: Page, mailbox: Mailbox) -> None:
    """The definitions become the final version, and Finance and RevOps sign it."""
    anas.goto("/c/northwind/definitions/versions/")
    anas.get_by_label("This is the final version, to be signed").check()
    anas.get_by_role("button", name="Keep the definitions as they stand").click()
    sound(anas)
    anas.get_by_role("link", name="Sign-off").click()
    for name in ("Finn, Finance", "Rita, RevOps"):
        anas.get_by_label(name).check()
    anas.get_by_role("button", name="Ask them to sign").click()
    expect(anas.get_by_text("Waiting for signatures")).to_be_visible()
    sound(anas)
    for name in ("finn", "rita"):
        sign(anas, mailbox, name, "Read and sign the ARR policy v0 (final)", "You signed the ARR policy v0 (final)")


def publish(anas: Page, from_month: str) -> None:
    """On the page of the sign-off: the signed version becomes the policy."""
    anas.reload()
    anas.get_by_label("From which month").fill(from_month)
    anas.get_by_role("button", name="Make v0 (final) the policy").click()
    expect(anas.get_by_text("is in force. The numbers are being recomputed.")).to_be_visible()
    sound(anas)
