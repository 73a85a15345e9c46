"""The technical specification: sections with versions, and the engineer's answer to exactly what was read.

An answer names the version and digest of every section. It holds as long as they are the newest.
"""

from typing import Any

from django.db.models import Max

from engagements.models import Engagement, SpecAnswer, SpecSection, SpecVersion
from engagements.selectors.spec import spec_get
from engagements.services.changes import record_change
from engagements.services.moves import require_open
from engagements.services.problems import EngagementError, IllegalMove
from portal.tenancy import audit

LONGEST, MOST_ROWS, LONGEST_CELL = 40_000, 500, 1_000


def spec_write(
    *, section: SpecSection, text: str, rows: list[list[str]], note: str = "", seen: int, user: Any = None
) -> SpecVersion:
    """A new version of a section; `seen` is the number of the version that its writer began from (0: none).

    IllegalMove where somebody has saved another since. Blank rows are left out; a row has a cell for each column.
    """
    require_open(section.engagement)
    section = (
        SpecSection.objects.select_for_update(of=("self",)).select_related("engagement__client").get(pk=section.pk)
    )
    number = SpecVersion.objects.filter(section=section).aggregate(Max("number"))["number__max"] or 0
    if seen != number:
        raise IllegalMove(f"version {number} was saved in the meantime: look at it, then add yours")
    rows = [[cell.strip() for cell in row] for row in rows if any(cell.strip() for cell in row)]
    text = text.replace("\r\n", "\n").strip()
    _check(section, text, rows)
    content = {"text": text, "rows": rows}
    sha256 = audit.digest(content)
    last = SpecVersion.objects.filter(section=section).first()
    if last is not None and last.sha256 == sha256:
        raise EngagementError("nothing has changed since the last version")
    version: SpecVersion = SpecVersion.objects.create(
        engagement=section.engagement, section=section, number=number + 1, note=note[:300], sha256=sha256,
        created_by=user, **content,
    )  # fmt: skip
    before, section.state = section.state, "draft"
    section.save(update_fields=["state"])
    record_change(
        section.engagement, "spec.written", about="spec", about_id=section.pk, path=f"build/spec/{section.pk}/",
        text=f"wrote version {number + 1} of “{section}” in the specification", before=before, after=content,
        details={"number": number + 1, "sha256": sha256},
    )  # fmt: skip
    return version


def _check(section: SpecSection, text: str, rows: list[list[str]]) -> None:
    if not text and not rows:
        raise EngagementError("write something first")
    if len(text) > LONGEST or len(rows) > MOST_ROWS:
        raise EngagementError(f"a section has up to {LONGEST:,} characters and {MOST_ROWS} rows")
    if any(len(row) != len(section.columns) for row in rows):
        raise EngagementError(f"a row has {len(section.columns)} cells: {', '.join(section.columns)}")
    if any(len(cell) > LONGEST_CELL for row in rows for cell in row):
        raise EngagementError(f"a cell has up to {LONGEST_CELL:,} characters")


def spec_answer(
    *, engagement: Engagement, is_accepted: bool, seen: str, user: Any, is_engineer: bool, note: str = ""
) -> SpecAnswer:
    """The engineer's answer in the handoff: accepted, or returned with what is missing. `seen` is the digest of what was read.

    IllegalMove where a section has changed since, is not ready for review, or the handoff meeting was not held.
    """
    require_open(engagement)
    Engagement.objects.select_for_update().get(pk=engagement.pk)
    now = spec_get(engagement)
    if not is_engineer:
        raise EngagementError("an engineer on this engagement answers for the build")
    if now.sha256 != seen:
        raise IllegalMove("the specification has changed since you read it: look at it again")
    if not now.sections or now.not_ready:
        names = ", ".join(str(each.section) for each in now.not_ready[:3]) or "it has no sections"
        raise IllegalMove(f"not ready for review: {names}")
    if is_accepted and now.meeting is not None and now.meeting.state != "held":
        raise IllegalMove(f"the meeting “{now.meeting}” comes first")
    if not is_accepted and not note.strip():
        raise EngagementError("say what is missing")
    answer: SpecAnswer = SpecAnswer.objects.create(
        engagement=engagement,
        is_accepted=is_accepted,
        note=note.strip()[:4000],
        sections=now.read,
        sha256=now.sha256,
        by=user,
    )
    rows = SpecSection.objects.filter(engagement=engagement)
    rows.update(state="approved" if is_accepted else "draft")
    record_change(
        engagement, "spec.accepted" if is_accepted else "spec.returned", about="spec", about_id=answer.pk,
        path="build/spec/", text=f"{'accepted' if is_accepted else 'returned'} the technical specification",
        after=now.read, details={"sha256": now.sha256, "note": answer.note},
    )  # fmt: skip
    return answer
