"""At which figure a metric would ring under other thresholds: kept with the impact, and told where a board reads of it."""

from collections.abc import Callable
from typing import Any

import pytest
from django.template.loader import render_to_string
from django.test import Client as Browser

from governance.board_page import minutes_context
from governance.change_impact import Impact
from governance.change_impact_limits import alerts_told, limits_told
from governance.change_impact_tables import Shown
from governance.change_impact_words import metric_rows
from governance.models import BoardMeeting, ChangePreview, ChangeRequest
from governance.selectors.change_impact import impact_of
from governance.selectors.registry import registry_get
from governance.services.changes import Wish, change_draft
from governance.services.registry import metric_version_add, registry_start
from metrics.services.policies import policy_publish
from portal.accounts.models import User
from portal.lib.periods import month_parse
from portal.tenancy.models import Client
from portal.tenancy.scope import tenant_context
from tests.governance import boards
from tests.governance.boards import a_board, in_review, now_of
from tests.governance.test_board_meeting_steps import planned
from tests.governance.test_board_pages import text_of
from tests.reporting.numbers import numbers_load
from tests.tenancy.routes_reporting import POLICY

NORMAL = POLICY | {"reactivation_window_months": None, "renewal_grace_days": 0}
JANUARY, FEBRUARY, MARCH = (month_parse(f"2026-0{number}") for number in (1, 2, 3))
# ARR is 12,000 · 36,000 · 42,000 at the ends of these months.
ALERT = (
    "In Mar 2026 it alerts below 45,000.00 USD; was below 20,000.00 USD. It would do so in 3 of 3 months, before: 1."
)


@pytest.fixture
def ringing(northwind: Client) -> Client:
    """Northwind with its numbers, and an alert on ARR below 20,000."""
    with tenant_context(northwind):
        policy_publish(client=northwind, parameters=NORMAL)
        numbers_load(northwind)
        registry_start(client=northwind)
        entry = registry_get(northwind).entries["arr"]
        metric_version_add(
            metric=entry.metric, version=entry.metric.version, content={**entry.newest, "alert_at": "20000"},
            effective_month=JANUARY, reason="So that somebody hears of it.",
        )  # fmt: skip
    return northwind


def wish(**thresholds: str) -> Wish:
    content = {"key": "arr", "thresholds": {"warn_at": "", "alert_at": ""} | thresholds}
    return Wish(title="Ring earlier", content=content, rationale="Because.", from_month=month_parse("2030-01"))


def impact(client: Client, user: User, **thresholds: str) -> Impact:
    return impact_of(client, change_draft(client=client, kind="threshold", wish=wish(**thresholds), user=user))


def shown(found: Impact) -> Shown:
    return Shown(found, "month", 1, "en-US")


def limits(found: Impact, side: str) -> list[dict[str, Any]]:
    """By month what is kept of one side."""
    return [point[f"limits_{side}"] for point in found.content["metrics"][0]["points"]]


def test_the_figures_below_which_it_rings_are_kept_for_every_month_under_both(ringing: Client, rita: User) -> None:
    with tenant_context(ringing):
        found = impact(ringing, rita, warn_at="50% from previous", alert_at="45000")
    was = {"below": "20000.00", "above": None, "reason": ""}
    assert limits(found, "before") == [{"alert": was}] * 3
    after = limits(found, "after")
    assert [each["alert"]["below"] for each in after] == ["45000.00"] * 3
    assert [each["warn"]["below"] for each in after] == [None, "6000.00", "18000.00"], "half of the month before"
    assert "no value in Dec 2025" in str(after[0]["warn"]["reason"])


def test_the_newest_month_and_the_months_are_told_in_a_sentence_for_each_level(ringing: Client, rita: User) -> None:
    with tenant_context(ringing):
        found = impact(ringing, rita, warn_at="50% from previous", alert_at="45000")
    alert, look = limits_told(shown(found))
    assert alert == ALERT
    assert look.startswith(
        "In Mar 2026 it is worth a look below 18,000.00 USD; so far at no figure. It would do so in 0 of 3"
    )
    (row,) = metric_rows(shown(found))
    oldest = row["points"][-1]["limits"]
    assert oldest.startswith(
        "alerts below 45,000.00 USD; was below 20,000.00 USD; cannot be held against its threshold for a look:"
    )
    told = alerts_told(shown(found))
    assert told is not None and told["rows"]
    assert "no figure" not in str(told["rows"]), "that is said above, once for all months"


