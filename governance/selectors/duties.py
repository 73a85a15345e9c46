"""What people take care of in governance: what is nobody's once they left. Runs in the client's scope.

`duties_held() -> list[Held]`
"""

from governance.models import (
    AuditFollowUp,
    BoardMember,
    ChangeRequest,
    DisputeState,
    FigureDispute,
    Metric,
    MetricStatus,
)
from governance.selectors.changes import IN_HAND
from portal.accounts.duties import Held, owned


def duties_held() -> list[Held]:
    """How many requests, disputes, follow-ups, metrics and seats each person has, in one query for each kind."""
    requests = ChangeRequest.objects.filter(state__in=IN_HAND)
    disputes = FigureDispute.objects.filter(state=DisputeState.INVESTIGATING)
    follow_ups = AuditFollowUp.objects.filter(done_at=None)
    return [
        Held("change request", "change requests", owned(requests, "owner")),
        Held("dispute", "disputes", owned(disputes, "owner")),
        Held("follow-up of an audit", "follow-ups of audits", owned(follow_ups, "owner")),
        Held("metric", "metrics", owned(Metric.objects.all(), "owner")),
        Held(
            "seat on the review board",
            "seats on the review board",
            owned(BoardMember.objects.filter(until=None), "user"),
        ),
    ]


def metrics_of_nobody() -> int:
    """How many metrics in use nobody answers for. One query."""
    return int(Metric.objects.filter(owner=None, status=MetricStatus.ACTIVE).count())
