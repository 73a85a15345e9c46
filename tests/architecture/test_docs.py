"""README, CONTRIBUTING and docs/ name files, commands and jobs that are there."""

import re
from pathlib import Path

import pytest
from django.core.management import get_commands

from portal.tenancy.dispatch import due_kinds

ROOT = Path(__file__).resolve().parents[2]
DOCS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
OURS = ("portal", "metrics", "governance", "engagements", "reporting", "templates", "static", "tests", "docs")


@pytest.mark.parametrize("page", DOCS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_path_and_command_that_is_named_is_there(page: Path) -> None:
    text = page.read_text()
    paths = set(re.findall(rf"`((?:{'|'.join(OURS)})/[\w./-]+)`", text)) | set(re.findall(r"\]\(([\w./-]+)\)", text))
    gone = [path for path in paths if not (ROOT / path).exists() and not (page.parent / path).exists()]
    commands = set(re.findall(r"manage\.py ([a-z_]+)", text)) - get_commands().keys()
    assert not gone and not commands


def test_every_job_that_beat_makes_due_is_explained_to_those_who_run_the_portal() -> None:
    text = (ROOT / "docs/operations.md").read_text()
    assert not [kind.column for kind in due_kinds() if f"`{kind.column}`" not in text]
    named = re.findall(r"^\| `next_\w+` \|.*\| `(\w+)` \|", text, re.MULTILINE)
    assert set(named) <= get_commands().keys()
