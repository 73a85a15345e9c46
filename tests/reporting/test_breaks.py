"""A changed definition and a restated month are marked wherever ARR stands: page, chart, file and paper, with both figures."""

import datetime as dt
import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from decimal import Decimal

import pytest
from django.template.loader import render_to_string
from django.test import Client as Browser

from metrics.models import ContractLine, MonthClose, PolicyVersion
from metrics.selectors.policies import policy_in_force
from metrics.services.books import books_rebuild_all
from metrics.services.closes import month_close
from metrics.services.policies import policy_publish
from portal.tenancy.models import Client
from portal.tenancy.scope import tenant_context
from reporting.break_notes import BREAK_COLUMNS
from tests.pdf_text import pdf_text
from tests.reporting.breaks import ARR, MARCH, MAY_COMES, broken, finns, restated, rows_of
from tests.reporting.numbers import LINES, numbers_load

__all__ = ["broken", "finns", "restated"]


def test_the_page_marks_the_month_and_says_both_figures(broken: Client, finns: Browser) -> None:
    response = finns.get(f"{ARR}?scale=full")
    text = " ".join(response.content.decode().split())
    assert 'Apr 2026<sup class="footmark">a</sup>' in text and 'class="row-break"' in text
    for said in (
        "From Apr 2026 another definition holds (policy v1). Discounts: List prices count; discounts are not subtracted.",
        "Mar 2026 under the new definition: 55,000.00 USD; as reported: 51,000.00 USD.",
        "the definition makes +1,000.00, contracts corrected since +3,000.00.",
        "Cohorts follow the definition that holds from Apr 2026 on",
        "spark-break",
    ):
        assert said in text, said
    steps = {step["label"]: (step["amount"], step.get("parts")) for step in response.context["chart"]["steps"]}
    assert steps["Prior-period adjustment"] == ("1000.00", "changed definition +1,000.00"), (
        "one step under one name; what the correction adds to January it adds to no month that was closed"
    )
    trend = response.context["trend"]
    assert trend["breaks"] == [{"at": 3, "text": "policy v1"}]
    assert trend["series"][1]["values"] == [None, None, "55000.00", "55000.00"]
    assert trend["title"] == "Another definition begins in Apr 2026"


def test_a_restated_month_before_a_break_is_told_as_restated(restated: Client, finns: Browser) -> None:
    with tenant_context(restated):
        policy_publish(client=restated, parameters=policy_in_force(restated).with_(discounts="net").to_dict())
        books_rebuild_all(client=restated, now=MAY_COMES)
    text = " ".join(finns.get(f"{ARR}?scale=full").content.decode().split())
    both = "as restated: 55,000.00 USD; as reported: 51,000.00 USD."
    assert f"Mar 2026 under the new definition: 54,000.00 USD; {both}" in text
    april = rows_of(finns)[-1]
    before = ("before_as_reported", "before_as_restated", "before_under_new", "by_definition")
    assert [april[name] for name in before] == ["51000.00", "55000.00", "54000.00", "-1000.00"]


def test_numbers_as_they_stand_now_are_marked_where_the_months_before_the_first_close_end(
    restated: Client, finns: Browser
) -> None:
    text = finns.get(f"{ARR}?view=current&scale=full").content.decode()
    assert "As reported</th>" not in text and "Feb 2026 under the new definition: 39,000.00 USD; under the one" in text
    assert not any(row["ending_as_reported"] for row in rows_of(finns, "?view=current"))


def test_the_file_has_the_same_columns_whether_a_definition_changed_or_not(broken: Client, finns: Browser) -> None:
    april = rows_of(finns)[-1]
    assert [april[name] for name in ("break", "before_as_reported", "before_under_new")] == [
        "policy v1", "51000.00", "55000.00",
    ]  # fmt: skip
    assert Decimal(april["by_definition"]) + Decimal(april["by_corrections"]) == Decimal(
        april["prior_period_adjustment"]
    )
    (march,) = rows_of(finns, "?from=2026-03&to=2026-03")
    assert list(march) == list(april), "a file that is read by a program keeps its shape"
    assert not any(march[name] for name in (*BREAK_COLUMNS, "ending_as_reported", "restatement_amount", "disputed"))
    assert march["prior_period_adjustment"] == "0.00"


