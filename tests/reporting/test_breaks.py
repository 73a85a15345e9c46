"""A changed definition and a restated month are marked wherever ARR stands: page, chart, file and paper, with both figures."""

import csv
import datetime as dt
import io
from collections.abc import Callable
from contextlib import AbstractContextManager
from decimal import Decimal

import pytest
from django.template.loader import render_to_string
from django.test import Client as Browser

from metrics.models import ContractLine
from metrics.selectors.policies import policy_in_force
from metrics.services.books import books_rebuild_all
from metrics.services.closes import month_close, month_restate
from metrics.services.policies import policy_publish
from portal.accounts.models import User
from portal.lib.periods import month_parse
from portal.tenancy.models import Client
from portal.tenancy.scope import tenant_context
from tests.pdf_text import pdf_text
from tests.reporting.numbers import LINES, line, numbers_load

ARR = "/c/northwind/arr/"
MARCH, APRIL = month_parse("2026-03"), month_parse("2026-04")
MAY_COMES = dt.datetime(2026, 5, 10, tzinfo=dt.UTC)
DISCOUNTED = line("K5/1", "dora", "Platform", 10_000, dt.date(2026, 3, 1), segment="SMB", discount_e6=10**9)
Row = dict[str, str]


@pytest.fixture
def broken(northwind: Client, finn: User) -> Client:
    """March was closed with 51,000; from April on discounts are not subtracted (52,000), and Acme was corrected by 3,000."""
    with tenant_context(northwind):
        numbers_load(northwind, [*LINES, DISCOUNTED])
        books_rebuild_all(client=northwind, now=MAY_COMES)
        month_close(client=northwind, month=MARCH, user=finn)
        changed = policy_in_force(northwind).with_(discounts="list")
        policy_publish(client=northwind, parameters=changed.to_dict())
        ContractLine.objects.filter(line_id=LINES[0]["line_id"]).update(amount=15_000)
        books_rebuild_all(client=northwind, now=MAY_COMES)
    return northwind


@pytest.fixture
def restated(broken: Client, finn: User) -> Client:
    """March was closed again: 55,000."""
    with tenant_context(broken):
        month_restate(client=broken, month=MARCH, reason="=Agreed anew", user=finn, redefines=True)
    return broken


@pytest.fixture
def finns(finn: User, signed_in: Callable[[User], Browser]) -> Browser:
    return signed_in(finn)


def rows_of(browser: Browser, address: str = "") -> list[Row]:
    text = browser.get(f"{ARR}bridge.csv{address}").content.decode()
    return list(csv.DictReader(io.StringIO(text)))


def test_the_page_marks_the_month_and_says_both_figures(broken: Client, finns: Browser) -> None:
    response = finns.get(f"{ARR}?scale=full")
    text = " ".join(response.content.decode().split())
    assert 'Apr 2026<sup class="footmark">a</sup>' in text and 'class="row-break"' in text
    for said in (
        "From Apr 2026 another definition holds (policy v1). Discounts: List prices count; discounts are not subtracted.",
        "Mar 2026 under the new definition: 55,000.00 USD; as reported: 51,000.00 USD.",
        "the definition makes +1,000.00, contracts corrected since +3,000.00.",
        "Every cohort follows the definition that holds from Apr 2026 on",
        "spark-break",
    ):
        assert said in text, said
    steps = {step["label"]: step["amount"] for step in response.context["chart"]["steps"]}
    assert (steps["Changed definition"], steps["Corrected contracts"]) == ("1000.00", "3000.00")
    trend = response.context["trend"]
    assert trend["breaks"] == [{"at": 3, "text": "policy v1"}]
    assert trend["series"][1]["values"] == [None, None, "55000.00", "55000.00"]
    assert trend["title"] == "Another definition begins in Apr 2026"


def test_numbers_as_they_stand_now_have_one_definition_and_no_mark(restated: Client, finns: Browser) -> None:
    text = finns.get(f"{ARR}?view=current").content.decode()
    assert 'class="footmark"' not in text and "As reported</th>" not in text
    assert "as_reported" not in finns.get(f"{ARR}bridge.csv?view=current").content.decode()


