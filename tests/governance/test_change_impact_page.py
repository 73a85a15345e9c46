"""The impact on the page of a change request: what is shown in each of its states, and to whom."""

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client as Browser
from pytest_django import DjangoAssertNumQueries

from governance.change_impact import Impact
from governance.change_impact_tables import Shown, is_alike
from governance.models import ChangePreview, ChangeRequest, PreviewState
from governance.selectors.change_impact import impact_of
from governance.services.change_preview import preview_run, preview_start
from governance.services.changes import Wish, change_draft
from metrics.selectors.periods import Period
from metrics.services.closes import month_close
from portal.accounts.models import User
from portal.accounts.services.tokens import token_create
from portal.tenancy import audit
from portal.tenancy.models import Client
from portal.tenancy.permissions import REQUEST_CHANGES, VIEW_ARR
from portal.tenancy.scope import tenant_context
from tests.governance.impacts import FEBRUARY, JANUARY, asked, changed, grace, half_and_quarter, late
from tests.reporting.numbers import LINES, numbers_load

__all__ = ["late"]


def computed(client: Client, user: User, make: Callable[..., ChangeRequest] = grace, **more: Any) -> ChangeRequest:
    with tenant_context(client):
        request = make(client, user, **more)
        preview = preview_start(request=request, user=user)
    preview_run(client=client, preview_id=preview.pk)
    return request


def page(browser: Browser, request: ChangeRequest, query: str = "") -> str:
    answer = browser.get(f"/c/northwind/changes/{request.number}/{query}")
    assert answer.status_code == 200
    text = answer.content.decode()
    return text.split('id="impact"')[1] if 'id="impact"' in text else text


@pytest.fixture
def rita_browses(rita: User, signed_in: Callable[[User], Browser]) -> Browser:
    return signed_in(rita)


def test_what_is_secondary_is_folded_and_what_is_decided_by_is_not(
    late: Client, rita: User, rita_browses: Browser
) -> None:
    """Without a script: tables in their folds, findings, closed months in words and the votes outside of them."""
    with tenant_context(late):
        for month in (JANUARY, FEBRUARY):
            month_close(client=late, month=month)
    request = computed(late, rita)
    text = page(rita_browses, request)
    folds = re.findall(r'<details class="fold"\s*(open)?\s*>(.*?)</summary>', text, re.DOTALL)
    assert len(folds) == 6 and not any(opened for opened, _ in folds)
    assert "data-fold" not in text, "nor are they open where there is room: a page of a vote is read from its top"
    seen = parts_outside(text)
    for said in (
        "Mar 2026 stays as it is",
        "1 of 2 closed months would differ",
        "Apr 2026 begins with what Mar 2026 ends with",
        "1 customer moves",
    ):
        assert said in seen
    assert 'id="impact-bridge"' not in seen and 'id="history"' not in seen and 'id="impact-metrics"' not in seen
    chosen = page(rita_browses, request, "?impact_grain=quarter")
    assert re.search(r'<details class="fold"\s+open>', chosen), "what was chosen is seen"


def parts_outside(text: str) -> str:
    """A page without what its folds hide: the summaries stay."""
    seen, depth = [], 0
    for piece in re.split(r"(<details[^>]*>|</details>)", text):
        opened = piece.startswith("<details")
        if opened:
            depth += depth > 0 or 'class="fold"' in piece
        elif piece == "</details>":
            depth -= depth > 0
        elif not depth:
            seen.append(piece)
    return "".join(seen)


