"""The board's review is written from the quarter and kept as it was held; the handbook says what the system does."""

import datetime as dt
import hashlib
import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, transaction
from django.test import Client as Browser

from governance.chapters import chapter
from governance.handbook import handbook_chapters
from governance.models import BoardReview, Function, Metric
from governance.selectors.board_review import review_content, review_quarters
from governance.selectors.published_figures import Subject
from governance.selectors.review_chapters import Span, findings_chapter
from governance.services.board_reviews import review_hold
from governance.services.change_states import STEPS as CHANGE_STEPS
from governance.services.figure_disputes import dispute_raise
from governance.services.problems import DefinitionError, OutdatedError
from governance.services.registry import metric_owner_set, registry_start
from governance.services.respondents import respondents_from_roles
from metrics.models import ContractLine, QualityFinding, QualityMonitor
from metrics.quality_monitors import BY_CODE
from metrics.selectors.periods import Period
from metrics.services.books import books_rebuild_all
from metrics.services.closes import month_restate
from metrics.services.quality import monitors_ensure
from portal.accounts.models import User
from portal.lib.periods import month_parse
from portal.tenancy import audit as log
from portal.tenancy.models import AuditEntry, Client, ClientRole, FirmRole
from portal.tenancy.permissions import CLIENT_ROLE_PERMISSIONS, FIRM_ROLE_PERMISSIONS
from portal.tenancy.scope import tenant_context
from tests.governance.audits import NOW, QUARTER, an_audit, check_rest, keep, sign
from tests.pdf_text import pdf_text
from tests.reporting.numbers import NOW as BOOKED

FIRST, LAST = month_parse("2026-01"), month_parse("2026-03")
Q1 = Period(QUARTER, FIRST, LAST)


def chapters(client: Client, period: Period = Q1) -> dict[str, dict[str, Any]]:
    return {each["key"]: each for each in review_content(client, period)["chapters"]}


def held(client: Client, user: User, **more: Any) -> BoardReview:
    given: dict[str, Any] = {
        "sha256": log.digest(review_content(client, Q1)),
        "held_on": NOW.date(),
        "present": "Eve, Finn",
        "now": NOW,
    } | more
    return review_hold(client=client, quarter=QUARTER, user=user, **given)


def test_it_tells_the_numbers_the_audit_the_restatement_and_the_dispute(
    northwind: Client, rita: User, finn: User, eve: User
) -> None:
    with tenant_context(northwind):
        an_audit(northwind, rita)
        keep(northwind, 1, rita, result="differs", difference=Decimal("-120"), reason="price", note="10 % off")
        check_rest(northwind, rita)
        sign(northwind, finn)
        dispute_raise(client=northwind, subject=Subject("ending", LAST), believed=None, reason="Too high", user=eve)
        ContractLine.objects.filter(contract_id="K01").update(amount=500)
        books_rebuild_all(client=northwind, now=BOOKED)
        month_restate(client=northwind, month=LAST, reason="A late credit", user=finn)
        # what people did happened today, on the clock of the database: the quarter that today lies in tells of it
        today = dt.datetime.now(dt.UTC).date()
        month = today.year * 12 + today.month - 1
        this = Period("today", month, month)
        told = chapters(northwind, this)
        assert told["restatements"]["rows"][0][:5] == (
            "2026-03",
            "A late credit",
            "105,000.00",
            "104,500.00",
            "−500.00",
        )
        assert told["audits"]["rows"][0][:4] == (QUARTER, "10 of 10", "1", "−120.00")
        assert told["disputes"]["sentences"][0].startswith("1 figure disputed")
        first = chapters(northwind)
        sentence = "ARR went from 104,500.00 to 104,500.00 USD; as reported, from 104,500.00 to 105,000.00."
        assert first["numbers"]["sentences"][0] == sentence
        assert first["numbers"]["columns"] == ("Movement", "As reported, USD", "As restated, USD", "Difference")
        assert ("Ending", "105,000.00", "104,500.00", "−500.00") in first["numbers"]["rows"]
        assert first["restatements"]["sentences"][0] == "No closed month was restated in the quarter."
        assert first["audits"]["rows"][0][0] == QUARTER


def test_the_findings_of_all_monitors_cost_one_query(
    northwind: Client, django_assert_num_queries: Callable[[int], Any]
) -> None:
    with tenant_context(northwind):
        monitors, span = monitors_ensure(client=northwind), Span.of(northwind, Q1)
        with django_assert_num_queries(1):
            assert findings_chapter(span, "", monitors).sentences == ("0 findings came up, 0 were fixed; 0 open now.",)