def test_a_threshold_that_goes_and_one_that_stays_are_told_so(ringing: Client, rita: User) -> None:
    with tenant_context(ringing):
        gone = impact(ringing, rita, warn_at="43000")
        same = impact(ringing, rita, warn_at="43000", alert_at="20000")
    alert, look = limits_told(shown(gone))
    assert (
        "it alerts at no figure any more; was below 20,000.00 USD. It would do so in 0 of 3 months, before: 1." in alert
    )
    assert (
        "is worth a look below 43,000.00 USD; so far at no figure. It would do so in 3 of 3 months, before: 0." in look
    )
    assert (
        "it alerts below 20,000.00 USD, as before. It would do so in 1 of 3 months, before: 1."
        in limits_told(shown(same))[0]
    )


def test_an_impact_that_was_kept_before_tells_no_figure(ringing: Client, rita: User) -> None:
    with tenant_context(ringing):
        found = impact(ringing, rita, alert_at="45000")
    for point in found.content["metrics"][0]["points"]:
        del point["limits_before"], point["limits_after"]
    assert limits_told(shown(found)) == [] and metric_rows(shown(found))[0]["points"][0]["limits"] == ""


def test_agenda_meeting_request_and_minutes_say_in_how_many_months_it_rings(
    ringing: Client, rita: User, finn: User, signed_in: Callable[[User], Browser], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(boards, "told_of", lambda request: impact_of(ringing, request).content)
    with tenant_context(ringing):
        a_board(ringing, finance=finn)
        number = in_review(ringing, by=rita, wish=wish(alert_at="45000"), kind="threshold").number
    browser = signed_in(finn)
    path = planned(browser, ringing)
    for page in (path, f"{path}{number}/", f"changes/{number}/"):
        text = text_of(browser, page)
        assert "ARR would ring in 3 of 3 months instead of 1." in text and ALERT in text, page
    with tenant_context(ringing):
        request: ChangeRequest = now_of(ChangeRequest.objects.get(number=number))
        ChangePreview.objects.create(
            client=ringing, request=request, content_sha256=request.content_sha256, at=boards.NOW, state="done", stamp="other",
            result=boards.told_of(request) | {"metrics": []}, sha256="f" * 64,
        )  # fmt: skip
        meeting = BoardMeeting.objects.get()
        paper = render_to_string("pdf/minutes.html", minutes_context(ringing, meeting, sees_figures=True))
        blind = render_to_string("pdf/minutes.html", minutes_context(ringing, meeting, sees_figures=False))
    assert "ARR would ring in 3 of 3 months instead of 1." in paper and ALERT in paper, (
        "of the effect it was planned with"
    )
    assert "would ring" not in blind and "45,000" not in blind


def test_a_request_about_thresholds_shows_the_alerts_and_no_metric_that_moves(
    ringing: Client, rita: User, finn: User, signed_in: Callable[[User], Browser], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A table that said “0 of 1 metric moves” stood beneath a headline of alerts."""
    with tenant_context(ringing):
        a_board(ringing, boards.BASE, finance=finn, revops=rita)
        monkeypatch.setattr(boards, "told_of", lambda request: impact_of(ringing, request).content)
        request = in_review(ringing, rita, wish(alert_at="40000"), kind="threshold")
        found = impact_of(ringing, now_of(request))
        told = alerts_told(shown(found))
        assert told is not None
        assert told["finding"] == "2 alerts instead of 1; 0 months worth a look, as before"
        assert [(row["month"], row["before"][1], row["after"][1], row["differs"]) for row in told["rows"]] == [
            ("Feb 2026", "None", "Alert", True), ("Jan 2026", "Alert", "Alert", False),
        ]  # fmt: skip
        other = impact_of(ringing, change_draft(client=ringing, kind="policy", wish=boards.WISH, user=rita))
        assert alerts_told(shown(other)) is None
    page = signed_in(finn).get(f"/c/northwind/changes/{request.number}/").content.decode()
    assert 'id="impact-alerts"' in page and "Would have fired" in page and "36,000.00 USD" in page
    assert "metric moves" not in page and 'id="impact-metrics"' not in page
