"""What the firm was let into: the client's systems, as people say, and the portal itself, as it really is."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Max
from django.utils import timezone

from engagements.models import AccessPlan, CalendarFeed, Ending, Engagement, Kind, Participant, SystemAccess
from portal.accounts.models import ApiToken, MagicLink
from portal.accounts.selectors import client_consultants
from portal.tenancy.models import AuditEntry, Client, FirmMembership, FirmRole

ENDED = ("handed_over", "removed", "withdrawn")
KEEPERS = (FirmRole.ARCHITECT, FirmRole.ADMIN)


@dataclass(frozen=True)
class PortalAccess:
    """A way into the portal that the firm's people have. `kind` is consultant, token or link; `until`: it ends by itself."""

    kind: str
    pk: int
    who: str
    what: str
    since: datetime | None
    until: datetime | None = None
    user_id: int | None = None


@dataclass(frozen=True)
class Settled:
    """Whether the firm's access is settled for the end, and the sentence that says why."""

    holds: bool
    sentence: str


def access_list(engagement: Engagement) -> list[SystemAccess]:
    """The client's systems that the firm asked for, in the order of asking."""
    rows = SystemAccess.objects.filter(engagement=engagement)
    return list(rows.select_related("holder__user", "ended_by", "confirmed_by").order_by("pk"))


def plan_of(engagement: Engagement) -> AccessPlan | None:
    """What was decided about the end of the firm's access."""
    found: AccessPlan | None = AccessPlan.objects.filter(engagement=engagement).select_related("decided_by").first()
    return found


def portal_access(client: Client) -> list[PortalAccess]:
    """Every way in that the firm's people have now: assignments, living tokens, open links that they sent, and calendars."""
    now = timezone.now()
    staff = list(FirmMembership.objects.filter(firm_id=client.firm_id).values_list("user_id", flat=True))
    assigned = dict(
        AuditEntry.objects.filter(action="client.consultant_assigned")
        .values_list("object_id")
        .annotate(at=Max("at"))
        .order_by()
    )
    found = [
        PortalAccess("consultant", row.user.pk, row.name, f"Works on the client as {row.role_label.lower()}",
                     assigned.get(row.user.email), user_id=row.user.pk)
        for row in client_consultants(client)
    ]  # fmt: skip
    tokens = ApiToken.objects.select_related("user").filter(user__in=staff, revoked_at=None, expires_at__gt=now)
    found += [
        PortalAccess(
            "token", row.pk, row.user.get_full_name(), f"API token “{row.name}”", row.created_at, row.expires_at
        )
        for row in tokens.order_by("pk")
    ]
    links = MagicLink.objects.select_related("sent_by").filter(
        sent_by__in=staff, used_at=None, revoked_at=None, expires_at__gt=now
    )
    found += [
        PortalAccess("link", row.pk, row.sent_by.get_full_name() if row.sent_by else "", f"Mailed link to {row.email}",
                     row.created_at, row.expires_at)
        for row in links.order_by("pk")
    ]  # fmt: skip
    working = [each.user_id for each in found if each.kind == "consultant"]
    feeds = CalendarFeed.objects.select_related("user").filter(user__in=working).exclude(token_hash="")
    return found + [
        PortalAccess("calendar", row.pk, row.user.get_full_name(), "Address of their own calendar program", row.made_at)
        for row in feeds.order_by("pk")
    ]


def who_leaves(engagement: Engagement, plan: AccessPlan) -> list[Any]:
    """The consultants whose access ends with this plan: all but who keeps it, and who works on another open engagement."""
    kept = set(
        Participant.objects.filter(is_firm_staff=True, engagement__state__in=["active", "paused"])
        .exclude(engagement=engagement)
        .values_list("user_id", flat=True)
    )
    rows = client_consultants(engagement.client)
    if plan.ending == Ending.KEPT:
        kept |= {row.user.pk for row in rows if row.role in KEEPERS}
    return [row.user for row in rows if row.user.pk not in kept]


def access_settled(engagement: Engagement) -> Settled:
    """Every system is handed over, removed or withdrawn, or the plan says until when, or why, the firm keeps its access."""
    plan = plan_of(engagement)
    if plan is None:
        return Settled(False, "It is not decided what becomes of the firm's access at the end.")
    if plan.ending == Ending.KEPT and engagement.kind != Kind.DEDICATED:
        return Settled(False, "The firm keeps its access in a dedicated engagement alone.")
    rows = access_list(engagement)
    open_ones = [row for row in rows if row.state not in ENDED]
    if plan.ending == Ending.KEPT:
        return Settled(True, f"The architect keeps the access: {plan.reason.rstrip('.')}.")
    if plan.ending == Ending.ON_DAY and plan.ends_on is not None:
        more = f" {len(open_ones)} to be removed by then." if open_ones else ""
        return Settled(True, f"The firm's access ends on {plan.ends_on:%Y-%m-%d}.{more}")
    if open_ones:
        return Settled(False, f"Not handed over or removed: {', '.join(str(row) for row in open_ones)}.")
    if not rows:  # the decision stands, and what nobody wrote down is not said to have been handed over
        decided = f", as {plan.decided_by.get_full_name()} decided"
        return Settled(
            True,
            f"No access was noted in the client's systems; the firm's people leave the portal with the close{decided}.",
        )
    return Settled(True, "Every access is handed over or removed; the firm's people leave the portal with the close.")
