"""A firm's playbook written as forms in a real browser, and an engagement that starts from it."""

from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from engagements.models import PlaybookDraft, Task
from engagements.playbook.draft import nodes_of
from portal.tenancy.models import Client
from portal.tenancy.scope import tenant_context
from tests.browser.live import CHROMIUM
from tests.browser.test_engagements import desk, lead

__all__ = ["desk", "lead"]
pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.skipif(not Path(CHROMIUM).exists(), reason="there is no chromium on this machine"),
]


def test_a_task_added_to_a_copied_playbook_is_there_when_an_engagement_starts(desk: Page, client: Client) -> None:
    desk.goto("/f/ridge/playbooks/")
    desk.get_by_role("button", name="Copy Executive reporting suite and adapt it").click()
    desk.get_by_role("button", name="Change it").click()
    outline = desk.get_by_role("navigation", name="Outline of the playbook")
    outline.get_by_role("button", name="Parts of Milestones").click()
    outline.get_by_role("button", name="Parts of Training and handoff").click()
    outline.get_by_role("link", name="Training and handoff").last.click()
    desk.get_by_role("button", name="Add a task").click()
    expect(desk.get_by_role("textbox", name="Name", exact=True)).to_be_focused()
    desk.keyboard.type("Check the colours")
    desk.get_by_label("Hours, or the least").fill("lots")
    desk.keyboard.press("Tab")
    expect(outline.get_by_role("img", name="To mend").last).to_be_visible()  # at its line, which stays open
    desk.get_by_label("Hours, or the least").fill("2")
    desk.get_by_label("The most").fill("3.5")
    desk.get_by_label("Sub-phase").select_option(label="3a Training")
    desk.get_by_label("13. Train the executives").check()
    expect(outline.get_by_role("link", name="19. Check the colours")).to_have_attribute("aria-current", "true")
    desk.get_by_role("textbox", name="Points").fill("Light\nDark")  # and leave at once: what was typed is saved first
    desk.get_by_role("link", name="Review and publish").click()
    expect(desk.get_by_role("cell", name="Dark", exact=True)).to_be_visible()
    assert Axe().run(desk).response["violations"] == []
    desk.get_by_label("What you changed and why").fill("Colours are checked")
    desk.get_by_role("button", name="Publish version 2").click()
    expect(desk.get_by_text("Version 2 is published.")).to_be_visible()
    desk.goto("/c/northwind/engagements/new/")
    desk.get_by_role("link", name="Start from Executive reporting suite").first.click()
    for choice in desk.locator("select[name^=if_]").all():
        choice.select_option("yes")
    desk.get_by_role("button", name="Start the engagement").click()
    expect(desk.get_by_text("has begun.")).to_be_visible()
    with tenant_context(client):
        task = Task.objects.get(name="Check the colours")
        assert (str(task.hours_low), str(task.hours_high), task.points) == ("2.00", "3.50", ["Light", "Dark"])
        assert [need.needs.number for need in task.needs.all()] == [13]


def test_parts_are_moved_by_keyboard_and_a_phone_shows_the_outline_on_demand(desk: Page, client: Client) -> None:
    desk.goto("/f/ridge/playbooks/")
    desk.get_by_role("button", name="Copy Sales dashboards and adapt it").click()
    desk.get_by_role("button", name="Change it").click()
    desk.set_viewport_size({"width": 390, "height": 844})
    expect(desk.get_by_role("link", name="Roles")).to_be_hidden()
    desk.get_by_text("Outline", exact=True).click()
    desk.get_by_role("link", name="Roles").click()
    expect(desk.get_by_role("link", name="Meetings")).to_be_hidden()  # it closed behind the choice
    down = desk.get_by_role("button", name="Move down: Architect")
    down.focus()
    names = desk.locator(".list.panel .list-main a")
    for place in (1, 2):
        expect(desk.locator(".htmx-request, .htmx-swapping, .htmx-settling")).to_have_count(0)
        desk.keyboard.press("Enter")
        expect(names.nth(place)).to_have_text("Architect")
        expect(down).to_be_focused()
    desk.get_by_role("button", name="Take out: Architect").click()
    expect(desk.get_by_text("Taken out: Architect")).to_be_visible()
    desk.get_by_role("button", name="Put it back").click()
    expect(desk.get_by_role("textbox", name="Name", exact=True)).to_have_value("Architect")
    assert Axe().run(desk).response["violations"] == []
    roles = [node.name for node in nodes_of(PlaybookDraft.objects.get().content).values() if node.slot == "roles"]
    assert roles == ["Engineer", "Sales manager", "Architect", "Budget controller"]
    assert not desk.evaluate("document.documentElement.scrollWidth > innerWidth + 1")
