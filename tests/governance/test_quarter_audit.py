"""The audit of a quarter: anybody can draw its sample again, its sheets tie to ARR, and what was signed stays."""

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client as Browser

from governance.models import AuditedContract, QuarterAudit
from governance.selectors.quarter_audits import audit_get, audit_view, audit_views, quarter_to_audit
from governance.selectors.review_chapters import Span, audits_chapter
from governance.services.problems import DefinitionError, OutdatedError
from governance.services.quarter_audits import Found, audit_draw, result_keep
from metrics.models import ContractLine
from metrics.selectors.books import bridge_get
from metrics.selectors.periods import Period
from metrics.services.books import books_rebuild_all
from metrics.services.policies import policy_publish
from portal.accounts.models import User
from portal.lib.periods import month_parse
from portal.tenancy.models import AuditEntry, Client
from portal.tenancy.scope import tenant_context
from tests.governance.audits import (
    NOW,
    QUARTER,
    an_audit,
    book_load,
    contract_at,
    drawn_by_postgresql,
    keep,
)
from tests.tenancy.routes_reporting import POLICY

PAGE = f"/c/northwind/oversight/audits/{QUARTER}/"


def test_the_audit_keeps_what_the_drawing_needs(northwind: Client, rita: User) -> None:
    with tenant_context(northwind):
        found = an_audit(northwind, rita)
        ids = found.population.splitlines()
        assert ids == sorted(ContractLine.objects.values_list("contract_id", flat=True))
        sample = list(AuditedContract.objects.order_by("position").values_list("contract_id", flat=True))
        assert sample == drawn_by_postgresql(found.seed, ids, 10)
        assert len(found.seed) == 32
        entry = AuditEntry.objects.get(action="quarter_audit.drawn")
        assert (entry.details["seed"], entry.details["contracts"]) == (found.seed, sample)


def test_a_quarter_is_drawn_once_and_only_when_it_is_over_and_closed(northwind: Client, rita: User) -> None:
    with tenant_context(northwind):
        book_load(northwind)
        asked = {"client": northwind, "due_on": dt.date(2026, 5, 15), "user": rita, "now": NOW}
        for quarter in ("2025-Q4", "2026-Q2", "nonsense"):
            with pytest.raises(DefinitionError, match="no quarter that is over and whose last month is closed"):
                audit_draw(quarter=quarter, size=10, **asked)  # type: ignore[arg-type]
        for size in (9, 21):
            with pytest.raises(DefinitionError, match="10 to 20 contracts"):
                audit_draw(quarter=QUARTER, size=size, **asked)  # type: ignore[arg-type]
        with pytest.raises(DefinitionError, match="five years ahead at most"):
            audit_draw(quarter=QUARTER, size=10, **asked | {"due_on": dt.date.max})  # type: ignore[arg-type]
        northwind.time_zone = "America/New_York"
        night = dt.datetime(2026, 5, 15, 2, tzinfo=dt.UTC)  # there it is the day before the audit is due
        audit_draw(quarter=QUARTER, size=20, **asked | {"now": night})  # type: ignore[arg-type]
        assert AuditedContract.objects.count() == 14  # the whole book where it is smaller than the sample
        with pytest.raises(OutdatedError, match="drawn once"):
            audit_draw(quarter=QUARTER, size=10, **asked)  # type: ignore[arg-type]
        assert QuarterAudit.objects.count() == 1


def test_a_fiscal_year_of_its_own_decides_which_quarter_is_due(northwind: Client, rita: User) -> None:
    northwind.fiscal_year_start = 4
    northwind.save(update_fields=["fiscal_year_start"])
    with tenant_context(northwind):
        book_load(northwind)
        due = quarter_to_audit(northwind, NOW)
        assert due is not None
        assert (due.key, due.first, due.last) == ("FY2026-Q4", month_parse("2026-01"), month_parse("2026-03"))


def test_an_earlier_quarter_is_explained_by_the_policy_that_held_for_it(northwind: Client, rita: User) -> None:
    with tenant_context(northwind):
        book_load(northwind)
        ContractLine.objects.update(ends_on=dt.date(2026, 3, 20))
        later = POLICY | {"reactivation_window_months": None, "renewal_grace_days": 0}
        policy_publish(client=northwind, parameters=later)
        books_rebuild_all(client=northwind, now=NOW)
        found = an_audit_of(northwind, rita)
        assert (found.policy_number, found.policy_parameters["renewal_grace_days"]) == (1, 30)
        sheets = list(AuditedContract.objects.values_list("sheet", flat=True))
    said = {clause["sentence"] for sheet in sheets for line in sheet["lines"] for clause in line["clauses"]}
    assert any("30 days" in sentence for sentence in said)
    assert not any("stops to count on the day its term ends" in sentence for sentence in said)
    assert all(
        Decimal(sheet["customer_total"]["now"]) == Decimal(sheet["customer_total"]["closed"]) > 0 for sheet in sheets
    )
    assert {sheet["months"][-1]["arr"] for sheet in sheets} == {
        line["arr"] for each in sheets for line in each["lines"]
    }


def an_audit_of(client: Client, user: User) -> QuarterAudit:
    due = dt.date(2026, 5, 15)
    return audit_draw(client=client, quarter=QUARTER, size=10, due_on=due, user=user, now=NOW)


