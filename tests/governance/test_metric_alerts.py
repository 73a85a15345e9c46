"""Metrics beyond their own thresholds: on their page, told once a month, and in the board's review.

ARR is 12,000 · 36,000 · 42,000 at the ends of January to March 2026.
"""

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from django.test import Client as Browser

from governance.chapters import Chapter
from governance.library.metric_reader import MetricFileError, metrics_read
from governance.models import AlertTold, Metric, MetricVersion
from governance.selectors.board_review import review_content
from governance.selectors.metric_alerts import beyond_list
from governance.selectors.metric_values import MetricValues
from governance.selectors.metric_verdicts import verdict_at
from governance.selectors.registry import registry_get
from governance.selectors.registry_drift import registry_yaml
from governance.selectors.review_alerts import ToldOf, alerts_chapter, told_text
from governance.selectors.review_chapters import Span, numbers_chapter
from governance.services.changes import Wish, change_draft
from governance.services.metric_alerts import alerts_tell
from governance.services.problems import DefinitionError
from governance.services.registry import metric_owner_set, metric_version_add, registry_start
from metrics.selectors.periods import Period
from metrics.selectors.policies import policy_in_force
from metrics.services.books import books_rebuild_all
from metrics.services.closes import month_close
from metrics.services.policies import policy_publish
from portal.accounts.models import User
from portal.lib.dates import date_text
from portal.lib.periods import month_parse
from portal.notices.models import Notice
from portal.tenancy.clock import day_now
from portal.tenancy.models import Client
from portal.tenancy.scope import tenant_context
from tests.reporting.numbers import LINES, NOW, numbers_load
from tests.tenancy.routes_reporting import POLICY

JANUARY, MARCH = month_parse("2026-01"), month_parse("2026-03")


@pytest.fixture
def watched(northwind: Client) -> Client:
    """ARR deserves a look below 50,000, and is an alert below 40,000."""
    with tenant_context(northwind):
        policy_publish(client=northwind, parameters=POLICY | {"reactivation_window_months": None})
        numbers_load(northwind)
        registry_start(client=northwind)
        limits(warn_at="50000", alert_at="40000")
    return northwind


def limits(key: str = "arr", *, month: int | None = JANUARY, **given: str) -> None:
    """A metric has other thresholds from a month on."""
    metric = Metric.objects.get(key=key)
    newest = MetricVersion.objects.filter(metric=metric).latest("number")
    content = newest.content | given
    metric_version_add(
        metric=metric, version=metric.version, content=content, effective_month=month, reason="To be told"
    )


def beyond(client: Client, **more: Any) -> list[tuple[int, str]]:
    found = beyond_list(MetricValues(client), JANUARY, MARCH)
    return [(each.point.month - JANUARY + 1, each.level) for each in found if each.entry.key == "arr"]


def test_each_month_is_held_against_the_thresholds_of_its_own_version(watched: Client) -> None:
    with tenant_context(watched):
        assert beyond(watched) == [(1, "alert"), (2, "alert"), (3, "warn")]
        limits(month=MARCH, warn_at="", alert_at="42000")
        assert beyond(watched) == [(1, "alert"), (2, "alert")], "42,000 is not below 42,000"


GROWING = {"better": "down", "warn_at": "10% from previous", "alert_at": "50% from previous"}


def test_a_threshold_follows_the_month_before_and_closed_months_stay_what_they_were(
    watched: Client, rita: User, signed_in: Callable[[User], Browser]
) -> None:
    """ARR grew threefold in February, and by a sixth in March."""
    with tenant_context(watched):
        limits(month=JANUARY + 1, **GROWING)
        assert beyond(watched) == [(1, "alert"), (2, "alert"), (3, "warn")]
    page = signed_in(rita).get("/c/northwind/metrics/of/arr/").text
    assert "Alert: above 18,000.00, more than 50% above the month before" in page
    assert "Mar 2026 is above 39,600.00, more than 10% above the month before: it deserves a look." in page
    with tenant_context(watched):
        for month in range(JANUARY, MARCH + 1):
            month_close(client=watched, month=month)
        numbers_load(watched, [LINES[0] | {"line_id": "K9/1", "amount_e6": 90_000 * 10**6}])
        assert beyond(watched) == [(1, "alert"), (2, "alert"), (3, "warn")], "as the closes kept them"