def test_restated_months_stand_beside_what_was_reported(restated: Client, finns: Browser) -> None:
    response = finns.get(f"{ARR}?scale=full")
    text = " ".join(response.content.decode().split())
    assert "Mar 2026 restated: =Agreed anew. As restated 55,000.00 USD; as reported 51,000.00 USD (+4,000.00)." in text
    (march,) = [row for row in response.context["table"]["rows"] if row["cells"][0]["value"] == "Mar 2026"]
    label, *cells = march["cells"]
    before = [str(cell["reported"]) for cell in cells]
    assert before == ["None", "0.00", "9000.00", *["None"] * 5, "51000.00", "None"], "each figure that was another one"
    assert label["note"] == "as reported" and label["mark"] == "a, b" and march["is_break"], (
        "another definition begins in it, because the months before the first close keep theirs"
    )
    assert response.context["trend"]["series"][1]["values"][2] == "51000.00"
    assert response.context["trend"]["title"] == (
        "ARR of Mar 2026 was restated by +4,000.00 USD; another definition begins in Mar 2026"
    )
    march_row = next(row for row in rows_of(finns) if row["month"] == "2026-03")
    assert (march_row["ending"], march_row["ending_as_reported"], march_row["restatement_amount"]) == (
        "55000.00", "51000.00", "4000.00",
    )  # fmt: skip
    assert march_row["customers_new_as_reported"] == march_row["customers_new"] == "1"
    assert march_row["restated_why"] == "'=Agreed anew", "no text of a file begins a formula"
    assert response.context["chart"]["note"] == (
        "Mar 2026 as restated; it ends with an open month, as the contracts stand now"
    )


@pytest.mark.parametrize("by", ["segment", "product"])
@pytest.mark.parametrize("grain", ["month", "quarter"])
def test_the_file_ties_by_every_property_and_grain(restated: Client, finns: Browser, by: str, grain: str) -> None:
    rows = rows_of(finns, f"?by={by}&grain={grain}")
    touched = [row for row in rows if row["restatement_amount"]]
    assert sum(Decimal(row["restatement_amount"]) for row in touched) == Decimal("4000.00")
    for row in touched:
        assert Decimal(row["ending"]) - Decimal(row["ending_as_reported"]) == Decimal(row["restatement_amount"])
        parts = (
            "beginning",
            "new",
            "expansion",
            "contraction",
            "churn",
            "reactivation",
            "fx",
            "prior_period_adjustment",
        )
        assert sum(Decimal(row[f"{name}_as_reported"]) for name in parts) == Decimal(row["ending_as_reported"])


def test_the_whole_span_is_told_both_ways(restated: Client, finns: Browser) -> None:
    context = finns.get(f"{ARR}?to=2026-03&scale=full").context
    names = [column["label"] for column in context["table"]["columns"]]
    label, *cells = context["table"]["total"]["cells"]
    told = dict(zip(names[1:], cells, strict=True))
    assert label == {"value": "All periods", "note": "as reported"}
    assert (told["Ending"]["value"], told["Ending"]["reported"]) == (Decimal("55000.00"), Decimal("51000.00"))
    assert (told["New"]["value"], told["New"]["reported"]) == (Decimal("49000.00"), Decimal("48000.00"))
    chart = context["chart"]
    assert chart["note"] == "Mar 2026 as restated: it ends with 55,000.00 USD, as reported with 51,000.00 USD"
    assert chart["mark"] == "a, b" and chart["steps"][-1]["reported"] == "51,000.00"
    april = finns.get(f"{ARR}?from=2026-03&to=2026-04&scale=full").context["table"]
    adjusted = april["total"]["cells"][
        [column["label"] for column in april["columns"]].index("Prior-period adjustment")
    ]
    assert adjusted["reported"] == Decimal("4000.00"), "an open month began with what had been reported"


@pytest.mark.parametrize("by", ["", "&by=segment"])
def test_rows_by_group_have_both_figures_in_the_columns_of_their_table(
    restated: Client, finns: Browser, by: str
) -> None:
    table = finns.get(f"{ARR}?scale=full{by}").context["table"]
    rows = table["rows"]
    if not by:
        (march,) = [row for row in rows if row["cells"][0]["value"] == "Mar 2026"]
        rows = finns.get(march["children_url"]).context["rows"]
    (smb,) = [row for row in rows if row["cells"][-2]["reported"]]
    assert len(smb["cells"]) == len(table["columns"])
    ending = smb["cells"][-2]
    assert (ending["value"], ending["reported"]) == (Decimal("25000.00"), Decimal("21000.00"))
    assert smb["cells"][0]["note"] == "as reported"
    touched = [(row["cells"][0]["note"], row["cells"][2 if by else 1 :]) for row in rows if row["is_restated"]]
    told = [(note == "as reported", any(cell["reported"] is not None for cell in cells)) for note, cells in touched]
    assert (False, False) in told and all(note is differs for note, differs in told)


