"""Metrics that are in use change and end by request, and what ends says so as long as it is shown, and afterwards."""

import datetime as dt
from collections.abc import Callable

import pytest
from django.test import Client as Browser
from django.urls import reverse

from governance.models import Metric
from governance.selectors.registry import registry_get
from governance.selectors.registry_drift import registry_yaml
from governance.services.changes import Wish, change_draft, change_submit
from governance.services.problems import OutdatedError
from governance.services.registry import metric_status_set, registry_start
from governance.services.registry_file import registry_apply
from metrics.services.policies import policy_publish
from portal.accounts.models import User
from portal.lib.periods import month_parse
from portal.tenancy.models import AuditEntry, Client
from portal.tenancy.scope import tenant_context
from tests.governance.boards import BASE, a_board
from tests.reporting.numbers import line, numbers_load
from tests.tenancy.routes_reporting import POLICY

SignIn = Callable[[User], Browser]


@pytest.fixture
def governed(northwind: Client, rita: User, finn: User) -> Client:
    """Northwind with numbers, its registry, and a board that decides about both."""
    with tenant_context(northwind):
        policy_publish(client=northwind, parameters=POLICY | {"reactivation_window_months": None})
        numbers_load(northwind, [line("K1/1", "acme", "Platform", 12_000, dt.date(2024, 1, 1))])
        registry_start(client=northwind, user=rita)
        a_board(northwind, BASE, finance=finn, user=rita)
    return northwind


def address(name: str, **keys: object) -> str:
    return reverse(name, kwargs={"client_slug": "northwind", **keys})


def kept(key: str) -> Metric:
    found: Metric = Metric.objects.get(key=key)
    return found


def test_a_metric_in_use_leads_to_a_request_and_a_proposed_one_is_written_at_once(
    governed: Client, rita: User, finn: User, signed_in: SignIn
) -> None:
    ritas, asking = signed_in(rita), address("change_new", kind="metric_change") + "?about=quick_ratio"
    answer = ritas.post(address("metric_edit", key="quick_ratio"), {"version": 1, "reason": "Now"})
    assert (answer.status_code, answer["Location"]) == (302, asking)
    assert asking in ritas.get(address("metric", key="quick_ratio")).text
    assert asking in signed_in(finn).get(address("metric", key="quick_ratio")).text
    assert ritas.get(address("metric_edit", key="open_pipeline")).status_code == 200
    given = {"status-version": 1, "status-step": "deprecate", "status-reason": "No use"}
    refused = ritas.post(address("metric_status", key="quick_ratio"), given, follow=True)
    assert "ask for its retirement" in refused.text
    with tenant_context(governed):
        assert (kept("quick_ratio").status, kept("quick_ratio").version) == ("active", 1)


def test_a_file_goes_no_way_round_the_board(governed: Client, rita: User) -> None:
    with tenant_context(governed):
        text = registry_yaml(registry_get(governed))
        for before, after, why in (
            ("name: Quick ratio", "name: Speed", "the board decides about it"),
            ("- key: mrr\n  status: active", "- key: mrr\n  status: deprecated", "ask for its retirement"),
        ):
            with pytest.raises(OutdatedError, match=why):
                registry_apply(
                    client=governed, text=text.replace(before, after, 1), seen=None, reason="Mine", user=rita
                )
        assert (kept("quick_ratio").version, kept("mrr").version) == (1, 1)
        named = text.replace("name: Open pipeline", "name: Pipeline", 1)  # proposed: nobody has decided about it
        registry_apply(client=governed, text=named, seen=None, reason="Mine", user=rita)
        assert kept("open_pipeline").version == 2


def test_without_a_board_nobody_could_decide_and_a_metric_is_changed_as_before(
    northwind: Client, rita: User, signed_in: SignIn
) -> None:
    with tenant_context(northwind):
        registry_start(client=northwind, user=rita)
    assert signed_in(rita).get(address("metric_edit", key="quick_ratio")).status_code == 200


def test_an_open_request_is_shown_on_the_page_of_its_metric(
    governed: Client, finn: User, rita: User, signed_in: SignIn
) -> None:
    with tenant_context(governed):
        content = {"key": "nrr", "thresholds": {"warn_at": "1.05"}}
        wish = Wish("Sooner", content, "It is late", from_month=month_parse("2031-01"))
        request = change_draft(client=governed, kind="threshold", wish=wish, user=finn)
    browser = signed_in(rita)
    assert "CR-1: Sooner" not in browser.get(address("metric", key="nrr")).text
    with tenant_context(governed):
        change_submit(request=request, version=1, user=finn)
    page = browser.get(address("metric", key="nrr")).text
    assert "CR-1: Sooner" in page and "Thresholds of a metric, submitted, asked for by Finn" in page


def test_a_metric_that_ends_says_so_and_stays_readable_afterwards(
    governed: Client, rita: User, signed_in: SignIn
) -> None:
    with tenant_context(governed):
        ending = metric_status_set(
            metric=kept("quick_ratio"), version=1, step="deprecate", successor=kept("arr"), reason="ARR says it"
        )
        Metric.objects.filter(pk=ending.pk).update(sunset_on=dt.date(2031, 3, 31))
    browser = signed_in(rita)
    page = browser.get(address("metric", key="quick_ratio")).text
    assert "Last shown on 31 Mar 2031" in page and address("metric", key="arr") in page
    assert "Ask to take it back into use" in page and "Ask for another last day" in page
    assert "Ask to retire it" not in page and "Ask to put it into use" not in page and "Ask for a change" not in page
    for listed in ("metrics", "metric_matrix", "metric_glossary"):
        assert "until 31 Mar 2031" in browser.get(address(listed)).text, listed
    with tenant_context(governed):
        metric_status_set(metric=kept("quick_ratio"), version=2, step="retire", successor=kept("arr"), reason="Its day")
    assert address("metric", key="quick_ratio") not in browser.get(address("metrics")).text
    archive = browser.get(address("metric", key="quick_ratio")).text
    assert "This metric is retired, last shown on 31 Mar 2031" in archive
    assert 'id="values"' in archive and "ARR says it" in archive
    assert "Ask " not in archive and "Change it" not in archive


def test_whether_quotas_or_pay_are_set_by_a_metric_is_said_once_and_audited(
    governed: Client, rita: User, signed_in: SignIn
) -> None:
    browser = signed_in(rita)
    browser.post(address("metric_pay", key="nrr"), {"pay-version": 1, "pay-feeds_pay": "on"})
    again = browser.post(address("metric_pay", key="nrr"), {"pay-version": 2, "pay-feeds_pay": "on"}, follow=True)
    assert "Nothing was changed" in again.text
    late = browser.post(address("metric_pay", key="nrr"), {"pay-version": 1}, follow=True)
    assert "somebody changed this" in late.text
    with tenant_context(governed):
        assert (kept("nrr").feeds_pay, kept("nrr").version) == (True, 2)
        assert AuditEntry.objects.filter(action="metric.feeds_pay", object_id="nrr").count() == 1