def test_the_finding_the_tables_and_the_customer_with_its_clause_and_lines(
    late: Client, rita: User, rita_browses: Browser
) -> None:
    with tenant_context(late):
        for month in (JANUARY, FEBRUARY):
            month_close(client=late, month=month)
    request = computed(late, rita)
    text = page(rita_browses, request)
    assert (
        "Mar 2026 stays as it is; Apr 2026 would begin without a step. The newest 3 months are compared as an illustration, "
        "as if it had held: ARR would differ most in Feb 2026, by 9,000.00 USD" in text
    )
    assert "Late renewals" in text and "counts for 30 days after its term" in text
    bridge = text.split('id="impact-bridge"')[1].split("</table>")[0]
    assert "Bridge of Feb 2026" in text
    marked = [
        row for row in ("Churn", "Ending", "New", "Lost customers", "Customers at the end") if f"{row}<span" in bridge
    ]
    assert marked == ["Churn", "Ending", "Lost customers", "Customers at the end"]
    movers = text.split('id="impact-in-window"')[1].split("</table>")[0]
    assert (
        "Dora" in movers
        and "K9, line K9/1" in movers
        and "until 15 Feb 2026" in movers
        and "until 7 Mar 2026" in movers
    )
    assert "why=customer%3A2026-02%3Adora" in movers
    assert "1 of 2 closed months would differ" in text and "Apr 2026 begins with what Mar 2026 ends with" in text
    assert "MRR" in text.split('id="impact-metrics"')[1]
    assert "No value that a metric kept for a closed month moves by it." in text


def test_a_restating_request_says_of_which_months_the_kept_values_are_restated(
    late: Client, rita: User, rita_browses: Browser
) -> None:
    def restating(client: Client, user: User) -> ChangeRequest:
        content = {"parameters": {"renewal_grace_days": 30}}
        wish = Wish("Late renewals", content, "Because.", from_month=JANUARY, is_restating=True)
        return change_draft(client=client, kind="policy", wish=wish, user=user)

    with tenant_context(late):
        for month in (JANUARY, FEBRUARY):
            month_close(client=late, month=month)
    text = page(rita_browses, computed(late, rita, restating))
    assert "The values that metrics kept for Feb 2026 are restated" in text


def test_whose_movement_alone_changes_is_told_by_it(late: Client, rita: User, rita_browses: Browser) -> None:
    """From March on Dora has 10,000 either way: she returns, or she never left."""

    def from_march(client: Client, user: User) -> ChangeRequest:
        wish = Wish("Late renewals", {"parameters": {"renewal_grace_days": 30}}, "Because.", from_month=FEBRUARY + 1)
        return change_draft(client=client, kind="policy", wish=wish, user=user)

    request = computed(late, rita, from_march)
    movers = page(rita_browses, request).split('id="impact-in-window"')[1].split("</table>")[0]
    before, after = (words(cell) for cell in re.findall(r'data-label="(?:Before|After)">(.*?)</td>', movers, re.S))
    assert (before, after) == ("Reactivation +10,000.00", "Expansion +1,000.00")
    assert "Most from Mar 2026 on" in movers and "ARR is the same" in movers
    file = rita_browses.get(f"/c/northwind/changes/{request.number}/impact/customers.csv").content.decode()
    assert file.splitlines()[1].endswith(",2026-03,Reactivation 10000.00,Expansion 1000.00")


