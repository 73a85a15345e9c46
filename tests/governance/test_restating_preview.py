"""A restating request is decided by what it restates: its preview lists the months that are closed again, to the cent."""

import csv
import datetime as dt
import io
import re
from collections.abc import Callable
from decimal import Decimal
from types import SimpleNamespace
from typing import Any, Final

import pytest
from django.test import Client as Browser

from governance.change_impact import Impact, Size
from governance.change_impact_steps import restated_finding
from governance.change_impact_tables import Shown
from governance.change_impact_words import closed_told, finding, kept_told
from governance.effect_words import figures_words, largest_words
from governance.models import ChangeRequest
from governance.selectors.restatements import ledger_get
from governance.services.change_effect import changes_take_effect
from metrics.models import ContractLine, MonthClose
from metrics.selectors.policies import policy_in_force
from metrics.services.books import books_rebuild_all
from metrics.services.closes import month_close
from metrics.services.policies import policy_publish
from portal.accounts.models import User
from portal.tenancy.models import Client
from portal.tenancy.scope import tenant_context
from tests.governance.effects import FEBRUARY, JANUARY, MARCH, effect, scheduled
from tests.reporting.numbers import LINES, NOW, line, numbers_load
from tests.tenancy.routes_reporting import POLICY

# Dora renews 24 days after her term, Emil 54: both keep January by a grace of 30, and February by one of 60 alone.
LATE: Final = [
    line("K9/1", "dora", "Platform", 9_000, dt.date(2026, 1, 1), ends_on=dt.date(2026, 1, 14), segment="SMB"),
    line("K9/2", "dora", "Platform", 9_000, dt.date(2026, 2, 7), segment="SMB"),
    line("K8/1", "emil", "Platform", 4_000, dt.date(2026, 1, 1), ends_on=dt.date(2026, 1, 20), segment="SMB"),
    line("K8/2", "emil", "Platform", 4_000, dt.date(2026, 3, 15), segment="SMB"),
]


def grace(days: int) -> dict[str, dict[str, int]]:
    return {"parameters": {"renewal_grace_days": days}}


@pytest.fixture
def redefined(northwind: Client, rita: User, finn: User, eve: User) -> Client:
    """Closed from January to March under a grace of 0; 30 hold from April on and left these months alone."""
    with tenant_context(northwind):
        policy_publish(
            client=northwind, parameters=POLICY | {"reactivation_window_months": None, "renewal_grace_days": 0}
        )
        numbers_load(northwind, [*LINES, *LATE])
        for month in (JANUARY, FEBRUARY, MARCH):
            month_close(client=northwind, month=month, user=finn)
    scheduled(northwind, rita, finn, content=grace(30))
    changes_take_effect(client=northwind, now=NOW)
    with tenant_context(northwind):
        assert policy_in_force(northwind).renewal_grace_days == 30
        books_rebuild_all(client=northwind, now=NOW)
    return northwind


def shown_of(request: ChangeRequest) -> Shown:
    found = ChangeRequest.objects.get(pk=request.pk)
    assert found.preview is not None and found.preview.result is not None
    return Shown(Impact(found.preview.result), "month", 1, "en")


@pytest.mark.parametrize("days", [60, 45, 0])
@pytest.mark.parametrize("since", [JANUARY, FEBRUARY])
def test_the_preview_lists_the_months_that_are_restated_by_what_the_ledger_says(
    redefined: Client, rita: User, finn: User, days: int, since: int
) -> None:
    request = scheduled(redefined, rita, finn, since, content=grace(days), is_restating=True)
    changes_take_effect(client=redefined, now=NOW)
    with tenant_context(redefined):
        impact = shown_of(request).impact
        rows = [row for row in impact.content["closed"]["months"] if row["is_restated"]]
        told = {row["month"]: Decimal(row["restated"] - row["reported"]).scaleb(-2) for row in rows}
        assert effect(request).state == "done" and [row["month"] for row in rows] == effect(request).restated_months
        ledger = ledger_get(redefined)
        assert told == ledger.by_month
        now = {row["month"]: row["now"] for row in rows}
        for entry in ledger.entries:
            assert entry.own is not None and entry.earlier is not None and entry.definition == entry.own + entry.earlier
            assert entry.own == Decimal(told_by_month(rows, entry.month)).scaleb(-2), "as the board was shown"
            assert entry.earlier + (entry.data or 0) == Decimal(now[entry.month]).scaleb(-2) - entry.before.ending
        if ledger.largest is not None:
            assert impact.size is not None
            assert abs(impact.size.cents) >= abs(ledger.largest[1].scaleb(2)), "voted on with no less than is booked"