def test_it_is_kept_exactly_as_it_was_shown(northwind: Client, rita: User, finn: User) -> None:
    with tenant_context(northwind):
        an_audit(northwind, rita)
        kept = held(northwind, finn, decisions="Discounts of amendments go into the export")
        kept.refresh_from_db()
        text = json.dumps(kept.content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        assert kept.sha256 == hashlib.sha256(text.encode()).hexdigest()
        assert AuditEntry.objects.get(action="board_review.held").details["sha256"] == kept.sha256
        for write in (lambda: BoardReview.objects.update(decisions="x"), lambda: BoardReview.objects.all().delete()):
            with pytest.raises(DatabaseError), transaction.atomic():
                write()
        with pytest.raises(OutdatedError, match="held already"):
            held(northwind, finn)


def test_what_changed_since_it_was_opened_is_not_kept(northwind: Client, rita: User, finn: User) -> None:
    with tenant_context(northwind):
        an_audit(northwind, rita)
        seen = log.digest(review_content(northwind, Q1))
        check_rest(northwind, rita)
        with pytest.raises(OutdatedError, match="changed since you opened it"):
            held(northwind, finn, sha256=seen)
        with pytest.raises(DefinitionError, match="who was there"):
            held(northwind, finn, present=" ")
        with pytest.raises(DefinitionError, match="cannot lie ahead"):
            held(northwind, finn, held_on=NOW.date() + dt.timedelta(days=1))
        northwind.time_zone = "America/New_York"
        evening = dt.datetime.combine(NOW.date() + dt.timedelta(days=1), dt.time(2), dt.UTC)  # still NOW's day there
        with pytest.raises(DefinitionError, match="cannot lie ahead"):
            held(northwind, finn, held_on=evening.date(), now=evening)
        assert not BoardReview.objects.exists()


def test_quarters_that_are_over_and_have_figures_can_be_reviewed(northwind: Client, rita: User) -> None:
    with tenant_context(northwind):
        assert review_quarters(northwind, NOW) == []
        an_audit(northwind, rita)
        assert [each.key for each in review_quarters(northwind, NOW)][:2] == ["2026-Q1", "2025-Q4"]


def test_the_page_shows_what_was_held_whatever_happens_later(
    northwind: Client, rita: User, finn: User, eve: User, signed_in: Callable[[User], Browser]
) -> None:
    with tenant_context(northwind):
        an_audit(northwind, rita)
        held(northwind, finn)
        dispute_raise(client=northwind, subject=Subject("ending", LAST), believed=None, reason="Too high", user=eve)
        fresh = {each["key"]: each["sentences"] for each in review_content(northwind, Q1)["chapters"]}
        assert fresh["disputes"][0].startswith("1 figure disputed, "), "of the quarter, though raised after it"
    page = signed_in(eve).get(f"/c/northwind/oversight/review/{QUARTER}/").content.decode()
    assert "No published figure was disputed." in page
    assert "Review of Q1 2026" in page
    assert "Keep the review" not in page
    paper = pdf_text(signed_in(eve).get(f"/c/northwind/oversight/review/{QUARTER}/review.pdf").content)
    assert "Held on 15 Apr 2026. Present: Eve, Finn." in paper and "No published figure was disputed." in paper
    assert "ARR went from 105,000.00 to 105,000.00 USD." in paper and "Q1 2026 0 of 10 0 0.00 not signed" in paper


def test_what_monitors_found_in_the_quarter_is_told_with_what_is_at_stake(northwind: Client, rita: User) -> None:
    with tenant_context(northwind):
        code = next(iter(BY_CODE))
        monitor = QualityMonitor.objects.create(
            code=code, threshold=1, days=7, escalate_days=7, looked_at=NOW, looked_month=LAST
        )
        day = dt.date(2026, 2, 10)
        for number, (state, fixed_on) in enumerate([("open", None), ("fixed", dt.date(2026, 3, 1)), ("open", None)]):
            seen = day if number < 2 else dt.date(2025, 1, 1)
            QualityFinding.objects.create(
                monitor=monitor, subject=f"K{number}", title="Odd", lines=1, arr=1_000, state=state, first_seen_on=seen,
                opened_on=seen, due_on=seen, fixed_on=fixed_on,
            )  # fmt: skip
        told = chapters(northwind)["quality"]
        assert told["sentences"] == ("No file came in.", "2 findings came up, 1 was fixed; 2 open now.")
        assert told["rows"] == ((str(monitor), "2", "1", "2", "2,000.00"),)


def test_a_long_table_says_how_much_of_it_is_told() -> None:
    rows = [(f"CR-{number}",) for number in range(41)]
    told = chapter("changes", "Change requests", "41 requests made.", columns=("Request",), rows=rows, most=40)
    assert told.sentences == ("41 requests made.", "The table has the first 40 of 41.") and len(told.rows) == 40
    assert chapter("changes", "Change requests", rows=rows[:40], most=40).sentences == ()


# --- the handbook -----------------------------------------------------------------------------------------------------


def book(client: Client) -> dict[str, Any]:
    return {each.key: each for each in handbook_chapters(client)}


def test_it_names_every_owner_as_of_now(northwind: Client, rita: User, finn: User) -> None:
    with tenant_context(northwind):
        registry_start(client=northwind, user=rita)
        metric = Metric.objects.get(key="arr")
        assert next(row for row in book(northwind)["owners"].rows if row[0] == "ARR")[1] == "Nobody yet"
        metric_owner_set(metric=metric, version=metric.version, owner=finn, user=rita)
        assert next(row for row in book(northwind)["owners"].rows if row[0] == "ARR")[1] == "Finn"


def test_it_says_who_owns_the_dashboards_and_when_each_thing_that_comes_again_was_done_last(
    northwind: Client, rita: User, finn: User
) -> None:
    with tenant_context(northwind):
        assert {row[2] for row in book(northwind)["cadence"].rows} == {"none yet"}
        BoardReview.objects.create(
            quarter=QUARTER, first_month=FIRST, last_month=LAST, content={}, sha256="e" * 64, held_on=NOW.date(),
            present="Eve", kept_by=finn, kept_at=NOW,
        )  # fmt: skip
        for monitor in monitors_ensure(client=northwind):
            monitor.looked_at = NOW
            monitor.save(update_fields=["looked_at"])
        last = {row[0]: row[2] for row in book(northwind)["cadence"].rows}
        assert last["Quarterly review for the board"] == f"{QUARTER}, {NOW.date()}"
        assert last["Look at the quality of the data"] == NOW.date().isoformat()
        assert "Dashboards and reports are owned by RevOps: Rita." in " ".join(book(northwind)["owners"].sentences)


def test_it_counts_metrics_by_state_and_leaves_no_function_out(northwind: Client, rita: User, finn: User) -> None:
    with tenant_context(northwind):
        registry_start(client=northwind, user=rita)
        active = Metric.objects.filter(status="active").count()
        said = " ".join(book(northwind)["owners"].sentences)
        assert f"{Metric.objects.count() - active} proposed, {active} active" in said and "in use" not in said
        respondents_from_roles(client=northwind)
        rows = dict(book(northwind)["deciders"].rows)
    assert rows["Finance"] == "Finn" and rows["Marketing"] == "Nobody yet" and len(rows) == len(Function.choices)


def test_it_tells_every_step_of_a_change_and_no_other(northwind: Client) -> None:
    with tenant_context(northwind):
        assert len(book(northwind)["changes"].rows) == len(CHANGE_STEPS)


def test_who_may_do_what_is_the_table_that_is_asked(northwind: Client) -> None:
    with tenant_context(northwind):
        rows = book(northwind)["rights"].rows
    everything = set().union(*CLIENT_ROLE_PERMISSIONS.values(), *FIRM_ROLE_PERMISSIONS.values())
    assert len(rows) == len(everything)
    told = {row[0]: row for row in rows}
    assert told["sign audits of contracts"][1:] == ("Finance", "Nobody")
    assert told["open the client's pages"][1:] == ("Everybody", "Everybody")
    client_roles = [
        str(label) for value, label in ClientRole.choices if "policy.edit" in CLIENT_ROLE_PERMISSIONS[value]
    ]
    firm_roles = [str(label) for value, label in FirmRole.choices if "policy.edit" in FIRM_ROLE_PERMISSIONS[value]]
    written = told["write definitions and put policies together"]
    assert written[1:] == (", ".join(client_roles) or "Nobody", ", ".join(firm_roles))


def test_it_says_who_hears_of_what_waits_and_who_hears_next(northwind: Client, rita: User, finn: User) -> None:
    with tenant_context(northwind):
        before = dict(book(northwind)["escalation"].rows)
        quality = {what: who for what, who in before.items() if what.startswith("Data quality: ")}
        assert len(quality) == len(BY_CODE)
        spec = BY_CODE["stale_rates"]
        assert quality[f"Data quality: {spec.title}"] == (
            "RevOps (nobody owns it), at once and when 3 days have passed; 3 days after that the client's admins."
        )
        QualityMonitor.objects.create(
            code=spec.code, threshold=7, days=10, escalate_days=1, owner=rita, escalate_to=finn, looked_at=NOW
        )
        after = dict(book(northwind)["escalation"].rows)
    told = "Rita, at once and when 10 days have passed; 1 day after that Finn."
    assert after[f"Data quality: {spec.title}"] == told
    assert "due within 7 days" in after["A decision that one person took alone"]
    assert {"An approved change that cannot take effect", "A disputed figure", "An audit that is due"} <= after.keys()


def test_a_stakeholder_reads_it_on_a_page_and_on_paper(
    northwind: Client, stan: User, signed_in: Callable[[User], Browser]
) -> None:
    page = signed_in(stan)
    assert b"Who may do what" in page.get("/c/northwind/oversight/handbook/").content
    paper = pdf_text(page.get("/c/northwind/oversight/handbook.pdf").content)
    assert "Discounts are subtracted before an amount is annualised." in paper
    assert "An audit that is due Finance and RevOps, every week until its sample is drawn." in paper
    assert page.get("/c/northwind/oversight/")["Location"].endswith("/oversight/handbook/")


def test_whoever_cannot_keep_a_review_reads_who_can(
    northwind: Client, rita: User, finn: User, eve: User, adam: User, signed_in: Callable[[User], Browser]
) -> None:
    with tenant_context(northwind):
        an_audit(northwind, rita)
    path, said = f"/c/northwind/oversight/review/{QUARTER}/", "Adam, Finn and Rita can keep it as it was held"
    assert said in signed_in(eve).get(path).text and said not in signed_in(finn).get(path).text
