"""A change that restates golden data gives the golden bridge of the other policy, and every difference stands in the ledger."""

import csv
import io
import re
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest
from django.test import Client as Browser

from governance.models import ChangeReceipt
from governance.selectors.restatements import ledger_get
from governance.services.change_effect import changes_take_effect
from metrics.models import ContractLine
from metrics.selectors.breaks import breaks_get, restated_get
from metrics.selectors.reported import bridge_reported, retention_reported
from metrics.services.books import books_rebuild_all
from metrics.services.closes import month_close, month_restate
from metrics.services.policies import policy_publish
from portal.accounts.models import User
from portal.lib.periods import month_parse
from portal.tenancy.models import Client
from portal.tenancy.scope import tenant_context
from tests.engine.frames import read_policy
from tests.governance.effects import JANUARY, LIST, MARCH, client, scheduled
from tests.metrics.golden import NOW
from tests.metrics.loading import load_folder
from tests.reporting.numbers import LINES, numbers_load
from tests.reporting.numbers import NOW as APRIL
from tests.tenancy.routes_reporting import POLICY

FIRST, CLOSED = month_parse("2021-11"), month_parse("2022-02")  # nobody had ARR before
BEGIN, LAST = month_parse("2022-01"), month_parse("2025-12")  # of the worked cases
LEDGER = "/c/northwind/restatements/"
__all__ = ["client"]


