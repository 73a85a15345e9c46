"""The pages of change requests, as people use them."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from governance.models import ChangeRequest, ChangeState, Metric
from governance.services.changes import Wish, change_draft, change_submit
from governance.services.problems import DefinitionError
from governance.services.registry import registry_start
from metrics.services.closes import month_close
from metrics.services.policies import policy_publish
from portal.accounts.models import User
from portal.lib.periods import month_parse
from portal.tenancy.models import Client
from portal.tenancy.scope import tenant_context
from tests.governance.boards import previewed
from tests.reporting.numbers import numbers_load
from tests.tenancy.routes_changes import GRACE, wish_form
from tests.tenancy.routes_reporting import POLICY

SignIn = Callable[[User], Browser]


def address(name: str, **keys: object) -> str:
    return reverse(name, kwargs={"client_slug": "northwind", **keys})


@pytest.fixture
def kept(northwind: Client, rita: User, finn: User) -> Client:
    """Northwind with its registry started."""
    with tenant_context(northwind):
        registry_start(client=northwind, user=rita)
    return northwind


def asked_for(client: Client, user: User) -> ChangeRequest:
    """A request that waits for triage."""
    with tenant_context(client):
        request = change_draft(client=client, kind="policy", wish=GRACE, user=user)
        return change_submit(request=request, version=1, user=user)


def now(client: Client, number: int = 1) -> ChangeRequest:
    with tenant_context(client):
        found: ChangeRequest = ChangeRequest.objects.get(number=number)
        return found


def test_finance_asks_for_thirty_days_and_revops_takes_it_in_hand(
    northwind: Client, finn: User, rita: User, signed_in: SignIn
) -> None:
    """The whole way from the empty list to the step at which the effect is computed, over forms."""
    finns, ritas = signed_in(finn), signed_in(rita)
    assert "No change was asked for yet" in finns.get(address("changes")).text
    page = finns.get(address("change_new", kind="policy") + "?about=renewal_grace_days").text
    assert "Now: A line stops to count on the day its term ends" in page

    given = wish_form(northwind) | {"from_month": ""}
    made = finns.post(address("change_new", kind="policy"), given, follow=True)
    assert "nobody is asked before it is submitted" in made.text
    assert "A line that is not cancelled counts for 45 days after its term" in made.text
    unready = finns.post(address("change_submit", number=1), {"version": 1})
    assert (unready.status_code, now(northwind).state) == (422, ChangeState.DRAFT)
    assert "Say from which month it holds." in unready.text

    month = finns.get(address("change_edit", number=1)).context["form"]["from_month"].field.choices[1][1][0][0]
    written = finns.post(address("change_edit", number=1), given | {"from_month": month, "renewal_grace_days": 30})
    assert (written.status_code, now(northwind).content) == (302, GRACE.content)
    finns.post(address("change_submit", number=1), {"version": 2})
    assert now(northwind).state == ChangeState.SUBMITTED

    assert "Take it in hand" in ritas.get(address("changes")).text
    ritas.post(address("change_triage", number=1), {"version": 3, "owner": rita.pk, "urgency": "soon"})
    shown = finns.get(address("change", number=1)).text
    assert "Rita takes care of it. Before the next close." in shown
    at_work = ritas.get(address("change", number=1)).text
    assert "Compute its impact" in at_work and "Compute the impact" not in at_work, "one button for one thing"
    sent = ritas.post(
        address("change_step", number=1), {"step": "send_back", "reason": "Which customers?"}, follow=True
    )
    assert "Which customers?" in sent.text
    assert "Change it" in finns.get(address("changes")).text
    assert now(northwind).state == ChangeState.NEEDS_CHANGES


def test_a_draft_that_begins_in_a_closed_month_says_so_while_it_is_written(
    northwind: Client, finn: User, signed_in: SignIn
) -> None:
    with tenant_context(northwind):
        policy_publish(
            client=northwind, parameters=POLICY | {"reactivation_window_months": None, "renewal_grace_days": 0}
        )
        numbers_load(northwind)
        for month in ("2026-01", "2026-02"):
            month_close(client=northwind, month=month_parse(month))
        change_draft(client=northwind, kind="policy", wish=replace(GRACE, from_month=month_parse("2026-01")), user=finn)
    page, said = signed_in(finn), "Jan 2026 is closed: choose Mar 2026 or a later month, or ask for a restatement."
    assert said in page.get(address("change", number=1)).text
    form = " ".join(page.get(address("change_edit", number=1)).text.split())
    assert (
        "Unless it restates what was reported: Mar 2026 or a later month. It takes effect once its month has begun and the "
        "months before it are closed."
    ) in form
    assert ">Mar 2026</option>" in form and ">Apr 2026, once Mar 2026 is closed</option>" in form
    refused = page.post(address("change_submit", number=1), {"version": 1})
    assert (refused.status_code, refused.text.count(said)) == (422, 2)


def test_a_step_that_does_not_follow_is_refused_on_the_page_and_nothing_is_left(
    northwind: Client, finn: User, rita: User, signed_in: SignIn
) -> None:
    asked_for(northwind, finn)
    ritas = signed_in(rita)
    for step, status in [("ask_impact", 409), ("close", 409), ("approve", 422), ("take_effect", 422), ("", 422)]:
        answer = ritas.post(address("change_step", number=1), {"step": step})
        assert (answer.status_code, now(northwind).state, now(northwind).version) == (status, "submitted", 2), step
        assert "Nothing was changed" in answer.text


def test_of_two_writers_the_second_finds_what_is_there_and_keeps_what_they_typed(
    northwind: Client, finn: User, signed_in: SignIn
) -> None:
    with tenant_context(northwind):
        change_draft(client=northwind, kind="policy", wish=GRACE, user=finn)
    browser, given = signed_in(finn), wish_form(northwind)
    assert browser.post(address("change_edit", number=1), given).status_code == 302
    second = browser.post(address("change_edit", number=1), given | {"title": "Mine instead"})
    assert second.status_code == 409
    assert "Somebody changed this in the meantime" in second.text
    assert "Mine instead" in second.text
    assert "What is there now, by Finn: Thirty days of grace" in second.text
    assert "counts for 45 days after its term" in second.text
    assert now(northwind).title == GRACE.title


def test_what_is_alike_is_shown_while_it_is_written_and_can_be_joined_instead(
    northwind: Client, finn: User, rita: User, signed_in: SignIn
) -> None:
    asked_for(northwind, finn)
    ritas = signed_in(rita)
    assert "CR-1 asks to change this already" in ritas.get(address("change_new", kind="policy")).text, "before a word"
    given = wish_form(northwind) | {"renewal_grace_days": "30", "kind": "policy"}
    shown = ritas.get(address("changes_alike"), given).text
    assert "CR-1: Thirty days of grace for late renewals" in shown
    assert "Join that one instead" in shown
    ritas.post(address("change_new", kind="policy"), given)
    with tenant_context(northwind):
        ChangeRequest.objects.filter(number=2).update(from_month=GRACE.from_month)
    written = ritas.get(address("change_edit", number=2)).text
    assert "Join that one instead" in written and "CR-2 asks to change this" not in written
    refused = ritas.post(address("change_submit", number=2), {"version": 1})
    assert "asks for the same and is open" in refused.text
    ritas.post(address("change_join", number=1), {"own": "2"})
    assert now(northwind, 2).state == ChangeState.WITHDRAWN
    assert "Wanted too by" in ritas.get(address("change", number=1)).text


def test_a_draft_is_its_authors_alone(northwind: Client, finn: User, rita: User, signed_in: SignIn) -> None:
    with tenant_context(northwind):
        change_draft(client=northwind, kind="policy", wish=GRACE, user=finn)
    ritas, finns = signed_in(rita), signed_in(finn)
    for asked in ("", "?state=draft"):
        assert GRACE.title not in ritas.get(address("changes") + asked).text
        assert GRACE.title in finns.get(address("changes") + asked).text
    for name in ("change", "change_edit"):
        assert ritas.get(address(name, number=1)).status_code == 404
        assert finns.get(address(name, number=1)).status_code == 200
    for name in ("change_submit", "change_withdraw", "change_edit", "change_impact_start"):
        assert ritas.post(address(name, number=1), wish_form(northwind)).status_code == 404
    with tenant_context(northwind), pytest.raises(DefinitionError, match="its author's alone"):
        change_submit(request=ChangeRequest.objects.get(), version=1, user=rita)
    assert now(northwind).state == ChangeState.DRAFT
    assert finns.post(address("change_withdraw", number=1)).status_code == 302
    assert GRACE.title not in ritas.get(address("changes") + "?state=withdrawn").text


@pytest.mark.parametrize(
    ("kind", "about", "seen"),
    [
        ("metric_change", "quick_ratio", "On your own figures"),
        ("metric_new", "", "On your own figures"),
        ("metric_retire", "arr", "built on it"),
        ("threshold", "nrr", "Worth a look from"),
        ("quota_rule", "", "Metrics that it reads"),
        ("threshold", "", "Which metric is it about?"),
    ],
)
def test_each_kind_has_its_form(kept: Client, finn: User, signed_in: SignIn, kind: str, about: str, seen: str) -> None:
    page = signed_in(finn).get(address("change_new", kind=kind) + (f"?about={about}" if about else ""))
    assert page.status_code == 200
    assert seen in page.text
    is_dated = kind in ("metric_change", "metric_new", "quota_rule") or bool(about and kind == "threshold")
    assert ("only a rule of the ARR policy can restate them" in page.text) == is_dated


def test_a_rule_that_says_what_it_says_already_stays_open_with_what_to_do(
    northwind: Client, finn: User, signed_in: SignIn
) -> None:
    with tenant_context(northwind):
        numbers_load(northwind)
        month_close(client=northwind, month=month_parse("2026-01"))
    browser, url = signed_in(finn), address("change_new", kind="policy")
    begun = browser.get(url)
    assert 'data-closed-to="2026-01"' in begun.text
    form = begun.context["form"]
    same = {name: "" if (value := form[name].value()) is None else value for name in form.fields}
    given = same | {"title": "Discounts", "rationale": "Because"}
    refused = browser.post(url, given | {"opened": ["discounts"]})
    said = "This is what the policy says already: nothing would change."
    assert refused.status_code == 422 and refused.text.count(said) == 1
    clauses = {each["field"].name: each for each in refused.context["clauses"]}
    assert [name for name, each in clauses.items() if each["is_open"]] == ["discounts"]
    assert clauses["discounts"]["field"].errors == [f"{said} Choose something else here, or in another rule."]
    closed = " ".join(browser.post(url, given).text.split())
    assert f"{said} Open the rule that shall change, and choose something else." in closed
    assert closed.index(said) > closed.index("Which rules shall say something else?")


def test_a_threshold_is_held_against_kinds_of_things_and_metrics_in_use(
    kept: Client, finn: User, signed_in: SignIn
) -> None:
    with tenant_context(kept):
        Metric.objects.filter(key="grr").update(status="proposed")
    page = signed_in(finn).get(address("change_new", kind="threshold") + "?about=nrr")
    alone, *groups = page.context["form"]["alert_at_against"].field.choices
    assert alone == ("", "A fixed figure")
    assert [(name, len(choices)) for name, choices in groups[:2]] == [
        ("Per cent worse than it was itself", 2), ("Deviations from what is usual for it", 2),
    ]  # fmt: skip
    (name, targets), keys = groups[2], dict(groups[2][1])
    assert (
        name == "Per cent worse than a target, another metric" and targets and "grr" not in keys and "nrr" not in keys
    )
    assert "A target is another metric, such as a plan" in page.text
    assert "type by how much it may be worse: 10 for 10%, or 3 for 3 deviations" in page.text


def test_what_was_alike_goes_once_the_formula_is_another_or_none(kept: Client, finn: User, signed_in: SignIn) -> None:
    browser = signed_in(finn)
    page = browser.get(address("change_new", kind="metric_new"))
    form, fields = page.text, page.context["form"]
    given = {name: fields[name].value() or "" for name in fields.fields}
    given |= {"kind": "metric_new", "key": "lost", "name": "Lost", "unit": "money", "definition": "What is lost"}
    given |= {"why_measured": "To know", "title": "Lost", "rationale": "Because"}
    assert "input from:#id_formula delay:400ms" in form, "it is looked for again with what is typed"
    assert 'hx-sync="#preview:queue last"' in form, "no preview is aborted by the next"
    alike = [
        browser.get(address("changes_alike"), given | {"formula": formula, "unit": "money"}).text
        for formula in ("churn_arr", "churn_arr + customers")
    ]
    assert ["This may be there already" in text for text in alike] == [True, False]


def test_a_metric_is_asked_to_be_changed_and_to_end(kept: Client, finn: User, signed_in: SignIn) -> None:
    browser = signed_in(finn)
    url = address("change_new", kind="metric_change") + "?about=quick_ratio"
    form = browser.get(url).context["form"]
    said = {"title": "Say speed", "name": "Speed", "rationale": "Nobody knows the word."}
    given = {name: form[name].value() or "" for name in form.fields} | said
    assert "nothing would change" in browser.post(url, given | {"name": form["name"].value()}).text
    made = browser.post(url, given, follow=True).text
    assert "Speed" in made and "Quick ratio" in made
    away = address("change_new", kind="metric_retire") + "?about="
    ending = {"title": "No more of it", "rationale": "NRR says it", "successor": "nrr", "sunset_on": "2031-03-31"}
    ended = browser.post(f"{away}quick_ratio", ending, follow=True).text
    assert "31 Mar 2031" in ended
    assert browser.post(f"{away}quick_ratio", ending | {"sunset_on": "2020-01-01"}).status_code == 422
    refused = browser.post(f"{away}grr", ending)
    assert refused.status_code == 422 and "is part of what the portal itself shows on ARR" in refused.text


def test_the_list_says_why_a_request_has_no_effect_on_arr(kept: Client, finn: User, signed_in: SignIn) -> None:
    wish = Wish("NRR limit", {"key": "nrr", "thresholds": {"warn_at": "1.05"}})
    with tenant_context(kept):
        request = change_draft(client=kept, kind="threshold", wish=wish, user=finn)
    browser = signed_in(finn)
    assert "It is computed after triage" in browser.get(address("changes")).text
    with tenant_context(kept):
        previewed(request, None)
    page = browser.get(address("changes")).text
    assert "It moves no figure of ARR" in page and "It is computed after triage" not in page


def test_the_list_asks_the_same_few_questions_however_many_requests_there_are(
    northwind: Client, finn: User, rita: User, signed_in: SignIn, django_assert_max_num_queries: Any
) -> None:
    browser = signed_in(rita)
    asked_for(northwind, finn)
    browser.get(address("changes"))  # what is kept between requests is there from now on
    with CaptureQueriesContext(connection) as few:
        browser.get(address("changes"))
    with tenant_context(northwind):
        for number in range(8):
            change_draft(client=northwind, kind="policy", wish=replace(GRACE, title=f"No. {number}"), user=rita)
    with CaptureQueriesContext(connection) as many:
        browser.get(address("changes"))
    assert len(many) == len(few)
    assert not [asked["sql"] for asked in many if '"governance_changepreview"."result"' in asked["sql"]]
    with django_assert_max_num_queries(32):
        browser.get(address("change", number=1))


def test_a_character_that_no_text_can_hold_is_refused_and_changes_nothing(
    northwind: Client, rita: User, signed_in: SignIn
) -> None:
    asked_for(northwind, rita)
    browser = signed_in(rita)
    refused = browser.post(address("change_withdraw", number=1), {"reason": "a\0b"})
    assert refused.status_code == 422 and "nobody sees" in refused.content.decode()
    assert browser.get(address("changes"), {"q": "a\0b"}).status_code == 400
    assert now(northwind).state == ChangeState.SUBMITTED
