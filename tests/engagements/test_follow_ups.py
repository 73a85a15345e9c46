"""After the end: check-ins that are prepared once, surveys with one answer each, and offers that no client ever sees."""

import datetime as dt
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.core import mail
from django.test import Client as Browser
from django.urls import get_resolver, reverse

from engagements import states
from engagements.models import AfterCare, CheckIn, Engagement, Handoff, HandoffPoint, Survey, SurveyPerson, SystemAccess
from engagements.selectors.check_ins import survey_results
from engagements.services.access import access_confirm, access_plan, access_request, access_step, access_update
from engagements.services.after import after_due
from engagements.services.check_ins import check_in_change, check_in_hold, check_in_step, preparation_set
from engagements.services.mornings import morning_look
from engagements.services.paths import path_step
from engagements.services.people import participant_add
from engagements.services.problems import EngagementError, IllegalMove
from engagements.services.surveys import survey_answer
from portal.accounts.models import User
from portal.notices.models import Notice
from portal.tenancy.models import AuditEntry, Client, ClientRole, FirmAuditEntry, FirmRole
from portal.tenancy.scope import tenant_context
from portal.tenancy.services import client_create, member_add
from tests.conftest import consultant, member
from tests.engagements.conftest import started
from tests.engagements.ending import LATER, NOW, TODAY, almost_closed, closed
from tests.tenancy.routes import CLIENT_ROUTES

SignIn = Callable[[User], Browser]


def on(day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(9), dt.UTC)


@pytest.fixture
def ended(scope: Client, ana: User, finn: User) -> Engagement:
    """A dedicated engagement that Ana keeps after its end."""
    return closed(almost_closed(scope, ana, finn, "dedicated"), ana, "kept").engagement


def test_a_check_in_is_prepared_from_two_weeks_before_and_its_owner_mailed_once(
    ended: Engagement, scope: Client, ana: User
) -> None:
    row = CheckIn.objects.get(days=30)
    assert after_due(client=scope, now=on(row.prepare_on - dt.timedelta(days=1)))
    told = Notice.objects.filter(key=f"check-in {row.pk}")
    assert not told.exists() and CheckIn.objects.get(pk=row.pk).state == "planned"
    for _again in range(2):
        morning_look(client=scope, now=on(row.prepare_on))
    row.refresh_from_db()
    notice = told.get()
    assert row.state == "preparing" and notice.user == ana and notice.mail_at is not None
    assert "Prepare it now" in notice.text and notice.path.endswith(f"check-ins/{row.pk}/")
    assert Client.objects.get(pk=scope.pk).next_engagement_at is not None, "the ninety days are still to come"


def test_holding_one_keeps_decision_outcome_and_the_figures_of_that_day(ended: Engagement, ana: User) -> None:
    row = CheckIn.objects.get(days=90)
    with pytest.raises(IllegalMove, match="has no step 'hold'"):
        check_in_hold(check_in=row, decision="architect", outcome="Fine", user=ana, today=TODAY)
    row = check_in_step(check_in=row, step="prepare", today=TODAY)
    preparation_set(check_in=row, position=1, is_done=True)
    with pytest.raises(EngagementError, match="say what came out"):
        check_in_hold(check_in=row, decision="architect", outcome=" ", user=ana, today=TODAY)
    row = check_in_hold(
        check_in=row,
        decision="project",
        outcome="Scope retention reporting",
        news="A second product",
        user=ana,
        today=TODAY,
    )
    assert (row.state, row.decision, row.held_on) == ("held", "project", TODAY)
    assert row.found["adoption"]["members"] == 1 and row.found["months"] == []
    assert AfterCare.objects.get().check_in == "30-day check-in"
    with pytest.raises(IllegalMove, match="was held"):
        check_in_change(check_in=row, due_on=LATER, owner=None, today=TODAY)


