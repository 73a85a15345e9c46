"""Whoever leaves the client owns nothing there any more: others see it, are told, and take it over."""

import datetime as dt
from collections.abc import Callable

import pytest
from django.test import Client as Browser

from governance.handbook import cadence_chapter
from governance.models import (
    AuditFollowUp,
    ChangeReceipt,
    ChangeRequest,
    ChangeState,
    DisputeEvent,
    DisputeState,
    FigureDispute,
    Metric,
)
from governance.services.change_triage import change_owner_set, change_triage
from governance.services.changes import change_draft, change_submit
from governance.services.figure_disputes import dispute_reopen, dispute_settle, dispute_take
from governance.services.oversight import oversight_look
from governance.services.problems import DefinitionError, OutdatedError
from governance.services.quarter_audits import follow_up_raise, follow_up_settle, follow_up_take
from governance.services.registry import metric_owner_set, registry_start
from governance.services.signoff_states import TransitionError
from metrics.models import QualityMonitor
from metrics.services.quality import monitors_ensure
from portal.accounts.models import User
from portal.accounts.services.people import consultant_leave, person_disable, person_remove, person_role_change
from portal.notices.models import Notice
from portal.tenancy.clock import database_time
from portal.tenancy.models import AuditEntry, Client, ClientRole, Membership
from portal.tenancy.scope import tenant_context
from portal.tenancy.services import member_add
from tests.governance.audits import NOW, an_audit
from tests.governance.boards import WISH, a_board
from tests.governance.disputes import booked, taken
from tests.reporting.test_needs import late, needs

__all__ = ["booked"]

DUE = dt.date(2026, 6, 1)


def leave(client: Client, person: User) -> None:
    person_remove(client=client, member=Membership.objects.get(user=person), user=None)


def told(person: User, words: str) -> bool:
    return Notice.objects.filter(user=person, text__contains=words).exists()


def a_request_of(client: Client, asker: User, owner: User) -> ChangeRequest:
    """In triage, asked for by one and taken care of by another."""
    request = change_draft(client=client, kind="policy", wish=WISH, user=asker)
    request = change_submit(request=request, version=request.version, user=asker)
    return change_triage(request=request, version=request.version, owner=owner, urgency="normal", user=owner)


def test_a_dispute_of_somebody_who_left_waits_for_another(
    booked: Client, finn: User, rita: User, eve: User, signed_in: Callable[[User], Browser]
) -> None:
    with tenant_context(booked):
        found = taken(booked, eve, finn)
        leave(booked, finn)
        found.refresh_from_db()
        assert (found.owner, found.state) == (None, DisputeState.RAISED)
        assert told(rita, f"Finn left, and nobody looks into {found} any more") and told(eve, "Finn left")
        assert DisputeEvent.objects.get(step="release").text == "Finn left and looks into it no more"
        entry = AuditEntry.objects.filter(object_type="dispute").order_by("-sequence")[0]
        assert (entry.action, entry.details["owner"]) == ("dispute.raised", "")
    ritas = signed_in(rita)
    assert "Nobody looks into it" in ritas.get("/c/northwind/oversight/disputes/").content.decode()
    assert "nobody looks into it" in ritas.get("/c/northwind/oversight/disputes/1/").content.decode()
    assert "disputed, and nobody looks into it" in ritas.get("/c/northwind/").content.decode()
    with tenant_context(booked):
        assert dispute_take(client=booked, dispute=found, owner=rita, user=rita).owner == rita


def test_a_role_without_figures_and_a_closed_account_let_go_of_disputes_too(
    booked: Client, finn: User, rita: User, eve: User
) -> None:
    with tenant_context(booked):
        found = taken(booked, eve, finn)
        finns = Membership.objects.get(user=finn)
        person_role_change(client=booked, member=finns, role=ClientRole.ANALYST, user=None)
        assert FigureDispute.objects.get().owner == finn  # an analyst sees figures
        person_role_change(client=booked, member=finns, role=ClientRole.STAKEHOLDER, user=None)
        assert FigureDispute.objects.get().owner is None
        assert told(rita, "Finn has another role, and nobody looks into D-1")
        dispute_take(client=booked, dispute=found, owner=rita, user=rita)
    person_disable(user=rita)
    with tenant_context(booked):
        assert FigureDispute.objects.get().owner is None


def test_a_dispute_that_is_opened_again_is_not_of_somebody_who_left(booked: Client, finn: User, eve: User) -> None:
    with tenant_context(booked):
        found = taken(booked, eve, finn)
        dispute_settle(client=booked, dispute=found, step="stand", reason="It is right", user=finn)
        leave(booked, finn)
        assert FigureDispute.objects.get().owner == finn  # who settled it
        again = dispute_reopen(client=booked, dispute=found, reason="There is a new contract", user=eve)
        assert (again.owner, again.state) == (None, DisputeState.RAISED)


