"""The pages of teams and territories: who belongs where, and ARR by team."""

import re
from collections.abc import Callable

import pytest
from django.test import Client as Browser

from governance.selectors.published_figures import Subject
from governance.services.figure_disputes import dispute_raise
from metrics.models import ContractLine, RepAssignment
from metrics.services.assignments import assignment_add
from metrics.services.books import books_rebuild_all
from metrics.services.closes import month_close, month_restate
from portal.accounts.models import User
from portal.lib.periods import month_parse
from portal.tenancy.models import Client
from portal.tenancy.scope import tenant_context
from tests.metrics.test_teams import load_with_reps
from tests.reporting.numbers import NOW

LIST, NUMBERS = "/c/northwind/data/teams/", "/c/northwind/arr/teams/"
MIA = {"rep": "Mia", "kind": "team", "group": "Mid-market", "first": "2026-01"}
SignIn = Callable[[User], Browser]


@pytest.fixture
def loaded(northwind: Client) -> Client:
    """Acme is Grace's and Bolt is Mia's; nobody is assigned."""
    with tenant_context(northwind):
        load_with_reps(northwind)
    return northwind


@pytest.fixture
def moved(loaded: Client) -> Client:
    """Mia goes from Mid-market to Enterprise in March."""
    with tenant_context(loaded):
        for group, month in (("Mid-market", "2026-01"), ("Enterprise", "2026-03")):
            first = month_parse(month)
            assignment_add(client=loaded, rep="Mia", kind="team", group=group, first=first, moves=True)
    return loaded


def page(browser: Browser, address: str) -> str:
    response = browser.get(address)
    assert response.status_code == 200
    return " ".join(response.content.decode().split())


def posted(browser: Browser, address: str, data: dict[str, str]) -> str:
    """The page that a form leads to, or that shows it again."""
    return " ".join(browser.post(address, data, follow=True).content.decode().split())


def assignment_id(client: Client, **about: str) -> int:
    with tenant_context(client):
        return int(RepAssignment.objects.get(**about).pk)


def cells(text: str, table: str) -> list[list[str]]:
    """The rows of a table, as texts."""
    found = re.search(rf'<table[^>]*id="{table}".*?</table>', text)
    assert found is not None
    rows = re.findall(r"<tr.*?</tr>", found[0])
    return [
        [" ".join(re.sub(r"<[^>]+>", " ", cell).split()) for cell in re.findall(r"<t[hd].*?</t[hd]>", row)]
        for row in rows
    ]


# --- who belongs where ------------------------------------------------------------------------------------------------


def test_rita_assigns_moves_ends_corrects_and_sets_aside(loaded: Client, rita: User, signed_in: SignIn) -> None:
    browser = signed_in(rita)
    assert "Nobody belongs to anything yet" in page(browser, LIST)
    text = posted(browser, f"{LIST}add/", MIA)
    assert "Mia is assigned to Mid-market." in text and "Without a team this month: Grace." in text
    posted(browser, f"{LIST}add/", MIA | {"group": "Enterprise", "first": "2026-03", "moves": "on"})
    enterprise = f"{LIST}{assignment_id(loaded, group='Enterprise')}/"
    posted(browser, f"{enterprise}end/", {"until": "2026-09"})
    wrong = {"group": "Enterprise", "first": "2026-04", "until": "2026-09", "reason": "A wrong list"}
    posted(browser, f"{enterprise}correct/", wrong)
    rows = [row[:4] for row in cells(page(browser, LIST), "assignments")[1:]]
    assert rows == [
        ["Mia", "Mid-market Team", "Jan 2026", "Mar 2026"],
        ["Mia", "Enterprise Team", "Apr 2026", "Sep 2026"],
    ]
    former = f"{LIST}{assignment_id(loaded, group='Mid-market')}/"
    text = posted(browser, f"{former}withdraw/", {"reason": "She was never there"})
    assert [row[4] for row in cells(text, "withdrawn")[1:]] == ["She was never there", "A wrong list"]
    assert "Set aside as wrong" in page(browser, former) and "Correct it" not in page(browser, former)


def test_what_is_refused_stays_in_the_form_with_the_reason(moved: Client, rita: User, signed_in: SignIn) -> None:
    browser = signed_in(rita)
    answer = browser.post(f"{LIST}add/", MIA | {"group": "Partner", "first": "2026-02", "until": "2026-05"})
    text = answer.content.decode()
    assert answer.status_code == 422 and 'value="Partner"' in text and 'value="2026-02"' in text
    assert "Mia belongs to Mid-market from Jan 2026 until before Mar 2026: end or correct that first." in text
    assert "Write the month as 2026-07." in posted(browser, f"{LIST}add/", MIA | {"first": "March"})
    address = f"{LIST}{assignment_id(moved, group='Enterprise')}/"
    assert "Nothing differs" in posted(
        browser, f"{address}correct/", {"group": "Enterprise", "first": "2026-03", "reason": "Why not"}
    )


