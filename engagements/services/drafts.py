"""Writing a playbook part by part: one draft for each of a firm's playbooks, saved at every step, published as a version."""

import json
from collections.abc import Callable
from typing import Any, TypeVar

from django.db import transaction

from engagements.models import FirmPlaybook, PlaybookDraft, PlaybookVersion
from engagements.playbook.build import LARGEST, Plain
from engagements.playbook.draft import (
    DraftError,
    Node,
    bare_of,
    copied,
    draft_of,
    draft_read,
    node_in,
    nodes_of,
    plain_of,
)
from engagements.playbook.draft_changes import (
    part_add,
    part_copy,
    part_move,
    part_remove,
    part_restore,
    part_set,
)
from engagements.selectors.playbooks import version_content, version_get
from engagements.services.playbooks import playbook_save
from engagements.services.problems import EngagementError, IllegalMove
from portal.tenancy import audit

Content = dict[str, Plain]
Result = TypeVar("Result")
STEPS: dict[str, Callable[[Content, int], int | None]] = {
    "copy": part_copy,
    "up": lambda content, part: part_move(content, part, -1),
    "down": lambda content, part: part_move(content, part, 1),
    "remove": part_remove,
    "restore": lambda content, part: part_restore(content),
}


class PartChanged(IllegalMove):
    """Somebody wrote into the part after it was read; `theirs` is what stands there now."""

    def __init__(self, theirs: Node, draft: PlaybookDraft) -> None:
        self.theirs, self.draft = theirs, draft
        super().__init__("somebody else changed this part meanwhile")


def part_digest(node: Node) -> str:
    """What a form says it has seen of a part."""
    return audit.digest(bare_of(node))[:20]


def draft_begin(*, row: FirmPlaybook, user: Any = None) -> PlaybookDraft:
    """The draft of a playbook; a new one begins as its newest version."""
    with transaction.atomic():
        row = FirmPlaybook.objects.select_for_update().get(pk=row.pk)
        found = PlaybookDraft.objects.filter(playbook=row).first()
        if found is not None:
            return found
        newest = version_get(row)
        if newest is None:
            raise EngagementError("there is no version to begin from")
        content = draft_of(version_content(newest))
        draft = PlaybookDraft.objects.create(
            playbook=row, based_on=newest.number, content=content, begun_by=user, changed_by=user
        )
        _record(draft, "playbook.draft_begun", details={"based_on": newest.number})
        return draft


def draft_part_save(
    *, row: FirmPlaybook, part: int, values: dict[str, Plain], seen: str, user: Any = None
) -> PlaybookDraft:
    """Write what a part says. PartChanged where it is no longer what the writer saw, so that nothing is overwritten unread."""
    with transaction.atomic():
        draft = draft_locked(row)
        node = _node(draft, part)
        if part_digest(node) != seen:
            raise PartChanged(node, draft)
        before = bare_of(node)
        content = copied(draft.content)
        part_set(content, part, values)
        after = bare_of(node_in(content, part))
        if after == before:
            return draft
        return _stored(draft, content, user, "saved", part, before=before, after=after)


def draft_part_add(*, row: FirmPlaybook, owner: int, slot: str, user: Any = None) -> tuple[PlaybookDraft, int]:
    """A new part at the end of a list, and its id."""
    with transaction.atomic():
        draft = draft_locked(row)
        content = copied(draft.content)
        made = _tried(lambda: part_add(content, owner, slot))
        return _stored(draft, content, user, "added", made), made


def draft_part_step(*, row: FirmPlaybook, part: int, step: str, user: Any = None) -> tuple[PlaybookDraft, int]:
    """Copy, move, take out or put back a part; the id of the part to look at then."""
    if step not in STEPS:
        raise EngagementError(f"there is no step '{step}'")
    with transaction.atomic():
        draft = draft_locked(row)
        content = copied(draft.content)
        before = nodes_of(content).get(part)
        said = plain_of(copied(before.data)) if before is not None and step == "remove" else None
        look = _tried(lambda: STEPS[step](content, part))
        return _stored(draft, content, user, step, part, before=said), look or part


def draft_discard(*, row: FirmPlaybook) -> None:
    """Throw the draft away; the versions stay."""
    with transaction.atomic():
        draft = draft_locked(row)
        _record(draft, "playbook.draft_discarded", before=plain_of(draft.content))
        draft.delete()


def draft_publish(*, row: FirmPlaybook, revision: int, onto: int, note: str = "", user: Any = None) -> PlaybookVersion:
    """The draft as the next version, after which it is gone.

    `revision` and `onto` are the draft and the version whose difference the person saw; IllegalMove where either changed.
    """
    with transaction.atomic():
        FirmPlaybook.objects.select_for_update().get(pk=row.pk)
        draft = draft_locked(row)
        if draft.revision != revision:
            raise IllegalMove("the draft was changed meanwhile: look at the difference again")
        playbook, faults = draft_read(draft.content)
        if playbook is None:
            raise EngagementError(f"the draft has {len(faults)} things to mend first")
        newest = version_get(row)
        if newest is None or newest.number != onto:
            raise IllegalMove("another version was saved meanwhile: look at the difference again")
        _record(draft, "playbook.draft_published", details={"revision": revision, "onto": onto})
        version = playbook_save(row=row, playbook=playbook, based_on=onto, note=note, user=user)
        draft.delete()
        return version


def draft_locked(row: FirmPlaybook) -> PlaybookDraft:
    """The draft, held until the end of the transaction. IllegalMove where somebody published or discarded it."""
    draft = PlaybookDraft.objects.select_for_update().filter(playbook=row).first()
    if draft is None:
        raise IllegalMove("the draft was published or discarded meanwhile")
    return draft


def _node(draft: PlaybookDraft, part: int) -> Node:
    return _tried(lambda: node_in(draft.content, part))


def _tried(change: Callable[[], Result]) -> Result:
    try:
        return change()
    except DraftError as error:
        raise IllegalMove(str(error)) from error


def _stored(
    draft: PlaybookDraft, content: Content, user: Any, what: str, part: int, *, before: Any = None, after: Any = None
) -> PlaybookDraft:
    if len(json.dumps(content)) > 2 * LARGEST:
        raise EngagementError(f"a playbook is no larger than {LARGEST:,} characters; this change would make it so")
    draft.content, draft.changed_by = content, user
    draft.revision += 1
    draft.save(update_fields=["content", "revision", "changed_by", "changed_at"])
    node = nodes_of(content).get(part)
    place = node.place if node is not None else ""
    _record(
        draft,
        "playbook.draft_changed",
        before=before,
        after=after,
        details={"what": what, "part": part, "place": place},
    )
    return draft


def _record(draft: PlaybookDraft, action: str, **more: Any) -> None:
    details = {"revision": draft.revision, "name": draft.playbook.name} | more.pop("details", {})
    audit.record_for_firm(
        draft.playbook.firm, action, object_type="playbook", object_id=draft.playbook.key, details=details, **more
    )
