"""Computing what a change request would do, in a job with progress.

`preview_start(request=, user=) -> ChangePreview` · `preview_run(client=, preview_id=) -> ChangePreview | None` ·
`previews_finish(client=) -> list[int]`

At least once and idempotent: of two jobs on one preview one works (a lock that dies with its connection), and what is done is
never changed. Progress is written beside the job's transaction, so that the page sees it. What cannot be computed ends as
failed, with a sentence that says what is missing; an error of ours says so and is logged.
"""

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from django.db import connection
from django.utils import timezone

from governance.change_impact import Impact, ImpactFault
from governance.change_impact_customers import customers_keep
from governance.models import ChangePreview, ChangeRequest, ChangeState, PreviewState
from governance.selectors.change_impact import impact_of
from governance.selectors.change_previews import figures_stamp, preview_standing
from governance.selectors.changes import DECIDED
from governance.services.change_progress import ProgressReport
from governance.services.change_states import change_lock
from governance.services.news import DUE
from governance.services.signoff_states import TransitionError
from governance.services.vote_voids import votes_outdate
from metrics.engine.policy import PolicyError
from portal.tenancy import audit
from portal.tenancy.clock import database_time
from portal.tenancy.dispatch import earlier_run
from portal.tenancy.jobs import enqueue
from portal.tenancy.models import Client
from portal.tenancy.scope import tenant_context

PREVIEW_JOB: Final = "governance.tasks.change_preview"
LOST_AFTER: Final = dt.timedelta(minutes=5)
GIVEN_UP_AFTER: Final = dt.timedelta(hours=1)
LOCK_SPACE: Final = 0x707265  # "pre": the first half of the key of the advisory locks of previews
BROKE_OFF: Final = (
    "The computation broke off because of an error in Tieout. Nothing was changed. Try again, or tell your consultant."
)
DIED: Final = "The computation broke off again and again. Nothing was changed. Tell your consultant."


def preview_start(*, request: ChangeRequest, user: Any) -> ChangePreview:
    """Have the impact of a request computed; the one under way, or still current, is given back instead of a second one.

    TransitionError for a request that is decided: it keeps what was voted on.
    """
    locked = change_lock(request)
    if locked.state in DECIDED:
        raise TransitionError("this request is decided: its impact stays as it was shown")
    standing = preview_standing(locked)
    if standing is not None:
        return standing
    stamp = figures_stamp(locked.client, locked)
    found: ChangePreview | None = ChangePreview.objects.filter(
        request=locked, state=PreviewState.WORKING, content_sha256=locked.content_sha256, stamp=stamp
    ).first()
    if found is None:
        found = ChangePreview.objects.create(
            client=locked.client, request=locked, content_sha256=locked.content_sha256, stamp=stamp,
            step="Waiting for its turn", at=database_time(),
        )  # fmt: skip
        details = {"number": locked.number, "content": locked.content_sha256}
        audit.record(
            "change.preview_started", object_type="change request", object_id=locked, after=locked.content_sha256,
            details=details,
        )  # fmt: skip
    enqueue(PREVIEW_JOB, locked.client, found.pk)
    earlier_run(client=locked.client, column=DUE, at=timezone.now() + LOST_AFTER)
    return found


def preview_run(*, client: Client, preview_id: int) -> ChangePreview | None:
    """Compute a preview and keep it; None where nothing is to be done: done already, or another job is at it.

    Opens its own scopes. Raises what went wrong, after the preview was marked as failed; an ImpactFault is an answer, no error.
    """
    try:
        with ProgressReport(client, preview_id) as tell, tenant_context(client), preview_held(preview_id) as is_mine:
            found = working(preview_id) if is_mine else None
            return None if found is None else compute(client, found, tell)
    except Exception:
        with tenant_context(client):
            failed = working(preview_id)
            if failed is not None:
                fail(failed, BROKE_OFF)
        raise


def working(preview_id: int) -> ChangePreview | None:
    """The preview, if it is still to be computed."""
    rows = ChangePreview.objects.select_related("request__client", "request__metric")
    found: ChangePreview | None = rows.filter(pk=preview_id, state=PreviewState.WORKING).first()
    return found


@contextmanager
def preview_held(preview_id: int) -> Iterator[bool]:
    """Hold a preview until the transaction ends; yields False where another job does."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s, %s)", [LOCK_SPACE, preview_id % 2**31])
        (taken,) = cursor.fetchone()
    yield bool(taken)


def compute(client: Client, preview: ChangePreview, tell: ProgressReport) -> ChangePreview:
    """Compute, and keep the result or the reason why there is none."""
    # Before anything is read: what is written meanwhile outdates the preview instead of being missed.
    preview.stamp, preview.content_sha256 = figures_stamp(client, preview.request), preview.request.content_sha256
    try:
        impact = impact_of(client, preview.request, tell)
    except (ImpactFault, PolicyError) as fault:
        return fail(preview, str(fault))
    return keep(preview, impact)


def keep(preview: ChangePreview, impact: Impact) -> ChangePreview:
    """Write a result, and make it the request's preview unless its content has changed, or it was decided, meanwhile."""
    preview.result, preview.sha256 = impact.content, impact.sha256
    if (size := impact.size) is not None:
        preview.effect_month, preview.effect_cents = size.month, size.cents
        preview.effect_is_step, preview.effect_is_restated = size.is_step, size.is_restated
        preview.effect_book = size.book
    preview.state = PreviewState.DONE
    preview.progress, preview.step, preview.message, preview.at = 100, "", "", database_time()
    preview.save()
    customers_keep(preview, impact.customers)
    rows = ChangeRequest.objects.filter(pk=preview.request_id, content_sha256=preview.content_sha256)
    rows = rows.exclude(state__in=DECIDED)
    rows.update(preview=preview)
    before_the_board = rows.select_related("client").filter(state__in=(ChangeState.REVIEW, ChangeState.IMPACT))
    votes_outdate(before_the_board.first(), preview.sha256)
    said = {"sha256": preview.sha256, "effect_cents": preview.effect_cents, "content": preview.content_sha256}
    audit.record(
        "change.previewed", object_type="change request", object_id=preview.request, after=preview.sha256, details=said
    )
    return preview


def fail(preview: ChangePreview, message: str) -> ChangePreview:
    """Say why there is no result."""
    preview.state, preview.message, preview.step, preview.progress = PreviewState.FAILED, message[:400], "", 0
    preview.at = database_time()
    preview.save()
    audit.record(
        "change.preview_failed", object_type="change request", object_id=preview.request, details={"message": message}
    )
    return preview


def previews_finish(*, client: Client) -> list[int]:
    """Compute what waits although its message was lost or its worker died; gives up on one that has waited for an hour.

    Opens its own scopes. At-least-once and idempotent: one that another job is at is left to it.
    """
    now = timezone.now()
    with tenant_context(client):
        waiting = ChangePreview.objects.filter(state=PreviewState.WORKING).order_by("id")
        rows = list(waiting.values_list("pk", "at"))
    done = []
    for preview_id, at in rows:
        if at > now - LOST_AFTER:
            earlier_run(client=client, column=DUE, at=now + LOST_AFTER)
        elif at < now - GIVEN_UP_AFTER:
            with tenant_context(client), preview_held(preview_id) as is_mine:
                lost = working(preview_id) if is_mine else None
                if lost is not None:
                    fail(lost, DIED)
        elif preview_run(client=client, preview_id=preview_id) is not None:
            done.append(preview_id)
    return done