def test_finance_reads_the_list_and_changes_nothing(moved: Client, finn: User, signed_in: SignIn) -> None:
    text = page(signed_in(finn), f"{LIST}?kind=territory")
    assert "RevOps, an admin or the consultants say who" in text and "Assign a representative" not in text
    assert "End or correct" not in page(signed_in(finn), LIST)


# --- ARR by team ------------------------------------------------------------------------------------------------------


def test_the_bridge_shows_what_mia_took_along(moved: Client, eve: User, signed_in: SignIn) -> None:
    text = page(signed_in(eve), f"{NUMBERS}?from=2026-02&scale=full")
    head = ["Team", "Beginning", "Transfer in", "Transfer out", "New", "Reactivation", "Expansion", "Contraction"]
    assert cells(text, "team-span") == [
        [*head, "Churn", "FX", "Ending", "Customers"],
        ["Enterprise", "0.00", "+24,000.00", "0.00", "0.00", "0.00", "+6,000.00", *["0.00"] * 3, "30,000.00", "1"],
        ["Mid-market", "0.00", "0.00", "−24,000.00", "+24,000.00", *["0.00"] * 6, "0"],
        ["Not assigned", "12,000.00", *["0.00"] * 8, "12,000.00", "1"],
        [
            "All teams", "12,000.00", "+24,000.00", "−24,000.00", "+24,000.00", "0.00", "+6,000.00", *["0.00"] * 3,
            "42,000.00", "2",
        ],
    ]  # fmt: skip
    months = cells(text, "team-periods")
    assert [row[:2] for row in months[1:4]] == [
        ["Feb 2026", "12,000.00"],
        ["Mid-market", "0.00"],
        ["Not assigned", "12,000.00"],
    ], "a period, and below it each team: figures begin in the second column"
    assert "/c/northwind/arr/?from=2026-02&amp;to=2026-03&amp;by=rep" in text and "rep=Mia" in text


def test_the_page_says_how_a_customer_counts_and_explains_an_adjustment_where_there_is_one(
    moved: Client, eve: User, signed_in: SignIn
) -> None:
    plain = page(signed_in(eve), NUMBERS)
    assert "A customer counts whole for one team" in plain and "A prior-period adjustment is" not in plain
    with tenant_context(moved):
        month_close(client=moved, month=month_parse("2026-02"))
        ContractLine.objects.filter(line_id="K2/1").update(amount=30_000)
        books_rebuild_all(client=moved, now=NOW)
    text = page(signed_in(eve), NUMBERS)
    assert (
        "Prior-period adjustment" in text and "A prior-period adjustment is what a correction of earlier months" in text
    )


def test_the_address_says_which_groups_and_periods(moved: Client, eve: User, signed_in: SignIn) -> None:
    text = page(signed_in(eve), f"{NUMBERS}?grain=quarter&group=Enterprise&scale=full")
    assert [row[0] for row in cells(text, "team-span")[1:]] == ["Enterprise", "All of these"]
    assert 'id="team-periods"' not in text  # one quarter: nothing more to say
    assert f'href="{NUMBERS}bridge.csv?from=2025-04&amp;to=2026-03&amp;grain=quarter' in text
    assert "group=Enterprise" in text
    assert "Nothing in this selection" in page(signed_in(eve), f"{NUMBERS}?group=Partner")
    assert f'href="{NUMBERS}?from=2026-02&amp;grain=quarter&amp;kind=territory"' in page(
        signed_in(eve), "/c/northwind/arr/?from=2026-02&grain=quarter&by=rep&view=current"
    )


