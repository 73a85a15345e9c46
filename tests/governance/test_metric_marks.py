"""The page of a metric and its values over the API mark where another definition begins, and have both figures restated."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client as Browser

from governance.selectors.registry import registry_get
from governance.services.registry import metric_add, registry_start
from metrics.models import ContractLine
from metrics.selectors.policies import policy_in_force
from metrics.services.books import books_rebuild_all
from metrics.services.closes import month_close, month_restate
from metrics.services.policies import policy_publish
from portal.accounts.models import User
from portal.lib.periods import month_parse
from portal.tenancy.models import Client
from portal.tenancy.scope import tenant_context
from tests.api.conftest import Mint, program
from tests.governance.metric_pages import HOME
from tests.reporting.breaks import DISCOUNTED
from tests.reporting.numbers import LINES, NOW, numbers_load

__all__ = ["program"]
FEBRUARY = month_parse("2026-02")


@pytest.fixture
def restated(northwind: Client) -> Client:
    """February was closed with 36,000 and closed again with 37,000, for Acme; from March on list prices count."""
    with tenant_context(northwind):
        policy_publish(client=northwind, parameters=policy_in_force(northwind).to_dict())
        numbers_load(northwind, [*LINES, DISCOUNTED])
        registry_start(client=northwind)
        month_close(client=northwind, month=FEBRUARY)
        ContractLine.objects.filter(line_id="K1/1").update(amount=13_000)
        books_rebuild_all(client=northwind, now=NOW)
        month_restate(client=northwind, month=FEBRUARY, reason="Acme pays 13,000")
        listed = policy_in_force(northwind).with_(discounts="list").to_dict()
        policy_publish(client=northwind, parameters=listed)
        books_rebuild_all(client=northwind, now=NOW)
    return northwind


def rows(browser: Browser, key: str) -> tuple[dict[str, str], str]:
    """The rows of a metric's values by month, as text with their marks, and the whole page."""
    text = " ".join(browser.get(f"{HOME}of/{key}/").content.decode().split())
    table = re.search(r'<table[^>]*id="values".*?</table>', text)
    assert table is not None
    found = [re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", row)).strip() for row in re.findall(r"<tr.*?</tr>", table[0])]
    return {" ".join(row.split()[:2]): row for row in found}, text


def test_the_page_of_a_metric_has_both_figures_and_the_break(
    restated: Client, finn: User, signed_in: Callable[[User], Browser]
) -> None:
    finns = signed_in(finn)
    months, text = rows(finns, "mrr")
    assert months["Feb 2026"].startswith("Feb 2026 restated 3,083.33 as reported 3,000.00")
    assert months["Mar 2026"].startswith("Mar 2026 a 4,416.67") and text.count('class="row-break"') == 1
    assert "From Mar 2026 another definition holds" in text
    assert (
        "ARR of Feb 2026 under the new definition: 37,000.00 USD; as restated: 37,000.00 USD; as reported: 36,000.00 USD."
        in text
    )
    nrr, text = rows(finns, "nrr")
    assert "restated" not in nrr["Feb 2026"], "what has no figure was not restated"
    assert "another definition holds" in text, "it reads the same book"
    assert "another definition holds" not in rows(finns, "open_pipeline")[1]


def test_where_another_book_begins_a_metric_says_so_and_one_with_a_book_of_its_own_does_not(
    restated: Client, finn: User, signed_in: Callable[[User], Browser]
) -> None:
    """What February's close kept was computed from ARR; March, which is open, is computed from CARR."""
    turn = "From Mar 2026 it is computed from CARR, before from ARR: two books of the same contracts."
    finns = signed_in(finn)
    assert "it is computed from" not in rows(finns, "mrr")[1]
    with tenant_context(restated):
        policy_publish(client=restated, parameters=policy_in_force(restated).with_(recognition="signed").to_dict())
        books_rebuild_all(client=restated, now=NOW)
    months, text = rows(finns, "mrr")
    assert turn in text and re.match(r"Mar 2026 [a-z]", months["Mar 2026"])
    assert "it is computed from" not in rows(finns, "carr")[1]
    assert "it is computed from" not in rows(finns, "open_pipeline")[1]


def test_a_metric_that_is_only_proposed_was_never_reported(
    restated: Client, finn: User, signed_in: Callable[[User], Browser]
) -> None:
    with tenant_context(restated):
        mrr = registry_get(restated).entries["mrr"].content
        metric_add(client=restated, key="half", content=mrr | {"name": "Half", "formula": "arr / 24"}, reason="To try")
    february = rows(signed_in(finn), "half")[0]["Feb 2026"]
    assert "1,541.67 computed now, never reported: the metric is only proposed" in february
    assert "restated" not in february


def test_what_several_months_would_say_alike_is_said_once(
    northwind: Client, finn: User, signed_in: Callable[[User], Browser]
) -> None:
    with tenant_context(northwind):
        policy_publish(client=northwind, parameters=policy_in_force(northwind).to_dict())
        numbers_load(northwind)
        registry_start(client=northwind)
        for month in (FEBRUARY - 1, FEBRUARY):
            month_close(client=northwind, month=month)
        mrr = registry_get(northwind).entries["mrr"].content
        metric_add(client=northwind, key="half", content=mrr | {"name": "Half", "formula": "arr / 24"}, reason="To try")
    found, text = rows(signed_in(finn), "half")
    assert text.count("omputed now, never reported") == 1
    assert "Computed now, never reported: the metric is only proposed (2 months)." in text
    assert "*" in found["Jan 2026"] and "*" in found["Feb 2026"] and "*" not in found["Mar 2026"]


def test_the_values_over_the_api_have_both_figures_and_the_break(restated: Client, finn: User, program: Mint) -> None:
    answer: dict[str, Any] = program(restated, finn).get(restated, "api_metric_values", key="arr").json()
    found = {row["month"]: row for row in answer["values"]}
    february = found["2026-02"]
    assert (february["value"], february["as_reported"]["value"], february["standing"]) == (
        "37000.00", "36000.00", "kept",
    )  # fmt: skip
    assert found["2026-03"]["as_reported"] is None and found["2026-03"]["standing"] == "open"
    assert [row["month"] for row in answer["restated"]] == ["2026-02"]
    assert [row["month"] for row in answer["breaks"]] == ["2026-03"]
    assert [row["book"] for row in (*answer["restated"], *answer["breaks"])] == ["start", "start"]
    assert answer["book_turns"] == []


def test_the_values_over_the_api_say_which_book_is_meant_and_keep_the_marks_of_the_book_before(
    restated: Client, finn: User, program: Mint
) -> None:
    """February's value was kept of ARR, and restated in it. January was never closed, and March is open: both are of CARR."""
    with tenant_context(restated):
        policy_publish(client=restated, parameters=policy_in_force(restated).with_(recognition="signed").to_dict())
        books_rebuild_all(client=restated, now=NOW)
    asks = program(restated, finn)
    answer: dict[str, Any] = asks.get(restated, "api_metric_values", key="nrr").json()
    assert answer["book_turns"] == [
        {"month": "2026-02", "before": "signed", "after": "start"},
        {"month": "2026-03", "before": "start", "after": "signed"},
    ]
    assert [(row["month"], row["book"]) for row in answer["restated"]] == [("2026-02", "start")]
    assert [(row["month"], row["book"]) for row in answer["breaks"]] == [("2026-03", "signed")]
    carr: dict[str, Any] = asks.get(restated, "api_metric_values", key="carr").json()
    assert carr["book_turns"] == [] and {row["book"] for row in carr["restated"]} == {"signed"}