def test_access_with_a_stated_day_ends_after_it(scope: Client, ana: User, finn: User) -> None:
    engagement = almost_closed(scope, ana, finn)
    row = access_request(
        engagement=engagement, system="Salesforce", system_kind="crm", kind="personal", role="Admin", requested_on=TODAY
    )
    late = SystemAccess.objects.select_related("engagement__client").get(pk=row.pk)
    access_step(access=row, step="grant", user=ana, is_firm_staff=True)
    kept = access_update(access=late, changes={"role": "Auditor"})
    assert (kept.state, kept.role) == ("granted", "Auditor"), "whoever keeps a form late takes no step back"
    closed(engagement, ana)
    after_due(client=scope, now=on(LATER))
    assert User.objects.get(pk=ana.pk).has_perm("tenancy.work_on_client", scope)
    after_due(client=scope, now=on(LATER + dt.timedelta(days=1)))
    assert not User.objects.get(pk=ana.pk).has_perm("tenancy.work_on_client", scope)
    # What the client's people still have to take away, they say so themselves.
    done = access_step(access=row, step="remove", user=finn, is_firm_staff=False)
    assert done.state == "removed" and done.confirmed_by == finn


SECRETS = [
    "password: Sommer2026", "Hunter2!xyz", "sk_live_51H8sTkA9bcdEFgh", "AKIAIOSFODNN7EXAMPLE", "q8Rk2vN7pXz4LmT9",
    "https://me:geheim@crm.example", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIx", "5f4dcc3b5aa765d61d8327deb882cf99",
    "-----BEGIN RSA PRIVATE KEY-----", "API key is 1234", "pat-na1-0d1e2f3a-4b5c-6d7e-8f90-a1b2c3d4e5f6",
]  # fmt: skip
PLACES = [
    "vault Northwind, entry CRM", "1Password, vault “Northwind 2026”", "Bitwarden: collection RevOps",
    "With Rita, in the client's own password manager", "https://vault.example.com/northwind/crm",
    "System administrator (API enabled)", "NorthwindProduction2026", "ops@northwind.example keeps it", "",
]  # fmt: skip


@pytest.mark.parametrize("field", ["kept_at", "note", "role"])
def test_a_secret_is_refused_wherever_it_is_typed_and_a_place_is_kept(field: str, project: Engagement) -> None:
    told: dict[str, Any] = {"system": "CRM", "system_kind": "crm", "kind": "key", "role": "Read", "requested_on": TODAY}
    for secret in SECRETS:
        with pytest.raises(EngagementError, match="Secrets are not kept here"):
            access_request(engagement=project, **told | {field: secret})
    assert not SystemAccess.objects.exists()
    for place in PLACES:
        access_request(engagement=project, **told | {field: place})
    assert SystemAccess.objects.count() == len(PLACES)


def test_the_form_explains_why_a_secret_is_not_kept(northwind: Client, ana: User, signed_in: SignIn) -> None:
    with tenant_context(northwind):
        engagement = started(northwind, ana)
    answer = signed_in(ana).post(
        f"/c/northwind/engagements/{engagement.pk}/access/new/",
        {"system": "CRM", "system_kind": "crm", "kind": "key", "role": "Read", "requested_on": "2026-11-02",
         "kept_at": "sk_live_51H8sTkA9bcdEFgh"},
    )  # fmt: skip
    body = answer.content.decode()
    assert answer.status_code == 422 and "Secrets are not kept here" in body
    with tenant_context(northwind):
        assert not SystemAccess.objects.exists() and not AuditEntry.objects.filter(action="access.requested").exists()


def answered(survey: Survey, user: User, score: int, comment: str = "") -> SurveyPerson:
    return survey_answer(survey=survey, user=user, scores=[score] * len(survey.questions), comment=comment, now=NOW)


def test_one_answer_each_and_counts_for_the_clients_admins_once_three_have_answered(
    scope: Client, ana: User, finn: User, person: Callable[..., User]
) -> None:
    engagement = almost_closed(scope, ana, finn)
    others = []
    for name in ("rita", "eve", "adam"):
        user = person(name)
        member_add(client=scope, user=user, role=ClientRole.REVOPS)
        participant_add(engagement=engagement, user=user, is_firm_staff=False, project_role="x", function="revops")
        others.append(user)
    closed(engagement, ana)
    survey = Survey.objects.get(moment="close")
    assert SurveyPerson.objects.filter(survey=survey).count() == 4
    answered(survey, finn, 5, "KOLIBRI")
    with pytest.raises(IllegalMove, match="answered already"):
        answered(survey, finn, 1)
    with pytest.raises(EngagementError, match="people who were asked"):
        answered(survey, ana, 5)
    with pytest.raises(EngagementError, match="from 1 to 5"):
        survey_answer(survey=survey, user=others[0], scores=[6] * 5, now=NOW)
    assert survey_results(survey, is_firm_staff=False).questions == ()
    for user, score in zip(others, (4, 4, 2), strict=True):
        answered(survey, user, score)
    told = survey_results(survey, is_firm_staff=False)
    assert (told.asked, told.answered, told.comments) == (4, 4, ())
    assert told.questions[0].counts == (0, 1, 0, 2, 1) and str(told.questions[0].mean) == "3.8"
    assert survey_results(survey, is_firm_staff=True).comments == (("Finn", "KOLIBRI"),)
    assert "KOLIBRI" not in str(list(AuditEntry.objects.values_list("details", flat=True)))