def test_a_follow_up_of_somebody_who_left_is_taken_over(
    northwind: Client, finn: User, rita: User, adam: User, signed_in: Callable[[User], Browser]
) -> None:
    with tenant_context(northwind):
        audit = an_audit(northwind, rita)
        row = follow_up_raise(
            client=northwind, found=audit, text="Ask billing", owner=finn, due_on=DUE, user=rita, today=NOW.date()
        )
        leave(northwind, finn)
        row.refresh_from_db()
        assert row.owner is None
        said = "Finn left, and nobody does this any more, of the audit of Q1 2026, due on 1 Jun 2026: Ask billing"
        assert told(rita, said) and told(adam, said)
        late = dt.datetime(2026, 6, 2, 9, tzinfo=dt.UTC)
        oversight_look(client=northwind, now=late)
        assert {"rita", "adam"} <= {
            each.user.email.split("@")[0] for each in Notice.objects.filter(text__startswith="Due on 2026-06-01")
        }
    page = signed_in(rita).get(f"/c/northwind/oversight/audits/{audit.quarter}/").content.decode()
    assert "Nobody, until" in page and "Take it over" in page
    assert "Nobody does it any more: take it over." in signed_in(rita).get("/c/northwind/").content.decode()
    address = f"/c/northwind/oversight/follow-ups/{row.pk}/owner/"
    assert signed_in(rita).post(address, {"owner": adam.pk}).status_code == 302
    with tenant_context(northwind):
        assert AuditFollowUp.objects.get().owner == adam and told(adam, "Yours now, of the audit of Q1 2026")
        assert AuditEntry.objects.filter(action="quarter_audit.follow_up_owner").count() == 2
        with pytest.raises(DefinitionError, match="nothing was changed"):
            follow_up_take(client=northwind, follow_up=row, owner=adam, user=rita)
        with pytest.raises(DefinitionError, match="one of the client's people"):
            follow_up_take(client=northwind, follow_up=row, owner=finn, user=rita)
        follow_up_settle(follow_up=row, outcome="They answered", user=rita)
        with pytest.raises(OutdatedError):
            follow_up_take(client=northwind, follow_up=row, owner=rita, user=rita)


def test_an_audit_goes_on_without_whoever_drew_it(northwind: Client, finn: User, rita: User, adam: User) -> None:
    with tenant_context(northwind):
        audit = an_audit(northwind, rita)
        leave(northwind, rita)
        assert told(finn, "Rita left, and had drawn the audit of Q1 2026: somebody else goes on with it")
        before = Notice.objects.filter(user=finn).count()
        oversight_look(client=northwind, now=NOW)
        assert Notice.objects.filter(user=finn).count() == before + 1  # not Rita, who is not here
        assert Notice.objects.filter(user=rita, about=f"audit {audit.quarter}").count() == 0


def test_a_request_of_somebody_who_left_is_taken_over(
    northwind: Client, rita: User, finn: User, adam: User, ana: User, signed_in: Callable[[User], Browser]
) -> None:
    with tenant_context(northwind):
        request = a_request_of(northwind, finn, rita)
        leave(northwind, rita)
        request.refresh_from_db()
        assert request.owner is None
        assert told(adam, "Rita left and takes care of it no more. Say who does")
    adams = signed_in(adam)
    address = f"/c/northwind/changes/{request.number}/"
    page = adams.get(address).content.decode()
    assert "Nobody: take it over" in page and "Take it over" in page
    assert "Nobody takes care of it" in adams.get("/c/northwind/changes/").content.decode()
    assert "Nobody takes care of it any more." in adams.get("/c/northwind/").content.decode()
    assert adams.post(f"{address}owner/", {"version": request.version, "owner": adam.pk}).status_code == 302
    with tenant_context(northwind):
        request = ChangeRequest.objects.get()
        assert (request.owner, request.state) == (adam, ChangeState.TRIAGE)
        with pytest.raises(OutdatedError):
            change_owner_set(request=request, version=1, owner=ana, user=adam)
        with pytest.raises(DefinitionError, match="somebody who may take requests in hand"):
            change_owner_set(request=request, version=request.version, owner=finn, user=adam)
        change_owner_set(request=request, version=request.version, owner=ana, user=adam)
        assert told(ana, "is yours to take care of now")
        ChangeRequest.objects.update(state=ChangeState.SUBMITTED)
        with pytest.raises(TransitionError):
            change_owner_set(request=request, version=request.version + 1, owner=adam, user=adam)


def test_what_was_sent_back_to_somebody_who_left_waits_for_others(
    northwind: Client, rita: User, finn: User, signed_in: Callable[[User], Browser]
) -> None:
    with tenant_context(northwind):
        request = a_request_of(northwind, finn, rita)
        ChangeRequest.objects.update(state=ChangeState.NEEDS_CHANGES)
        leave(northwind, finn)
        assert told(rita, "Finn left and changes it no more. Change it yourself, or withdraw it")
    page = signed_in(rita).get(f"/c/northwind/changes/{request.number}/").content.decode()
    assert "Waits for its changes. Finn makes them no more" in page


