"""The end of an engagement: what has to hold, what the close does, and that nothing changes from then on."""

from typing import Any

import pytest
from django.urls import reverse

from engagements.models import CheckIn, Engagement, FinalReport, Gate, Survey, Task
from engagements.selectors.access import access_settled
from engagements.selectors.closing import closing_now
from engagements.selectors.report import report_content
from engagements.services.access import access_plan, access_request, access_step
from engagements.services.closing import debrief_save, engagement_close, engagement_reopen, time_finalise
from engagements.services.conversation import risk_add
from engagements.services.documents import document_add
from engagements.services.moves import row_move
from engagements.services.problems import EngagementError, IllegalMove
from engagements.services.tasks import task_create, time_add
from portal.accounts.models import ApiToken, User
from portal.accounts.services.tokens import token_create
from portal.tenancy import audit
from portal.tenancy.models import AuditEntry, Client, FirmRole
from portal.tenancy.permissions import VIEW_ARR
from portal.tenancy.scope import tenant_context
from tests.conftest import consultant
from tests.engagements.ending import NOW, TODAY, almost_closed, closed
from tests.pdf_text import pdf_text
from tests.tenancy.engagement_rows import engagement_of
from tests.tenancy.fingerprints import fingerprint
from tests.tenancy.matrix import Route, sample_kwargs
from tests.tenancy.routes import CLIENT_ROUTES
from tests.tenancy.test_access_matrix import call, kwargs_for, rightful_for
from tests.tenancy.world import undone


def missing(engagement: Engagement) -> list[str]:
    return [each.answer.sentence for each in closing_now(engagement, TODAY).missing]


def test_the_close_names_everything_that_is_missing_and_asks_again_at_its_moment(
    scope: Client, ana: User, finn: User
) -> None:
    engagement = almost_closed(scope, ana, finn)
    assert missing(engagement) == [
        "It is not decided what becomes of the firm's access at the end.",
        "Nobody has said yet that all time is booked.",
    ]
    with pytest.raises(IllegalMove, match=r"not decided what becomes of the firm's access.*all time is booked"):
        engagement_close(engagement=engagement, user=ana)
    row = access_request(
        engagement=engagement, system="Salesforce", system_kind="crm", kind="personal", role="Admin", requested_on=TODAY
    )
    access_step(access=row, step="grant", user=ana, is_firm_staff=True)
    access_plan(engagement=engagement, ending="at_close", user=ana, today=TODAY)
    assert missing(engagement)[0] == "Not handed over or removed: Salesforce as Admin."
    access_step(access=row, step="remove", user=ana, is_firm_staff=True)
    time_finalise(engagement=engagement, is_final=True, user=ana)
    engagement.refresh_from_db()
    assert missing(engagement) == []
    issue = risk_add(engagement=engagement, kind="issue", severity="critical", title="Sync fails")
    assert missing(engagement) == ["1 critical issue open."]
    row_move(about="risk", row=issue, step="close")
    assert engagement_close(engagement=engagement, user=ana).engagement.state == "archived"


def test_where_no_access_was_noted_none_is_said_to_have_been_handed_over(scope: Client, ana: User, finn: User) -> None:
    engagement = almost_closed(scope, ana, finn)
    access_plan(engagement=engagement, ending="at_close", user=ana, today=TODAY)
    assert access_settled(engagement).sentence.startswith(
        "No access was noted in the client's systems; the firm's people"
    )


def test_final_time_is_locked_until_it_is_opened_again(scope: Client, ana: User, finn: User) -> None:
    engagement = almost_closed(scope, ana, finn)
    task = Task.objects.filter(engagement=engagement).first() or task_create(engagement=engagement, name="Wrap up")
    time_add(task=task, user=ana, minutes=30, day=TODAY)
    time_finalise(engagement=engagement, is_final=True, user=ana)
    with pytest.raises(IllegalMove, match="time of this engagement is final"):
        time_add(task=task, user=ana, minutes=30, day=TODAY)
    time_finalise(engagement=engagement, is_final=False, user=ana)
    time_add(task=task, user=ana, minutes=30, day=TODAY)


def test_a_single_project_ends_the_firms_access_with_the_close(scope: Client, ana: User, finn: User) -> None:
    engagement = almost_closed(scope, ana, finn)
    with pytest.raises(EngagementError, match="after a single project the firm's access ends"):
        access_plan(engagement=engagement, ending="kept", reason="x", user=ana, today=TODAY)
    token_create(client=scope, user=ana, name="Loader", scopes=[VIEW_ARR], allowed=frozenset({VIEW_ARR}))
    done = closed(engagement, ana, "at_close")
    assert {user.email for user in done.left} == {"ana@example.com", "expert@ridge.example"}
    assert not User.objects.get(pk=ana.pk).has_perm("tenancy.work_on_client", scope)
    assert not ApiToken.objects.filter(revoked_at=None).exists()
    assert not CheckIn.objects.exists(), "nobody could look at the figures"
    assert AuditEntry.objects.filter(action="client.consultant_unassigned").count() == 2


