"""YAML and Markdown: what goes out comes back, and every fault names its place."""

import time

import pytest
from hypothesis import HealthCheck, given, settings

from engagements.playbook import build, checks, markdown_read, yaml_form
from engagements.playbook.build import LARGEST, NAMED, PlaybookError, Site, from_data, to_data
from engagements.playbook.markdown_form import to_markdown
from engagements.playbook.markdown_read import from_markdown
from engagements.playbook.schema import Playbook
from engagements.playbook.yaml_form import from_yaml, to_yaml
from engagements.shipped import shipped_playbooks
from tests.engagements.strategies import PLAYBOOKS

SMALL = """
name: Small
key: small
conditions:
  - {key: euro, question: "Is there a second currency?"}
phases:
  - name: Only
    key: "1"
    subphases: [{name: Start, key: 1a, checklist: ["Rates are agreed [only if euro]"]}]
milestones:
  - name: M
    hours: 10
    lists: [{name: L, tasks: [{name: A, number: 1, hours: 2-3, needs: [2]}, {name: B, number: 2, only_if: euro}]}]
gates:
  - name: G
    phase: "1"
    criteria: [{key: a, kind: computed, text: T, check: tasks_done}]
meetings: [{name: K, key: k, agenda: [{start: 0, end: 15, topic: T}, {start: 15, end: 30, topic: U}]}]
"""


@pytest.mark.parametrize("key", list(shipped_playbooks()))
def test_a_shipped_playbook_survives_both_forms_exactly(key: str) -> None:
    playbook = shipped_playbooks()[key]
    assert from_yaml(to_yaml(playbook)) == playbook
    assert from_markdown(to_markdown(playbook)) == playbook
    assert to_yaml(from_yaml(to_yaml(playbook))) == to_yaml(playbook)


@given(PLAYBOOKS)
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
def test_any_playbook_comes_back_from_yaml_and_markdown(playbook: Playbook) -> None:
    """Only the form is under test here: keys and references of these are anything."""
    with pytest.MonkeyPatch.context() as patched:
        unchecked = lambda data, lines=None: _formed(data)  # noqa: E731
        patched.setattr(yaml_form, "playbook_from", unchecked)
        patched.setattr(markdown_read, "playbook_from", unchecked)
        assert from_yaml(to_yaml(playbook)) == playbook
        assert from_markdown(to_markdown(playbook)) == playbook


def _formed(data: build.Plain) -> Playbook:
    site = Site()
    built = from_data(data, site)
    assert built is not None, site.faults
    return built


@pytest.mark.parametrize(
    ("old", "new", "place", "reason"),
    [
        ("hours: 2-3", "hours: 3-2", "milestones[1].lists[1].tasks[1].hours", "ends below its beginning"),
        ("hours: 10", "hours: ten", "milestones[1].hours", "is no number of hours"),
        ("needs: [2]", "needs: [7]", "milestones[1].lists[1].tasks[1].needs[1]", "there is no task 7"),
        ("number: 2", "number: 1", "milestones[1].lists[1].tasks[1].number", "2 tasks with the number 1"),
        ("only_if: euro", "only_if: yen", "milestones[1].lists[1].tasks[2].only_if", "no condition 'yen'"),
        ("[only if euro]", "[only if yen]", "phases[1].subphases[1].checklist[1]", "no condition 'yen'"),
        ("check: tasks_done", "check: magic", "gates[1].criteria[1].check", "'magic' cannot be computed"),
        ("kind: computed", "kind: guessed", "gates[1].criteria[1].kind", "none of confirmed, signed, computed"),
        ("kind: computed", "kind: signed", "gates[1].criteria[1].check", "or a signed one policy_signed"),
        ('phase: "1"', 'phase: "9"', "gates[1].phase", "there is no phase '9'"),
        ("start: 15, end: 30", "start: 10, end: 30", "meetings[1].agenda[2].start", "before the slot above it is over"),
        ("start: 0, end: 15", "start: 0, end: 0", "meetings[1].agenda[1].end", "ends before it begins"),
        ("key: 1a", "key: 1A", "phases[1].subphases[1].key", "is no key"),
        ("key: small", "keys: small", "keys", "there is no such field"),
        ("key: small", "", "key", "this is missing"),
        ("name: Small", "name: ''", "name", "this is empty"),
        ("name: Small", "name: [a]", "name", "a single text is expected"),
        ("name: Small", "name: Small\nname: Other", "name", "this is there twice"),
        ("key: k,", "key: k, subphase: 9z,", "meetings[1].subphase", "no sub-phase '9z'"),
    ],
)  # fmt: skip
def test_every_fault_names_its_place(old: str, new: str, place: str, reason: str) -> None:
    assert old in SMALL
    with pytest.raises(PlaybookError) as caught:
        from_yaml(SMALL.replace(old, new))
    found = [fault for fault in caught.value.faults if fault.place == place and reason in fault.reason]
    assert found and found[0].line > 0, caught.value.faults


