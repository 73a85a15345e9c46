"""The pages of the definitions."""

from collections.abc import Callable

import pytest
from django.test import Client as Browser

from governance.models import DefinitionItem
from governance.services.items import definitions_start
from portal.accounts.models import User
from portal.tenancy.models import Client
from portal.tenancy.scope import tenant_context

LIST = "/c/northwind/definitions/"
ITEM = f"{LIST}item/late-renewals/"


@pytest.fixture
def anas(northwind: Client, ana: User, signed_in: Callable[[User], Browser]) -> Browser:
    return signed_in(ana)


def form_of(value: str, version: int = 1) -> dict[str, object]:
    return {"version": version, "title": "Late renewals", "question": "When?", "definition": "Grace.", "value": value,
            "functions": ["finance", "revops"], "edges": "One\n\nTwo", "note": "Talked about it"}  # fmt: skip


def test_a_client_without_definitions_is_offered_to_start_them(
    anas: Browser, eve: User, signed_in: Callable[[User], Browser]
) -> None:
    assert b"Start the definitions" in anas.get(LIST).content
    assert b"Start the definitions" not in signed_in(eve).get(LIST).content
    page = anas.post(f"{LIST}start/", follow=True).content.decode()
    assert "0 of 42 confirmed" in page and "Late renewals" in page and "30 days" in page


def test_an_item_is_changed_confirmed_and_opened_again(anas: Browser, northwind: Client) -> None:
    with tenant_context(northwind):
        definitions_start(client=northwind)
    page = anas.post(f"{ITEM}change/", form_of("45"), follow=True).content.decode()
    assert "counts for 45 days" in page and "Talked about it" in page and "<li>Two</li>" in page
    given = {"version": 2, "by": "Finn (Finance)", "meeting": "Refinement 1, 3 Nov 2025"}
    page = anas.post(f"{ITEM}confirm/", given, follow=True).content.decode()
    assert "by Finn (Finance) in Refinement 1, 3 Nov 2025" in page
    assert "1 of 42 confirmed" in anas.get(f"{LIST}?show=confirmed").content.decode()
    page = anas.post(f"{ITEM}open/", {"version": 3, "note": "Sales sees it otherwise"}, follow=True).content.decode()
    assert "Assumed" in page and "Sales sees it otherwise" in page


def test_who_comes_second_gets_409_and_changes_nothing(anas: Browser, northwind: Client) -> None:
    with tenant_context(northwind):
        definitions_start(client=northwind)
    assert anas.post(f"{ITEM}change/", form_of("45")).status_code == 302
    late = anas.post(f"{ITEM}change/", form_of("60"))
    assert late.status_code == 409 and b"Somebody changed this in the meantime" in late.content
    late = anas.post(f"{ITEM}confirm/", {"version": 1, "by": "Finn", "meeting": "M"})
    assert late.status_code == 409 and b"Somebody changed this in the meantime" in late.content
    with tenant_context(northwind):
        found = DefinitionItem.objects.get(key="late-renewals")
        assert (found.value, found.version, found.state) == (45, 2, "assumed")


def test_a_published_choice_or_other_words_answer_an_item_without_a_parameter(anas: Browser, northwind: Client) -> None:
    with tenant_context(northwind):
        definitions_start(client=northwind)
    address = f"{LIST}item/mrr/change/"
    page = anas.get(address).content.decode()
    assert "In other words, below" in page and page.count('name="pick"') == 3
    given = form_of("") | {"title": "MRR", "pick": "", "answer": ""}
    assert b"Choose an answer, or write one." in anas.post(address, given).content
    given |= {"answer": "ARR over twelve"}
    assert anas.post(address, given).status_code == 302
    with tenant_context(northwind):
        assert DefinitionItem.objects.get(key="mrr").answer == "ARR over twelve"


def test_an_answer_that_the_engine_does_not_compute_says_so_where_it_is_confirmed(
    anas: Browser, northwind: Client, finn: User, signed_in: Callable[[User], Browser]
) -> None:
    with tenant_context(northwind):
        definitions_start(client=northwind)
    item, answer = f"{LIST}item/retention-method/", "/c/northwind/definitions/answer/retention-method/"
    warning = "Not computed by Tieout: the NRR and GRR that are shown are point to point"
    finns = signed_in(finn)
    for browser, address in ((anas, item), (finns, answer)):
        assert warning not in browser.get(address).text
    given = form_of("") | {"title": "How retention is measured", "answer": "Twelve monthly rates, multiplied."}
    assert anas.post(f"{item}change/", given).status_code == 302
    for browser, address in ((anas, item), (finns, answer)):
        assert warning in browser.get(address).text