def test_in_a_dedicated_engagement_the_architect_keeps_it_and_says_why(scope: Client, ana: User, finn: User) -> None:
    engagement = almost_closed(scope, ana, finn, "dedicated")
    with pytest.raises(EngagementError, match="say why the architect keeps"):
        access_plan(engagement=engagement, ending="kept", user=ana, today=TODAY)
    done = closed(engagement, ana, "kept")
    assert [user.email for user in done.left] == ["expert@ridge.example"]
    assert User.objects.get(pk=ana.pk).has_perm("tenancy.work_on_client", scope)
    assert [(row.days, row.owner.user.email) for row in CheckIn.objects.all()] == [(30, ana.email), (90, ana.email)]


def test_who_works_on_another_open_engagement_stays(scope: Client, ana: User, finn: User) -> None:
    engagement = almost_closed(scope, ana, finn)
    almost_closed(scope, ana, finn, key="executive-reporting-suite")
    assert closed(engagement, ana, "at_close").left == ()


def test_the_close_plans_what_follows_and_a_partner_opens_it_again(scope: Client, ana: User, finn: User) -> None:
    engagement = almost_closed(scope, ana, finn)
    done = closed(engagement, ana)
    assert [(row.moment, row.state) for row in Survey.objects.all()] == [("close", "open"), ("later", "planned")]
    assert [entry.details["step"] for entry in AuditEntry.objects.filter(action="engagement.moved")] == [
        "close",
        "archive",
    ]
    with pytest.raises(EngagementError, match="say why"):
        engagement_reopen(engagement=done.engagement, reason=" ", user=ana)
    again = engagement_reopen(engagement=done.engagement, reason="A product was bought", user=ana)
    assert again.state == "active" and again.closed_at is None
    assert (
        AuditEntry.objects.filter(action="engagement.moved").latest("sequence").details["reason"]
        == "A product was bought"
    )
    assert set(CheckIn.objects.values_list("state", flat=True)) == {"cancelled"}
    assert set(Survey.objects.values_list("state", flat=True)) == {"ended", "cancelled"}
    closed(again, ana)
    assert list(FinalReport.objects.order_by("number").values_list("number", flat=True)) == [1, 2]


def test_only_a_partner_opens_it_again_over_http(
    northwind: Client, ana: User, finn: User, person: Any, signed_in: Any
) -> None:
    with tenant_context(northwind):
        engagement = closed(almost_closed(northwind, ana, finn), ana).engagement
    partner = consultant(person, "paula", FirmRole.ADMIN, northwind)
    home = reverse("engagement", kwargs={"client_slug": "northwind", "engagement_id": engagement.pk})
    assert signed_in(ana).post(f"{home}close/reopen/", {"reason": "x"}).status_code == 403
    assert signed_in(partner).post(f"{home}close/reopen/", {"reason": ""}).status_code == 422
    # The step that moves anything else opens and closes no engagement, whoever tries.
    step = f"{home}step/engagement/{engagement.pk}/"
    for name in ("reopen", "archive", "close"):
        assert signed_in(partner).post(step, {"step": name, "reason": "x"}).status_code == 409
    assert signed_in(partner).post(f"{home}close/reopen/", {"reason": "A product was bought"}).status_code == 302


# The schedule after the launch goes on when the project is over: it is looked after, ended and answered to for years.
GOES_ON = {
    "maintenance_stop", "maintenance_look", "maintenance_result", "maintenance_move", "trigger_end",
}  # fmt: skip
OF_ENGAGEMENTS = [route for route in CLIENT_ROUTES if "engagement_id" in sample_kwargs(route.url_name)]


def is_of_an_engagement(route: Route, kwargs: dict[str, Any]) -> bool:
    """Whether the address lies below one engagement, and does not open it again."""
    url = reverse(route.url_name, kwargs={"client_slug": "northwind", **kwargs})
    return f"/engagements/{kwargs.get('engagement_id')}/" in url and route.url_name not in GOES_ON | {"reopening"}


def tried_when_archived(
    route: Route, northwind: Client, ana: User, partner: User, person: Any, signed_in: Any
) -> tuple[int | None, bool]:
    """The answer to a route of an archived engagement, and whether it is as it should be; no answer to a route of another."""
    who = partner if route.url_name == "gate_override" else rightful_for(route, northwind, ana, person)
    if route.url_name == "criterion_sign":
        who = rightful_for(Route("x", "", rightful="finance"), northwind, ana, person)
    kwargs = kwargs_for(route, northwind)
    if not is_of_an_engagement(route, kwargs):
        return None, True
    data = route.data(northwind) if callable(route.data) else dict(route.data)
    with tenant_context(northwind):
        Engagement.objects.update(state="archived", closed_at=NOW)
    before = {} if route.method == "get" else fingerprint(northwind)
    answer = call(signed_in(who), Route(route.url_name, "", route.method, data=data), northwind, kwargs)
    if route.method == "get":
        return answer.status_code, answer.status_code in (200, 302)
    is_said = answer.status_code == 409 and "archived: nothing in it changes" in answer.content.decode()
    return answer.status_code, is_said and fingerprint(northwind) == before


