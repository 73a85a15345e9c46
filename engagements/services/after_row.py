"""The one row about an ended engagement that the firm's list of follow-ups reads; written inside the client's scope."""

from engagements.models import AfterCare, CheckIn, Debrief, Ending, Engagement
from engagements.selectors.access import plan_of


def after_refresh(*, engagement: Engagement) -> AfterCare:
    """Write down what the firm's list shows of an ended engagement; what it offers stays as it is."""
    rows = CheckIn.objects.filter(engagement=engagement, state__in=["planned", "preparing"]).select_related(
        "owner__user"
    )
    coming = rows.order_by("due_on").first()
    plan = plan_of(engagement)
    debrief = Debrief.objects.filter(engagement=engagement).first()
    is_on_day = plan is not None and plan.ending == Ending.ON_DAY and plan.done_at is None
    fields = {
        "firm_id": engagement.client.firm_id,
        "name": engagement.name,
        "kind": engagement.kind,
        "playbook_key": engagement.playbook_key,
        "closed_on": engagement.closed_at.date() if engagement.closed_at else None,
        "check_in": str(coming) if coming else "",
        "check_in_on": coming.due_on if coming else None,
        "prepare_on": coming.prepare_on if coming else None,
        "owner": str(coming.owner or "") if coming else "",
        "access_until": plan.ends_on if plan is not None and is_on_day else None,
        "learnings": debrief.learnings if debrief else "",
    }
    row, _ = AfterCare.objects.update_or_create(client_id=engagement.client_id, engagement=engagement, defaults=fields)
    found: AfterCare = row
    return found