def test_what_cannot_be_held_against_a_threshold_says_why(
    watched: Client, rita: User, signed_in: Callable[[User], Browser]
) -> None:
    with tenant_context(watched):
        limits("mrr", alert_at="3 deviations")
        limits("arr_per_customer", alert_at="10% from previous")
        limits("arr_per_customer", month=MARCH, formula="previous(arr) / customers")
        values = MetricValues(watched)
        assert verdict_at(values, "mrr", MARCH).reason.startswith("2 of the twelve months before have a value")
        assert verdict_at(values, "arr_per_customer", MARCH).reason == "another formula held in Feb 2026"
    page = signed_in(rita).get("/c/northwind/metrics/of/mrr/").text
    assert "2 of the twelve months before have a value by the same formula, and 8 are needed." in page


def test_the_home_of_whom_it_concerns_says_what_is_beyond_until_the_figure_is_back(
    watched: Client, rita: User, finn: User, eve: User, signed_in: Callable[[User], Browser]
) -> None:
    def homes() -> list[bool]:
        return [
            "ARR is beyond its alert threshold" in signed_in(user).get("/c/northwind/").text
            for user in (rita, finn, eve)
        ]

    assert homes() == [False, False, False]
    with tenant_context(watched):
        limits(month=MARCH, alert_at="45000")
        alerts_tell(client=watched)
    assert homes() == [True, False, False], "nobody owns it: RevOps hears of it"
    assert "ARR is 42,000.00 USD in Mar 2026, below 45,000.00." in signed_in(rita).get("/c/northwind/").text
    with tenant_context(watched):
        metric = Metric.objects.get(key="arr")
        metric_owner_set(metric=metric, version=metric.version, owner=finn, user=rita)
    assert homes() == [False, True, False]
    with tenant_context(watched):
        numbers_load(watched, [LINES[0] | {"line_id": "K9/1", "amount_e6": 90_000 * 10**6}])
    assert homes() == [False, False, False], "it is back"


def test_versions_and_requests_say_thresholds_in_words(
    watched: Client, rita: User, signed_in: Callable[[User], Browser]
) -> None:
    with tenant_context(watched):
        limits("nrr", month=JANUARY, alert_at="10% from last_year")
        wanted = registry_get(watched).entries["nrr"].newest | {"warn_at": "3 deviations", "alert_at": "0.9"}
        wish = Wish("Look later", {"key": "nrr", "metric": wanted}, "Because.")
        request = change_draft(client=watched, kind="metric_change", wish=wish, user=rita)
    page = signed_in(rita).get("/c/northwind/metrics/of/nrr/").text
    assert "<del>below 95.0%</del> <ins>more than 10% below the same month of the year before</ins>" in page
    page = signed_in(rita).get(f"/c/northwind/changes/{request.number}/").text
    assert "more than 10% below the same month of the year before" in page and "below 90.0%" in page
    assert "more than 3 deviations below its last twelve months" in page and "from last_year" not in page