def test_a_signature_may_be_looked_up_where_the_definitions_hold_it() -> None:
    looked_up = SMALL.replace("kind: computed", "kind: signed").replace("check: tasks_done", "check: policy_signed")
    assert from_yaml(looked_up).gates[0].criteria[0].check == "policy_signed"


def test_all_faults_are_told_at_once() -> None:
    broken = SMALL.replace("hours: 10", "hours: ten").replace("kind: computed", "kind: guessed")
    with pytest.raises(PlaybookError) as caught:
        from_yaml(broken)
    assert [fault.place for fault in caught.value.faults] == ["gates[1].criteria[1].kind", "milestones[1].hours"]


def test_tasks_that_wait_for_each_other_are_refused() -> None:
    circle = SMALL.replace("{name: B, number: 2,", "{name: B, number: 2, needs: [1],")
    with pytest.raises(PlaybookError, match="in a circle: 1 → 2 → 1"):
        from_yaml(circle)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "empty"),
        ("- a", "names and values are expected"),
        ("name: [", "line 1"),
        ("name: &a x\nkey: *a", "references between parts"),
        ("[" * 3000, "more than 20 parts within each other"),
        ("name: a\u0000", "the file"),
        ("a" * (LARGEST + 1), "larger than"),
        ("? [a]\n: b", "a name is expected"),
    ],
    ids=["empty", "list", "open", "alias", "deep", "nul", "large", "key"],
)
def test_a_hostile_file_is_a_fault_not_a_crash(text: str, reason: str) -> None:
    with pytest.raises(PlaybookError, match=reason):
        from_yaml(text)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("stray words", "belongs to nothing"),
        ("## Chapter: One", "there is no 'Chapter' in a playbook"),
        ("#### Task: x", "stands below no heading"),
        ("# Playbook: again", "holds one playbook"),
        ("- **Colour:** red", "there is no value 'Colour'"),
        ("**Colours:**", "there is no list 'Colours'"),
        ("**Terms:**\n\n| Term | Meaning |", "no column 'Meaning'"),
        ("**Terms:**\n\n| Term | Definition |\n| --- | --- |\n| a |", "1 cells below 2 columns"),
        ("**Terms:**\n\n- ARR", "'Terms' is a table"),
        ("**Gotchas:**\n\n| a |", "is a list, not a table"),
    ],
)
def test_markdown_that_is_not_understood_says_where(line: str, reason: str) -> None:
    text = f"# Playbook: P\n\n- **Key:** p\n\n{line}\n"
    with pytest.raises(PlaybookError, match=reason) as caught:
        from_markdown(text)
    assert caught.value.faults[0].line >= 5


def test_what_stands_at_its_default_is_left_out() -> None:
    playbook = from_yaml(SMALL)
    assert set(to_data(playbook)) == {"name", "key", "conditions", "phases", "milestones", "gates", "meetings"}
    assert checks.point_parts(playbook.phases[0].subphases[0].checklist[0]) == ("Rates are agreed", "euro")


@pytest.mark.parametrize(
    "text",
    [
        "[" * 100_000,
        "a: " + "{a: " * 40_000,
        "\n".join(f"k{number}: v" for number in range(20_000)),
        "name: A\nkey: a\nphases:\n" + "  - {x: 1}\n" * 20_000,
        "- " * 100_000,
        "a" * (LARGEST + 1),
    ],
)
def test_a_text_made_to_be_costly_is_refused_soon(text: str) -> None:
    begun = time.process_time()
    with pytest.raises(PlaybookError) as caught:
        from_yaml(text)
    assert time.process_time() - begun < 6, "seconds"  # a second and a half where nobody else works
    assert len(caught.value.faults) <= NAMED + 1


def test_the_faults_named_are_bounded_and_known_fields_are_said_once() -> None:
    with pytest.raises(PlaybookError) as caught:
        from_yaml(SMALL + "".join(f"x{number}: 1\n" for number in range(5_000)))
    reasons = [fault.reason for fault in caught.value.faults]
    assert len(reasons) == NAMED + 1 and "more than" in reasons[-1]
    assert sum("known are" in reason for reason in reasons) == 1 and "there is no such field" in reasons[1]
