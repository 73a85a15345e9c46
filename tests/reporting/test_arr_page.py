"""The ARR page: its figures, its links, and what it says when there are none."""

import datetime as dt
import io
import re
from collections.abc import Callable
from decimal import Decimal
from unittest.mock import Mock

import pytest
from django.core.management import call_command
from django.template.loader import render_to_string
from django.test import Client as Browser

from metrics.models import ContractLine
from metrics.services.books import books_rebuild_all
from metrics.services.closes import month_close
from portal.accounts.models import User
from portal.lib.periods import month_parse
from portal.lib.spreadsheets import harmless
from portal.tenancy.models import Client, ClientSummary
from portal.tenancy.scope import tenant_context
from tests.reporting.numbers import LINES, NOW, line, numbers_load

ARR = "/c/northwind/arr/"
POLICY_PAGE = "/c/northwind/policy/"
BORN = dt.date(2026, 3, 1)
ROUNDED = "Shown in thousands, each figure rounded for itself: parts may differ from their total in the last digit."
SignIn = Callable[[User], Browser]


@pytest.fixture
def eves_browser(northwind: Client, eve: User, signed_in: SignIn) -> Browser:
    """An executive, reading a client with numbers."""
    with tenant_context(northwind):
        numbers_load(northwind)
    return signed_in(eve)


def page(browser: Browser, address: str = ARR, **headers: str) -> str:
    response = browser.get(address, headers=headers)
    assert response.status_code == 200
    return str(response.content.decode())


def test_a_client_without_contracts_is_told_where_to_begin(northwind: Client, rita: User, signed_in: SignIn) -> None:
    text = page(signed_in(rita))
    assert "No contract lines yet" in text and "/c/northwind/data/upload/" in text


def test_a_policy_that_nobody_published_has_one_name_everywhere(
    northwind: Client, rita: User, signed_in: SignIn
) -> None:
    browser = signed_in(rita)
    assert "The default policy" in page(browser) and "The default policy: it holds until" in page(browser, POLICY_PAGE)
    with tenant_context(northwind):
        numbers_load(northwind)
    texts = [page(browser, address) for address in (ARR, POLICY_PAGE, f"{ARR}?why=cell:2026-03:2026-03:ending")]
    told = io.StringIO()
    call_command("arr_explain", "--client=northwind", "--customer=acme", "--month=2026-03", stdout=told)
    for text in (*texts, told.getvalue()):
        assert "he default policy" in text and not re.search(r"v0\b|version 0", text)
    assert "Computed under the default policy" in texts[2]


def test_the_bridge_ties_on_the_page(eves_browser: Browser) -> None:
    context = eves_browser.get(f"{ARR}?scale=full").context
    totals = context["bridge"].totals
    assert [row.ending for row in totals] == [Decimal("12000.00"), Decimal("36000.00"), Decimal("42000.00")]
    for row in totals:
        parts = row.new + row.reactivation + row.expansion + row.contraction + row.churn + row.fx + row.adjustment
        assert row.beginning + parts == row.ending


@pytest.mark.parametrize("by", ["", "&by=segment"])
def test_a_bridge_in_thousands_says_once_that_its_figures_are_rounded_where_they_are(
    northwind: Client, eves_browser: Browser, by: str
) -> None:
    """12,000 + 24,000 + 6,000 are whole thousands; 1,400 + 1,400 are shown as 1 + 1 = 3."""
    thousands = f"{ARR}?scale=thousands{by}"
    assert ROUNDED not in page(eves_browser, thousands)
    with tenant_context(northwind):
        numbers_load(northwind, [line(f"K{place}/1", f"c{place}", "Support", 1_400, BORN) for place in (8, 9)])
    assert page(eves_browser, thousands).count(ROUNDED) == 1
    assert "rounded for itself" not in page(eves_browser, f"{ARR}?scale=full{by}")
    assert ROUNDED.replace("thousands", "millions") in page(eves_browser, f"{ARR}?scale=millions{by}")


def test_small_clients_read_cents_and_large_ones_thousands_unless_they_choose(
    eves_browser: Browser, northwind: Client
) -> None:
    assert "42,000.00" in page(eves_browser)
    assert "42,000.00" not in page(eves_browser, f"{ARR}?scale=thousands")
    with tenant_context(northwind):
        ClientSummary.objects.update(arr=Decimal("1000000.00"))
    assert "42,000.00" not in page(eves_browser)
    assert "42,000.00" in page(eves_browser, f"{ARR}?scale=full")


