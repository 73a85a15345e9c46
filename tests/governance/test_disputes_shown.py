"""A disputed figure is marked wherever it is published: pages, panels, lists, files and papers."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext

from governance.selectors.figure_disputes import disputed_marks
from governance.selectors.published_figures import Subject
from governance.services.figure_disputes import (
    dispute_settle,
    dispute_take,
)
from governance.services.problems import DefinitionError
from governance.services.registry import registry_start
from metrics.services.closes import month_close
from portal.accounts.models import User
from portal.tenancy.models import Client
from portal.tenancy.scope import tenant_context
from tests.governance.disputes import MARCH, booked, raised
from tests.pdf_text import pdf_text as paper_text

__all__ = ["booked"]


def test_the_arr_page_marks_the_figure_and_leads_to_the_dispute(
    booked: Client, eve: User, finn: User, signed_in: Callable[[User], Browser]
) -> None:
    page = signed_in(eve)
    address = "/c/northwind/arr/"
    assert b"disputed" not in page.get(address).content
    with tenant_context(booked):
        row = raised(booked, eve)
    text = page.get(address).content.decode()
    link = '<a class="flag" href="/c/northwind/oversight/disputes/1/">disputed, D-1</a>'
    assert text.count(link) == 3  # ARR, MRR and the row of March
    assert link not in page.get(f"{address}?to=2026-02").content.decode()
    assert link not in page.get(f"{address}?basis=signed").content.decode()
    with tenant_context(booked):
        dispute_take(client=booked, dispute=row, owner=finn, user=finn)
        dispute_settle(client=booked, dispute=row, step="stand", reason="Signed", user=finn)
    assert link not in page.get(address).content.decode()


def test_marks_cost_one_query_however_many_there_are(
    booked: Client, eve: User, django_assert_num_queries: Callable[[int], Any]
) -> None:
    with tenant_context(booked):
        for month in range(MARCH - 2, MARCH + 1):
            raised(booked, eve, Subject("ending", month))
        with django_assert_num_queries(1):
            assert {mark.month for mark in disputed_marks()} == {MARCH - 2, MARCH - 1, MARCH}


def test_the_list_asks_as_much_for_many_disputes_as_for_one(
    booked: Client, eve: User, rita: User, signed_in: Callable[[User], Browser]
) -> None:
    """Also where each is of a metric, whose unit the registry knows."""
    page, asked = signed_in(eve), []
    with tenant_context(booked):
        registry_start(client=booked, user=rita)
    for month in (MARCH - 2, MARCH - 1, MARCH):
        with tenant_context(booked):
            raised(booked, eve, Subject("metric", month, metric="arr"))
        page.get("/c/northwind/oversight/disputes/")
        with CaptureQueriesContext(connection) as made:
            assert "36,000.00" in page.get("/c/northwind/oversight/disputes/").content.decode()
        assert not [each["sql"] for each in made if '"report"' in each["sql"]]
        asked.append(len(made))
    assert len(set(asked)) == 1


def test_the_panel_of_a_figure_leads_to_the_form_of_exactly_that_figure(
    booked: Client, eve: User, signed_in: Callable[[User], Browser]
) -> None:
    page = signed_in(eve)
    opened = page.get("/c/northwind/arr/?why=customer:2026-03:bolt", headers={"HX-Target": "drawer"}).content.decode()
    url = opened.split('href="')[-1].split('"')[0].replace("&amp;", "&")
    assert url.startswith("/c/northwind/oversight/disputes/new/?figure=ending&month=2026-03")
    assert "30,000.00 USD" in " ".join(page.get(url).content.decode().split())
    sent = {"figure": "ending", "month": "2026-03", "recognition": "start", "customer": "bolt", "reason": "Ended"}
    assert page.post("/c/northwind/oversight/disputes/new/", sent).status_code == 302
    again = page.get("/c/northwind/arr/?why=customer:2026-03:bolt", headers={"HX-Target": "drawer"}).content.decode()
    assert "disputed, D-1" in again
    assert "Dispute this figure" not in again
    assert page.post("/c/northwind/oversight/disputes/1/settle/", {"step": "stand", "reason": "x"}).status_code == 403


def test_a_step_that_may_not_follow_is_a_conflict(
    booked: Client, eve: User, finn: User, signed_in: Callable[[User], Browser]
) -> None:
    with tenant_context(booked):
        raised(booked, eve)
    answer = signed_in(finn).post("/c/northwind/oversight/disputes/1/settle/", {"step": "stand", "reason": "No"})
    assert answer.status_code == 409
    assert b"waits for somebody to look into it" in answer.content


def test_the_page_of_a_metric_marks_the_month(
    booked: Client, eve: User, rita: User, signed_in: Callable[[User], Browser]
) -> None:
    with tenant_context(booked):
        registry_start(client=booked, user=rita)
        raised(booked, eve, Subject("metric", MARCH, metric="arr"))
    text = signed_in(eve).get("/c/northwind/metrics/of/arr/").content.decode()
    assert text.count("disputed, D-1") == 1
    assert "figure=metric&amp;metric=arr&amp;month=2026-02" in text
    form = signed_in(eve).get("/c/northwind/oversight/disputes/new/?figure=metric&metric=arr&month=2026-02").text
    assert "USD" in form and "money" not in form.replace("unit=money", ""), (
        "a figure of a metric has the unit that people read"
    )
    assert "Mar 2026, USD" in signed_in(eve).get("/c/northwind/oversight/disputes/").text


def column(name: str, lines: list[str]) -> list[str]:
    """The cells of one column of a CSV file without quotes."""
    head, *rows = (line.split(",") for line in lines)
    return [row[head.index(name)] for row in rows]


def test_a_disputed_metric_is_marked_wherever_its_figure_is_shown(
    booked: Client, eve: User, rita: User, signed_in: Callable[[User], Browser]
) -> None:
    """ARR of the registry is the ending of the bridge: one figure, disputed under either name, and once at a time."""
    with tenant_context(booked):
        registry_start(client=booked, user=rita)
        month_close(client=booked, month=MARCH)
        raised(booked, eve, Subject("metric", MARCH, metric="arr"))
        with pytest.raises(DefinitionError, match="disputed already: say what you know in D-1"):
            raised(booked, rita)
        raised(booked, eve, Subject("new", MARCH, dimension="segment", group="Enterprise"))
    page, home = signed_in(eve), "/c/northwind/"
    shown = {
        "": 2, "arr/": 3, "months/": 1, "months/2026-03/1/": 1, "metrics/of/arr/": 1, "metrics/of/mrr/": 1,
        "metrics/of/arr/?grain=quarter": 1, "metrics/of/nrr/": 0, "metrics/of/carr/": 0, "months/?basis=signed": 0,
    }  # fmt: skip
    assert {path: page.get(home + path).text.count("disputed, D-1") for path in shown} == shown
    assert "disputed, D-2" in page.get(f"{home}arr/rows/?span=2026-03:2026-03").text
    bridge = page.get(f"{home}arr/bridge.csv?from=2026-02&to=2026-03").text.splitlines()
    assert column("disputed", bridge) == ["", "D-1 ending"]
    calm = page.get(f"{home}arr/bridge.csv?from=2026-01&to=2026-02").text.splitlines()
    assert column("disputed", calm) == ["", ""], "the column is there, and has nothing to say"


def test_the_paper_names_what_is_disputed(booked: Client, eve: User, signed_in: Callable[[User], Browser]) -> None:
    with tenant_context(booked):
        raised(booked, eve)
    text = paper_text(signed_in(eve).get("/c/northwind/arr/bridge.pdf").content)
    assert "† Disputed, and not settled yet: ARR, Mar 2026 (D-1)." in text


def test_a_figure_is_disputed_from_the_list_by_its_name_and_month(
    booked: Client, eve: User, rita: User, signed_in: Callable[[User], Browser]
) -> None:
    page, address = signed_in(eve), "/c/northwind/oversight/disputes/new/"
    assert "Dispute a figure" in page.get("/c/northwind/oversight/disputes/").text
    assert 'value="ending"' in page.get(address).text
    with tenant_context(booked):
        registry_start(client=booked, user=rita)
    choose = page.get(address).text
    assert 'value="metric:arr"' in choose and 'value="ending"' not in choose
    led = page.get(address, {"of": "metric:arr", "month": "2026-03"}, follow=True)
    assert "42,000.00 USD" in " ".join(led.text.split())
    assert page.get(address, {"of": "metric:nothing", "month": "2026-03"}).status_code == 422
    sent = {"figure": "metric", "metric": "arr", "month": "2026-03", "believed": "36 k", "reason": "Ended"}
    told = page.post(address, sent, follow=True).text
    assert "36,000.00" in told and "Raised raised" not in " ".join(told.split())


def test_a_disputed_metric_shows_its_formula_in_words(
    booked: Client, eve: User, rita: User, signed_in: Callable[[User], Browser]
) -> None:
    with tenant_context(booked):
        registry_start(client=booked, user=rita)
        raised(booked, eve, Subject("metric", MARCH, metric="arr"))
    html = signed_in(eve).get("/c/northwind/oversight/disputes/1/").content.decode()
    assert '<p class="formula-words">ARR at the end of the month</p>' in html
    assert "book_ending" not in html
