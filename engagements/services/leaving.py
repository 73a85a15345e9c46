"""What becomes of the work of a participant who reaches the client no more: it is nobody's, until somebody takes it over.

`work_leave(client, person)` · `gone_leave(client)`

Both run in the client's scope. Open tasks, homework, risks, components and check-ins are let go of, each in the feed and the
log of its engagement, and whoever of the firm still works on it is told once. What is done stays theirs, and so does their
place on the engagement.
"""

from collections import Counter
from typing import Any

from django.contrib.auth import get_user_model

from engagements.models import Participant
from engagements.selectors.duties import WORK, OfPeople
from engagements.services.changes import record_change
from engagements.services.telling import left_tell
from portal.notices.audience import consultants_of, people_who
from portal.tenancy.models import Client
from portal.tenancy.permissions import VIEW_CLIENT


def work_leave(client: Client, person: Any) -> None:
    """Let what a participant has open be handed on, unless they still reach the client."""
    reaching = people_who(client, VIEW_CLIENT)
    if person in reaching:
        return
    for participant in Participant.objects.filter(user=person).select_related("engagement__client", "user"):
        left: Counter[OfPeople] = Counter()
        for kind in WORK:
            for row in kind.rows().filter(owner=participant).select_for_update(of=("self",)).order_by("pk"):
                let_go(participant, kind, row)
                left[kind] += 1
        if left:
            engagement = participant.engagement
            of_firm = Participant.objects.filter(engagement=engagement, is_firm_staff=True).select_related("user")
            staff = [each.user for each in of_firm if each.user in reaching] or consultants_of(client)
            named = ", ".join(kind.counted(count) for kind, count in left.items())
            left_tell(engagement=engagement, users=staff, who=person.get_full_name(), named=named)


def let_go(participant: Participant, kind: OfPeople, row: Any) -> None:
    """One piece of work without its owner."""
    engagement, user = participant.engagement, participant.user
    row.owner = None
    row.save(update_fields=["owner"])
    record_change(
        engagement, f"{kind.about}.owner_left", about=kind.about, about_id=row.pk, path=kind.path(row),
        text=f"left {kind.one} {kind.title(row)} to whoever takes it over: {user.get_full_name()} is gone",
        before=user.email, after="", is_internal=kind.is_internal(row),
    )  # fmt: skip


def gone_leave(client: Client) -> None:
    """The same for every owner who reaches the client no more, however they went."""
    owners = {user for kind in WORK for user in kind.rows().values_list("owner__user", flat=True) if user}
    gone = owners - {user.pk for user in people_who(client, VIEW_CLIENT)}
    for person in get_user_model().objects.filter(pk__in=gone).order_by("pk"):
        work_leave(client, person)