def test_filters_stay_in_every_link_of_the_page(eves_browser: Browser) -> None:
    text = page(eves_browser, f"{ARR}?segment=Enterprise&scale=full")
    assert "30,000.00" in text and "42,000.00" not in text
    assert "segment=Enterprise&amp;why=cell" in text or "why=cell%3A2026-03%3A2026-03%3Aending" in text


def test_a_split_row_says_whose_it_is_where_its_column_has_no_room(eves_browser: Browser) -> None:
    """On a phone the period and the ending stay in sight, and the column of the segment lies under them."""
    text = page(eves_browser, f"{ARR}?by=segment")
    found = re.findall(
        r'<th scope="row"[^>]*>[^<]*<span class="sub narrow-only" aria-hidden="true">([^<]+)</span>', text
    )
    assert {"Enterprise", "SMB"} <= set(found)
    assert "narrow-only" not in page(eves_browser)


def test_an_address_full_of_nonsense_opens_the_page(eves_browser: Browser) -> None:
    page(eves_browser, f"{ARR}?from=soon&to=2026-99&grain=eon&by=mood&basis=gut&scale=huge&why=cell:a:b:c&group=x")
    page(eves_browser, f"{ARR}?by=segment&segment=%00&group=%00&why=customer:2026-03:%00")


def test_a_cell_leads_to_its_customers_and_they_add_up(eves_browser: Browser) -> None:
    response = eves_browser.get(f"{ARR}?why=cell:2026-01:2026-03:new")
    cell = response.context["cell"]
    assert {found.customer: found.amount for found in cell.customers} == {
        "acme": Decimal("12000.00"),
        "bolt": Decimal("24000.00"),
    }
    assert cell.amount == Decimal("36000.00")


