"""Writing a playbook as forms: saved at every step, told when two write the same part, published as the next version."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client as Browser

from engagements.models import FirmPlaybook, PlaybookDraft
from engagements.playbook.build import Plain
from engagements.playbook.checks import tasks_of
from engagements.playbook.draft import Node, bare_of, nodes_of
from engagements.playbook.schema import Playbook
from engagements.selectors.playbooks import version_content, version_get
from engagements.services.drafts import draft_begin, draft_part_save, part_digest
from engagements.services.playbooks import playbook_create, playbook_save
from engagements.shipped import shipped_playbooks
from portal.accounts.models import User
from portal.tenancy.models import Client, FirmAuditEntry, FirmRole
from portal.tenancy.services import client_create, firm_create
from tests.conftest import consultant

SignedIn = Callable[[User], Browser]
SUITE = shipped_playbooks()["executive-reporting-suite"]
OWN = "/f/ridge/playbooks/own/executive-reporting-suite/"
DRAFT = f"{OWN}draft/"
HTMX = {"HX-Request": "true"}


@pytest.fixture
def row(northwind: Client) -> FirmPlaybook:
    return playbook_create(firm=northwind.firm, playbook=SUITE, origin="test").playbook


@pytest.fixture
def browser(ana: User, row: FirmPlaybook, signed_in: SignedIn) -> Browser:
    """Ana's, with a draft begun."""
    found = signed_in(ana)
    assert found.post(DRAFT)["Location"] == DRAFT
    return found


def part(kind: str, name: str = "") -> Node:
    """A part of the draft as it is now, by the name that people see."""
    nodes = nodes_of(PlaybookDraft.objects.get().content).values()
    return next(node for node in nodes if node.kind.__name__ == kind and name in node.name)


def sent(node: Node, **changed: Any) -> dict[str, Any]:
    """What a form sends for a part: what it holds, with some of it changed."""
    data: dict[str, Any] = {"seen": part_digest(node)}
    for name, value in bare_of(node).items():
        data[name] = value
        if name == "hours":
            data["hours_0"], _, data["hours_1"] = value.partition("-")
        elif isinstance(value, list) and name not in {"needs", "early_needs", "functions"}:
            data[name] = "\n".join(value)
    return data | changed


def save(browser: Browser, node: Node, **changed: Any) -> Any:
    return browser.post(f"{DRAFT}parts/{node.id}/", sent(node, **changed), headers=HTMX)


def step(browser: Browser, node: Node, name: str, **more: Plain) -> Any:
    return browser.post(f"{DRAFT}parts/{node.id}/{name}/", {"at_part": node.id} | more, headers=HTMX)


def newest(row: FirmPlaybook) -> Playbook:
    version = version_get(row)
    assert version is not None
    return version_content(version)


def test_a_part_is_saved_field_by_field_and_nothing_else_moves(browser: Browser) -> None:
    task = part("Task", "Interview the executives")
    answer = save(browser, task, name="Talk to them", hours_0="3", hours_1="4.5", points="One\n\n  Two  ")
    assert answer.status_code == 200 and "Saved" in answer.content.decode()
    now = part("Task", "Talk to them")
    assert (now.data["hours"], now.data["points"], now.data["role"]) == ("3-4.5", ["One", "Two"], "architect")
    changed = FirmAuditEntry.objects.get(action="playbook.draft_changed")
    assert changed.details["what"] == "saved" and changed.before_hash != changed.after_hash
    save(browser, now)
    assert PlaybookDraft.objects.get().revision == 2  # nothing was changed, so nothing is stored or logged


def test_what_is_wrong_is_said_at_its_field_and_kept_as_it_was_written(browser: Browser, row: FirmPlaybook) -> None:
    task = part("Task", "Interview the executives")
    page = save(browser, task, hours_0="many", name="").content.decode()
    assert "&#x27;many&#x27; is no number of hours" in page and "this is empty" in page
    assert "2 things to mend" in page
    page = browser.get(f"{DRAFT}publish/").content.decode()
    assert "cannot be published yet" in page and "Publish version" not in page.split("</h1>")[1]
    answer = browser.post(f"{DRAFT}publish/", {"revision": 2, "onto": 1})
    assert answer.status_code == 422 and row.versions.count() == 1


