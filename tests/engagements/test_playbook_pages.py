"""Playbooks in the browser: read, copy, change, compare, export and import; each firm sees its own alone."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.test import Client as Browser

from engagements.models import FirmPlaybook, PlaybookVersion
from engagements.playbook.markdown_form import to_markdown
from engagements.playbook.markdown_read import from_markdown
from engagements.playbook.yaml_form import from_yaml, to_yaml
from engagements.selectors.playbooks import version_content
from engagements.services.playbooks import playbook_create, playbook_save
from engagements.shipped import shipped_playbooks
from portal.accounts.models import User
from portal.tenancy.models import Client, FirmRole
from portal.tenancy.services import client_create, firm_create
from tests.conftest import consultant
from tests.engagements.test_seed_form import LIST

SignedIn = Callable[[User], Browser]
ARR = shipped_playbooks()["arr-reporting"]
HOME = "/f/ridge/playbooks/"
OWN = f"{HOME}own/arr-reporting/"


@pytest.fixture
def own(northwind: Client) -> FirmPlaybook:
    return playbook_create(firm=northwind.firm, playbook=ARR, origin="test").playbook


def test_reading_a_shipped_playbook(ana: User, signed_in: SignedIn) -> None:
    browser = signed_in(ana)
    assert "Sales dashboards" in browser.get(HOME).content.decode()
    page = browser.get(f"{HOME}shipped/arr-reporting/").content.decode()
    for expected in (
        "Phase 1: Strategy",
        "1d Strategic sign-off",
        "Gate: Definition signed",
        "0–15",
        "Chargebee",
        "4-8",
    ):
        assert expected in page
    suite = browser.get(f"{HOME}shipped/executive-reporting-suite/").content.decode()
    assert "its parts add up to 34.5 h, its budget is 44 h" in suite
    assert browser.get(f"{HOME}shipped/nothing/").status_code == 404


def test_copying_then_changing_makes_versions_with_who_and_when(ana: User, signed_in: SignedIn) -> None:
    browser = signed_in(ana)
    assert browser.post(f"{HOME}shipped/arr-reporting/copy/")["Location"] == OWN
    text = to_markdown(replace(ARR, summary="The firm's way"))
    answer = browser.post(f"{OWN}edit/", {"form": "md", "based_on": 1, "text": text, "note": "Shorter"})
    assert answer["Location"] == OWN
    page = browser.get(OWN).content.decode()
    assert "Version 2" in page and "by Ana" in page and "Shorter" in page
    first = browser.get(f"{OWN}v/1/").content.decode()
    assert "an earlier one" in first and "Change it" not in first
    diff = browser.get(f"{OWN}diff/").content.decode()
    assert "1 value differs" in diff and "The firm&#x27;s way" in diff and ARR.summary in diff


def test_a_text_with_faults_is_not_saved_and_says_where(ana: User, own: FirmPlaybook, signed_in: SignedIn) -> None:
    text = to_markdown(ARR).replace("- **Weight:** heavy", "- **Weight:** huge", 1)
    answer = signed_in(ana).post(f"{OWN}edit/", {"form": "md", "based_on": 1, "text": text})
    page = answer.content.decode()
    assert answer.status_code == 422 and "phases[1].weight" in page and "none of heavy, medium, light" in page
    assert "- **Weight:** huge" in page  # nothing that was written is lost
    assert own.versions.count() == 1


def test_whoever_saves_second_is_told(ana: User, own: FirmPlaybook, signed_in: SignedIn) -> None:
    playbook_save(row=own, playbook=replace(ARR, summary="First"), based_on=1)
    text = to_yaml(replace(ARR, summary="Second"))
    answer = signed_in(ana).post(f"{OWN}edit/", {"form": "yaml", "based_on": 1, "text": text})
    assert answer.status_code == 409 and "version 2 was saved meanwhile" in answer.content.decode()
    assert own.versions.count() == 2


def test_what_is_exported_can_be_imported_again(ana: User, own: FirmPlaybook, signed_in: SignedIn) -> None:
    browser = signed_in(ana)
    yaml = browser.get(f"{OWN}v/1/export/yaml/")
    markdown = browser.get(f"{HOME}shipped/arr-reporting/export/md/")
    assert yaml["Content-Disposition"] == 'attachment; filename="arr-reporting-v1.yaml"'
    assert from_yaml(yaml.content.decode()) == from_markdown(markdown.content.decode()) == ARR
    assert browser.get(f"{OWN}v/1/export/pdf/").status_code == 404
    file = SimpleUploadedFile("arr.md", markdown.content)
    assert browser.post(f"{HOME}import/", {"file": file})["Location"] == f"{HOME}own/arr-reporting-2/"
    newest = PlaybookVersion.objects.get(playbook__key="arr-reporting-2")
    assert version_content(newest) == ARR and newest.playbook.origin == "arr.md"


def test_the_name_of_an_imported_file_is_kept_as_it_can_be_shown(northwind: Client, tmp_path: Path) -> None:
    file = tmp_path / "plan\u202etxt.md"
    file.write_text(to_markdown(ARR), encoding="utf-8")
    call_command("playbook_import", str(file), firm=northwind.firm.slug)
    assert FirmPlaybook.objects.get().origin == "plantxt.md"


def test_importing_a_task_list_says_what_does_not_tie(ana: User, signed_in: SignedIn) -> None:
    file = SimpleUploadedFile("list.txt", LIST.encode())
    page = signed_in(ana).post(f"{HOME}import/", {"file": file}, follow=True).content.decode()
    assert "Things is imported" in page and "its budget is 5 h (1.5 h apart)" in page


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.yaml", b"name: A\nkey: a\nphases: x", "a list is expected"),
        ("a.md", b"\xff\xfe", "no text in UTF-8"),
        ("a.txt", b"", "empty"),
    ],
)
def test_a_file_that_cannot_be_read_changes_nothing(
    ana: User, northwind: Client, signed_in: SignedIn, name: str, content: bytes, said: str
) -> None:
    answer = signed_in(ana).post(f"{HOME}import/", {"file": SimpleUploadedFile(name, content)})
    assert answer.status_code == 422 and said in answer.content.decode()
    assert not FirmPlaybook.objects.exists()


PATHS = ["", "own/arr-reporting/", "own/arr-reporting/v/1/", "own/arr-reporting/diff/", "shipped/arr-reporting/"]


def test_strangers_people_of_a_client_and_other_firms_see_nothing(
    person: Callable[..., User], own: FirmPlaybook, finn: User, signed_in: SignedIn
) -> None:
    elsewhere = client_create(firm=firm_create(slug="mesa", name="Mesa"), slug="mesa-client", name="M", currency="USD")
    rival = signed_in(consultant(person, "rival", FirmRole.ADMIN, elsewhere))
    for path in PATHS:
        assert rival.get(HOME + path).status_code == 404, path
        assert signed_in(finn).get(HOME + path).status_code == 404, path
        assert "/accounts/login" in Browser().get(HOME + path)["Location"], path
    assert rival.get("/f/mesa/playbooks/own/arr-reporting/").status_code == 404
    assert rival.post(f"{OWN}edit/", {"form": "yaml", "based_on": 1, "text": to_yaml(ARR)}).status_code == 404


def test_engineers_read_and_do_not_change(
    person: Callable[..., User], northwind: Client, own: FirmPlaybook, signed_in: SignedIn
) -> None:
    browser = signed_in(consultant(person, "evan", FirmRole.ENGINEER, northwind))
    page = browser.get(OWN)
    assert page.status_code == 200 and "Change it" not in page.content.decode()
    assert browser.get(f"{OWN}edit/").status_code == 403
    assert browser.get(f"{HOME}import/").status_code == 403
    assert browser.post(f"{HOME}shipped/arr-reporting/copy/").status_code == 403