def test_a_change_in_force_waits_for_nobody_who_left(northwind: Client, rita: User, finn: User, eve: User) -> None:
    with tenant_context(northwind):
        request = a_request_of(northwind, eve, rita)
        ChangeRequest.objects.update(state=ChangeState.COMMUNICATED)
        for person in (finn, eve):
            ChangeReceipt.objects.create(request=request, user=person, reason="Asked for it", told_at=database_time())
        leave(northwind, finn)
        assert ChangeRequest.objects.get().state == ChangeState.COMMUNICATED  # Eve has not read of it
        leave(northwind, eve)
        assert ChangeRequest.objects.get().state == ChangeState.CLOSED


def test_metrics_and_monitors_of_somebody_who_left_are_nobodys(
    northwind: Client, rita: User, finn: User, adam: User, signed_in: Callable[[User], Browser]
) -> None:
    with tenant_context(northwind):
        registry_start(client=northwind, user=rita)
        for key in ("arr", "nrr"):
            metric = Metric.objects.get(key=key)
            metric_owner_set(metric=metric, version=metric.version, owner=finn, user=rita)
        monitors_ensure(client=northwind)
        monitor = QualityMonitor.objects.order_by("pk")[0]
        QualityMonitor.objects.filter(pk=monitor.pk).update(owner=finn, escalate_to=finn)
        leave(northwind, finn)
        assert not Metric.objects.filter(owner=finn).exists()
        assert told(rita, "Finn left, and nobody answers any more for ARR, Net revenue retention: name an owner")
        left = QualityMonitor.objects.get(pk=monitor.pk)
        assert (left.owner, left.escalate_to) == (None, None)
        assert told(rita, f"{monitor.spec.title}: Finn owns it no more, and 0 findings are open")
        assert AuditEntry.objects.get(action="quality.monitor_set").details["owner"] == [finn.email, ""]
    page = " ".join(signed_in(rita).get("/c/northwind/data/monitors/").content.decode().split())
    assert 'data-label="Owner">Nobody</td>' in page


def test_what_somebody_leaves_behind_is_said_before_and_stands_on_the_home_of_others(
    northwind: Client, rita: User, finn: User, adam: User, eve: User, signed_in: Callable[[User], Browser]
) -> None:
    with tenant_context(northwind):
        request = a_request_of(northwind, finn, rita)
        registry_start(client=northwind, user=rita)
        Metric.objects.exclude(key="arr").update(owner=adam)
        Metric.objects.filter(key="arr").update(owner=rita)
        first, second, *_ = monitors_ensure(client=northwind)
        QualityMonitor.objects.update(owner=adam)
        QualityMonitor.objects.filter(pk__in=[first.pk, second.pk]).update(owner=rita)
        late(first, "K1")
        a_board(northwind, chair_finance=finn, revops=rita, user=adam)
    adams = signed_in(adam)
    page = " ".join(adams.get("/c/northwind/people/").content.decode().split())
    held = "2 monitors, 1 change request, 1 metric, 1 seat on the review board"
    assert f"Theirs, and then nobody's: {held}. What they did" in page
    assert not {"1 monitor has no owner", "1 metric in use has no owner"} & needs(adams).keys()
    with tenant_context(northwind):
        leave(northwind, rita)
        (row,) = [row for row in cadence_chapter(northwind).rows if row[0] == "Look at the quality of the data"]
        assert "each with its deadline; 2 of them have no owner" in row[1]
        QualityMonitor.objects.filter(pk=second.pk).update(owner=adam)
    home, eves = needs(adams), needs(signed_in(eve))
    assert home[f"{request} {request.title}"] == "/c/northwind/changes/1/"
    assert home["1 monitor has no owner"] == "/c/northwind/data/monitors/"
    assert home[str(first)] == f"/c/northwind/data/monitors/{first.code}/"
    assert "1 open finding is past the deadline. Nobody owns the monitor" in adams.get("/c/northwind/").content.decode()
    shown = adams.get(home["1 metric in use has no owner"]).context["rows"]
    assert [row["entry"].name for row in shown] == ["ARR"]
    assert not {"1 monitor has no owner", str(first), "1 metric in use has no owner"} & eves.keys()


def test_a_consultant_who_is_taken_off_the_client_lets_go_too(booked: Client, ana: User, eve: User) -> None:
    with tenant_context(booked):
        taken(booked, eve, ana)
        consultant_leave(client=booked, user=ana)
        assert FigureDispute.objects.get().owner is None


def test_the_look_of_the_morning_finds_owners_who_left_however_they_went(
    booked: Client, finn: User, rita: User, eve: User
) -> None:
    with tenant_context(booked):
        taken(booked, eve, finn)
        Membership.objects.filter(user=finn).delete()  # past every service
        oversight_look(client=booked, now=database_time())
        assert FigureDispute.objects.get().owner is None and told(rita, "Finn left, and nobody looks into D-1")
        member_add(client=booked, user=finn, role=ClientRole.FINANCE)
        assert FigureDispute.objects.get().owner is None  # it is not theirs again by coming back
