"""The end of an engagement: time made final, the debrief, the close, and a partner's decision to open it again.

Closing and archiving are one decision: the report is kept, check-ins and surveys are planned, and the firm's access ends as it
was decided. From then on nothing in the engagement changes; what comes after it has rows and pages of its own.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils import timezone

from engagements.models import Debrief, Ending, Engagement, FinalReport
from engagements.selectors.access import plan_of
from engagements.selectors.closing import minutes_of
from engagements.services.access import firm_access_end
from engagements.services.after import after_begin, after_stop
from engagements.services.changes import record_change
from engagements.services.moves import require_open, row_move
from engagements.services.problems import EngagementError, IllegalMove
from engagements.services.reports import report_keep
from portal.tenancy.clock import day_at

PATH = "close/"
LONGEST = 8_000
DEBRIEF = ("went_well", "differently", "learnings")


@dataclass(frozen=True)
class Closed:
    """What the close did."""

    engagement: Engagement
    report: FinalReport
    left: tuple[Any, ...]


def time_finalise(*, engagement: Engagement, is_final: bool, user: Any, now: datetime | None = None) -> Engagement:
    """Say that all time is booked, or take it back. Final time is locked: nobody logs any more."""
    row: Engagement = Engagement.objects.select_for_update(of=("self",)).select_related("client").get(pk=engagement.pk)
    require_open(row)
    if (row.time_final_at is not None) == is_final:
        return row
    row.time_final_at, row.time_final_by = ((now or timezone.now()), user) if is_final else (None, None)
    row.save(update_fields=["time_final_at", "time_final_by"])
    record_change(
        row, "time.finalised" if is_final else "time.opened", about="engagement", about_id=row.pk, path=PATH,
        text="made the time final" if is_final else "opened the time again", before=not is_final,
        after={"final": is_final, "minutes": minutes_of(row)}, is_internal=True,
    )  # fmt: skip
    return row


def debrief_save(*, engagement: Engagement, user: Any, **said: str) -> Debrief:
    """Write the debrief; the firm's alone. The log keeps that it was written, never what it says."""
    require_open(engagement)
    texts = {name: said.get(name, "").strip() for name in DEBRIEF}
    if not any(texts.values()):
        raise EngagementError("say at least one thing: what went well, what to do differently, or what was learnt")
    if any(len(text) > LONGEST for text in texts.values()):
        raise EngagementError(f"each answer has at most {LONGEST} characters")
    before = Debrief.objects.filter(engagement=engagement).values(*DEBRIEF).first()
    row, _ = Debrief.objects.update_or_create(
        client_id=engagement.client_id, engagement=engagement, defaults={**texts, "by": user}
    )
    record_change(
        engagement, "debrief.saved", about="engagement", about_id=engagement.pk, path=PATH, text="wrote the debrief",
        before=before, after=texts, is_internal=True,
    )  # fmt: skip
    found: Debrief = row
    return found


def engagement_close(
    *, engagement: Engagement, user: Any, with_hours: bool = False, now: datetime | None = None
) -> Closed:
    """Close and archive an engagement. IllegalMove names what is missing.

    `with_hours`: whether the report says the hours of the tasks that the client sees.
    """
    moment = now or timezone.now()
    row: Engagement = Engagement.objects.select_for_update(of=("self",)).select_related("client").get(pk=engagement.pk)
    require_open(row)
    today = day_at(row.client, moment)
    row = row_move(about="engagement", row=row, step="close", user=user, now=moment)
    plan = plan_of(row)
    if plan is None:  # also where a partner opened the last gate against its criteria: somebody has to say what happens
        raise IllegalMove("decide first, on the page of the access, what becomes of the firm's access")
    after_begin(engagement=row, plan=plan, today=today, now=moment)
    report = report_keep(engagement=row, with_hours=with_hours, today=today)
    left = [] if plan.ending == Ending.ON_DAY else firm_access_end(engagement=row, plan=plan, now=moment)
    row = row_move(about="engagement", row=row, step="archive", user=user, now=moment)
    return Closed(row, report, tuple(left))


def engagement_reopen(*, engagement: Engagement, reason: str, user: Any, now: datetime | None = None) -> Engagement:
    """Open a closed or archived engagement again: a partner's decision, with its reason. What was planned after it falls away.

    Access that has ended stays ended: whoever is to work on the client again is assigned anew.
    """
    if not reason.strip():
        raise EngagementError("say why it is opened again")
    row: Engagement = row_move(
        about="engagement", row=engagement, step="reopen", user=user, reason=reason.strip(), now=now
    )
    after_stop(engagement=row)
    return row