def told_by_month(rows: list[dict[str, Any]], month: int) -> int:
    """What a request itself moves of a month by its preview, in cents."""
    (row,) = (each for each in rows if each["month"] == month)
    return int(row["restated"] - row["now"])


def test_the_ledger_tells_what_a_request_moved_from_what_had_moved_already(
    redefined: Client, rita: User, finn: User, signed_in: Callable[[User], Browser]
) -> None:
    """Of January all was left alone by the change before; of February this request moves 4,000; 100 are a late line."""
    with tenant_context(redefined):
        ContractLine.objects.filter(line_id=LINES[0]["line_id"]).update(amount=12_100)
        books_rebuild_all(client=redefined, now=NOW)
    scheduled(redefined, rita, finn, JANUARY, content=grace(60), is_restating=True)
    changes_take_effect(client=redefined, now=NOW)
    with tenant_context(redefined):
        parts = {
            entry.month: [int(part or 0) for part in (entry.own, entry.earlier, entry.data, entry.effect)]
            for entry in ledger_get(redefined).entries
        }
    assert parts[JANUARY] == [0, 13_000, 100, 13_100] and parts[FEBRUARY] == [4_000, 0, 100, 4_100]
    browser = signed_in(finn)
    text = " ".join(re.sub(r"<[^>]*>", " ", browser.get("/c/northwind/restatements/").text).split())
    assert "by this decision 0.00 by earlier ones +13,000.00" in text
    rows = list(csv.DictReader(io.StringIO(browser.get("/c/northwind/restatements/restatements.csv").text)))
    for row in rows:
        own = [Decimal(row[name]) for name in ("by_this_version", "by_earlier_versions", "by_corrections")]
        assert sum(own) == Decimal(row["effect"])


def test_a_month_that_differs_already_is_restated_and_is_the_size_of_the_request(
    redefined: Client, rita: User, finn: User
) -> None:
    """In January the request itself moves nothing: 13,000 were left alone by the change before it."""
    request = scheduled(redefined, rita, finn, JANUARY, content=grace(60), is_restating=True)
    with tenant_context(redefined):
        shown = shown_of(request)
        found = {row["ordinal"]: row for row in closed_told(shown)["rows"] if row["is_restated"]}
        january, february = found[JANUARY], found[FEBRUARY]
        assert (january["change"], january["apart"], january["whole"]) == (0, 13_000, 13_000)
        assert january["figures"]
        assert (february["change"], february["apart"], february["whole"]) == (4_000, 0, 4_000)
        assert shown.impact.effect == (FEBRUARY, 4_000_00)
        assert shown.impact.size == Size(JANUARY, 13_000_00, is_restated=True)
        preview = ChangeRequest.objects.get(pk=request.pk).preview
        assert preview is not None and preview.effect_is_restated
        assert (preview.effect_month, preview.effect_cents) == (JANUARY, 13_000_00)
        said = largest_words(ChangeRequest.objects.get(pk=request.pk), "USD", "en")
        assert said == (
            "It restates Jan 2026 by +13,000.00 USD against what was reported, more than any other month: "
            "the decision rights go by that."
        )
        assert "3 closed months from Jan 2026 to Mar 2026" in kept_told(shown)
        assert finding(shown).endswith(
            "; restating, it moves Jan 2026 by +13,000.00 USD against what was reported, all of it for other "
            "reasons than this request"
        )
        assert (effect(request).at_month, effect(request).approved_cents) == (JANUARY, 13_000_00)
    changes_take_effect(client=redefined, now=NOW)
    with tenant_context(redefined):
        done = effect(request)
        assert (done.state, done.before_cents, done.after_cents) == ("done", 12_000_00, 25_000_00)
        assert figures_words(done, "USD", "en") == (
            "ARR at the end of Jan 2026: 12,000.00 as reported → 25,000.00 USD as restated (+13,000.00)."
        )