def test_tiles_and_bases_say_what_was_reported(restated: Client, finns: Browser) -> None:
    response = finns.get(f"{ARR}?to=2026-03&scale=full")
    tiles = {tile["name"]: tile for tile in response.context["tiles"]}
    assert {name: str(tile["reported"]) for name, tile in tiles.items()} == {
        "arr": "51000.00", "mrr": "4250.00", "net_new": "15000.00", "nrr": "None", "grr": "None", "logo_churn": "None",
    }  # fmt: skip
    assert tiles["arr"]["mark"] == "a, b" and tiles["arr"]["drawn"][-1] == Decimal("51000.00")
    assert [str(basis["reported"]) for basis in response.context["bases"]] == ["51000.00", "51000.00", "None"], (
        "nobody is live"
    )
    text = " ".join(response.content.decode().split())
    assert text.count("as reported 51,000.00") == 4 and "spark-reported" in text


def test_home_marks_its_figures_and_says_why(restated: Client, finns: Browser) -> None:
    response = finns.get("/c/northwind/")
    text = " ".join(response.content.decode().split())
    assert 'ARR, USD<sup class="footmark">a, b</sup>' in text and "spark-reported" in text, "it is held against March"
    assert response.context["tiles"][0]["changed"] == Decimal("4000.00") and "as reported +4,000.00" in text
    assert "Mar 2026 restated: =Agreed anew. As restated 55,000.00 USD; as reported 51,000.00 USD (+4,000.00)." in text


def test_home_costs_few_queries_until_a_number_changes(
    restated: Client, finns: Browser, django_assert_max_num_queries: Callable[[int], AbstractContextManager[object]]
) -> None:
    with django_assert_max_num_queries(45):
        finns.get("/c/northwind/")
    with django_assert_max_num_queries(31):
        finns.get("/c/northwind/")


def test_home_names_another_definition_apart_from_corrections(broken: Client, finns: Browser) -> None:
    text = " ".join(finns.get("/c/northwind/").content.decode().split())
    assert "Beside it +1,000.00 by another definition (policy v1), +3,000.00 by exchange rates and corrections" in text
    assert "From Apr 2026 another definition holds (policy v1)." in text


@pytest.mark.parametrize(
    ("why", "facts"),
    [
        ("cell:2026-03:2026-03:net_new", [("as reported", "15000.00"), ("as restated", "16000.00")]),
        ("cell:2026-03:2026-03:ending", [("as reported", "51000.00"), ("as restated", "55000.00")]),
        ("customer:2026-03:dora", [("At the end of Mar 2026, as reported", "9000.00"),
                                   ("At the end of Mar 2026, as restated", "10000.00"),
                                   ("Moved, as reported", "9000.00"), ("Moved, as restated", "10000.00")]),
    ],
)  # fmt: skip
def test_a_drawer_over_a_restated_figure_says_what_was_reported(
    restated: Client, finns: Browser, why: str, facts: list[tuple[str, str]]
) -> None:
    response = finns.get(f"{ARR}?why={why}")
    told = response.context["told"]
    assert [(fact.label, str(fact.value)) for fact in told.facts] == facts and not told.is_other
    assert ("It was restated" in response.text) == why.startswith("customer"), "a close has the customers of a cell"


@pytest.mark.parametrize(
    ("column", "shown", "now"),
    [("new", "9000.00", "10000.00"), ("net_new", "15000.00", "16000.00"), ("ending", "51000.00", "55000.00")],
)
def test_every_drawer_says_where_the_closed_figure_is_another_one(
    broken: Client, finns: Browser, column: str, shown: str, now: str
) -> None:
    response = finns.get(f"{ARR}?why=cell:2026-03:2026-03:{column}")
    told = response.context["told"]
    assert [(fact.label, str(fact.value)) for fact in told.facts] == [("as reported", shown), ("as it stands now", now)]
    assert response.context["cell"].amount == Decimal(shown) and response.context["closed"].now == Decimal(now)
    assert "The closed figure is another one" not in response.text, "its customers are those of the close"


