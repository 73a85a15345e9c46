"""What an approved request was approved to do, and what it does now. Runs in the client's scope.

`effect_get(request) -> ChangeEffect | None` · `approved_figure(request) -> Measured` · `measure(client, request, month)` ·
`lines_changed(since) -> int` · `approval_fault(request) -> str` · `approved_preview(request)` ·
`versions_approved() -> list[Approval]` · `receipts_of(request)` · `unread_words(request) -> str`
"""

import datetime as dt
from dataclasses import dataclass
from typing import Any, Final

from governance.board_words import joined
from governance.change_content import content_digest
from governance.change_impact import Impact
from governance.models import (
    Board,
    ChangeEffect,
    ChangeEvent,
    ChangeKind,
    ChangePreview,
    ChangeReceipt,
    ChangeRequest,
    ChangeVote,
    PreviewState,
    VoteDecision,
)
from metrics.engine.month_end import MonthEnd
from metrics.models import ContractLine, LineChange
from metrics.selectors.closes import ending_reported
from metrics.selectors.month_ends import MonthEnds
from metrics.selectors.policies import policy_in_force
from portal.lib.dates import date_text, month_text
from portal.notices.audience import people_who
from portal.tenancy.clock import day_at
from portal.tenancy.permissions import VIEW_CHANGES

NOT_AS_APPROVED: Final = "what was approved is not what is there: it goes back to whoever asked for it"


@dataclass(frozen=True)
class Measured:
    """ARR at a month end before and after a change, in cents; None where it moves no money or cannot be valued.

    `reported_of` is the recognition of the book of which `before` was reported; empty: both are of the contracts of now.
    """

    month: int | None
    before: int | None
    after: int | None
    reported_of: str = ""

    @property
    def cents(self) -> int | None:
        return None if self.before is None or self.after is None else self.after - self.before


@dataclass(frozen=True)
class Approval:
    """A version of the policy that holds by a request: nobody signs it, the board's votes are what it stands on."""

    effect: ChangeEffect
    said: str  # who said yes, as the log of the request keeps it
    by: str  # who took the step; the last who voted, where the board did
    at: dt.datetime

    @property
    def sentence(self) -> str:
        """By which request and whose yes it holds."""
        request, since = self.effect.request, month_text(self.effect.request.from_month or 0)
        how = f"closed months from {since} on restated" if request.is_restating else f"from {since} on"
        said = self.said or f"by {self.by}"
        return f"{request} “{request.title}”, {how}, approved {date_text(day_at(request.client, self.at))}: {said.rstrip('.')}."


def versions_approved(number: int | None = None) -> list[Approval]:
    """The versions of the policy that came into force by a request (one of them: that of `number`), the newest first."""
    effects = ChangeEffect.objects.filter(policy_version__isnull=False).select_related(
        "request__client", "policy_version"
    )
    if number is not None:
        effects = effects.filter(policy_version__number=number)
    found = list(effects.order_by("-policy_version__number"))
    steps = ChangeEvent.objects.filter(request__in=[each.request_id for each in found], step="approve")
    events = {event.request_id: event for event in steps.select_related("by").order_by("id")} if found else {}
    return [
        Approval(each, event.text, event.by.get_full_name() if event.by else "Tieout", event.at)
        for each in found if (event := events.get(each.request_id)) is not None
    ]  # fmt: skip


def effect_get(request: ChangeRequest) -> ChangeEffect | None:
    """What became of a request that was scheduled."""
    rows = ChangeEffect.objects.select_related(
        "request", "policy_version", "metric_version__metric", "scheduled_by", "accepted_by"
    )
    found: ChangeEffect | None = rows.filter(request=request).first()
    return found


def receipts_of(request: ChangeRequest) -> list[ChangeReceipt]:
    """Who has to know of it, and who has opened it."""
    return list(ChangeReceipt.objects.filter(request=request).select_related("user").order_by("id"))


def receipts_waiting(request: ChangeRequest) -> list[ChangeReceipt]:
    """Who has to know of it, has not opened it, and still can: nobody waits for whoever left the client."""
    unread = [receipt for receipt in receipts_of(request) if receipt.read_at is None]
    here = set(people_who(request.client, VIEW_CHANGES)) if unread else set()
    return [receipt for receipt in unread if receipt.user in here]