def test_a_contract_that_nobody_checked_says_so_and_the_form_says_what_is_needed(
    northwind: Client, rita: User, signed_in: Callable[[User], Browser]
) -> None:
    with tenant_context(northwind):
        an_audit(northwind, rita)
        version = contract_at(1).version
    page, address = signed_in(rita), f"/c/northwind/oversight/audits/{QUARTER}/"
    listed = page.get(address).content.decode()
    assert "Not checked yet" in listed and "No amount was found" not in listed
    sheet = page.get(f"{address}1/").content.decode()
    assert sheet.count("Needed where it differs or was not found.") == 2
    answer = page.post(f"{address}1/result/", {"version": version, "result": "differs", "difference": "-5"})
    assert answer.status_code == 422
    assert {"reason", "note"} == set(answer.context["form"].errors)


def test_a_kept_result_leads_to_the_next_contract_that_nobody_has_checked(
    northwind: Client, rita: User, signed_in: Callable[[User], Browser]
) -> None:
    with tenant_context(northwind):
        an_audit(northwind, rita)
        for position in (2, 4, 5, 6, 7, 8, 9):
            keep(northwind, position, rita)
    browser, address = signed_in(rita), f"/c/northwind/oversight/audits/{QUARTER}/"
    went = []
    for position in (10, 1, 3):
        with tenant_context(northwind):
            version = contract_at(position).version
        answer = browser.post(f"{address}{position}/result/", {"version": version, "result": "agrees"})
        went.append(answer["Location"].removeprefix(address))
    assert went == ["1/", "3/", ""], "from the last to the first that is left, and from there to the audit"


def test_the_sheets_of_all_contracts_add_up_to_arr(northwind: Client, rita: User) -> None:
    with tenant_context(northwind):
        an_audit(northwind, rita, size=14)
        ending = bridge_get(northwind, None, month_parse("2026-03"), month_parse("2026-03")).totals[0].ending
        rows = list(AuditedContract.objects.all())
        assert sum(row.arr for row in rows) == ending == Decimal(105_000)
        for row in rows:
            assert sum(Decimal(line["arr"]) for line in row.sheet["lines"]) == row.arr
            assert row.sheet["months"][-1] == {"month": "2026-03", "arr": str(row.arr)}
            assert row.sheet["customer_total"] == {"now": str(row.arr), "closed": str(row.arr), "revision": 1}


def test_a_sheet_says_what_to_look_at_and_which_clause_decided(northwind: Client, rita: User) -> None:
    with tenant_context(northwind):
        an_audit(northwind, rita, size=14)
        row = AuditedContract.objects.get(contract_id="K02")
        (line,) = row.sheet["lines"]
        assert (line["amount"], line["annual_value"], line["counts_from"]) == ("2000.00", "2000.00", "2025-03-01")
        assert line["source"]["row"] is not None
        assert "A contract line counts from its start date." in [each["sentence"] for each in line["clauses"]]
        told = [f"{each['where']}: {each['what']}" for each in row.sheet["look_at"]]
        assert told == [
            "Signed contract: K02, C02: Platform at 2,000.00 USD a year; from 2025-03-01, no end; signed 2024-12-01.",
            "Billing: Invoices of 2026-01 to 2026-03 for Platform: 2,000.00 USD a year, nothing credited.",
        ]


def test_later_changes_of_the_lines_do_not_touch_a_sheet(northwind: Client, rita: User) -> None:
    with tenant_context(northwind):
        an_audit(northwind, rita)
        before = contract_at(1).sheet
        ContractLine.objects.update(amount=1)
        assert contract_at(1).sheet == before


def test_a_result_needs_what_somebody_else_needs_to_follow_it(northwind: Client, rita: User) -> None:
    with tenant_context(northwind):
        an_audit(northwind, rita)
        cases: list[tuple[dict[str, Any], str]] = [
            ({"result": "open"}, "agrees, differs or was not found"),
            ({"result": "differs", "difference": Decimal(5), "note": "x"}, "choose the reason"),
            ({"result": "differs", "difference": Decimal(5), "reason": "price"}, "say what the source says"),
            ({"result": "differs", "difference": Decimal(0), "reason": "price", "note": "x"}, "by how much"),
            ({"result": "not_found", "difference": Decimal(5), "reason": "papers", "note": "x"}, "no amount"),
            ({"result": "agrees", "difference": Decimal(5)}, "no difference and no reason"),
        ]
        for given_, fault in cases:
            with pytest.raises(DefinitionError, match=fault):
                keep(northwind, 1, rita, **given_)
        assert contract_at(1).version == 1
        row = keep(northwind, 1, rita, result="differs", difference=Decimal("-120.50"), reason="price", note="10 % off")
        assert (row.version, row.difference, row.checked_by) == (2, Decimal("-120.50"), rita)


def test_of_two_results_the_second_writer_is_told(northwind: Client, rita: User, finn: User) -> None:
    with tenant_context(northwind):
        an_audit(northwind, rita)
        keep(northwind, 1, rita)
        stale = contract_at(1)
        stale.version = 1
        with pytest.raises(OutdatedError):
            result_keep(client=northwind, contract=stale, version=1, given=Found("agrees"), user=finn)


def test_reading_an_audit_costs_few_queries(northwind: Client, rita: User, django_assert_num_queries: object) -> None:
    with tenant_context(northwind):
        an_audit(northwind, rita)
        with django_assert_num_queries(5):  # type: ignore[operator]
            found = audit_get(QUARTER)
            assert found is not None
            view = audit_view(found)
            assert [row.checked_by for row in view.contracts] == [None] * 10
        with django_assert_num_queries(4):  # type: ignore[operator]
            assert len(audit_views([found, found])) == 2
        year_before = Period("2025-Q1", month_parse("2025-01"), month_parse("2025-03"))
        with django_assert_num_queries(2):  # type: ignore[operator]
            assert audits_chapter(Span.of(northwind, year_before)).rows == ()
