"""How a metric comes into use: by RevOps alone without a board, by a request where there is one; and what it may say."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client as Browser

from governance.change_content import ContentFault
from governance.change_forms import metric_field
from governance.effect_words import since_words
from governance.models import Metric, MetricStatus, MetricVersion
from governance.selectors.registry import registry_get
from governance.selectors.registry_drift import registry_yaml
from governance.services.change_effect import changes_take_effect
from governance.services.changes import Wish, change_draft
from governance.services.metric_direct import direct_steps, metric_step
from governance.services.problems import DefinitionError, OutdatedError
from governance.services.registry import metric_add, metric_version_add
from governance.services.registry_file import registry_apply
from governance.services.sunsets import sunsets_due
from portal.accounts.models import User
from portal.lib.periods import month_parse
from portal.tenancy.models import Client
from portal.tenancy.scope import tenant_context
from tests.governance.boards import BASE, a_board
from tests.governance.effects import scheduled
from tests.governance.metric_pages import HOME, kept, page, ritas
from tests.reporting.numbers import NOW

__all__ = ["kept", "ritas"]
OWN: dict[str, str] = {
    "name": "Half of ARR", "definition": "Half.", "formula": "arr / 2", "unit": "money", "better": "up",
    "timing": "lagging", "function": "revops", "refresh": "monthly", "warn_at": "", "alert_at": "", "weight": "",
    "rationale": "",
}  # fmt: skip
KEY = "half_arr"


def proposed(client: Client, rita: User) -> Metric:
    """A metric of the client's own."""
    return metric_add(client=client, key=KEY, content=OWN, reason="Sales asked", user=rita)


def test_where_a_board_decides_nobody_puts_a_metric_into_use_alone(
    kept: Client, rita: User, finn: User, ritas: Browser
) -> None:
    with tenant_context(kept):
        metric = proposed(kept, rita)
    assert "Make it active" in page(ritas, f"of/{KEY}/")
    with tenant_context(kept):
        a_board(kept, BASE, finance=finn)
    shown = ritas.get(f"{HOME}of/{KEY}/").content.decode()
    assert "Make it active" not in shown and f"/changes/new/metric_new/?about={KEY}" in shown
    sent = {"status-version": metric.version, "status-step": "activate", "status-reason": "Now"}
    told = ritas.post(f"{HOME}of/{KEY}/status/", sent, follow=True).content.decode()
    assert "ask for it as a new metric" in told
    with tenant_context(kept):
        with pytest.raises(OutdatedError, match="ask for it as a new metric"):
            metric_step(metric=metric, version=metric.version, step="activate", reason="Now", user=rita)
        assert Metric.objects.get(key=KEY).status == MetricStatus.PROPOSED


def test_a_registry_that_is_started_under_a_board_puts_nothing_into_use(
    northwind: Client, rita: User, finn: User, signed_in: Callable[[User], Browser]
) -> None:
    with tenant_context(northwind):
        a_board(northwind, BASE, finance=finn)
    browser = signed_in(rita)
    assert "the board decides which of them come into use" in page(browser, "")
    told = browser.post(f"{HOME}start/", follow=True).content.decode()
    assert "Ask for each metric that the board is to put into use" in told and "No metric is in use yet" in told
    with tenant_context(northwind):
        assert set(Metric.objects.values_list("status", flat=True)) == {MetricStatus.PROPOSED}
    assert "/changes/new/metric_new/?about=arr" in browser.get(f"{HOME}of/arr/").content.decode()


def test_the_day_that_was_decided_for_the_end_of_a_metric_is_not_forestalled(
    kept: Client, rita: User, finn: User
) -> None:
    """One that was on its way out before there was a board has no day, and ends by hand."""
    with tenant_context(kept):
        a_board(kept, BASE, finance=finn)
        Metric.objects.filter(key__in=["stage_conversion", "stale_share"]).update(status="deprecated")
        Metric.objects.filter(key="stage_conversion").update(sunset_on=dt.date(2030, 6, 30))
        decided, other = Metric.objects.get(key="stage_conversion"), Metric.objects.get(key="stale_share")
        assert (direct_steps(decided), direct_steps(other)) == ([], ["retire"])
        with pytest.raises(OutdatedError, match="ends on 30 Jun 2030, and it does by itself"):
            metric_step(metric=decided, version=decided.version, step="retire", reason="Today", user=rita)
        (retired,) = sunsets_due(client=kept, today=dt.date(2030, 7, 1))
        assert retired == decided


@pytest.mark.parametrize("is_known", [True, False])
def test_a_file_puts_no_metric_into_use_past_the_board(kept: Client, rita: User, finn: User, is_known: bool) -> None:
    with tenant_context(kept):
        proposed(kept, rita)
        a_board(kept, BASE, finance=finn)
        text = registry_yaml(registry_get(kept))
        place = text.index(f"key: {KEY}")
        changed = text[:place] + text[place:].replace("status: proposed", "status: active", 1)
        if not is_known:
            changed = changed.replace(f"key: {KEY}", "key: other_half").replace("Half of ARR", "The other half")
        with pytest.raises(OutdatedError, match="the board decides whether"):
            registry_apply(client=kept, text=changed, seen=None, reason="By file", user=rita)