def test_a_target_is_another_metric_in_the_same_unit_and_stays(watched: Client) -> None:
    with tenant_context(watched):
        for target, fault in (
            ("arr", "has the metric itself as its target"), ("customers", "both need one unit"), ("plan", "no metric in use"),
        ):  # fmt: skip
            with pytest.raises(DefinitionError, match=fault):
                limits(month=MARCH, alert_at=f"10% from {target}")
        limits(month=JANUARY + 1, warn_at="", alert_at="0% from net_new_arr", better="down")
        assert beyond(watched)[1:] == [(2, "alert"), (3, "alert")], "36,000 of 24,000, 42,000 of 6,000"
        registry = registry_get(watched)
        assert registry.named_from_now_on("net_new_arr").count("arr") == 1
        assert metrics_read(registry_yaml(registry), "USD") == registry.filed()
        lacking = registry_yaml(registry).replace("0% from net_new_arr", "0% from nothing")
        with pytest.raises(MetricFileError, match="“nothing”, which is no metric in use"):
            metrics_read(lacking, "USD")


def test_an_alert_is_told_to_the_owner_once_for_each_month(watched: Client, rita: User, finn: User) -> None:
    def told() -> list[tuple[str, str]]:
        rows = Notice.objects.filter(kind="alert").select_related("user").order_by("pk")
        return [(row.user.email, row.text) for row in rows if row.text.startswith("ARR is")]

    with tenant_context(watched):
        alerts_tell(client=watched)
        assert told() == [], "a look is nobody's alarm"
        limits(month=MARCH, alert_at="45000")
        metric = Metric.objects.get(key="arr")
        metric_owner_set(metric=metric, version=metric.version, owner=finn)
        alerts_tell(client=watched)
        alerts_tell(client=watched)
        assert told() == [
            ("finn@example.com", "ARR is 42,000.00 USD in Mar 2026, below 45,000.00, its alert threshold")
        ]


def test_an_alert_says_and_keeps_where_its_threshold_lay(watched: Client, rita: User) -> None:
    with tenant_context(watched):
        limits(month=MARCH, better="down", warn_at="", alert_at="10% from previous")
        alerts_tell(client=watched)
        notice = Notice.objects.get(kind="alert", text__startswith="ARR is")
        assert notice.text == (
            "ARR is 42,000.00 USD in Mar 2026, above 39,600.00, more than 10% above the month before, its alert threshold"
        )
        assert AlertTold.objects.get(metric__key="arr").threshold == "39600.00"


def test_an_owner_who_sees_no_figures_hears_none_and_revops_does(watched: Client, rita: User, stan: User) -> None:
    with tenant_context(watched):
        limits(month=MARCH, alert_at="45000")
        metric = Metric.objects.get(key="arr")
        metric_owner_set(metric=metric, version=metric.version, owner=stan)
        alerts_tell(client=watched)
        rows = Notice.objects.filter(kind="alert", text__startswith="ARR is")
        assert [row.user for row in rows.select_related("user")] == [rita]


def test_the_page_marks_the_months_and_the_review_of_the_board_lists_them(
    watched: Client, rita: User, signed_in: Callable[[User], Browser]
) -> None:
    page = signed_in(rita).get("/c/northwind/metrics/of/arr/").content.decode()
    assert page.count("Alert: below 40,000.00") == 2 and page.count("Worth a look: below 50,000.00") == 1
    assert "Mar 2026 is below 50,000.00: it deserves a look." in page
    with tenant_context(watched):
        content = review_content(watched, Period("2026-Q1", JANUARY, MARCH))
    chapter = next(each for each in content["chapters"] if each["key"] == "alerts")
    rows = [row for row in chapter["rows"] if row[0] == "ARR"]
    assert rows[0] == ("ARR", "2026-01", "12,000.00 USD", "Alert", "below 40,000.00", "Not told", "Nobody yet")
    assert [row[3] for row in rows] == ["Alert", "Alert", "Worth a look"]


def test_the_page_says_who_is_told_of_an_alert(
    watched: Client, rita: User, finn: User, signed_in: Callable[[User], Browser]
) -> None:
    browser = signed_in(rita)
    with tenant_context(watched):
        limits(month=MARCH, alert_at="45000")
    page = browser.get("/c/northwind/metrics/of/arr/").text
    assert "Mar 2026 is below 45,000.00: RevOps, as nobody owns the metric, is told in the morning." in page
    with tenant_context(watched):
        metric = Metric.objects.get(key="arr")
        metric_owner_set(metric=metric, version=metric.version, owner=finn)
    assert "Finn, who owns the metric, is told" in browser.get("/c/northwind/metrics/of/arr/").text