def unread_words(request: ChangeRequest) -> str:
    """Who has to know of a change that is in force and has not opened it yet; empty where everybody has."""
    names = [receipt.user.get_full_name() for receipt in receipts_waiting(request)]
    return f"{joined(names)} {'has' if len(names) == 1 else 'have'} not read of it" if names else ""


def approved_figure(request: ChangeRequest) -> Measured:
    """What the board was shown that a policy change does to ARR: in the first month for which it holds; while that has not
    ended, or where the step is what it was decided by, in the month before, with which it begins; where it restates, in the
    month of these that it moves most: of a closed one against what was reported, where that is what it was decided by.
    """
    preview = approved_preview(request)
    result = preview.result if preview is not None else None
    if not result or not result.get("book"):
        return Measured(None, None, None)
    impact = Impact(result)
    month, row = impact.months[-1], impact.restated_row
    if row is not None and impact.size is not None and impact.size.is_restated:
        book = row.get("recognition") or impact.own_recognition
        return Measured(row["month"], row["reported"], row["restated"], book)
    if request.is_restating and impact.effect is not None and impact.effect[1]:
        month = impact.effect[0]
    elif not request.is_restating and request.from_month is not None:
        first = request.from_month - 1 if impact.size is not None and impact.size.is_step else request.from_month
        known = [each for each in (first, request.from_month, request.from_month - 1) if each in impact.months]
        month = (known or [month])[0]
    return Measured(month, impact.cents("before", "ending", month), impact.cents("after", "ending", month))


def measure(client: Any, request: ChangeRequest, month: int | None, reported_of: str = "") -> Measured:
    """What the request does to ARR at a month end on the contracts of now, before it takes effect: against the policy in force,
    or against what was reported of a closed month, of the book `reported_of`.
    """
    if request.kind != ChangeKind.POLICY or month is None:
        return Measured(month, None, None)
    policy, ends = policy_in_force(client), MonthEnds.of(client)
    asked = policy.with_(**request.content["parameters"])
    if reported_of:
        reported = ending_reported(reported_of, month)
        after = total_of(ends.at(asked.with_(recognition=reported_of), month))
        return Measured(month, None if reported is None else int(reported.scaleb(2)), after, reported_of)
    return Measured(month, total_of(ends.at(policy, month)), total_of(ends.at(asked, month)))


def total_of(end: object) -> int | None:
    """ARR at a month end in cents; None where it cannot be valued."""
    return end.total if isinstance(end, MonthEnd) else None


def lines_changed(since: dt.datetime) -> int:
    """How many contract lines were added, changed, removed or returned since an instant."""
    changed = set(LineChange.objects.filter(at__gt=since).order_by().values_list("source_id", "line_id").distinct())
    added = ContractLine.objects.filter(first_import__finished_at__gt=since).values_list("source_id", "line_id")
    return len(changed | set(added))


def approval_fault(request: ChangeRequest) -> str:
    """Why a request is not approved exactly as it stands; empty where it is.

    The approval is the newest step to `approved`, bound to the sha256 of what the request said then; what it says now, computed
    anew, has to be the same, and so has the content that its preview was computed of.
    """
    step = ChangeEvent.objects.filter(request=request, step="approve").order_by("-id").first()
    now = content_digest(request)
    if step is None or request.decided_at is None:
        return "nobody has approved it"
    if not step.content_sha256 == request.content_sha256 == now:
        return NOT_AS_APPROVED
    preview = approved_preview(request)
    if preview is None or preview.content_sha256 != now:
        return "no vote of the board, and no consequence, stands on what it says now"
    return ""


def approved_preview(request: ChangeRequest) -> ChangePreview | None:
    """The consequence that was approved: the one that the standing votes are bound to; of a client that had no board yet, the
    request's own. None where no vote stands on what the request says now.
    """
    votes = ChangeVote.objects.filter(
        request=request, voided_at=None, decision=VoteDecision.YES, content_sha256=request.content_sha256
    )
    vote = votes.order_by("-id").first()
    if vote is None:
        has_board = Board.objects.filter(started_at__lte=request.decided_at).exists()
        return None if has_board else request.preview
    done = ChangePreview.objects.filter(request=request, sha256=vote.preview_sha256, state=PreviewState.DONE)
    found: ChangePreview | None = done.order_by("-id").first()
    return found