def test_a_request_puts_a_proposed_metric_into_use_as_it_was_decided(kept: Client, rita: User, finn: User) -> None:
    with tenant_context(kept):
        proposed(kept, rita)
    content = {"key": KEY, "metric": OWN | {"definition": "Half of what recurs."}}
    request = scheduled(kept, rita, finn, month_parse("2026-04"), kind="metric_new", content=content)
    changes_take_effect(client=kept, now=NOW)
    with tenant_context(kept):
        metric = Metric.objects.get(key=KEY)
        newest = MetricVersion.objects.filter(metric=metric).latest("number")
        assert (metric.status, newest.content["definition"]) == (MetricStatus.ACTIVE, "Half of what recurs.")
        assert newest.reason.startswith(str(request)) and newest.effective_month is None
        assert since_words(request, "en") == "from Apr 2026 on, and earlier months are computed by it too"


def test_the_form_of_a_proposed_metric_begins_with_what_it_says(kept: Client, rita: User, ritas: Browser) -> None:
    with tenant_context(kept):
        proposed(kept, rita)
    shown = ritas.get(f"/c/northwind/changes/new/metric_new/?about={KEY}").content.decode()
    assert f'value="{KEY}"' in shown and 'value="Half of ARR"' in shown and "readonly" in shown


def test_no_two_metrics_of_a_client_have_one_name(kept: Client, rita: User) -> None:
    with tenant_context(kept):
        with pytest.raises(DefinitionError, match=r"the name is that of another metric already, “ARR” \(arr\)"):
            metric_add(client=kept, key=KEY, content=OWN | {"name": " a rr"}, reason="Twice", user=rita)
        metric = proposed(kept, rita)
        with pytest.raises(DefinitionError, match="that of another metric"):
            metric_version_add(
                metric=metric, version=1, content=OWN | {"name": "arr"}, effective_month=None, reason="Twice"
            )
        wish: dict[str, Any] = {"key": "third", "metric": OWN | {"name": "HALF OF ARR"}}
        with pytest.raises(ContentFault, match="that of another metric"):
            change_draft(
                client=kept, kind="metric_new", user=rita,
                wish=Wish(title="A third", content=wish, rationale="Why not", from_month=month_parse("2026-04")),
            )  # fmt: skip
        with pytest.raises(DefinitionError, match="that of another metric"):
            text = registry_yaml(registry_get(kept)).replace("name: Half of ARR", "name: Arr")
            registry_apply(client=kept, text=text, seen=None, reason="By file", user=rita)


@pytest.mark.parametrize(
    ("better", "warn", "alert", "said"),
    [
        ("up", "0.01", "0.02", "higher is better"),
        ("down", "0.02", "0.01", "lower is better"),
        ("none", "0.05", "-0.02", "nearer to 0"),
    ],
)
def test_thresholds_that_contradict_the_direction_are_refused(
    kept: Client, rita: User, better: str, warn: str, alert: str, said: str
) -> None:
    bad = OWN | {"better": better, "warn_at": warn, "alert_at": alert}
    with tenant_context(kept):
        with pytest.raises(DefinitionError, match=said):
            metric_add(client=kept, key=KEY, content=bad, reason="Upside down", user=rita)
        metric_add(client=kept, key=KEY, content=bad | {"warn_at": alert, "alert_at": warn}, reason="Right", user=rita)


def test_everything_that_is_wrong_with_a_new_metric_is_said_at_once(
    ritas: Browser, signed_in: Callable[[User], Browser]
) -> None:
    sent = OWN | {"key": "Half ARR", "name": "arr", "unit": "furlong", "reason": ""}
    answer = ritas.post(f"{HOME}new/", sent)
    assert answer.status_code == 422 and set(answer.context["form"].errors) == {"key", "name", "unit", "reason"}


def test_everything_that_is_wrong_with_a_request_is_said_at_once(ritas: Browser) -> None:
    sent = {metric_field(name): value for name, value in OWN.items()}
    answer = ritas.post(
        "/c/northwind/changes/new/metric_new/",
        sent | {"key": "Half ARR", "unit": "furlong", "title": "", "rationale": ""},
    )
    found = set(answer.context["form"].errors)
    assert answer.status_code == 422 and found >= {"key", "unit", "title", "rationale"}


def test_a_formula_of_ones_own_leads_to_its_parts(kept: Client, rita: User, ritas: Browser) -> None:
    with tenant_context(kept):
        metric_add(client=kept, key=KEY, content=OWN | {"formula": "arr / customers", "unit": "money per customer"},
                   reason="Sales asked", user=rita)  # fmt: skip
    shown = ritas.get(f"{HOME}of/{KEY}/").content.decode()
    assert f'href="{HOME}of/{KEY}/#needs"' in shown and 'id="needs"' in shown
