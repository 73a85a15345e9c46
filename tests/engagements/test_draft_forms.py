"""A playbook as forms: every part saved through its form as it stands leaves the playbook as it was."""

from typing import Any

import pytest
from django.http import QueryDict
from hypothesis import HealthCheck, given, settings

from engagements.forms_parts import PartForm
from engagements.models import PlaybookDraft
from engagements.playbook import words
from engagements.playbook.build import Site, from_data
from engagements.playbook.draft import bare_of, copied, draft_of, draft_read, nodes_of, plain_of, walk
from engagements.playbook.draft_changes import part_copy, part_set
from engagements.playbook.schema import AgendaSlot, Gate, Playbook
from engagements.playbook.shape import slots
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


def test_every_word_of_the_editor_is_about_a_field_that_there_is() -> None:
    kinds: dict[str, type[Any]] = {"Playbook": Playbook}
    waiting: list[type[Any]] = [Playbook]
    while waiting:
        inside = [slot.kind for slot in slots(waiting.pop()) if slot.is_part and slot.kind.__name__ not in kinds]
        kinds |= {kind.__name__: kind for kind in inside}
        waiting += inside
    fields = {(name, slot.name) for name, kind in kinds.items() for slot in slots(kind)}
    fields |= {("*", field) for _, field in fields}
    for table in (words.REFERS, words.CLOSED, words.LABELS, words.HELP):
        assert set(table) <= fields, set(table) - fields
    assert {field for _, field in fields} >= words.SHORT and set(words.REFERS.values()) <= set(kinds)


@pytest.mark.parametrize("key", list(shipped_playbooks()))
def test_a_copy_of_any_kind_of_part_is_valid_at_once(key: str) -> None:
    """But for a gate, whose phase has one, and a slot of an agenda, whose minutes are taken."""
    content = draft_of(shipped_playbooks()[key])
    for node in {node.kind: node for node in walk(content) if node.is_listed}.values():
        changed = copied(content)
        made = part_copy(changed, node.id)
        assert nodes_of(changed)[made].at == node.at + 1
        reasons = [fault.reason for fault in draft_read(changed)[1]]
        if node.kind not in {Gate, AgendaSlot}:
            assert reasons == [], node.place
