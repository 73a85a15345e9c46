"""Each kind of change takes effect through the services that everybody uses, with the request beside it for ever."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client as Browser

from governance.engine_formulas import is_fixed
from governance.handbook import policy_chapter
from governance.models import ChangeEffect, ChangeRequest, DefinitionItem, Metric, MetricVersion
from governance.selectors.change_effects import approval_fault
from governance.selectors.changes import quota_rules
from governance.selectors.registry import registry_get
from governance.services.change_apply import apply_change
from governance.services.change_effect import change_schedule, changes_take_effect
from governance.services.changes import Wish, change_draft
from governance.services.items import definitions_start
from governance.services.problems import DefinitionError
from governance.services.registry import metric_owner_set, metric_status_set, metric_version_add, registry_start
from governance.services.sunsets import sunset_next, sunsets_due
from metrics.models import PolicyVersion
from metrics.selectors.policies import policy_in_force
from metrics.services.closes import month_close
from metrics.services.policies import PolicySigned, policy_publish
from portal.accounts.models import User
from portal.lib.periods import month_parse
from portal.notices.models import Notice
from portal.tenancy.models import Client
from portal.tenancy.scope import tenant_context
from tests.governance.boards import BASE, a_board, in_review, vote
from tests.governance.effects import IN_MAY, scheduled
from tests.reporting.numbers import NOW, numbers_load

FROM = month_parse("2026-04")
KEY = "arr_not_live"


@pytest.fixture
def kept(northwind: Client, rita: User, finn: User) -> Client:
    """Northwind with numbers and its registry."""
    with tenant_context(northwind):
        numbers_load(northwind)
        registry_start(client=northwind, user=rita)
    return northwind


def in_force(
    client: Client, rita: User, finn: User, kind: str, content: dict[str, Any], month: int = FROM
) -> ChangeEffect:
    """A request of that kind, approved, scheduled and put into force by the job."""
    request = scheduled(client, rita, finn, month, kind=kind, content=content)
    changes_take_effect(client=client, now=NOW)
    with tenant_context(client):
        found: ChangeEffect = ChangeEffect.objects.select_related("metric_version").get(request=request)
    assert (found.state, found.message) == ("done", "")
    return found


def content_of(client: Client, key: str) -> dict[str, Any]:
    with tenant_context(client):
        return dict(registry_get(client).entries[key].content)


def unused_metric(client: Client) -> str:
    """An active metric that no other is built on."""
    with tenant_context(client):
        registry = registry_get(client)
        return next(
            key
            for key, entry in registry.entries.items()
            if entry.is_standing and not registry.used_by(key) and not is_fixed(key)
        )


def test_a_changed_metric_has_a_version_from_the_month_on(kept: Client, rita: User, finn: User) -> None:
    wanted = content_of(kept, KEY) | {"formula": "arr / 6"}
    effect = in_force(kept, rita, finn, "metric_change", {"key": KEY, "metric": wanted})
    version = effect.metric_version
    assert version is not None and version.content["formula"] == "arr / 6"
    assert (version.effective_month, version.number, version.reason) == (FROM, 2, "CR-1: List prices")


def test_of_two_changes_of_one_metric_the_later_leaves_what_the_earlier_moved(
    kept: Client, rita: User, finn: User
) -> None:
    was = content_of(kept, KEY)
    for month, moved in (("2026-04", {"name": "Not live yet"}), ("2026-05", {"formula": "arr / 6"})):
        scheduled(
            kept, rita, finn, month_parse(month), kind="metric_change", content={"key": KEY, "metric": was | moved}
        )
    changes_take_effect(client=kept, now=NOW)
    changes_take_effect(client=kept, now=IN_MAY)
    with tenant_context(kept):
        newest = MetricVersion.objects.filter(metric__key=KEY).latest("number")
        assert newest.number == 3
        assert newest.content == was | {"name": "Not live yet", "formula": "arr / 6"}


@pytest.mark.parametrize("kind", ["metric_change", "threshold"])
def test_what_somebody_else_changed_meanwhile_is_not_undone(kept: Client, rita: User, finn: User, kind: str) -> None:
    was = content_of(kept, "nrr")
    part, moved = ("thresholds", "warn_at") if kind == "threshold" else ("metric", "name")
    asked = (was if kind == "metric_change" else {"alert_at": was["alert_at"]}) | {moved: "0.95"}
    request = scheduled(kept, rita, finn, month_parse("2026-05"), kind=kind, content={"key": "nrr", part: asked})
    with tenant_context(kept):
        metric = Metric.objects.get(key="nrr")
        metric_version_add(
            metric=metric, version=metric.version, content=was | {moved: "0.97"}, effective_month=FROM, reason="By hand",
            user=finn,
        )  # fmt: skip
    changes_take_effect(client=kept, now=IN_MAY)
    with tenant_context(kept):
        effect = ChangeEffect.objects.get(request=request)
        assert effect.state == "blocked" and "changed since this was asked for (version 2)" in effect.message
        assert MetricVersion.objects.filter(metric__key="nrr").latest("number").content[moved] == "0.97"


def test_a_policy_that_somebody_else_changed_meanwhile_is_not_undone(kept: Client, rita: User, finn: User) -> None:
    """Neither of both moves ARR, so that the effect is what was approved; what the board was shown in its place is not."""
    with tenant_context(kept):
        for month in ("2026-01", "2026-02", "2026-03"):
            month_close(client=kept, month=month_parse(month), user=finn)
    request = scheduled(kept, rita, finn, FROM, kind="policy", content={"parameters": {"renewal_grace_days": 60}})
    with tenant_context(kept):
        by_hand = policy_in_force(kept).with_(renewal_grace_days=30)
        policy_publish(client=kept, parameters=by_hand.to_dict(), user=rita)
    changes_take_effect(client=kept, now=NOW)
    with tenant_context(kept):
        effect = ChangeEffect.objects.get(request=request)
        assert effect.state == "blocked" and "changed since this was asked for: send it back" in effect.message
        assert policy_in_force(kept).renewal_grace_days == 30


def test_of_two_rules_of_one_name_the_later_does_not_undo_the_earlier_unseen(
    kept: Client, rita: User, finn: User
) -> None:
    for text in ("Paid by NRR.", "Paid by GRR."):
        rule = {"key": "team_target", "rule": text, "metrics": ["nrr"]}
        scheduled(kept, rita, finn, FROM, kind="quota_rule", content=rule)
    changes_take_effect(client=kept, now=NOW)
    with tenant_context(kept):
        assert [each.state for each in ChangeEffect.objects.order_by("id")] == ["done", "blocked"]
        assert quota_rules()["team_target"]["rule"] == "Paid by NRR."


def test_a_definition_says_why_its_new_value_holds(kept: Client, rita: User, finn: User) -> None:
    with tenant_context(kept):
        definitions_start(client=kept)
        item = DefinitionItem.objects.get(parameter="renewal_grace_days")
        for month in ("2026-01", "2026-02", "2026-03"):
            month_close(client=kept, month=month_parse(month), user=finn)
    scheduled(kept, rita, finn, FROM, kind="policy", content={"parameters": {"renewal_grace_days": 60}})
    changes_take_effect(client=kept, now=NOW)
    with tenant_context(kept):
        found = DefinitionItem.objects.get(pk=item.pk)
        assert found.value == 60 and found.rationale != item.rationale
        assert found.rationale.startswith("CR-1: ")


def test_other_thresholds_leave_the_rest_of_a_metric_as_it_was(kept: Client, rita: User, finn: User) -> None:
    before = content_of(kept, "nrr")
    asked = {"key": "nrr", "thresholds": {"warn_at": "0.95", "alert_at": "0.90"}}
    effect = in_force(kept, rita, finn, "threshold", asked)
    assert effect.metric_version is not None
    changed = {name for name, value in effect.metric_version.content.items() if value != before[name]}
    assert changed == {"warn_at", "alert_at"}


def test_a_new_metric_is_active(kept: Client, rita: User, finn: User) -> None:
    wanted = content_of(kept, "mrr") | {"name": "ARR by the week", "formula": "arr / 52"}
    in_force(kept, rita, finn, "metric_new", {"key": "arr_by_week", "metric": wanted})
    with tenant_context(kept):
        assert Metric.objects.get(key="arr_by_week").status == "active"


def test_a_rule_for_quotas_flags_the_metrics_that_it_reads(kept: Client, rita: User, finn: User) -> None:
    rule = {"key": "team_target", "rule": "The team is paid by NRR.", "metrics": ["nrr"]}
    in_force(kept, rita, finn, "quota_rule", rule)
    with tenant_context(kept):
        assert [row.key for row in Metric.objects.filter(feeds_pay=True)] == ["nrr"]
        assert quota_rules()["team_target"]["rule"] == "The team is paid by NRR."


def test_a_metric_is_deprecated_at_once_and_retired_when_its_last_day_is_over_where_the_client_is(
    kept: Client, rita: User, finn: User, signed_in: Callable[[User], Browser]
) -> None:
    key, day = unused_metric(kept), dt.date(2030, 6, 30)
    asked = {"key": key, "successor": "", "sunset_on": day.isoformat()}
    in_force(kept, rita, finn, "metric_retire", asked)
    page = signed_in(finn).get(f"/c/northwind/metrics/of/{key}/").content.decode()
    assert "30 Jun 2030" in page and "Ends soon" in page and "CR-1" in page
    with tenant_context(kept):
        assert Metric.objects.get(key=key).status == "deprecated"
        assert sunsets_due(client=kept, today=day) == [], "the last day on which it is shown"
        kept.time_zone = "America/New_York"
        over = dt.datetime(2030, 7, 1, 4, tzinfo=dt.UTC)  # midnight after the last day, in New York
        assert sunset_next(kept, NOW) == sunset_next(kept, over - dt.timedelta(hours=1)) == over
        assert sunset_next(kept, over) == over + dt.timedelta(hours=12), "one that could not be retired is tried again"
        (retired,) = sunsets_due(client=kept, today=day + dt.timedelta(days=1))
        assert (retired.key, retired.status) == (key, "retired") and sunset_next(kept, NOW) is None


def test_a_metric_that_somebody_deprecated_since_gets_its_day_and_what_replaces_it(kept: Client, rita: User) -> None:
    """One that is retired already, or whose replacement is, is left as it is."""
    key, day = unused_metric(kept), dt.date(2030, 6, 30)

    def step(name: str) -> None:
        metric = Metric.objects.get(key=key)
        metric_status_set(metric=metric, version=metric.version, step=name, reason="By hand", user=rita)

    with tenant_context(kept):
        content = {"key": key, "successor": "arr", "sunset_on": day.isoformat()}
        wish = Wish("It ends", content=content, rationale="Nobody reads it")
        request = change_draft(client=kept, kind="metric_retire", wish=wish, user=rita)
        step("deprecate")
        apply_change(client=kept, request=request, user=rita)
        metric = Metric.objects.select_related("successor").get(key=key)
        assert metric.successor is not None and (metric.successor.key, metric.sunset_on) == ("arr", day)
        Metric.objects.filter(key="arr").update(status="retired")
        with pytest.raises(DefinitionError, match="which is to replace it, is retired itself"):
            apply_change(client=kept, request=request, user=rita)
        step("retire")
        with pytest.raises(DefinitionError, match="the metric is retired now"):
            apply_change(client=kept, request=request, user=rita)


def test_the_day_of_a_metric_that_comes_back_is_called_off(kept: Client, rita: User) -> None:
    with tenant_context(kept):
        Metric.objects.filter(key="mrr").update(status="deprecated", sunset_on=dt.date(2026, 4, 1))
        metric = Metric.objects.get(key="mrr")
        metric_status_set(metric=metric, version=metric.version, step="activate", reason="Still read", user=rita)
        assert Metric.objects.get(key="mrr").sunset_on is None


def test_a_metric_that_others_are_built_on_stays_and_its_owner_is_told(kept: Client, rita: User, finn: User) -> None:
    with tenant_context(kept):
        metric = Metric.objects.get(key="arr_per_customer")
        metric_owner_set(metric=metric, version=metric.version, owner=rita)
        Metric.objects.filter(pk=metric.pk).update(status="deprecated", sunset_on=dt.date(2026, 4, 1))
        for _ in range(2):
            assert sunsets_due(client=kept, today=dt.date(2026, 4, 2)) == []
        said = "The metric “ARR per customer” was to be shown until 1 Apr 2026, and is not retired: "
        assert Notice.objects.filter(user=rita, text__startswith=said, text__contains="built on it").count() == 1


def test_what_is_in_force_stands_on_the_pages_of_policy_and_definition(
    kept: Client, rita: User, finn: User, signed_in: Callable[[User], Browser]
) -> None:
    with tenant_context(kept):
        for month in ("2026-01", "2026-02", "2026-03"):
            month_close(client=kept, month=month_parse(month), user=finn)
    in_force(kept, rita, finn, "policy", {"parameters": {"discounts": "list"}})
    page = signed_in(finn).get("/c/northwind/policy/").content.decode()
    assert "CR-1" in page and "begins with what Mar 2026 ends with, ARR of 42,000.00 USD: nothing steps." in page
    versions = signed_in(finn).get("/c/northwind/definitions/versions/").content.decode()
    assert "In force by a request, not by a signature" in versions and "approved" in versions.split('id="approved"')[1]
    with tenant_context(kept):
        chapter = policy_chapter(kept)
        assert "It holds by CR-1" in str(chapter) and "Nobody has signed" not in str(chapter)


def test_a_metric_says_which_policy_moved_its_numbers_and_from_when(
    kept: Client, rita: User, finn: User, signed_in: Callable[[User], Browser]
) -> None:
    with tenant_context(kept):
        for month in ("2026-01", "2026-02", "2026-03"):
            month_close(client=kept, month=month_parse(month), user=finn)
    in_force(kept, rita, finn, "policy", {"parameters": {"included_charge_types": []}})
    with tenant_context(kept):
        version = PolicyVersion.objects.latest("number")
        assert "from Apr 2026" in version.note, "months as people read them"
    page = signed_in(finn).get("/c/northwind/metrics/of/arr/").content.decode()
    about = page.split('id="changes-about"')[1].split("</table>")[0]
    assert f"Policy v{version.number}, from Apr 2026 on" in about and "CR-1" in about
    untouched = signed_in(finn).get("/c/northwind/metrics/of/win_rate_deals/").content.decode()
    assert "CR-1" not in untouched


# --- who said yes ------------------------------------------------------------------------------------------------------


def test_only_votes_on_exactly_what_it_says_let_it_take_effect(northwind: Client, rita: User, finn: User) -> None:
    with tenant_context(northwind):
        a_board(northwind, BASE, finance=finn, user=rita)
        request = in_review(northwind, by=rita)
        vote(request, finn)
        request = ChangeRequest.objects.select_related("preview").get()
        assert (request.state, approval_fault(request)) == ("approved", "")
        request.votes.update(voided_at=NOW, void_reason="A test")
        assert "no vote of the board" in approval_fault(request)
        with pytest.raises(DefinitionError, match="no vote of the board"):
            change_schedule(client=northwind, request=request, user=rita, now=NOW)


def test_a_signed_policy_still_refuses_everything_else(
    kept: Client, rita: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("metrics.services.policies.SIGNED_BY", [lambda: "v1 by Finance"])
    with tenant_context(kept):
        before = PolicyVersion.objects.count()
        parameters = PolicyVersion.objects.latest("number").parameters | {"discounts": "list"}
        with pytest.raises(PolicySigned):
            policy_publish(client=kept, parameters=parameters, note="CR-1: List prices", user=rita)
        assert PolicyVersion.objects.count() == before and not MetricVersion.objects.filter(number=2).exists()
