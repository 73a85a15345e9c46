"""Creating firms and clients, and saying who reaches them. Every change is audited in its own transaction."""

import secrets
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.text import slugify
from guardian.shortcuts import assign_perm, remove_perm

from portal.lib.currencies import reporting_fault
from portal.tenancy import audit
from portal.tenancy.models import Client, ClientRole, Firm, FirmMembership, FirmRole, Membership
from portal.tenancy.scope import person_context, tenant_context
from portal.tenancy.selectors import is_staff_of

SLUG_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # none that is read as another
STAFF_APART = "{email} works for the client's firm, and whoever does is none of the client's own people"
# What must hold before a client's own settings change: TenancyError. Named at start-up by who depends on them.
BEFORE_SETTINGS: Final[list[Callable[[Client, Mapping[str, Any]], None]]] = []


class TenancyError(ValueError):
    """A rule about firms, clients or people was broken; the message is for the person who tried."""


def firm_create(*, slug: str, name: str) -> Firm:
    """A new firm. TenancyError when the slug is taken or malformed."""
    with transaction.atomic():
        firm = Firm(slug=slug, name=name)
        _validated(firm)
        firm.save()
        audit.record_for_firm(firm, "firm.created", object_type="firm", object_id=slug, after={"name": name})
    return firm


def client_create(*, firm: Firm, slug: str, name: str, currency: str, **settings: Any) -> Client:
    """A new client of a firm, with the reporting currency it is to be measured in.

    Raises TenancyError when the slug is taken anywhere on the installation, a value is malformed, or nobody pays in the
    currency.
    """
    _require_currency(currency)
    client = Client(firm=firm, slug=slug, name=name, currency=currency, **settings)
    _validated(client)
    with transaction.atomic():
        try:
            client.save()
        except IntegrityError as error:
            raise TenancyError(f"the client '{slug}' exists already") from error
        after = {"name": name, "currency": currency}
        audit.record_for_firm(firm, "client.created", object_type="client", object_id=slug, after=after, details=after)
    with tenant_context(client):
        audit.record("client.created", object_type="client", object_id=slug, after=after, details=after)
    return client


def client_open(*, firm: Firm, name: str, currency: str, opened_by: Any, **settings: Any) -> Client:
    """A new client under a slug of its own, its opener assigned to it; opens the client's scope itself."""
    client = client_create(firm=firm, slug=fresh_slug(name), name=name, currency=currency, **settings)
    with tenant_context(client):
        consultant_assign(client=client, user=opened_by)
    return client


def next_close(close_day: int | None, time_zone: str, now: datetime) -> datetime | None:
    """When the next month is closed by itself: at six in the morning of that day, where the client is."""
    if close_day is None:
        return None
    local = now.astimezone(ZoneInfo(time_zone))
    due = local.replace(day=close_day, hour=6, minute=0, second=0, microsecond=0)
    if due <= local:
        due = (due.replace(day=1) + timedelta(days=32)).replace(day=close_day)
    return due


def client_update(*, client: Client, **changes: Any) -> Client:
    """Change a client's own settings; runs in the client's scope. TenancyError too for what `BEFORE_SETTINGS` forbids."""
    for require in BEFORE_SETTINGS:
        require(client, changes)
    if not changes:
        return client
    if {"close_day", "time_zone"} & changes.keys():
        day, zone = changes.get("close_day", client.close_day), changes.get("time_zone", client.time_zone)
        changes["next_close_at"] = next_close(day, zone, timezone.now())
    if "currency" in changes:
        _require_currency(changes["currency"])
    before = {name: getattr(client, name) for name in changes}
    for name, value in changes.items():
        setattr(client, name, value)
    _validated(client)
    client.save(update_fields=list(changes))
    audit.record(
        "client.updated",
        object_type="client",
        object_id=client.slug,
        before=before,
        after=changes,
        details={name: [before[name], value] for name, value in changes.items() if before[name] != value},
    )
    return client


def firm_member_add(*, firm: Firm, user: Any, role: str) -> FirmMembership:
    """Make a person a consultant of the firm; they reach no client yet.

    TenancyError for one of the people of the firm's clients: nobody stands on both sides.
    """
    if role not in FirmRole.values:
        raise TenancyError(f"'{role}' is no role of a firm")
    with transaction.atomic():
        with person_context(user.pk):
            if own := Membership.of_person.select_related("client").filter(user=user, client__firm=firm).first():
                raise TenancyError(f"{user.email} is one of the people of {own.client}: end that first")
        member, created = FirmMembership.objects.get_or_create(firm=firm, user=user, defaults={"role": role})
        before = None if created else member.role
        if member.role != role:
            member.role = role
            member.save(update_fields=["role"])
        audit.record_for_firm(
            firm,
            "firm.member_added" if created else "firm.member_role_changed",
            object_type="user",
            object_id=user.email,
            before=before,
            after=role,
            details={"role": [before, role]},
        )
    return member