def test_the_drawers_of_counts_and_rates_ask_too(northwind: Client, finns: Browser) -> None:
    """March was closed with Bolt lost and 0 % kept; the line that ended went on after all."""
    with tenant_context(northwind):
        gone = [found | {"starts_on": dt.date(2025, 1, 1)} for found in LINES[:2]]
        gone[1] |= {"ends_on": dt.date(2026, 3, 14)}
        numbers_load(northwind, gone)
        books_rebuild_all(client=northwind, now=MAY_COMES)
        month_close(client=northwind, month=MARCH)
        ContractLine.objects.filter(line_id="K2/1").update(ends_on=None)
        books_rebuild_all(client=northwind, now=MAY_COMES)
    tiles = {tile["name"]: tile for tile in finns.get(f"{ARR}?to=2026-03").context["tiles"]}
    nrr = finns.get(tiles["nrr"]["url"]).context["told"]
    assert [(fact.label, str(fact.value)) for fact in nrr.facts] == [
        ("NRR, as reported", "0.3333"), ("NRR, as it stands now", "1.0000"),
        ("GRR, as reported", "0.3333"), ("GRR, as it stands now", "1.0000"),
    ]  # fmt: skip
    assert tiles["nrr"]["figure"].value == Decimal("0.3333")
    churned = finns.get(tiles["logo_churn"]["url"]).context["told"]
    assert [(fact.value, fact.kind) for fact in churned.facts] == [(1, "count"), (0, "count")]


def test_the_paper_says_which_months_are_as_closed_as_page_and_file_do(broken: Client, finns: Browser) -> None:
    told = pdf_text(finns.get(f"{ARR}bridge.pdf?to=2026-03").content)
    assert "Mar 2026 as closed 36,000.00" in told and told.count("as closed") == 1


def test_the_paper_has_the_same_marks(restated: Client, finns: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    told = pdf_text(finns.get(f"{ARR}bridge.pdf?to=2026-03").content)
    for said in (
        "Mar 2026 a, b as reported 36,000.00 +3,000.00 0.00 +10,000.00 +9,000.00 0.00 +6,000.00 0.00 0.00 0.00 ",
        " 55,000.00 51,000.00 3 All periods",
        "Beginning Prior-period adjustment New Reactivation Expansion Contraction Churn FX Ending Customers",
        "Largest gains Customer Net change Bolt expansion, new +30,000.00 Acme new +15,000.00 as reported +12,000.00",
        "Dora new +10,000.00 as reported +9,000.00",
        "All periods as reported",
        "as reported 4,250.00",
        "b Mar 2026 restated: =Agreed anew. As restated 55,000.00 USD; as reported 51,000.00 USD (+4,000.00).",
    ):
        assert said in told, said
    sheet = {"size": "A4", "points": 9}
    as_html = lambda template, context, size: render_to_string(template, {**context, "paper": sheet}).encode()  # noqa: E731
    monkeypatch.setattr("reporting.arr_paper.paper", as_html)
    text = " ".join(finns.get(f"{ARR}bridge.pdf?by=segment").content.decode().split())
    for said in (
        "<sup>a, b</sup></p>",
        "Mar 2026<sup>a, b</sup>", '25,000.00<br><span class="before">21,000.00</span>', "ARR as reported</text>",
        'All periods<br><span class="before">as reported</span>', "Mar 2026 restated: =Agreed anew.",
    ):  # fmt: skip
        assert said in text, said


def test_the_page_asks_little_of_closed_months(
    restated: Client, finns: Browser, django_assert_max_num_queries: Callable[[int], AbstractContextManager[object]]
) -> None:
    """The contracts under both policies are read for what customers have where closed months and open ones meet."""
    finns.get(f"{ARR}?scale=full")
    with django_assert_max_num_queries(36):
        assert "restated" in finns.get(ARR).content.decode()


def test_what_is_too_long_for_paper_is_said_on_the_page(
    broken: Client, finns: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("reporting.arr_paper.MOST_ROWS", 2)
    text = finns.get(f"{ARR}bridge.pdf", follow=True).content.decode()
    assert "Nothing was set on paper: these are 4 rows: choose fewer months" in text


def test_the_page_names_the_policy_by_which_its_newest_month_is_told(broken: Client, finns: Browser) -> None:
    """A version that holds from a later month on computes nothing of a closed one."""
    with tenant_context(broken):
        closed = MonthClose.objects.get(month=MARCH, recognition="start").policy.number
        newest = PolicyVersion.objects.latest("number").number
    assert closed != newest
    head = state_of(finns, "?to=2026-03")
    assert closed == 0 and "The default policy" in head and f"later months under v{newest}" in head
    for address in ("", "?to=2026-03&view=current"):
        head = state_of(finns, address)
        assert f"Policy v{newest}" in head and "later months" not in head, address


def state_of(browser: Browser, address: str) -> str:
    """What stands under the title."""
    page = browser.get(f"{ARR}{address}").text.split("<h1", 1)[1].split("Bridge as CSV", 1)[0]
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())
