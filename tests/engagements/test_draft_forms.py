"""A playbook as forms: every part saved through its form as it stands leaves the playbook as it was."""

from typing import Any

import pytest
from django.http import QueryDict
from hypothesis import HealthCheck, given, settings

from engagements.forms_parts import PartForm
from engagements.models import PlaybookDraft
from engagements.playbook.build import Site, from_data
from engagements.playbook.draft import bare_of, draft_of, draft_read, nodes_of, plain_of
from engagements.playbook.draft_changes import part_set
from engagements.playbook.schema import Playbook
from engagements.selectors.drafts import DraftView
from engagements.shipped import shipped_playbooks
from tests.engagements.strategies import PLAYBOOKS


def sent(form: PartForm) -> QueryDict:
    """What a browser sends for a form as it is shown."""
    data = QueryDict(mutable=True)
    for bound in form:
        shown = bound.value()
        widget = bound.field.widget
        if hasattr(widget, "decompress"):
            for number, text in enumerate(widget.decompress(shown)):
                data[f"{bound.name}_{number}"] = text
        elif isinstance(shown, bool):
            data.update({bound.name: "on"} if shown else {})
        elif isinstance(shown, list):
            data.setlist(bound.name, shown)
        else:
            data[bound.name] = str(shown)
    return data


def saved_through_forms(content: dict[str, Any]) -> None:
    view = DraftView(PlaybookDraft(content=content))
    for node in view.nodes.values():
        choices = lambda name, node=node: view.choices(node, name)  # noqa: E731
        form = PartForm(node, choices, sent(PartForm(node, choices)))
        assert form.is_valid(), (node.place, form.errors)
        part_set(content, node.id, form.values)


@pytest.mark.parametrize("key", list(shipped_playbooks()))
def test_a_shipped_playbook_survives_its_forms_exactly(key: str) -> None:
    playbook = shipped_playbooks()[key]
    content = draft_of(playbook)
    saved_through_forms(content)
    assert draft_read(content) == (playbook, [])


@given(PLAYBOOKS)
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
def test_any_playbook_survives_its_forms(playbook: Playbook) -> None:
    """Keys and references of these are anything, and what leads nowhere is kept."""
    content = draft_of(playbook)
    saved_through_forms(content)
    site = Site()
    assert from_data(plain_of(content), site) == playbook, site.faults


def test_every_part_has_an_id_of_its_own_and_says_only_its_own_words() -> None:
    content = draft_of(shipped_playbooks()["arr-reporting"])
    nodes = nodes_of(content)
    assert len(nodes) > 200 and nodes[1].kind is Playbook
    assert "phases" not in bare_of(nodes[1]) and bare_of(nodes[1])["key"] == "arr-reporting"