def expected(folder: Path, name: str) -> list[dict[str, str]]:
    with (folder / "expected" / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def reported(client: Client, names: list[str], dimension: str) -> list[dict[str, str]]:
    """What is reported of LARR in every month, in the form of the worked cases."""
    bridge = bridge_reported(client, "live", BEGIN, LAST, dimension)
    assert not any(row.adjustment for row in bridge.rows)
    return [
        {name: row.period.key if name == "month" else str(getattr(row, name)) for name in names} for row in bridge.rows
    ]


@pytest.fixture
def swapped(shared: Path, northwind: Client, rita: User, finn: User) -> Client:
    """The contracts of one worked case, reported from their first month under the policy of another, in four closed months, and
    restated by one request that changes six parameters to the policy of their own, under which the later months are too.
    """
    folder = shared / "golden" / "live-average-parent"
    wrong = read_policy(shared / "golden" / "contract-start" / "policy.json").to_dict()
    wanted = read_policy(folder / "policy.json").to_dict()
    with tenant_context(northwind):
        load_folder(folder)
        policy_publish(client=northwind, parameters=wrong)
        books_rebuild_all(client=northwind, now=NOW)
        for month in range(FIRST, CLOSED + 1):
            month_close(client=northwind, month=month, user=finn)
    parameters = {name: value for name, value in wanted.items() if value != wrong[name]}
    assert len(parameters) == 6
    scheduled(northwind, rita, finn, FIRST, content={"parameters": parameters}, is_restating=True)
    changes_take_effect(client=northwind, now=NOW)
    return northwind


def test_a_restating_change_gives_the_golden_bridge_of_the_other_policy(shared: Path, swapped: Client) -> None:
    folder, cells = shared / "golden" / "live-average-parent", 0
    with tenant_context(swapped):
        for dimension in ("total", "segment", "region", "rep", "product"):
            rows = expected(folder, "bridge.csv" if dimension == "total" else f"bridge_by_{dimension}.csv")
            assert reported(swapped, list(rows[0]), dimension) == rows
            cells += sum(len(row) for row in rows)
        found = retention_reported(swapped, "live", BEGIN, LAST)
        ratios = [tuple("" if rate is None else str(rate) for rate in (row.nrr, row.grr)) for row in found]
        assert ratios == [(row["nrr"], row["grr"]) for row in expected(folder, "retention.csv")]
        assert cells > 1000 and breaks_get(swapped, "live") == ()


def test_as_restated_less_as_reported_is_what_the_ledger_says(swapped: Client) -> None:
    with tenant_context(swapped):
        for basis in ("start", "signed", "live"):
            ledger, restated = ledger_get(swapped, basis), restated_get(swapped, basis)
            assert ledger.by_month == {month: row.effect for month, row in restated.items()}
            now = {row.period.first: row.ending for row in bridge_reported(swapped, basis, FIRST, LAST).totals}
            first = bridge_reported(swapped, basis, FIRST, LAST, original=True).totals
            assert [now[row.period.first] - row.ending for row in first] == [
                ledger.by_month.get(row.period.first, Decimal("0.00")) for row in first
            ]
            for entry in ledger.entries:
                assert entry.definition is not None and entry.data == 0 and entry.definition == entry.effect
                assert entry.cause is not None and entry.cause.label == "CR-1"


@pytest.fixture
def corrected(northwind: Client, finn: User) -> Client:
    """March was closed with 42,000 and closed again, by hand and with a reason, with 45,000."""
    with tenant_context(northwind):
        numbers_load(northwind)
        month_close(client=northwind, month=month_parse("2026-03"), user=finn)
        ContractLine.objects.filter(line_id=LINES[0]["line_id"]).update(amount=15_000)
        books_rebuild_all(client=northwind, now=APRIL)
        month_restate(client=northwind, month=month_parse("2026-03"), reason="=A late order form", user=finn)
    return northwind


def test_the_ledger_says_what_why_by_whom_and_by_how_much(
    corrected: Client, finn: User, signed_in: Callable[[User], Browser]
) -> None:
    browser = signed_in(finn)
    text = " ".join(browser.get(LEDGER).content.decode().split())
    for said in (
        "was restated by",
        "42,000.00",
        "45,000.00",
        "+3,000.00",
        "=A late order form",
        "Finn",
    ):
        assert said in text, said
    (row,) = csv.DictReader(io.StringIO(browser.get(f"{LEDGER}restatements.csv").content.decode()))
    assert (row["effect"], row["by_definition"], row["by_corrections"]) == ("3000.00", "0.00", "3000.00")
    assert (row["currency"], row["basis"]) == ("USD", "ARR")
    assert (row["month"], row["revision"], row["reason"]) == ("2026-03", "2", "'=A late order form")
    assert Decimal(row["ending_after"]) - Decimal(row["ending_before"]) == Decimal(row["effect"])


def test_a_policy_that_counts_another_book_restates_nothing_and_the_ledger_says_so(
    corrected: Client, finn: User, signed_in: Callable[[User], Browser]
) -> None:
    assert "two books" not in signed_in(finn).get(LEDGER).content.decode()
    with tenant_context(corrected):
        signed = POLICY | {"reactivation_window_months": None, "recognition": "signed"}
        policy_publish(client=corrected, parameters=signed)
        books_rebuild_all(client=corrected, now=APRIL)
    text = " ".join(signed_in(finn).get(LEDGER).content.decode().split())
    assert "CARR at month end" in text
    assert "From policy v1 on pages show CARR first instead of ARR" in text and "each is compared with itself" in text


def test_a_ledger_without_restatements_says_what_belongs_there(
    northwind: Client, finn: User, signed_in: Callable[[User], Browser]
) -> None:
    assert "No month was restated" in signed_in(finn).get(LEDGER).content.decode()


def test_the_page_of_a_change_says_what_it_did_and_opening_it_is_reading_it(
    northwind: Client, rita: User, finn: User, eve: User, stan: User, signed_in: Callable[[User], Browser]
) -> None:
    with tenant_context(northwind):
        policy_publish(client=northwind, parameters=POLICY | {"reactivation_window_months": None})
        numbers_load(northwind)
        for month in ("2026-01", "2026-02", "2026-03"):
            month_close(client=northwind, month=month_parse(month), user=finn)
    request = scheduled(northwind, rita, finn, content={"parameters": {"included_charge_types": []}})
    page = f"/c/northwind/changes/{request.number}/"
    assert "Takes effect now" in signed_in(finn).get(page).content.decode()
    changes_take_effect(client=northwind, now=APRIL)
    figures = "Apr 2026 begins with ARR of 0.00 USD instead of 42,000.00 (−42,000.00); Mar 2026 stays as it is."
    assert figures in signed_in(finn).get(page).content.decode()
    words = signed_in(stan).get(page).content.decode()
    assert "No charge counts." in words and "42,000" not in words, "a role without figures reads words"
    with tenant_context(northwind):
        assert ChangeReceipt.objects.get(user=rita).read_at is None
    signed_in(rita).get(page)
    with tenant_context(northwind):
        assert ChangeReceipt.objects.get(user=rita).read_at is not None


def test_a_month_that_two_requests_and_a_hand_restated_names_them_all(
    client: Client, rita: User, finn: User, signed_in: Callable[[User], Browser]
) -> None:
    with tenant_context(client):
        month_close(client=client, month=MARCH, user=finn)
    scheduled(client, rita, finn, JANUARY, content=LIST, is_restating=True)
    changes_take_effect(client=client, now=APRIL)
    with tenant_context(client):
        ContractLine.objects.filter(line_id=LINES[0]["line_id"]).update(amount=15_000)
        books_rebuild_all(client=client, now=APRIL)
        month_restate(client=client, month=MARCH, reason="A late order form.", user=finn)
    scheduled(client, rita, finn, JANUARY, content={"parameters": {"discounts": "net"}}, is_restating=True)
    changes_take_effect(client=client, now=APRIL)
    browser = signed_in(finn)
    page = " ".join(browser.get("/c/northwind/arr/").content.decode().split())
    assert "Mar 2026 restated: CR-1, then A late order form, then CR-2. As restated 54,000.00 USD" in page
    assert [f"Open {name}</a>" in page for name in ("CR-1", "CR-2")] == [True, True]
    rows = csv.DictReader(io.StringIO(browser.get("/c/northwind/arr/bridge.csv").content.decode()))
    assert [row["restated_why"] for row in rows][2] == "CR-1, then A late order form, then CR-2"


def test_a_restated_month_says_who_closed_it_and_by_which_request_scheduled_by_whom_it_was_restated(
    client: Client, rita: User, finn: User, eve: User, signed_in: Callable[[User], Browser]
) -> None:
    with tenant_context(client):
        month_close(client=client, month=MARCH, user=eve)
    scheduled(client, rita, finn, MARCH, content=LIST, is_restating=True)
    changes_take_effect(client=client, now=APRIL)
    browser = signed_in(finn)
    rows = re.sub(r"<[^>]+>", " ", browser.get("/c/northwind/months/").content.decode()).split("Mar 2026")
    words = " ".join(rows[1].split())
    assert "by Eve" in words and "by CR-1 , scheduled by Finn" in words
    page = " ".join(re.sub(r"<[^>]+>", " ", browser.get("/c/northwind/months/2026-03/2/").content.decode()).split())
    assert "closed by Eve" in page and "by CR-1 , scheduled by Finn" in page
    assert "scheduled by Finn" in browser.get("/c/northwind/restatements/").content.decode()
    log = browser.get("/c/northwind/changes/1/").content.decode()
    assert log.count("Automatically, as scheduled by Finn") >= 2 and '<span class="sub">Tieout</span>' not in log


def test_the_ledger_tells_a_moved_beginning_as_the_rows_of_the_bridge_do(
    northwind: Client, finn: User, signed_in: Callable[[User], Browser]
) -> None:
    """The first month restated begins where the open one before it ends; the next one where the first one ends by now. The step
    is a movement of all months too: without it they would come to less than by what the last ending moved.
    """
    months = [month_parse("2026-02"), month_parse("2026-03")]
    with tenant_context(northwind):
        numbers_load(northwind)
        for month in (month_parse("2026-01"), *months):
            month_close(client=northwind, month=month, user=finn)
        ContractLine.objects.filter(line_id=LINES[0]["line_id"]).update(amount=15_000)
        books_rebuild_all(client=northwind, now=APRIL)
        for month in months:
            month_restate(client=northwind, month=month, reason="Late order forms", user=finn)
        ledger = ledger_get(northwind)
    moved = {entry.month: {name: after - before for name, before, after in entry.moved} for entry in ledger.entries}
    assert sum(ledger.flows.values()) == ledger.by_month[months[1]] == 3_000
    page = signed_in(finn).get(LEDGER).content.decode()
    flows = page[page.index('id="flows"') :]
    assert "Prior-period adjustment" in flows and "+3,000.00" in flows and "No movement differs" not in flows
    assert moved[months[0]] == {"adjustment": 3_000, "ending": 3_000}
    assert moved[months[1]] == {"beginning": 3_000, "ending": 3_000}