def consultant_assign(*, client: Client, user: Any) -> None:
    """Let a consultant of the client's firm work on the client. TenancyError for anyone else."""
    if not is_staff_of(client, user):
        raise TenancyError("only people of the client's own firm can be assigned to it")
    assign_perm("tenancy.work_on_client", user, client)
    _record_assignment(user, "client.consultant_assigned", after=True)


def consultant_unassign(*, client: Client, user: Any) -> None:
    """Take a consultant off the client; their next request is a 404."""
    remove_perm("tenancy.work_on_client", user, client)
    _record_assignment(user, "client.consultant_unassigned", after=False)


def member_add(*, client: Client, user: Any, role: str) -> Membership:
    """Make a person one of the client's people; runs in the client's scope. TenancyError for staff of the client's firm."""
    if role not in ClientRole.values:
        raise TenancyError(f"'{role}' is no role of a client")
    if is_staff_of(client, user):
        raise TenancyError(STAFF_APART.format(email=user.email))
    member, created = Membership.with_invited.get_or_create(client=client, user=user, defaults={"role": role})
    before = None if created else member.role
    if member.role != role or member.accepted_at is None:
        member.role, member.accepted_at = role, member.accepted_at or timezone.now()
        member.save(update_fields=["role", "accepted_at"])
    audit.record(
        "member.added" if created else "member.role_changed",
        object_type="user",
        object_id=user.email,
        before=before,
        after=role,
        details={"role": [before, role]},
    )
    return member


def member_invite(*, client: Client, user: Any, name: str = "") -> Membership:
    """Ask a person to be a stakeholder of the client in scope; they reach nothing before `member_accept`.

    TenancyError for staff of the client's firm. Whoever is a member or invited already stays what they are.
    """
    if is_staff_of(client, user):
        raise TenancyError(STAFF_APART.format(email=user.email))
    member: Membership
    member, created = Membership.with_invited.get_or_create(
        client=client, user=user,
        defaults={"role": ClientRole.STAKEHOLDER, "accepted_at": None, "invited_name": name.strip()[:150]},
    )  # fmt: skip
    if created:
        audit.record(
            "member.invited", object_type="user", object_id=user.email, after=member.role, details={"role": member.role}
        )
    return member


def member_accept(*, member: Membership) -> None:
    """An invited stakeholder agrees, by using a link that was mailed to them. Nothing for whoever did before."""
    if Membership.with_invited.filter(pk=member.pk, accepted_at=None).update(accepted_at=timezone.now()):
        audit.record(
            "member.accepted", object_type="user", object_id=member.user.email, after=member.role,
            details={"role": member.role},
        )  # fmt: skip


def member_remove(*, client: Client, member: Membership) -> None:
    """End a person's membership; their next request to this client is a 404. The last admin stays."""
    admins = Membership.objects.filter(role=ClientRole.ADMIN)
    if member.role == ClientRole.ADMIN and admins.count() == 1:
        raise TenancyError("this is the client's only admin: name another one first")
    email, role = member.user.email, member.role
    member.delete()
    audit.record("member.removed", object_type="user", object_id=email, before=role, details={"role": role})


def fresh_slug(name: str) -> str:
    """A slug for a client that nobody has yet. It always ends in chance, so that it says nothing of other firms' clients."""
    base = slugify(name)[:50] or "client"
    while True:
        slug = f"{base}-{''.join(secrets.choice(SLUG_LETTERS) for _ in range(4))}"
        if not Client.objects.filter(slug=slug).exists():
            return slug


def _record_assignment(user: Any, action: str, *, after: bool) -> None:
    audit.record(
        action, object_type="user", object_id=user.email, before={"assigned": not after}, after={"assigned": after},
        details={"email": user.email},
    )  # fmt: skip


def _require_currency(code: str) -> None:
    if fault := reporting_fault(code):
        raise TenancyError(f"currency: {fault}")


def _validated(row: Any) -> None:
    try:
        row.full_clean(validate_constraints=True)
    except ValidationError as error:
        faults = "; ".join(f"{field}: {' '.join(reasons)}" for field, reasons in error.message_dict.items())
        raise TenancyError(faults) from error