def test_of_two_who_write_the_same_part_the_second_sees_both_texts(browser: Browser, row: FirmPlaybook) -> None:
    mine = part("Task", "Interview the executives")
    other = sent(mine) | {"description": "Their words"}
    draft_part_save(row=row, part=mine.id, values=bare_of(mine) | {"description": "Their words"}, seen=other["seen"])
    answer = save(browser, mine, description="My words")
    page = answer.content.decode()
    assert answer.status_code == 409 and answer["X-Conflict"] == "part"
    assert "Their words" in page and "My words" in page and mine.data["end_state"] not in page
    assert part("Task", "Interview").data["description"] == "Their words"
    over = part_digest(part("Task", "Interview"))
    assert save(browser, mine, description="My words", over=over).status_code == 200
    assert part("Task", "Interview").data["description"] == "My words"


def test_who_writes_another_part_disturbs_nobody(browser: Browser) -> None:
    one, two = part("Task", "Interview the executives"), part("Task", "Define dashboards")
    assert save(browser, one, description="A").status_code == 200
    assert step(browser, one, "down").status_code == 200
    assert save(browser, two, description="B").status_code == 200
    assert part("Task", "Interview").data["description"] == "A" and part("Task", "Define").data["description"] == "B"


def test_parts_are_added_copied_moved_taken_out_and_put_back(browser: Browser, row: FirmPlaybook) -> None:
    tasks = part("TaskList", "Build and validation")
    assert step(browser, tasks, "add", slot="tasks")["HX-Push-Url"].startswith(f"{DRAFT}?part=")
    new = part("Task", "Unnamed task")
    assert new.data["number"] == "19" and new.at == 6
    save(browser, new, name="Check the colours")
    step(browser, part("Task", "Connect the sources"), "up")  # beyond the first of its list
    assert part("Task", "Connect the sources").owner == part("TaskList", "Discovery").id
    step(browser, part("Milestone", "Training and handoff"), "copy")
    copy = part("Task", "25. Schedule the check-in")
    assert copy.data["needs"] == ["20"]  # what it waits for is the copy of 13
    criterion = part("Criterion", "Stakeholders have signed off")
    step(browser, part("Gate", "Figures right"), "remove")
    assert criterion.id not in nodes_of(PlaybookDraft.objects.get().content)
    assert "Taken out: Figures right" in browser.get(DRAFT).content.decode()
    step(browser, part("Playbook"), "restore")
    assert part("Gate", "Figures right").at == 1
    page = browser.get(f"{DRAFT}publish/").content.decode()
    assert "Check the colours" in page and "Added" in page
    draft = PlaybookDraft.objects.get()
    answer = browser.post(f"{DRAFT}publish/", {"revision": draft.revision, "onto": 1, "note": "More"})
    assert answer["Location"] == OWN and not PlaybookDraft.objects.exists()
    assert len(tasks_of(newest(row))) == 18 + 1 + 6 and row.versions.count() == 2


def test_a_key_is_made_from_the_name_and_who_names_it_follows_a_change(browser: Browser) -> None:
    step(browser, part("Playbook"), "add", slot="conditions")
    page = save(browser, part("Condition", "Unnamed"), question="Are there partners?").content.decode()
    condition = part("Condition", "partners")
    assert condition.data["key"] == "are-there-partners" and 'value="are-there-partners"' in page
    assert save(browser, part("Meeting", "30-day"), only_if="are-there-partners").status_code == 200
    save(browser, condition, key="has_partners")
    assert part("Meeting", "30-day").data["only_if"] == "has_partners"
    save(browser, part("SubPhase", "1a"), key="1x")
    assert part("Task", "Interview").data["subphase"] == "1x"
    save(browser, part("Role", "Architect"), key="lead")
    assert part("Task", "Interview").data["role"] == "lead"
    save(browser, part("Task", "1. Interview"), number="101")
    assert part("Task", "2. Define").data["needs"] == ["101"]
    save(browser, part("DocumentType", "Validation report"), name="Report of validation")
    assert part("Criterion", "Stakeholders have signed off").data["document"] == "Report of validation"
    assert "to mend" not in browser.get(DRAFT).content.decode()


def test_a_save_sends_what_it_changed_on_the_page_and_no_more(browser: Browser) -> None:
    task = part("Task", "Interview the executives")
    assert 'id="outline"' not in save(browser, task, description="Shorter").content.decode()
    marked = save(browser, part("Task", "1. Interview"), hours_0="many").content.decode()
    assert 'id="outline"' in marked and "To mend" in marked
    followed = save(browser, part("Criterion", "Finance and RevOps have signed"), key="all_signed")
    assert followed["HX-Retarget"] == "#pane" and part("Gate", "Metrics agreed").data["early_needs"] == ["all_signed"]
    gate = part("Gate", "Metrics agreed")
    assert part_digest(gate) in followed.content.decode()  # the gate's own form has seen that its need is called anew