def words(cell: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", cell).split())


def as_shape_4(content: dict[str, Any]) -> dict[str, Any]:
    """A result under the names that it was kept with until shape 5."""
    names = {"prior_period_adjustment": "adjustment"}
    return content | {"shape": 4, "closed": {names.get(name, name): told for name, told in content["closed"].items()}}


def test_what_was_kept_under_an_earlier_name_says_the_same_step(late: Client, rita: User) -> None:
    with tenant_context(late):
        impact = impact_of(late, grace(late, rita))
    old = Impact(as_shape_4(impact.content))
    assert "prior_period_adjustment" not in old.content["closed"], "what was voted on stays as it was kept, bit by bit"
    assert (old.step, old.size, old.adjustment) == (impact.step, impact.size, impact.adjustment)
    assert old.adjustment is not None


def test_an_effect_of_an_earlier_tieout_is_asked_for_anew_in_words(
    late: Client, rita: User, rita_browses: Browser
) -> None:
    with tenant_context(late):
        request = grace(late, rita)
        old = as_shape_4(impact_of(late, request).content)
        request.preview = ChangePreview.objects.create(
            client=late, request=request, content_sha256=request.content_sha256, stamp="as it was then", state="done",
            result=old, sha256="e" * 64, at=request.created_at,
        )  # fmt: skip
        request.save(update_fields=["preview"])
    text = page(rita_browses, request)
    assert "An earlier version of Tieout computed this" in text and "The figures have moved since" not in text
    assert "Compute it anew" in text
    rita_browses.post(f"/c/northwind/changes/{request.number}/impact/")
    with tenant_context(late):
        waiting = ChangePreview.objects.get(state=PreviewState.WORKING)
    preview_run(client=late, preview_id=waiting.pk)
    assert "of this wording and of the figures as they are" in page(rita_browses, request)


def test_the_switches_split_by_group_and_quarter_and_choose_the_bridges_month(
    late: Client, rita: User, rita_browses: Browser
) -> None:
    request = computed(late, rita)
    text = page(rita_browses, request, "?impact_by=segment&impact_grain=month&impact_month=2026-02")
    groups = text.split('id="impact-groups"')[1].split("</table>")[0]
    assert "SMB" in groups and "All others (1)" in groups and "+9,000.00" in groups
    changes = text.split('id="impact-changes"')[1].split("</table>")[0]
    assert "Feb 2026" in changes and "Mar 2026" not in changes, "only the months in which it changes"
    assert "Q1 2026" in page(rita_browses, request, "?impact_grain=quarter")
    assert "Bridge of Jan 2026" in page(rita_browses, request, "?impact_month=2026-01")
    page(rita_browses, request, "?impact_by=nonsense&impact_month=%00&impact_grain=1")


def test_lines_that_would_lie_on_each_other_give_way_to_what_lies_between_them(
    late: Client, rita: User, rita_browses: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = [Decimal(number) for number in (1000, 1500, 2000)]
    assert is_alike(steps, [Decimal(1000), Decimal(1500), Decimal(2040)])
    assert not is_alike(steps, [Decimal(1000), Decimal(1500), Decimal(2100)]), "a tenth of the axis is seen"
    assert not is_alike(steps, steps) and not is_alike([None], [Decimal(1)])
    request = computed(late, rita)
    assert '"kind": "lines"' in page(rita_browses, request)
    monkeypatch.setattr("governance.change_impact_tables.TOLD_APART", Decimal(2))
    text = page(rita_browses, request)
    assert '"kind": "columns"' in text and "After less before, USD" in text and '"+9,000.00"' in text


def test_a_change_without_a_figure_after_says_why() -> None:
    """Before could be valued, after cannot: the reason is that of the side that lacks."""
    valued, lacking = (
        {"valued": months, "message": told} for months, told in (((0, 1), ""), (None, "No rate for CHF"))
    )
    book = {"first": 0, "last": 0, "figures": ["ending"], "total": {"before": [[1]], "after": [[1]]},
            "sides": {"before": valued, "after": lacking}}  # fmt: skip
    impact = Impact({"book": book, "currency": "USD", "headline": {"reason": ""}})
    assert Shown(impact, "month", 1, "en").change("ending", Period("0", 0, 0)) == {
        "value": None,
        "reason": "No rate for CHF",
    }


def test_each_state_says_what_to_do(late: Client, rita: User, rita_browses: Browser) -> None:
    with tenant_context(late):
        request = grace(late, rita)
    assert "was not computed yet" in page(rita_browses, request) and "Compute the impact" in page(rita_browses, request)
    answer = rita_browses.post(f"/c/northwind/changes/{request.number}/impact/")
    assert answer["Location"] == f"/c/northwind/changes/{request.number}/#impact"
    assert "Waiting for its turn" in page(rita_browses, request)
    progress = f"/c/northwind/changes/{request.number}/impact/progress/"
    with tenant_context(late):
        ChangePreview.objects.update(progress=35, step="Computing the numbers under the new rule")
        preview = ChangePreview.objects.get()
    assert "under the new rule" in rita_browses.get(progress).content.decode()
    preview_run(client=late, preview_id=preview.pk)
    assert rita_browses.get(progress)["HX-Refresh"] == "true"
    text = page(rita_browses, request)
    assert "of this wording and of the figures as they are" in text and "Compute it anew" not in text
    with tenant_context(late):
        numbers_load(late, [LINES[0] | {"line_id": "K7/1", "contract_id": "K7"}])
    text = page(rita_browses, request)
    assert "The figures have moved since" in text and "Compute it anew" in text and "Dora" in text
    with tenant_context(late):
        ChangeRequest.objects.filter(pk=request.pk).update(content_sha256="0" * 64)
    assert "earlier wording" in page(rita_browses, request)
    with tenant_context(late):
        ChangePreview.objects.create(
            client=late, request=request, state=PreviewState.FAILED, message="There are no rates.", at=preview.at
        )
    assert "There are no rates." in page(rita_browses, request) and "Try again" in page(rita_browses, request)


def test_nothing_moves_is_said(late: Client, rita: User, rita_browses: Browser) -> None:
    def quiet(client: Client, user: User) -> ChangeRequest:
        return asked(client, user, {"parameters": {"minimum_term_months": 1}})

    text = page(rita_browses, computed(late, rita, quiet))
    assert "Nothing moves: on these contracts both rules give the same figures" in text
    assert "No customer’s ARR or movements differ" in text and "is-changed" not in text


def test_a_metric_is_told_with_what_is_built_on_it(late: Client, rita: User, rita_browses: Browser) -> None:
    def double(client: Client, user: User) -> ChangeRequest:
        half_and_quarter(client)
        return asked(client, user, changed(client, "half_arr", formula="arr"), "metric_change")

    text = page(rita_browses, computed(late, rita, double))
    assert "half_arr at Mar 2026 is 52,000.00 USD instead of 26,000.00 USD" in text
    assert "impact-bridge" not in text and "quarter_arr" in text and "Month by month" in text


def test_who_may_not_see_numbers_reads_words_alone(
    late: Client, rita: User, stan: User, signed_in: Callable[[User], Browser]
) -> None:
    request = computed(late, rita)
    with tenant_context(late):
        ChangeRequest.objects.update(state="triage")
    text = page(signed_in(stan), request)
    assert "counts for 30 days after its term" in text and "Amounts are for those who may see" in text
    assert "9,000" not in text and "Dora" not in text and 'impact/"' not in text
    assert signed_in(stan).get(f"/c/northwind/changes/{request.number}/impact/customers.csv").status_code == 403


def test_the_file_holds_every_customer_that_moves(late: Client, rita: User, rita_browses: Browser) -> None:
    request = computed(late, rita)
    answer = rita_browses.get(f"/c/northwind/changes/{request.number}/impact/customers.csv")
    rows = answer.content.decode().splitlines()
    assert rows[0].startswith("customer,name,month_end,before,after,change,largest_change_month")
    (dora,) = rows[1:]
    assert dora.startswith("dora,Dora,2026-03,10000.00,10000.00,0.00,2026-02,0.00,9000.00,9000.00,20000.00,")
    assert dora.endswith(",2026-03,Reactivation 10000.00,Expansion 1000.00")


def test_the_page_asks_the_database_a_fixed_number_of_times(
    late: Client, rita: User, rita_browses: Browser, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    request = computed(late, rita)
    page(rita_browses, request)
    with django_assert_max_num_queries(40) as asked_for:
        page(rita_browses, request)
    with tenant_context(late):
        bare = grace(late, rita)
    with django_assert_max_num_queries(40) as without:
        page(rita_browses, bare)
    assert len(asked_for) - len(without) <= 5, "a preview costs its own stamp, however large it is"


def test_a_program_starts_it_watches_it_and_reads_what_is_voted_on(late: Client, rita: User) -> None:
    with tenant_context(late):
        request = grace(late, rita)
        scopes = frozenset({REQUEST_CHANGES, VIEW_ARR})
        _, secret = token_create(client=late, user=rita, name="Robot", scopes=scopes, allowed=scopes)
    robot = Browser(headers={"authorization": f"Bearer {secret}"})
    path = f"/api/v1/clients/northwind/changes/{request.number}/impact/"
    assert robot.get(path).status_code == 404, "nothing was started"
    started = robot.post(path, content_type="application/json")
    assert started.status_code == 202 and started.json()["state"] == "working" and not started.json()["is_current"]
    with tenant_context(late):
        preview = ChangePreview.objects.get()
    preview_run(client=late, preview_id=preview.pk)
    told = robot.get(path).json()
    assert told["is_current"] and told["effect_cents"] == 9_000_00
    assert told["shown_sha256"] == told["sha256"] == audit.digest(told["result"])