def test_the_file_has_columns_for_a_break_only_where_there_is_one(broken: Client, finns: Browser) -> None:
    april = rows_of(finns)[-1]
    assert [april[name] for name in ("break", "before_as_reported", "before_under_new")] == [
        "policy v1", "51000.00", "55000.00",
    ]  # fmt: skip
    assert Decimal(april["by_definition"]) + Decimal(april["by_corrections"]) == Decimal(april["adjustment"])
    header = finns.get(f"{ARR}bridge.csv?to=2026-03").content.decode().splitlines()[0]
    assert header.endswith("customers_ending"), "a file without a break is byte for byte what it always was"


def test_restated_months_stand_beside_what_was_reported(restated: Client, finns: Browser) -> None:
    response = finns.get(f"{ARR}?scale=full")
    text = " ".join(response.content.decode().split())
    assert "Mar 2026 restated: =Agreed anew. As restated 55,000.00 USD; as reported 51,000.00 USD (+4,000.00)." in text
    (march,) = [row for row in response.context["table"]["rows"] if row["cells"][0]["value"] == "Mar 2026"]
    assert march["cells"][-2:] == [Decimal("51000.00"), Decimal("4000.00")]
    assert march["cells"][0]["mark"] == "a" and not march["is_break"], (
        "a footnote, and no line as where a definition begins"
    )
    assert response.context["trend"]["series"][1]["values"][2] == "51000.00"
    assert response.context["trend"]["title"] == "ARR of Mar 2026 was restated by +4,000.00 USD"
    march_row = next(row for row in rows_of(finns) if row["month"] == "2026-03")
    assert (march_row["ending"], march_row["ending_as_reported"], march_row["restated_by"]) == (
        "55000.00", "51000.00", "4000.00",
    )  # fmt: skip
    assert march_row["restated_why"] == "'=Agreed anew", "no text of a file begins a formula"


@pytest.mark.parametrize("by", ["segment", "product"])
@pytest.mark.parametrize("grain", ["month", "quarter"])
def test_the_file_ties_by_every_property_and_grain(restated: Client, finns: Browser, by: str, grain: str) -> None:
    rows = rows_of(finns, f"?by={by}&grain={grain}")
    touched = [row for row in rows if row["restated_by"]]
    assert sum(Decimal(row["restated_by"]) for row in touched) == Decimal("4000.00")
    for row in touched:
        assert Decimal(row["ending"]) - Decimal(row["ending_as_reported"]) == Decimal(row["restated_by"])
        parts = ("beginning", "new", "expansion", "contraction", "churn", "reactivation", "fx", "adjustment")
        assert sum(Decimal(row[f"{name}_as_reported"]) for name in parts) == Decimal(row["ending_as_reported"])


def test_the_paper_has_the_same_marks(restated: Client, finns: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    told = pdf_text(finns.get(f"{ARR}bridge.pdf").content)
    assert "Mar 2026 a 39,000.00 +10,000.00 0.00 +6,000.00 0.00 0.00 0.00 55,000.00 51,000.00 +4,000.00" in told
    assert (
        "a Mar 2026 restated: =Agreed anew. As restated 55,000.00 USD; as reported 51,000.00 USD (+4,000.00)." in told
    )
    sheet = {"size": "A4", "points": 9}
    as_html = lambda template, context, size: render_to_string(template, {**context, "paper": sheet}).encode()  # noqa: E731
    monkeypatch.setattr("reporting.arr_paper.paper", as_html)
    text = " ".join(finns.get(f"{ARR}bridge.pdf").content.decode().split())
    for said in (
        "Mar 2026<sup>a</sup>", "55,000.00", "51,000.00", "+4,000.00", "As reported</th>", "Restated by</th>",
        "Mar 2026 restated: =Agreed anew.", "ARR as reported</text>",
    ):  # fmt: skip
        assert said in text, said


def test_the_page_asks_little_of_closed_months(
    restated: Client, finns: Browser, django_assert_max_num_queries: Callable[[int], AbstractContextManager[object]]
) -> None:
    finns.get(f"{ARR}?scale=full")
    with django_assert_max_num_queries(41):
        assert "restated" in finns.get(ARR).content.decode()


def test_what_is_too_long_for_paper_is_said_on_the_page(
    broken: Client, finns: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("reporting.arr_paper.MOST_ROWS", 2)
    text = finns.get(f"{ARR}bridge.pdf", follow=True).content.decode()
    assert "Nothing was set on paper: these are 4 rows: choose fewer months" in text