def test_publishing_is_refused_to_who_has_not_seen_what_they_publish(browser: Browser, row: FirmPlaybook) -> None:
    save(browser, part("Playbook"), summary="New")
    playbook_save(row=row, playbook=SUITE.__class__(**(SUITE.__dict__ | {"tag": "other"})), based_on=1)
    answer = browser.post(f"{DRAFT}publish/", {"revision": 2, "onto": 1, "note": "Mine"})
    page = answer.content.decode()
    assert answer.status_code == 409 and "another version was saved meanwhile" in page
    assert "Another version was saved after this draft" in page and "Mine" in page
    assert re.search(r'name="onto"\s+value="2"', page)
    save(browser, part("Playbook"), summary="Newer")
    assert browser.post(f"{DRAFT}publish/", {"revision": 2, "onto": 2}).status_code == 409
    assert browser.post(f"{DRAFT}publish/", {"revision": 3, "onto": 2}).status_code == 302
    assert newest(row).summary == "Newer" and newest(row).tag == SUITE.tag


def test_a_draft_that_is_gone_or_a_part_that_is_out_is_said(browser: Browser, row: FirmPlaybook) -> None:
    task = part("Task", "Interview the executives")
    step(browser, task, "remove")
    assert save(browser, task).status_code == 404
    assert step(browser, part("Playbook"), "remove").status_code == 409
    assert step(browser, part("Playbook"), "explode").status_code == 422
    assert browser.post(f"{DRAFT}discard/")["Location"] == OWN
    assert "No draft" in browser.get(DRAFT).content.decode() and row.versions.count() == 1
    assert browser.get(f"{DRAFT}publish/")["Location"] == DRAFT
    assert browser.post(f"{DRAFT}discard/")["Location"] == OWN


def test_a_draft_has_an_end(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engagements.playbook.draft_changes.MOST_PARTS", 10)
    answer = step(browser, part("Playbook"), "add", slot="roles")
    assert answer.status_code == 409 and "at most 10 parts" in answer["X-Problem"]
    assert save(browser, part("Playbook"), summary="x" * 5000).status_code == 422
    lines = "\n".join("y" * 3000 for _ in range(13))
    assert save(browser, part("Playbook"), gotchas=lines).status_code == 200
    monkeypatch.setattr("engagements.services.drafts.LARGEST", 20_000)
    assert save(browser, part("Playbook"), gotchas=lines, summary="x").status_code == 422


ROUTES = [("get", ""), ("post", ""), ("post", "discard/"), ("get", "publish/"), ("post", "publish/"),
          ("post", "parts/1/"), ("post", "parts/1/restore/")]  # fmt: skip


def test_strangers_see_no_draft_and_engineers_change_none(
    person: Callable[..., User], browser: Browser, finn: User, northwind: Client, signed_in: SignedIn
) -> None:
    elsewhere = client_create(firm=firm_create(slug="mesa", name="Mesa"), slug="mesa-client", name="M", currency="USD")
    rival = signed_in(consultant(person, "rival", FirmRole.ADMIN, elsewhere))
    engineer = signed_in(consultant(person, "evan", FirmRole.ENGINEER, northwind))
    client = signed_in(finn)
    for method, path in ROUTES:
        assert getattr(rival, method)(DRAFT + path).status_code == 404, path
        assert getattr(client, method)(DRAFT + path).status_code == 404, path
        assert getattr(engineer, method)(DRAFT + path).status_code == 403, path
        assert "/accounts/login" in getattr(Browser(), method)(DRAFT + path)["Location"], path
        assert getattr(rival, method)(f"/f/mesa{DRAFT.removeprefix('/f/ridge')}{path}").status_code == 404, path


def test_a_second_person_goes_on_with_the_same_draft(browser: Browser, row: FirmPlaybook, ana: User) -> None:
    assert draft_begin(row=row).begun_by == ana
    assert "Draft being written" in browser.get("/f/ridge/playbooks/").content.decode()
    assert "Go on with the draft" in browser.get(OWN).content.decode()
    assert "A draft of this playbook is being written" in browser.get(f"{OWN}edit/").content.decode()
