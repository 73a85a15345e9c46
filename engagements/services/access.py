"""Access to the client's systems: asked for, granted, and in the end handed over or removed. A secret is never kept here."""

from datetime import date, datetime
from typing import Any

from django.utils import timezone

from engagements import states
from engagements.models import AccessPlan, Ending, Engagement, Kind, SystemAccess
from engagements.selectors.access import who_leaves
from engagements.services.changes import record_change
from engagements.services.moves import next_state, require_open, said
from engagements.services.problems import EngagementError, IllegalMove
from portal.accounts.services.people import consultant_leave
from portal.lib.secret_text import secret_in

TEXTS = ("system", "role", "granted_by", "kept_at", "note")
FIELDS = (*TEXTS, "system_kind", "kind", "holder", "requested_on", "granted_on")
PATH = "access/"
NO_SECRETS = (
    "{field}: {why}. Secrets are not kept here: put it into your password manager and say where it is, "
    "for example “vault Northwind, entry CRM”"
)


def access_request(*, engagement: Engagement, **told: Any) -> SystemAccess:
    """Note an access that the firm asks for. EngagementError where a text looks like a secret."""
    require_open(engagement)
    row = SystemAccess(engagement=engagement, **told)
    _check(row)
    row.save()
    record_change(
        engagement, "access.requested", about="access", about_id=row.pk, path=PATH, text=f"asked for access to {row}",
        after=_kept(row),
    )  # fmt: skip
    return row


def access_update(*, access: SystemAccess, changes: dict[str, Any]) -> SystemAccess:
    """Change what is noted about an access."""
    require_open(access.engagement)
    # As it stands now, and nothing but its texts and dates: a step that somebody else took meanwhile stays taken.
    access = SystemAccess.objects.select_for_update(of=("self",)).select_related("engagement__client").get(pk=access.pk)
    before = _kept(access)
    for name, value in changes.items():
        if name in FIELDS:
            setattr(access, name, value)
    _check(access)
    access.save(update_fields=[*FIELDS])
    if (after := _kept(access)) != before:
        record_change(
            access.engagement, "access.updated", about="access", about_id=access.pk, path=PATH,
            text=f"changed what is noted of access to {access}", before=before, after=after,
            details={"fields": sorted(name for name in after if after[name] != before[name])},
        )  # fmt: skip
    return access


def access_step(
    *,
    access: SystemAccess,
    step: str,
    user: Any,
    is_firm_staff: bool,
    granted_by: str = "",
    now: datetime | None = None,
) -> SystemAccess:
    """Take a step with an access. What the client's own people say is confirmed by that; what the firm says waits for them.

    Removing what is still open is also possible once the engagement is archived: access ends later than the project.
    """
    row: SystemAccess = SystemAccess.objects.select_for_update().select_related("engagement__client").get(pk=access.pk)
    if step not in {"remove", "hand_over"}:
        require_open(row.engagement)
    after, moment = next_state(states.ACCESS, row, step), now or timezone.now()
    before, row.state = row.state, after
    if step == "grant":
        row.granted_on = row.granted_on or moment.date()
        row.granted_by = granted_by[:150] or row.granted_by
        _check(row)
    else:
        row.ended_at, row.ended_by = moment, user
        row.confirmed_at, row.confirmed_by = (None, None) if is_firm_staff else (moment, user)
    row.save()
    record_change(
        row.engagement, "access.moved", about="access", about_id=row.pk, path=PATH, before=before, after=after,
        text=f"noted that access to {row} is {said(after)}", details={"step": step},
    )  # fmt: skip
    return row


def access_confirm(*, access: SystemAccess, user: Any, now: datetime | None = None) -> SystemAccess:
    """One of the client's people confirms what the firm said: handed over, or removed."""
    row: SystemAccess = SystemAccess.objects.select_for_update().select_related("engagement__client").get(pk=access.pk)
    if row.state not in {"handed_over", "removed"}:
        raise IllegalMove(f"access to {row} is {said(row.state)}: there is nothing to confirm yet")
    if row.confirmed_at is not None:
        return row
    row.confirmed_at, row.confirmed_by = now or timezone.now(), user
    row.save(update_fields=["confirmed_at", "confirmed_by"])
    record_change(
        row.engagement, "access.confirmed", about="access", about_id=row.pk, path=PATH, after=row.state,
        text=f"confirmed that access to {row} is {said(row.state)}",
    )  # fmt: skip
    return row


def access_plan(
    *, engagement: Engagement, ending: str, ends_on: date | None = None, reason: str = "", user: Any, today: date
) -> AccessPlan:
    """Decide what becomes of the firm's access. A single project's ends; in a dedicated engagement the architect may keep it.

    EngagementError where the day or the reason is missing, or the type of engagement does not allow it.
    """
    require_open(engagement)
    if ending == Ending.KEPT:
        if engagement.kind != Kind.DEDICATED:
            raise EngagementError(
                "after a single project the firm's access ends: at the close, or on a day that you name"
            )
        if not reason.strip():
            raise EngagementError("say why the architect keeps the access")
    if ending == Ending.ON_DAY and (ends_on is None or ends_on <= today):
        raise EngagementError("say on which later day the access ends")
    values = {
        "ending": Ending(ending), "ends_on": ends_on if ending == Ending.ON_DAY else None, "reason": reason.strip()[:600],
        "decided_by": user, "done_at": None,
    }  # fmt: skip
    if why := secret_in(reason):
        raise EngagementError(NO_SECRETS.format(field="Reason", why=why))
    plan, _ = AccessPlan.objects.update_or_create(
        client_id=engagement.client_id, engagement=engagement, defaults=values
    )
    after = {"ending": plan.ending, "ends_on": plan.ends_on, "reason": plan.reason}
    record_change(
        engagement, "access.planned", about="engagement", about_id=engagement.pk, path=PATH, after=after, details=after,
        text=f"decided on the firm's access: {plan.get_ending_display().lower()}",
    )  # fmt: skip
    found: AccessPlan = plan
    return found


def firm_access_end(*, engagement: Engagement, plan: AccessPlan, now: datetime) -> list[Any]:
    """End the portal access of whoever leaves by the plan; gives them. Each is in the client's log. Once."""
    if not AccessPlan.objects.filter(pk=plan.pk, done_at=None).update(done_at=now):
        return []
    leaving = who_leaves(engagement, plan)
    for user in leaving:
        consultant_leave(client=engagement.client, user=user)
    if leaving:
        names = ", ".join(user.get_full_name() for user in leaving)
        record_change(
            engagement, "access.ended", about="engagement", about_id=engagement.pk, path=PATH,
            before=[user.email for user in leaving], text=f"ended the access of {names} to the portal",
        )  # fmt: skip
    return leaving


def _check(row: SystemAccess) -> None:
    for name in TEXTS:
        if why := secret_in(getattr(row, name)):
            label = {"kept_at": "Where the secret is kept"}.get(name, name.replace("_", " ").capitalize())
            raise EngagementError(NO_SECRETS.format(field=label, why=why))
    if row.holder is not None and row.holder.engagement_id != row.engagement_id:
        raise EngagementError("whoever holds it is not on this engagement")
    if row.granted_on is not None and row.granted_on < row.requested_on:
        raise EngagementError("it was granted before it was asked for")


def _kept(row: SystemAccess) -> dict[str, str]:
    return {name: str(getattr(row, name)) for name in FIELDS}
