"""The playbooks that come with the product: YAML files in `engagements/library`."""

from functools import cache
from pathlib import Path

from engagements.playbook.schema import Playbook
from engagements.playbook.yaml_form import from_yaml

LIBRARY = Path(__file__).parent / "library"


@cache
def shipped_playbooks() -> dict[str, Playbook]:
    """All of them by key, in the order of their files."""
    read = [from_yaml(path.read_text(encoding="utf-8")) for path in sorted(LIBRARY.glob("*.yaml"))]
    return {playbook.key: playbook for playbook in read}
