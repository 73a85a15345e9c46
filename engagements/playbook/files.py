"""A playbook as a file, in each of the forms that come and go."""

from engagements.playbook.markdown_form import to_markdown
from engagements.playbook.markdown_read import from_markdown
from engagements.playbook.schema import Playbook
from engagements.playbook.seed_form import SeedReport, findings, seed_read
from engagements.playbook.yaml_form import from_yaml, to_yaml

FORMS = {"yaml": ("application/yaml", to_yaml), "md": ("text/markdown", to_markdown)}


def read_file(name: str, text: str) -> SeedReport:
    """The playbook of a file: YAML and Markdown by its ending, else a task list. PlaybookError names every fault."""
    ending = name.lower().rpartition(".")[2]
    if ending in {"yaml", "yml", "md", "markdown"}:
        return read_text("yaml" if ending.startswith("y") else "md", text)
    return seed_read(text)


def read_text(form: str, text: str) -> SeedReport:
    """The playbook of a text in a form that is known, with what does not tie in it."""
    playbook = from_yaml(text) if form == "yaml" else from_markdown(text)
    return SeedReport(playbook, tuple(findings(playbook, {})))


def write_text(form: str, playbook: Playbook) -> str:
    """The playbook as YAML or Markdown."""
    return FORMS[form][1](playbook)