def test_the_mailed_link_opens_the_survey_and_nothing_else(
    northwind: Client, ana: User, finn: User, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True), tenant_context(northwind):
        engagement = closed(almost_closed(northwind, ana, finn), ana).engagement
        survey = Survey.objects.get(moment="close")
    sent = next(each for each in mail.outbox if each.to == [finn.email])
    assert "How was Dashboards?" in sent.body
    link = re.search(r"https?://\S+(/link/\S+)", str(sent.body))
    assert link is not None
    browser = Browser()
    browser.get(link[1])
    answer = browser.post("/link/", follow=True)
    page = answer.content.decode()
    assert answer.status_code == 200 and "not anonymous" in page
    url = reverse("survey", kwargs={"client_slug": "northwind", "engagement_id": engagement.pk, "survey_id": survey.pk})
    assert browser.post(url, {"q1": "5"}).status_code == 422
    given = {f"q{n}": "4" for n in range(1, 6)}
    assert browser.post(url, given).status_code == 302 and "Thank you" in browser.get(url).content.decode()
    assert browser.post(url, given).status_code == 409
    for path in ("arr/", "definitions/", f"engagements/{engagement.pk}/"):
        assert browser.get(f"/c/northwind/{path}").status_code == 403, path


def test_what_is_offered_is_the_firms_alone(
    northwind: Client, ana: User, finn: User, adam: User, person: Callable[..., User], signed_in: SignIn
) -> None:
    """A canary in the note of an offer: no page that a client's admin may open, and no entry of their log, holds it."""
    with tenant_context(northwind):
        closed(almost_closed(northwind, ana, finn), ana)
        row = AfterCare.objects.get()
        assert row.path == "to_offer"
        sequence = AuditEntry.objects.latest("sequence").sequence
    url = f"/f/ridge/follow-ups/{northwind.pk}/{row.engagement_id}/"
    browser = signed_in(ana)
    given = {"step": "offer_services", "note": "KOLIBRI retainer", "next_on": str(LATER)}
    assert browser.post(url, given).status_code == 302
    assert "KOLIBRI retainer" in browser.get(url).content.decode()
    assert browser.post(url, given).status_code == 409, "it was offered already"
    with tenant_context(northwind):
        assert AuditEntry.objects.latest("sequence").sequence == sequence, "the client's log says nothing"
    assert FirmAuditEntry.objects.filter(action="path.moved").count() == 1
    theirs = signed_in(adam)
    assert theirs.get(url).status_code == 404 and theirs.get("/f/ridge/follow-ups/").status_code == 404
    other = client_create(firm=northwind.firm, slug="other", name="Other", currency="USD")
    outsider = consultant(person, "ines", FirmRole.ENGINEER, other)
    assert signed_in(outsider).get(url).status_code == 404
    assert "Northwind" not in signed_in(outsider).get("/f/ridge/follow-ups/").content.decode()
    mine = {"client_slug": "northwind", "engagement_id": row.engagement_id}
    opened = 0
    for name in {route.url_name for route in CLIENT_ROUTES if route.method == "get"}:
        keys = get_resolver().reverse_dict.getlist(name)[0][0][0][1]
        if set(keys) <= set(mine):
            answer = theirs.get(reverse(name, kwargs={key: mine[key] for key in keys}))
            body = b"".join(answer) if answer.streaming else answer.content
            assert b"KOLIBRI" not in body and b"anaged services offered" not in body, name
            opened += answer.status_code == 200
    assert opened > 25


