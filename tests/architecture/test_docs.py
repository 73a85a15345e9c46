"""README, CONTRIBUTING and docs/ name files, commands and jobs that are there."""

import importlib
import re
from functools import cache
from pathlib import Path

import pytest
from django.core.management import get_commands

from portal.tenancy.dispatch import due_kinds

ROOT = Path(__file__).resolve().parents[2]
DOCS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
APPS = ("portal", "metrics", "governance", "engagements", "reporting")
OURS = ("portal", "metrics", "governance", "engagements", "reporting", "templates", "static", "tests", "docs")


@pytest.mark.parametrize("page", DOCS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_path_and_command_that_is_named_is_there(page: Path) -> None:
    text = page.read_text()
    paths = set(re.findall(rf"`((?:{'|'.join(OURS)})/[\w./-]+)`", text)) | set(re.findall(r"\]\(([\w./-]+)\)", text))
    gone = [path for path in paths if not (ROOT / path).exists() and not (page.parent / path).exists()]
    commands = set(re.findall(r"manage\.py ([a-z_]+)", text)) - get_commands().keys()
    assert not gone and not commands


@pytest.mark.parametrize("page", DOCS, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_file_that_is_named_by_its_end_alone_is_in_some_folder(page: Path) -> None:
    """ "Its route in the app's `api/urls.py`", "what people call it into `words.py`"."""
    ends = set(re.findall(r"`((?:[\w-]+/)*[\w-]+\.(?:py|html|js|css|yaml))`", page.read_text()))
    assert not [end for end in ends if not any(path.endswith(f"/{end}") for path in our_files())]


@pytest.mark.parametrize("page", DOCS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_dotted_name_that_is_named_can_be_imported(page: Path) -> None:
    jobs = {kind.task for kind in due_kinds()}  # a job keeps its name wherever its function lies
    names = set(re.findall(rf"`((?:{'|'.join(APPS)})(?:\.\w+)+)`", page.read_text())) - jobs
    assert not [name for name in names if not is_importable(name)]


@cache
def our_files() -> tuple[str, ...]:
    """Every file of ours, with a slash in front."""
    found = [path for place in OURS for path in (ROOT / place).rglob("*") if path.is_file()]
    return tuple(f"/{path.relative_to(ROOT)}" for path in [*found, *ROOT.glob("*.*")])


def is_importable(dotted: str) -> bool:
    """Whether a dotted name is a module, or what one holds, as deep as it goes."""
    module, _, rest = dotted.partition(".")
    found: object = importlib.import_module(module)
    while rest:
        name, _, rest = rest.partition(".")
        module = f"{module}.{name}"
        if hasattr(found, name):
            found = getattr(found, name)
            continue
        try:
            found = importlib.import_module(module)
        except ImportError:
            return False
    return True


def test_every_job_that_beat_makes_due_is_explained_to_those_who_run_the_portal() -> None:
    text = (ROOT / "docs/operations.md").read_text()
    assert not [kind.column for kind in due_kinds() if f"`{kind.column}`" not in text]
    named = re.findall(r"^\| `next_\w+` \|.*\| `(\w+)` \|", text, re.MULTILINE)
    assert set(named) <= get_commands().keys()
