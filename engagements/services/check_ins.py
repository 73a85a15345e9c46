"""Check-ins after the close: planned, prepared from two weeks before, held with a decision and its outcome."""

from datetime import date, datetime, timedelta
from typing import Any, Final

from engagements import states
from engagements.models import CheckIn, Decision, Engagement, Participant
from engagements.selectors.check_ins import figures_at
from engagements.services.after_row import after_refresh
from engagements.services.changes import record_change
from engagements.services.moves import next_state, said
from engagements.services.problems import EngagementError, IllegalMove
from engagements.services.telling import after_tell

AFTER_DAYS: Final = (30, 90)
PREPARED_FROM: Final = timedelta(days=14)
STEPS: Final = (
    "Pull the variances of the reconciliations and the figures of adoption",
    "Decide whether the architect handles it or the subject expert is needed",
    "Brief the subject expert, or note what the architect will talk about",
    "Agree on the day with the client",
)
LONGEST: Final = 8_000


def check_in_plan(*, engagement: Engagement, days: int, due_on: date, owner: Participant | None) -> CheckIn:
    """A check-in on a day, prepared from two weeks before."""
    row: CheckIn = CheckIn.objects.create(
        engagement=engagement, days=days, due_on=due_on, prepare_on=due_on - PREPARED_FROM, owner=owner
    )
    return row


def check_in_step(*, check_in: CheckIn, step: str, today: date) -> CheckIn:
    """Prepare it now, cancel it, or plan a cancelled one again. Holding one asks for a decision: `check_in_hold`."""
    row = _locked(check_in)
    if step == "hold":
        raise EngagementError("say what was decided and what came out")
    after = next_state(states.CHECK_IN, row, step)
    if step == "plan" and row.due_on < today:
        raise EngagementError("its day has passed: give it another one first")
    before, row.state = row.state, after
    row.save(update_fields=["state"])
    after_refresh(engagement=row.engagement)
    _record(row, "moved", f"moved the {row} from {said(before)} to {said(after)}", before=before, after=after)
    return row


def check_in_change(*, check_in: CheckIn, due_on: date, owner: Participant | None, today: date) -> CheckIn:
    """Another day, or another owner. EngagementError for a day that has passed or somebody who is not of the firm."""
    row = _locked(check_in)
    if row.state == "held":
        raise IllegalMove(f"the {row} was held")
    if due_on < today:
        raise EngagementError("the day has passed")
    if owner is not None and (owner.engagement_id != row.engagement_id or not owner.is_firm_staff):
        raise EngagementError("one of the firm's people on this engagement owns it")
    before = {"due_on": row.due_on, "owner": str(row.owner or "")}
    row.due_on, row.prepare_on, row.owner = due_on, due_on - PREPARED_FROM, owner
    row.save(update_fields=["due_on", "prepare_on", "owner"])
    after_refresh(engagement=row.engagement)
    _record(row, "changed", f"put the {row} on {due_on:%Y-%m-%d}", before=before,
            after={"due_on": due_on, "owner": str(owner or "")})  # fmt: skip
    return row


def preparation_set(*, check_in: CheckIn, position: int, is_done: bool) -> CheckIn:
    """Tick a step of the preparation, or take the tick back; the firm's alone."""
    row = _locked(check_in)
    if not 0 <= position < len(STEPS):
        raise EngagementError("there is no such step")
    if row.state != "preparing":
        raise IllegalMove(f"the {row} is {said(row.state)}: begin to prepare it first")
    before = sorted(row.prepared)
    row.prepared = sorted({*before, position} if is_done else set(before) - {position})
    if row.prepared != before:
        row.save(update_fields=["prepared"])
        verb = "did" if is_done else "opened"
        _record(row, "prepared", f"{verb} a step of preparing the {row}", before=before, after=row.prepared,
                is_internal=True)  # fmt: skip
    return row


def check_in_hold(*, check_in: CheckIn, decision: str, outcome: str, news: str = "", user: Any, today: date) -> CheckIn:
    """It was held: what was decided, what came out, and the figures as they are now."""
    row = _locked(check_in)
    after = next_state(states.CHECK_IN, row, "hold")
    if decision not in Decision.values:
        raise EngagementError("say who handles what was found")
    if not outcome.strip():
        raise EngagementError("say what came out")
    if max(len(outcome), len(news)) > LONGEST:
        raise EngagementError(f"each answer has at most {LONGEST} characters")
    before, row.state = row.state, after
    row.decision, row.outcome, row.news = Decision(decision), outcome.strip(), news.strip()
    row.found, row.held_on, row.held_by = figures_at(row, today).kept(), today, user
    row.save()
    after_refresh(engagement=row.engagement)
    _record(
        row, "held", f"held the {row}", before=before, after={"decision": decision, "outcome": outcome, **row.found}
    )
    return row


def check_ins_prepare(*, engagement_rows: Any, now: datetime, today: date) -> int:
    """Begin the preparation of what is due within two weeks, and tell its owner once; gives how many began."""
    begun = 0
    for row in engagement_rows.filter(state="planned", prepare_on__lte=today).select_related("engagement__client"):
        if not CheckIn.objects.filter(pk=row.pk, state="planned").update(state="preparing", told_at=now):
            continue
        row.refresh_from_db()
        begun += 1
        after_refresh(engagement=row.engagement)
        _record(row, "moved", f"began to prepare the {row}", before="planned", after="preparing", is_internal=True)
        if row.owner is not None and row.owner.user.is_active:
            _tell(row)
    return begun


def _tell(row: CheckIn) -> None:
    after_tell(
        engagement=row.engagement, people=[row.owner.user], key=f"check-in {row.pk}",
        page=f"check-ins/{row.pk}/",
        text=f"the {row} is on {row.due_on:%d %b %Y}. Prepare it now: {'; '.join(s[0].lower() + s[1:] for s in STEPS)}",
    )  # fmt: skip


def _locked(check_in: CheckIn) -> CheckIn:
    rows = CheckIn.objects.select_for_update(of=("self",)).select_related("engagement__client", "owner__user")
    found: CheckIn = rows.get(pk=check_in.pk)
    return found


def _record(
    row: CheckIn, action: str, text: str, *, before: Any = None, after: Any = None, is_internal: bool = False
) -> None:
    record_change(
        row.engagement, f"check_in.{action}", about="check_in", about_id=row.pk, text=text, before=before, after=after,
        is_internal=is_internal, details={"due_on": row.due_on, "days": row.days},
    )  # fmt: skip