def test_the_review_has_an_alert_as_it_was_told_whatever_the_figure_has_become(watched: Client, rita: User) -> None:
    with tenant_context(watched):
        limits(month=MARCH, alert_at="45000")
        alerts_tell(client=watched)
        numbers_load(watched, [LINES[0] | {"line_id": "K9/1", "amount_e6": 40_000 * 10**6}])
        assert (MARCH - JANUARY + 1, "alert") not in beyond(watched), "82,000 by now"
        content = review_content(watched, Period("2026-Q1", JANUARY, MARCH))
        day = date_text(day_now(watched), watched.locale)
    chapter = next(each for each in content["chapters"] if each["key"] == "alerts")
    rows = {row[1]: row[2:6] for row in chapter["rows"] if row[0] == "ARR"}
    assert rows["2026-03"] == ("42,000.00 USD", "Alert", "below 45,000.00", f"{day}; now 82,000.00 USD")


def test_what_reads_the_same_is_not_told_as_another_figure(watched: Client, rita: User) -> None:
    with tenant_context(watched):
        limits(month=MARCH, alert_at="45000")
        found = next(each for each in beyond_list(MetricValues(watched), MARCH, MARCH) if each.entry.key == "arr")
        point, span = found.point, Span.of(watched, Period("2026-Q1", JANUARY, MARCH))
        assert point.exact is not None
        told = replace(found, told_at=span.since)
        day = date_text(dt.date(2026, 1, 1), watched.locale)
        same, other = replace(point, exact=point.exact + Fraction(1, 999)), replace(point, value=Decimal(43_000))
        assert told_text(span, ToldOf(replace(told, now=same))) == day
        assert told_text(span, ToldOf(replace(told, now=other))) == f"{day}; now 43,000.00 USD"


def test_after_another_recognition_the_review_says_of_each_figure_which_book_it_is_of(
    watched: Client, rita: User
) -> None:
    """ARR per customer of February was told of ARR, by 42,000 / 2; by now, not closed, it is of CARR."""
    with tenant_context(watched):
        limits("arr_per_customer", month=MARCH, alert_at="45000")
        quarter = Period("2026-Q1", JANUARY, MARCH)

        def told() -> Chapter:
            found = alerts_chapter(Span.of(watched, quarter))
            assert found is not None
            return found

        month_close(client=watched, month=JANUARY)
        alerts_tell(client=watched)
        one_book = told()
        assert "ARR" not in "".join(one_book.sentences) and "(ARR)" not in "".join(
            "".join(row) for row in one_book.rows
        )
        assert "ARR was shown first" not in " ".join(review_numbers(watched, quarter).sentences)
        policy_publish(client=watched, parameters=policy_in_force(watched).with_(recognition="signed").to_dict())
        books_rebuild_all(client=watched, now=NOW)
        found = told()
        rows = {(row[0], row[1]): row for row in found.rows}
        march = rows["ARR per customer", "2026-03"]
        assert march[2].endswith(" (ARR)") and march[5].endswith(" (CARR)")
        assert "What is computed from ARR and CARR says so" in " ".join(found.sentences)
        assert "(ARR)" not in " ".join(rows.get(("ARR", "2026-03"), ()))
        numbers = review_numbers(watched, quarter)
        assert numbers.title == "CARR of the quarter"
        assert "ARR was shown first when Jan 2026 was closed" in " ".join(numbers.sentences)


def review_numbers(client: Client, quarter: Period) -> Chapter:
    """The chapter of the review with the bridge of a quarter."""
    found = numbers_chapter(Span.of(client, quarter))
    assert found is not None
    return found