def test_a_cell_of_very_many_customers_shows_the_first_and_sums_up_the_rest(
    eves_browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("reporting.why_page.SHOWN", 1)
    response = eves_browser.get(
        f"{ARR}?why=cell:2026-01:2026-03:new", headers={"HX-Request": "true", "HX-Target": "drawer"}
    )
    assert [row["customer"].customer for row in response.context["rows"]] == ["bolt"]
    assert (response.context["rest_count"], response.context["rest_amount"]) == (1, Decimal("12000.00"))
    assert "is the sum of 2 customers" in response.content.decode()


def test_numbers_of_customers_have_separators_as_all_figures() -> None:
    cell = Mock(customer_count=97_460, amount=Decimal("1.00"))
    context = {"cell": cell, "rest_count": 97_260, "rest_amount": Decimal("0.50"), "currency": "USD"}
    text = render_to_string("reporting/_drawer_cell.html", context)
    assert "the sum of 97,460 customers" in " ".join(text.split()) and "and 97,260 more" in text


def test_a_customer_leads_to_its_lines_their_clauses_and_the_row_of_the_file(eves_browser: Browser) -> None:
    text = page(eves_browser, f"{ARR}?why=customer:2026-03:bolt", HX_Request="true", HX_Target="drawer")
    assert "<html" not in text
    for said in ("30,000.00", "K3/1", "A contract line counts from its start date.", "row 3 of contracts.csv"):
        assert said in text


def test_a_line_shows_its_own_dates_and_one_that_never_counts_no_annual_value(
    northwind: Client, eve: User, signed_in: SignIn
) -> None:
    fee = LINES[0] | {"line_id": "K9/1", "charge_type": "one_time", "amount_basis": "total", "amount_e6": 5_000_000_000}
    dated = {"starts_on": dt.date(2026, 1, 10), "ends_on": dt.date(2026, 12, 31)}
    with tenant_context(northwind):
        numbers_load(northwind, [LINES[0] | dated, fee | dated])
    text = page(signed_in(eve), f"{ARR}?why=customer:2026-03:acme")
    assert text.count("10 Jan 2026 to 31 Dec 2026") == 2
    assert text.count("Annual value") == 1 and "has no annual value: it never counts" in text and "5,000.00" in text


def test_a_rate_without_value_says_why(eves_browser: Browser) -> None:
    text = page(eves_browser)
    assert 'data-tip="Nobody of these had ARR at the month end that it compares with"' in text


def test_a_customer_of_nobody_is_said_to_be_so(eves_browser: Browser) -> None:
    assert "Nothing behind this figure" in page(eves_browser, f"{ARR}?why=customer:2026-03:nobody")


def test_the_export_is_exact_and_starts_no_formula(northwind: Client, eve: User, signed_in: SignIn) -> None:
    with tenant_context(northwind):
        numbers_load(northwind, [LINES[0] | {"segment": "=2+5"}])
    response = signed_in(eve).get("/c/northwind/arr/bridge.csv?by=segment&from=2026-01&to=2026-01")
    header, row = response.content.decode().splitlines()
    assert header.startswith(
        "month,group,beginning,new,expansion,contraction,churn,reactivation,fx,ending,"
        "customers_beginning,customers_new,customers_churned,customers_reactivated,customers_ending,prior_period_adjustment,"
    )
    told = "2026-01,'=2+5,0.00,12000.00,0.00,0.00,0.00,0.00,0.00,12000.00,0,1,0,0,1,0.00"
    assert header.endswith(",disputed,customers_adjusted,customers_adjusted_as_reported,currency,basis")
    assert row.removesuffix(",0,,USD,ARR").rstrip(",") == told and row.count(",") == header.count(","), (
        "nothing else is to be said, and has its place"
    )


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠"])
def test_no_text_of_an_export_can_begin_a_formula(start: str) -> None:
    assert harmless(f"{start}1+1") == f"'{start}1+1"
    assert harmless("Nordics - 2") == "Nordics - 2"


@pytest.mark.parametrize(("grain", "key"), [("quarter", "2026-Q1"), ("year", "2026")])
def test_the_export_names_its_first_column_after_the_period(eves_browser: Browser, grain: str, key: str) -> None:
    response = eves_browser.get(f"/c/northwind/arr/bridge.csv?grain={grain}")
    header, row = response.content.decode().splitlines()
    assert header.startswith(f"{grain},beginning,new,") and header.endswith(",currency,basis")
    assert row.startswith(f"{key},0.00,36000.00,6000.00,0.00,0.00,0.00,0.00,42000.00,0,2,0,0,2,0.00,")
    assert row.endswith(",0,,USD,ARR")
    assert f"northwind-arr-usd-bridge-by-{grain}.csv" in response["Content-Disposition"]


def test_markup_in_a_name_is_text(northwind: Client, eve: User, signed_in: SignIn) -> None:
    hostile = "</script><script>alert(1)</script>"
    with tenant_context(northwind):
        numbers_load(northwind, [LINES[0] | {"customer_name": hostile, "segment": hostile}])
    text = page(signed_in(eve), f"{ARR}?by=segment&why=cell:2026-01:2026-01:new")
    assert "<script>alert" not in text


def test_months_are_chosen_by_their_names(eves_browser: Browser) -> None:
    text = page(eves_browser, f"{ARR}?from=2026-02")
    assert '<option value="2026-02" selected>Feb 2026</option>' in " ".join(text.split())


def test_several_values_of_a_filter_stay_in_every_link(eves_browser: Browser) -> None:
    response = eves_browser.get(f"{ARR}?segment=SMB&segment=Enterprise&scale=full&why=cell:2026-03:2026-03:ending")
    text = response.content.decode()
    assert response.context["cell"].amount == Decimal("42000.00") and "2 chosen" in text
    assert "segment=Enterprise&amp;segment=SMB" in text
    assert "Enterprise or SMB" in text
    cohorts = eves_browser.get(f"{ARR}?segment=SMB&scale=full").context["cohorts"]
    assert [(row["label"], row["size"]) for row in cohorts["rows"]] == [("Jan 2026", 1)]


def test_a_row_opens_into_its_segments(eves_browser: Browser) -> None:
    text = page(eves_browser, f"{ARR}?scale=full")
    assert "/c/northwind/arr/rows/?scale=full&amp;span=2026-02%3A2026-02&amp;parent=bridge-1" in text
    response = eves_browser.get(f"{ARR}rows/?scale=full&span=2026-02:2026-02&parent=bridge-1")
    rows = response.content.decode()
    assert rows.count("<tr") == 2 and 'data-parent="bridge-1"' in rows and "<html" not in rows
    assert [row["cells"][0]["value"] for row in response.context["rows"]] == ["Enterprise", "SMB"]
    why = response.context["rows"][0]["cells"][2]
    assert why["value"] == Decimal("24000.00")
    cell = eves_browser.get(why["href"]).context["cell"]
    assert (cell.dimension, cell.group, cell.amount) == ("segment", "Enterprise", Decimal("24000.00"))
    assert eves_browser.get(f"{ARR}rows/?span=soon").content == b""


def test_every_tile_leads_to_the_customers_behind_it(northwind: Client, eve: User, signed_in: SignIn) -> None:
    last_year = [found | {"starts_on": dt.date(2025, 3, 1)} for found in LINES[:2]]
    lost = LINES[0] | {"line_id": "K7/1", "customer_id": "cord", "starts_on": dt.date(2025, 1, 1)}
    with tenant_context(northwind):
        numbers_load(northwind, [*last_year, LINES[2], lost | {"ends_on": dt.date(2026, 3, 14)}])
    browser = signed_in(eve)
    tiles = {tile["name"]: tile for tile in browser.get(f"{ARR}?scale=full").context["tiles"]}
    behind = {name: browser.get(tile["url"]).context for name, tile in tiles.items()}
    assert behind["arr"]["cell"].amount == tiles["arr"]["figure"].value == Decimal("42000.00")
    assert behind["net_new"]["cell"].amount == tiles["net_new"]["figure"].value == Decimal("-6000.00")
    for name in ("nrr", "grr"):
        assert getattr(behind[name]["found"], name) == tiles[name]["figure"].value
    found = behind["nrr"]["found"]
    assert (found.base, found.now, found.kept) == (Decimal("48000.00"), Decimal("42000.00"), Decimal("36000.00"))
    churned = behind["logo_churn"]["cell"]
    assert [(row.name, row.amount) for row in churned.customers] == [("Acme", 1)]
    assert tiles["arr"]["ratio"] == Decimal("-6000") / Decimal("48000") and tiles["nrr"]["ratio"] is None


def test_a_cohort_leads_to_its_customers(eves_browser: Browser) -> None:
    context = eves_browser.get(f"{ARR}?scale=full").context
    january, february, *_ = context["cohorts"]["rows"]
    cell = eves_browser.get(february["cells"][1]["url"]).context["cell"]
    assert [(row.customer, row.amount) for row in cell.customers] == [("bolt", Decimal("30000.00"))]
    assert february["cells"][1]["share"] == Decimal("1.2500") and january["cells"][2]["share"] == Decimal("1.0000")


@pytest.mark.parametrize(
    "why", ["cell:2026-03:2026-03:customers_ending", "cell:2026-01:2026-03:customers_new", "cell:1026-01:2026-03:new"]
)
def test_counts_have_their_customers_too(eves_browser: Browser, why: str) -> None:
    text = page(eves_browser, f"{ARR}?why={why}")
    assert "each customer counted below" in text or "Nothing behind this figure" in text


@pytest.mark.parametrize("why", ["retention:2020-01", "retention:x", "cohort:a:b:c", "cohort:2026-01:2026-01:2031-01"])
def test_a_drawer_without_anything_behind_it_says_so(eves_browser: Browser, why: str) -> None:
    text = page(eves_browser, f"{ARR}?why={why}")
    assert "Nothing behind this figure" in text or "No customer moved here" in text


def test_tiles_and_table_show_closed_months_as_reported_and_say_what_changed(
    northwind: Client, eves_browser: Browser
) -> None:
    with tenant_context(northwind):
        month_close(client=northwind, month=month_parse("2026-03"))
    assert eves_browser.get(ARR).context["view_note"] == ""
    with tenant_context(northwind):
        ContractLine.objects.filter(line_id="K1/1").update(amount=13_000)
        books_rebuild_all(client=northwind, now=NOW)
    reported, now = (eves_browser.get(f"{ARR}?scale=full&view={view}").context for view in ("reported", "current"))
    for shown, ending in ((reported, "42000.00"), (now, "43000.00")):
        assert shown["bridge"].totals[-1].ending == shown["tiles"][0]["figure"].value == Decimal(ending)
        assert next(basis for basis in shown["bases"] if basis["active"])["figure"].value == Decimal(ending)
    assert reported["view_note"] == now["view_note"] == ""
    for view, ending in (("reported", "12000.00"), ("current", "13000.00")):
        several = eves_browser.get(f"{ARR}?segment=SMB&region=(none)&view={view}").context
        assert several["bridge"].totals[-1].ending == several["tiles"][0]["figure"].value == Decimal(ending)


def test_the_page_costs_a_fixed_number_of_queries(
    eves_browser: Browser, django_assert_max_num_queries: Callable[[int], object]
) -> None:
    with django_assert_max_num_queries(29):  # type: ignore[attr-defined]
        page(eves_browser)
    with django_assert_max_num_queries(22):  # type: ignore[attr-defined]
        page(eves_browser)  # drawn already: session, person, standing, and whether a number changed


def test_a_drawn_page_is_drawn_again_when_a_number_changes(northwind: Client, eves_browser: Browser) -> None:
    assert "42,000.00" in page(eves_browser, f"{ARR}?scale=full")
    with tenant_context(northwind):
        ContractLine.objects.filter(line_id="K1/1").update(amount=13_000)
        books_rebuild_all(client=northwind, now=NOW)
    text = page(eves_browser, f"{ARR}?scale=full")
    assert "43,000.00" in text and "42,000.00" not in text
