"""A disputed figure of a restated month is told as restated: as reported beside it, and by which decision."""

from collections.abc import Callable
from decimal import Decimal

import pytest
from django.test import Client as Browser

from governance.models import FigureDispute
from governance.selectors.board_review import review_content
from governance.selectors.figures_restated import figures_restated
from governance.selectors.published_figures import Subject
from governance.services.change_effect import changes_take_effect
from governance.services.figure_disputes import dispute_raise
from governance.services.registry import registry_start
from metrics.models import ContractLine
from metrics.selectors.periods import Period
from metrics.services.books import books_rebuild_all
from metrics.services.closes import month_close, month_restate
from portal.accounts.models import User
from portal.tenancy.models import Client
from portal.tenancy.permissions import RESOLVE_DISPUTES
from portal.tenancy.scope import tenant_context
from tests.api.conftest import Mint, program
from tests.governance.effects import LIST, MARCH, client, scheduled
from tests.reporting.numbers import NOW

__all__ = ["client", "program"]
DISPUTES = "/c/northwind/oversight/disputes/"
SignIn = Callable[[User], Browser]


def raised(client: Client, eve: User, subject: Subject) -> FigureDispute:
    return dispute_raise(client=client, subject=subject, believed=None, reason="Too high", user=eve)


def page(browser: Browser, address: str) -> str:
    return " ".join(browser.get(address).text.split())


@pytest.fixture
def decided(client: Client, rita: User, finn: User) -> Client:
    """March was closed with 51,000 and restated to 52,000 by CR-1."""
    with tenant_context(client):
        registry_start(client=client, user=rita)
        month_close(client=client, month=MARCH, user=finn)
    scheduled(client, rita, finn, MARCH, content=LIST, is_restating=True)
    changes_take_effect(client=client, now=NOW)
    return client


def test_what_was_restated_before_it_was_disputed_says_what_was_reported_and_by_whom(
    decided: Client, eve: User, signed_in: SignIn
) -> None:
    browser = signed_in(eve)
    asked = page(browser, f"{DISPUTES}new/?figure=ending&month=2026-03")
    for said in ('52,000.00 USD <span class="sub">as restated</span>', "51,000.00 USD", ">CR-1</a>"):
        assert said in asked
    with tenant_context(decided):
        raised(decided, eve, Subject("ending", MARCH))
    shown = page(browser, f"{DISPUTES}1/")
    for said in (
        "52,000.00 USD <span class=\"sub\">as restated</span>", "<dt>As reported</dt> <dd> 51,000.00 USD </dd>",
        "<dt>As restated</dt> <dd> 52,000.00 USD </dd>", ">CR-1</a>", "/c/northwind/months/2026-03/2/",
    ):  # fmt: skip
        assert said in shown
    listed = page(browser, DISPUTES)
    assert "as restated; as reported 51,000.00" in listed and "CR-1" in listed


def test_what_is_restated_after_it_was_disputed_says_so(
    client: Client, eve: User, finn: User, signed_in: SignIn
) -> None:
    with tenant_context(client):
        month_close(client=client, month=MARCH, user=finn)
        raised(client, eve, Subject("ending", MARCH))
    browser = signed_in(eve)
    assert "restated" not in page(browser, DISPUTES) and "As restated" not in page(browser, f"{DISPUTES}1/")
    with tenant_context(client):
        ContractLine.objects.filter(line_id="K1/1").update(amount=15_000)
        books_rebuild_all(client=client, now=NOW)
        month_restate(client=client, month=MARCH, reason="A late order form", user=finn)
    listed, shown = page(browser, DISPUTES), page(browser, f"{DISPUTES}1/")
    assert "as reported then; restated since to 54,000.00" in listed and "A late order form" in listed
    assert "as reported when it was disputed" in shown and "<dt>As restated</dt> <dd> 54,000.00 USD </dd>" in shown


def test_every_kind_of_figure_is_told_both_ways(decided: Client, eve: User, rita: User) -> None:
    with tenant_context(decided):
        for subject in (
            Subject("ending", MARCH, customer="dora"), Subject("new", MARCH, dimension="product", group="Platform"),
            Subject("nrr", MARCH), Subject("metric", MARCH, metric="arr"), Subject("ending", MARCH - 1),
            Subject("ending", MARCH, "signed"),
        ):  # fmt: skip
            raised(decided, eve, subject)
        found = figures_restated(decided, FigureDispute.objects.all())
        assert {number: (each.reported, each.restated, each.why) for number, each in found.items()} == {
            1: (Decimal(9_000), Decimal(10_000), "CR-1"),
            2: (Decimal(9_000), Decimal(10_000), "CR-1"),
            3: (None, None, "CR-1"),
            4: (Decimal(51_000), Decimal(52_000), "CR-1"),
            6: (Decimal(51_000), Decimal(52_000), "CR-1"),
        }, "February was not restated"


def test_programs_read_both_figures_of_every_dispute_of_a_restated_month(
    decided: Client, eve: User, rita: User, program: Mint
) -> None:
    with tenant_context(decided):
        for subject in (Subject("ending", MARCH), Subject("ending", MARCH - 1)):
            raised(decided, eve, subject)
    api = program(decided, rita)
    february, march = api.get(decided, "api_disputes").json()["results"]
    told = march["restated"]
    assert (told["as_reported"], told["as_restated"], told["was_restated"]) == ("51000.00", "52000.00", True)
    assert [each["name"] for each in told["decisions"]] == ["CR-1"] and february["restated"] is None
    assert api.get(decided, "api_dispute", number=march["number"]).json()["restated"] == told
    blind = program(decided, rita, {RESOLVE_DISPUTES}).post(decided, "api_dispute_take", number=march["number"]).json()
    assert (blind["published"], blind["restated"]) == (None, None), "no figure for whoever may not see them"


def test_the_review_of_the_quarter_says_so_too(decided: Client, eve: User) -> None:
    with tenant_context(decided):
        raised(decided, eve, Subject("ending", MARCH))
        raised(decided, eve, Subject("ending", MARCH - 1))
        chapters = review_content(decided, Period("2026-Q1", MARCH - 2, MARCH))["chapters"]
        (told,) = [each for each in chapters if each["key"] == "disputes"]
    said = "D-1 is of a month that was restated (CR-1). Published: 52,000.00 as restated; as reported 51,000.00."
    assert said in told["sentences"] and not any(each.startswith("D-2") for each in told["sentences"])
