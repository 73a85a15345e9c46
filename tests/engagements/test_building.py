"""Components: their order, what stands in the way, who verifies, and the time that they take."""

import datetime as dt
from collections.abc import Callable
from decimal import Decimal

import pytest
from django.test import Client as Browser

from engagements.build_pages import component_rows
from engagements.models import Component, Engagement, Participant, Risk, TimeEntry
from engagements.selectors.health import hours_spent
from engagements.services.building import component_block, component_plan, component_time_add
from engagements.services.moves import row_move
from engagements.services.people import participant_add
from engagements.services.problems import EngagementError, IllegalMove
from portal.accounts.models import User
from portal.notices.models import Notice
from portal.tenancy.models import Client
from portal.tenancy.scope import tenant_context
from tests.engagements.conftest import started

DAY = dt.date(2026, 11, 20)


def number(which: int) -> Component:
    found: Component = Component.objects.select_related("engagement__client", "owner__user").get(number=which)
    return found


def test_all_thirteen_are_there_with_their_estimates_and_what_comes_first(project: Engagement) -> None:
    rows = list(Component.objects.order_by("number"))
    assert [row.number for row in rows] == list(range(1, 14))
    assert sum(row.hours_low or 0 for row in rows) == 27 and sum(row.hours_high or 0 for row in rows) == 49
    assert number(8).needs == [4, 7] and number(1).needs == []


def test_a_component_is_built_after_what_comes_first_and_verified_by_somebody_else(
    rita: User, project: Engagement, ana: User
) -> None:
    with pytest.raises(IllegalMove, match=r"these come first: 1\. ARR fields"):
        row_move(about="component", row=number(4), step="finish")
    row_move(about="component", row=number(4), step="start")
    row_move(about="component", row=number(1), step="finish", user=ana)
    built = row_move(about="component", row=number(4), step="finish", user=ana)
    assert built.built_by == ana and built.built_at is not None
    with pytest.raises(IllegalMove, match="somebody else"):
        row_move(about="component", row=number(4), step="verify", user=ana)
    assert row_move(about="component", row=number(4), step="verify", user=rita).state == "verified"
    again = row_move(about="component", row=number(4), step="reopen", user=ana)
    assert again.built_at is None and again.verified_by is None


def test_a_blocker_keeps_a_component_from_being_built(project: Engagement) -> None:
    component_block(component=number(1), title="No access to the sandbox", severity="critical")
    blocker = Risk.objects.get()
    assert (blocker.kind, blocker.about, blocker.about_id) == ("blocker", "component", number(1).pk)
    with pytest.raises(IllegalMove, match="No access to the sandbox"):
        row_move(about="component", row=number(1), step="finish")
    row_move(about="risk", row=blocker, step="close")
    row_move(about="component", row=number(1), step="finish")
    with pytest.raises(EngagementError, match="open it again first"):
        component_block(component=number(1), title="Too late", severity="low")


def test_components_never_wait_for_each_other_in_a_circle(project: Engagement, ana: User) -> None:
    me = Participant.objects.get(user=ana)
    with pytest.raises(EngagementError, match=r"wait for each other: (?:1 → 4 → 1|4 → 1 → 4)"):
        component_plan(component=number(1), owner=me, needs=[4], note="")
    with pytest.raises(EngagementError, match="no component 99"):
        component_plan(component=number(1), owner=me, needs=[99], note="")
    planned = component_plan(component=number(9), owner=me, needs=[4, 8, 4], note="Two pages")
    assert planned.needs == [4, 8] and planned.owner == me


def test_whoever_builds_a_component_hears_of_it_once(rita: User, project: Engagement) -> None:
    builder = participant_add(engagement=project, user=rita, is_firm_staff=True, project_role="Engineer")
    for note in ("", "With care"):
        component_plan(component=number(6), owner=builder, needs=[1], note=note)
    notices = Notice.objects.filter(user=rita, about=f"component {number(6).pk}")
    assert [notice.text for notice in notices] == ["Component 6. Billing integration is yours (ARR reporting)"]


def test_the_clients_people_build_nothing(project: Engagement, analyst: Participant) -> None:
    with pytest.raises(EngagementError, match="a consultant on this engagement"):
        component_plan(component=number(1), owner=analyst, needs=[], note="")


def test_time_on_components_counts_for_the_engagement_and_shows_where_it_is_over(
    project: Engagement, ana: User
) -> None:
    component_time_add(component=number(2), user=ana, minutes=121, day=DAY)
    assert hours_spent(project).logged == Decimal("2.02")
    rows = {each["row"].number: each for each in component_rows(project, is_firm=True)}
    assert rows[2]["logged"] == "2.02 h" and rows[2]["is_over"] and not rows[1]["is_over"]
    assert TimeEntry.objects.get().task is None
    shown = {each["row"].number: each for each in component_rows(project, is_firm=False)}
    assert shown[2]["logged"] == "" and shown[2]["estimate"] == ""


def test_only_whoever_is_on_the_engagement_logs_time(rita: User, project: Engagement) -> None:
    with pytest.raises(EngagementError, match="add yourself"):
        component_time_add(component=number(2), user=rita, minutes=5, day=DAY)


def test_the_client_reads_the_build_without_hours(
    northwind: Client, ana: User, finn: User, signed_in: Callable[[User], Browser]
) -> None:
    with tenant_context(northwind):
        project = started(northwind, ana)
        participant_add(engagement=project, user=finn, is_firm_staff=False, project_role="Finance", function="finance")
        component_time_add(component=number(1), user=ana, minutes=90, day=DAY)
        pages = [f"/c/northwind/engagements/{project.pk}/build/{rest}" for rest in ("", f"{number(1).pk}/")]
    for page in pages:
        theirs, ours = (signed_in(who).get(page).content.decode() for who in (finn, ana))
        assert "1.5 h" in ours and "2–4 h" in ours
        assert "1.5 h" not in theirs and "2–4 h" not in theirs and "Estimated" not in theirs