def test_an_archived_engagement_refuses_every_write_and_shows_every_page(
    northwind: Client, ana: User, person: Any, signed_in: Any
) -> None:
    """Every route below an engagement, as whoever may: 409 with a sentence, and no row is other than before."""
    partner = consultant(person, "paula", FirmRole.ADMIN, northwind)
    with tenant_context(northwind):
        engagement_of(northwind)
    walked, wrong = 0, []
    for route in OF_ENGAGEMENTS:
        with undone():
            status, is_refused = tried_when_archived(route, northwind, ana, partner, person, signed_in)
        walked += route.method != "get" and status is not None
        wrong += [(str(route), status)] if not is_refused else []
    assert wrong == [] and walked > 30


def test_the_report_holds_what_the_client_may_read_and_its_hash_is_of_it(scope: Client, ana: User, finn: User) -> None:
    engagement = almost_closed(scope, ana, finn, key="executive-reporting-suite")
    task = task_create(engagement=engagement, name="KOLIBRI inside", is_client_visible=False)
    time_add(task=task, user=ana, minutes=600, day=TODAY)
    shown = Task.objects.filter(engagement=engagement, is_client_visible=True)[0]
    time_add(task=shown, user=ana, minutes=90, day=TODAY)
    risk_add(engagement=engagement, kind="risk", severity="low", title="KOLIBRI risk", is_internal=True)
    debrief_save(engagement=engagement, user=ana, learnings="KOLIBRI learnt")
    assert "hours" not in report_content(engagement, TODAY, with_hours=False)
    done = closed(engagement, ana, with_hours=True)
    content = done.report.content
    assert "KOLIBRI" not in str(content) and content["hours"]["logged"] == "1.50"
    assert audit.digest(content) == done.report.sha256
    assert [each["what"] for each in content["follow_up"]] == [
        "30-day check-in", "90-day check-in", "Survey 90 days later",
    ]  # fmt: skip
    assert "KOLIBRI" not in str(
        list(AuditEntry.objects.filter(action="debrief.saved").values_list("details", flat=True))
    )


def test_the_debrief_and_the_internal_handoff_are_the_firms_alone(
    northwind: Client, ana: User, finn: User, adam: User, signed_in: Any
) -> None:
    with tenant_context(northwind):
        engagement = almost_closed(northwind, ana, finn)
        debrief_save(engagement=engagement, user=ana, went_well="KOLIBRI")
        gate = Gate.objects.filter(engagement=engagement)[0]
        closed(engagement, ana)
    home = f"/c/northwind/engagements/{engagement.pk}/"
    browser = signed_in(adam)
    assert browser.get(f"{home}close/").status_code == 403
    page = browser.get(f"{home}handoff/").content.decode()
    assert "From the firm to the client" in page and "Inside the firm" not in page
    for path in ("", "report/", "access/", "people/"):
        body = browser.get(f"{home}{path}?activity=all").content.decode()
        assert "KOLIBRI" not in body and "debrief" not in body.lower() and "inside the firm" not in body, path
    desk = signed_in(ana)
    assert "KOLIBRI" in desk.get(f"{home}close/").content.decode()
    assert "Say it" not in desk.get(f"{home}gates/{gate.pk}/").content.decode(), "nothing changes in it any more"


def test_the_report_is_a_pdf_for_whoever_sees_numbers(
    northwind: Client, ana: User, finn: User, stan: User, signed_in: Any
) -> None:
    with tenant_context(northwind):
        engagement = closed(almost_closed(northwind, ana, finn), ana).engagement
    home = f"/c/northwind/engagements/{engagement.pk}/"
    answer = signed_in(finn).get(f"{home}report/pdf/")
    told = pdf_text(answer.content)
    assert "Figures at the close No month is closed, so there is no reported figure." in told
    assert "0 of 7 tests passed." in told and "Not passed: Totals agree with the source systems" in told
    assert answer["Content-Disposition"].endswith(f'report-{engagement.pk}.pdf"')
    assert signed_in(stan).get(f"{home}report/pdf/").status_code == 403
    page = signed_in(stan).get(f"{home}report/").content.decode()
    assert "Your role sees no numbers" in page


def test_whoever_comes_second_to_the_close_changes_nothing(scope: Client, ana: User, finn: User) -> None:
    engagement = almost_closed(scope, ana, finn)
    late = Engagement.objects.select_related("client").get(pk=engagement.pk)
    closed(engagement, ana)
    with pytest.raises(IllegalMove, match="was closed meanwhile"):
        document_add(engagement=late, name="After the end", kind="working")
