"""An address that only takes a form may be reloaded, shared, or come back to after a sign-in: it leads to the form's page."""

import pytest
from django.test import Client as Browser
from django.urls import resolve

from tests.tenancy.test_headers import addresses

PAGES = {
    "quarter_audit_draw": "quarter_audits",
    "quarter_audit_result": "quarter_audit_contract",
    "quarter_audit_sign": "quarter_audit",
    "board_meeting_note": "board_meeting_step",
    "signoff_publish": "signoff",
    "signing_sign": "signing",
    "technical_run": "project_test",
    "maintenance_result": "maintenance_check",
    "change_vote": "change",
    "comment": "engagement",
    "reconciliation_explain": "reconciliation",
    "invitation_resend": "people",
    "playbook_draft_step": "playbook_draft",
}


def page_reached(browser: Browser, url: str) -> str:
    """The name of the page to which an address leads whoever is not signed in: what asks them to sign in is a page."""
    for _ in range(4):
        answer = browser.get(url)
        assert answer.status_code != 405, url
        if answer.status_code != 302 or answer["Location"].startswith("/accounts/"):
            break
        url = answer["Location"]
    return str(resolve(url).url_name)


@pytest.mark.django_db
def test_whoever_opens_the_address_of_a_form_gets_its_page_and_no_405() -> None:
    own = [url for url in addresses() if not url.startswith(("/api/", "/accounts/"))]
    reached = {str(resolve(url).url_name): page_reached(Browser(), url) for url in own}
    assert len(own) > 300 and {name: reached[name] for name in PAGES} == PAGES


def test_a_program_that_takes_the_wrong_method_is_still_told_so(client: Browser) -> None:
    assert client.delete("/c/northwind/oversight/audits/").status_code == 405