def test_the_file_has_every_row_to_the_cent(moved: Client, eve: User, signed_in: SignIn) -> None:
    answer = signed_in(eve).get(f"{NUMBERS}bridge.csv?from=2026-03&to=2026-03")
    head, *rows = answer.content.decode().splitlines()
    assert head.startswith("month,team,beginning,transfer_in,transfer_out,prior_period_adjustment,new,")
    assert head.endswith(",customers_ending_as_reported,restatement_amount,restated_why,disputed,currency,basis")
    assert {row.count(",") for row in rows} == {head.count(",")}, (
        "every column is there where it has nothing to say too"
    )
    assert [row.removesuffix("USD,ARR").rstrip(",") for row in rows] == [
        "2026-03,Enterprise,0.00,24000.00,0.00,0.00,0.00,6000.00,0.00,0.00,0.00,0.00,30000.00,1",
        "2026-03,Mid-market,24000.00,0.00,-24000.00,0.00,0.00,0.00,0.00,0.00,0.00,0.00,0.00,0",
        "2026-03,Not assigned,12000.00,0.00,0.00,0.00,0.00,0.00,0.00,0.00,0.00,0.00,12000.00,1",
    ]
    assert 'filename="northwind-arr-usd-bridge-by-team-by-month.csv"' in answer["Content-Disposition"]


def test_an_empty_page_says_what_to_do_to_whom_may(northwind: Client, rita: User, eve: User, signed_in: SignIn) -> None:
    text = page(signed_in(rita), NUMBERS)
    assert "No numbers to split yet" in text and "/c/northwind/data/upload/" in text
    with tenant_context(northwind):
        load_with_reps(northwind)
    assert "Assign representatives" in page(signed_in(rita), NUMBERS)
    text = page(signed_in(eve), NUMBERS)
    assert "Nobody belongs to a team or territory yet" in text and "Assign representatives" not in text


def test_a_restated_month_has_what_was_reported_under_each_figure_and_in_the_file(
    moved: Client, eve: User, signed_in: SignIn
) -> None:
    with tenant_context(moved):
        month_close(client=moved, month=month_parse("2026-02"))
        ContractLine.objects.filter(line_id="K2/1").update(amount=30_000)
        books_rebuild_all(client=moved, now=NOW)
        month_restate(client=moved, month=month_parse("2026-02"), reason="=The order form said so")
    eves = signed_in(eve)
    text = page(eves, f"{NUMBERS}?from=2026-02&scale=full")
    months = cells(text, "team-periods")
    assert months[1][0] == "Feb 2026 a as reported" and months[1][-2] == "42,000.00 as reported 36,000.00"
    assert months[2][0] == "Mid-market as reported" and months[2][-2] == "30,000.00 as reported 24,000.00"
    assert (months[3][0], months[3][-2]) == ("Not assigned", "12,000.00"), "what did not move stands alone"
    assert "Feb 2026 restated: =The order form said so. As restated 42,000.00 USD; as reported 36,000.00 USD" in text
    head, *rows = eves.get(f"{NUMBERS}bridge.csv?from=2026-02").text.splitlines()
    assert head.split(",")[:2] == ["month", "team"] and head.endswith(
        "ending_as_reported,customers_ending_as_reported,restatement_amount,restated_why,disputed,currency,basis"
    )
    assert rows[0].startswith("2026-02,Mid-market,") and rows[0].endswith(
        ",24000.00,1,6000.00,'=The order form said so,,USD,ARR"
    )
    assert rows[-1].startswith("2026-03") and rows[-1].endswith(",,,USD,ARR")


def test_disputed_figures_are_marked_on_the_page_and_in_the_file(
    moved: Client, eve: User, rita: User, signed_in: SignIn
) -> None:
    """ARR of all customers at the row of all teams; a representative's figure at whichever team they make it for."""
    march = month_parse("2026-03")
    with tenant_context(moved):
        for subject in (Subject("ending", march), Subject("expansion", march, dimension="rep", group="Mia")):
            dispute_raise(client=moved, subject=subject, believed=None, reason="Too high", user=rita)
    browser = signed_in(eve)
    text = page(browser, f"{NUMBERS}?from=2026-02")
    names = [row[0] for row in cells(text, "team-periods")[1:]]
    of_march = names.index("Mar 2026 disputed, D-1")
    assert "Enterprise Mia disputed, D-2" in names[of_march:] and names[:2] == ["Feb 2026", "Mid-market"]
    assert '<a class="flag" href="/c/northwind/oversight/disputes/1/">' in text
    assert "D-1" not in page(browser, f"{NUMBERS}?group=Enterprise"), "some teams are no figure of all customers"
    lines = browser.get(f"{NUMBERS}bridge.csv?from=2026-02").text.splitlines()
    told = {tuple(line.split(",")[:2]): line.rsplit(",", 3)[1] for line in lines}
    assert told["2026-03", "Enterprise"] == "D-1 ending of all customers; D-2 expansion of Mia"
    assert told["2026-03", "Not assigned"] == "D-1 ending of all customers" and not told["2026-02", "Mid-market"]
    assert "disputed" not in page(browser, f"{NUMBERS}?basis=signed")
