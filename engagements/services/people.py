"""Who is on an engagement, in which role and for which function of the client."""

from typing import Any

from engagements.models import Engagement, Function, MeetingItem, Participant, Risk, Task
from engagements.services.changes import record_change
from engagements.services.moves import require_open
from engagements.services.problems import EngagementError


def participant_add(
    *, engagement: Engagement, user: Any, is_firm_staff: bool, project_role: str, function: str = ""
) -> Participant:
    """Put a person who reaches the client on the engagement, or change their role on it."""
    require_open(engagement)
    if not is_firm_staff and function not in Function.values:
        raise EngagementError("say which function of the client the person belongs to")
    values = {
        "is_firm_staff": is_firm_staff,
        "project_role": project_role,
        "function": "" if is_firm_staff else function,
    }
    before = Participant.objects.filter(engagement=engagement, user=user).values(*values).first()
    row, _ = Participant.objects.update_or_create(
        client_id=engagement.client_id, engagement=engagement, user=user, defaults=values
    )
    record_change(
        engagement, "participant.set", about="participant", about_id=user.email, path="people/",
        text=f"has {user.get_full_name()} on the engagement as {project_role}", before=before, after=values,
    )  # fmt: skip
    found: Participant = row
    return found


def participant_remove(*, participant: Participant) -> None:
    """Take a person off the engagement. EngagementError while work is theirs: hand it on first."""
    engagement = participant.engagement
    require_open(engagement)
    theirs = [
        f"{count} {name}"
        for name, count in (
            ("tasks", Task.objects.filter(owner=participant).exclude(state__in=["done", "dropped"]).count()),
            ("homework", MeetingItem.objects.filter(owner=participant, done_at=None).count()),
            ("risks", Risk.objects.filter(owner=participant).exclude(state="closed").count()),
        )
        if count
    ]
    if theirs:
        raise EngagementError(f"hand on first what is theirs: {', '.join(theirs)}")
    if (
        MeetingItem.objects.filter(owner=participant).exists()
        or Risk.objects.filter(owner=participant).exists()
        or Task.objects.filter(owner=participant).exists()
    ):
        raise EngagementError("what they did stays theirs: they stay on the engagement")
    email, name = participant.user.email, participant.user.get_full_name()
    participant.delete()
    record_change(
        engagement, "participant.removed", about="participant", about_id=email, path="people/",
        text=f"took {name} off the engagement", before=email,
    )  # fmt: skip