def test_what_is_restated_counts_also_where_pages_show_another_book_from_then_on(
    redefined: Client, rita: User, finn: User
) -> None:
    """Each book is held against itself: what either closed month moves by is nothing of ARR against CARR."""
    content = {"parameters": {"recognition": "signed", "renewal_grace_days": 60}}
    request = scheduled(redefined, rita, finn, JANUARY, content=content, is_restating=True)
    changes_take_effect(client=redefined, now=NOW)
    with tenant_context(redefined):
        impact = shown_of(request).impact
        books = {
            row["recognition"]: (row["month"], row["restated"] - row["reported"])
            for row in impact.content["closed"]["books"]
        }
        assert impact.effect is not None and abs(impact.effect[1]) < 13_000_00
        assert impact.size == Size(JANUARY, 13_000_00, is_restated=True, book="start")
        for name, (month, cents) in books.items():
            largest = ledger_get(redefined, name).largest
            assert largest == (month, Decimal(cents).scaleb(-2)), name
        said = largest_words(ChangeRequest.objects.get(pk=request.pk), "USD", "en")
        assert said.startswith("It restates ARR of Jan 2026 by +13,000.00 USD against what was reported")
        assert effect(request).reported_of == "start" and effect(request).state == "done"


def test_a_book_that_no_page_shows_first_may_move_most(redefined: Client, rita: User, finn: User) -> None:
    """That Bolt had signed its support in January is known late: 6,000 of CARR, and nothing of ARR."""
    with tenant_context(redefined):
        ContractLine.objects.filter(line_id=LINES[2]["line_id"]).update(signed_on=dt.date(2026, 1, 5))
        books_rebuild_all(client=redefined, now=NOW)
    request = scheduled(redefined, rita, finn, JANUARY, content=grace(60), is_restating=True)
    with tenant_context(redefined):
        assert shown_of(request).impact.size == Size(JANUARY, 19_000_00, is_restated=True, book="signed")
        preview = ChangeRequest.objects.get(pk=request.pk).preview
        assert preview is not None and (preview.effect_book, preview.effect_cents) == ("signed", 19_000_00)


def test_the_page_shows_each_month_that_is_restated_in_its_parts(
    redefined: Client, rita: User, finn: User, signed_in: Callable[[User], Browser]
) -> None:
    request = scheduled(redefined, rita, finn, JANUARY, content=grace(60), is_restating=True)
    page = signed_in(rita).get(f"/c/northwind/changes/{request.number}/").content.decode()
    seen = " ".join(re.sub(r"<[^>]*>", " ", page.split('id="impact-closed"')[1].split("</table>")[0]).split())
    assert "2 of 3 closed months would differ by it; 3 would be restated, with all by which they differ" in seen
    january = seen.split("Jan 2026 would be restated")[1]
    assert "+13,000.00 already, for other reasons" in january and "+13,000.00 in all" in january
    assert seen.count("would be restated") == 4
    assert "It restates Jan 2026 by +13,000.00 USD against what was reported" in page
    board = signed_in(finn).get("/c/northwind/changes/").content.decode()
    assert "against what was reported" in board


def test_what_brings_back_what_was_reported_restates_nothing(redefined: Client, rita: User, finn: User) -> None:
    request = scheduled(redefined, rita, finn, JANUARY, content=grace(0), is_restating=True)
    changes_take_effect(client=redefined, now=NOW)
    with tenant_context(redefined):
        rows = shown_of(request).impact.content["closed"]["months"]
        assert [row["month"] for row in rows] and not any(row["is_restated"] for row in rows)
        assert effect(request).restated_months == [] and not MonthClose.objects.filter(revision__gt=1).exists()


def test_the_headline_tells_what_a_request_restates_from_what_had_moved_already() -> None:
    row = {"month": FEBRUARY, "reported": 100_000_00, "now": 101_914_17, "restated": 57_004_17}
    impact = SimpleNamespace(
        restated=Size(FEBRUARY, -42_995_83, is_restated=True), effect=None, content={"closed": {"months": [row]}}
    )
    shown: Any = SimpleNamespace(impact=impact, currency="USD", locale="en")
    assert restated_finding(shown) == (
        "; restating, it moves Feb 2026 by −42,995.83 USD against what was reported: −44,910.00 USD by this request, "
        "+1,914.17 USD already"
    )
