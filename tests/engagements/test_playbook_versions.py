"""A firm's playbooks: every save is a version, none is ever changed, and a diff says what moved."""

from dataclasses import replace

import pytest
from django.db import DatabaseError, transaction

from engagements.models import PlaybookVersion
from engagements.playbook.diff import playbook_diff
from engagements.selectors.playbooks import playbook_list, version_content
from engagements.services.playbooks import playbook_create, playbook_save
from engagements.services.problems import EngagementError
from engagements.shipped import shipped_playbooks
from portal.tenancy.models import Firm, FirmAuditEntry

ARR = shipped_playbooks()["arr-reporting"]


def test_saving_again_makes_the_next_number_and_keeps_the_old(ridge: Firm) -> None:
    first = playbook_create(firm=ridge, playbook=ARR, origin="ARR reporting as shipped")
    changed = replace(ARR, summary="Ours")
    second = playbook_save(row=first.playbook, playbook=changed, based_on=1, note="Our words")
    assert (first.number, second.number, second.note) == (1, 2, "Our words")
    assert version_content(PlaybookVersion.objects.get(pk=first.pk)) == ARR
    assert playbook_save(row=first.playbook, playbook=changed, based_on=2) == second
    assert FirmAuditEntry.objects.filter(action="playbook.saved").count() == 2
    assert [(card.key, card.version) for card in playbook_list(ridge)] == [("arr-reporting", 2)]


def test_a_change_of_an_old_version_does_not_overwrite_a_newer_one(ridge: Firm) -> None:
    row = playbook_create(firm=ridge, playbook=ARR).playbook
    playbook_save(row=row, playbook=replace(ARR, summary="Ours"), based_on=1)
    with pytest.raises(EngagementError, match="version 2 was saved meanwhile"):
        playbook_save(row=row, playbook=replace(ARR, summary="Mine"), based_on=1)


def test_copying_twice_gives_two_keys(ridge: Firm) -> None:
    keys = [playbook_create(firm=ridge, playbook=ARR).playbook.key for _ in range(3)]
    assert keys == ["arr-reporting", "arr-reporting-2", "arr-reporting-3"]


@pytest.mark.parametrize("change", [{"note": "x"}, {"number": 9}])
def test_the_database_refuses_to_change_a_version(ridge: Firm, change: dict[str, object]) -> None:
    version = playbook_create(firm=ridge, playbook=ARR)
    with pytest.raises(DatabaseError), transaction.atomic():
        PlaybookVersion.objects.filter(pk=version.pk).update(**change)
    with pytest.raises(DatabaseError), transaction.atomic():
        version.delete()


def test_a_diff_names_what_was_added_changed_and_taken_out() -> None:
    first, *rest = ARR.phases
    renamed = replace(first, goal="Another goal", subphases=first.subphases[1:])
    after = replace(ARR, phases=(renamed, *rest), gotchas=(*ARR.gotchas[::-1], "A new one"))
    changes = {change.place: change for change in playbook_diff(ARR, after)}
    assert changes["Phases › 1 Strategy › Goal"].kind == "changed"
    assert changes["Gotchas › A new one"].kind == "added"
    gone = [change for place, change in changes.items() if place.startswith("Phases › 1 Strategy › Subphases › 1a")]
    assert gone and {change.kind for change in gone} == {"removed"}
    assert len(changes) == 2 + len(gone)  # gotchas in another order are no change


def test_a_part_with_another_name_and_the_same_key_is_one_change() -> None:
    kickoff = replace(ARR.meetings[0], name="First meeting")
    after = replace(ARR, meetings=(kickoff, *ARR.meetings[1:]))
    (change,) = playbook_diff(ARR, after)
    assert (change.place, change.before, change.after) == (
        "Meetings › kickoff First meeting › Name",
        "Kickoff",
        "First meeting",
    )