MACHINES: dict[str, states.Machine] = {
    "access": states.ACCESS, "check_in": states.CHECK_IN, "path": states.PATH,
}  # fmt: skip


@pytest.mark.parametrize("name", MACHINES)
def test_only_the_steps_of_the_table_happen(name: str, scope: Client, ana: User, finn: User) -> None:
    """Every state with every step of its machine: it leads where the table says, or is refused and changes nothing."""
    machine = MACHINES[name]
    engagement = almost_closed(scope, ana, finn)
    told: dict[str, Any] = {"system": "CRM", "system_kind": "crm", "kind": "key", "role": "Read", "requested_on": TODAY}
    access = access_request(engagement=engagement, **told)
    access_plan(engagement=engagement, ending="on_day", ends_on=LATER, user=ana, today=TODAY)
    if name != "access":
        closed(engagement, ana)
    row: Any = access if name == "access" else CheckIn.objects.filter(days=30).first()
    row = AfterCare.objects.get() if name == "path" else row
    field = "path" if name == "path" else "state"

    def take(step: str) -> Any:
        if name == "access":
            return access_step(access=row, step=step, user=ana, is_firm_staff=True)
        if name == "check_in" and step == "hold":
            return check_in_hold(check_in=row, decision="architect", outcome="x", user=ana, today=TODAY)
        if name == "check_in":
            return check_in_step(check_in=row, step=step, today=TODAY)
        return path_step(after=row, step=step, note="", next_on=LATER, user=ana, today=TODAY)

    every = sorted({step for each in machine.values() for step in each})
    for state in machine:
        for step in every:
            type(row).objects.filter(pk=row.pk).update(**{field: state})
            after = states.target(machine, state, step)
            if after is None:
                with pytest.raises(IllegalMove):
                    take(step)
            else:
                take(step)
            row.refresh_from_db()
            assert getattr(row, field) == (after or state), (state, step)


def test_a_handoff_is_offered_whole_and_accepted_by_its_receiver_alone(
    northwind: Client, ana: User, finn: User, rita: User, signed_in: SignIn
) -> None:
    with tenant_context(northwind):
        engagement = almost_closed(northwind, ana, finn)
        handoff = Handoff.objects.get(side="external")
        assert handoff.facts and len(handoff.sha256) == 64
        internal = Handoff.objects.get(side="internal")
    home = f"/c/northwind/engagements/{engagement.pk}/handoff/"
    url = f"{home}{handoff.pk}"
    assert signed_in(ana).post(f"{url}/take_back/", {"note": "Recording missing"}).status_code == 302
    with tenant_context(northwind):
        HandoffPoint.objects.filter(handoff=handoff, position=0).update(done_at=None)
    assert signed_in(ana).post(f"{url}/offer/").status_code == 409
    with tenant_context(northwind):
        HandoffPoint.objects.filter(handoff=handoff).update(done_at=NOW)
    assert signed_in(ana).post(f"{url}/offer/").status_code == 302
    assert signed_in(ana).post(f"{url}/accept/").status_code == 403
    assert signed_in(rita).post(f"{url}/accept/").status_code == 403
    assert signed_in(finn).post(f"{home}{internal.pk}/accept/").status_code == 404, "inside the firm"
    assert signed_in(finn).post(f"{url}/accept/").status_code == 302


def test_the_clients_people_confirm_what_the_firm_says(project: Engagement, ana: User, finn: User) -> None:
    row = access_request(
        engagement=project, system="CRM", system_kind="crm", kind="key", role="Read", requested_on=TODAY
    )
    with pytest.raises(IllegalMove, match="nothing to confirm yet"):
        access_confirm(access=row, user=finn)
    access_step(access=row, step="grant", user=ana, is_firm_staff=True, granted_by="Rita")
    done = access_step(access=row, step="hand_over", user=ana, is_firm_staff=True)
    assert (done.granted_by, done.confirmed_by) == ("Rita", None)
    assert access_confirm(access=row, user=finn).confirmed_by == finn


def test_members_only_are_asked(northwind: Client, ana: User, finn: User, person: Callable[..., User]) -> None:
    member(person, "rita", ClientRole.REVOPS, northwind)
    with tenant_context(northwind):
        closed(almost_closed(northwind, ana, finn), ana)
        assert [row.user for row in SurveyPerson.objects.all()] == [finn], "Rita was not on the project"
