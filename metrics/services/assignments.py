"""Which team and territory a representative belongs to; every change is audited, and nothing that was said is lost.

- `assignment_add(client=, rep=, kind=, group=, first=, until=None, moves=False, user=None) -> RepAssignment`
- `assignment_end(assignment=, until=) -> RepAssignment`
- `assignment_correct(assignment=, reason=, group=, first=, until=None, user=None) -> RepAssignment`
- `assignment_withdraw(assignment=, reason=, user=None) -> RepAssignment`

Months are ordinals; `until` is the first month without the assignment, None: it goes on.
"""

from typing import Any, Final

from django.db import connection, transaction
from django.utils import timezone

from metrics.engine.lines import NO_VALUE
from metrics.engine.teams import NOT_ASSIGNED
from metrics.models import AssignmentKind, RepAssignment
from portal.lib.periods import month_format, month_parse
from portal.tenancy import audit
from portal.tenancy.models import Client

LOCK_SPACE: Final = 0x7465616D  # "team": the first half of the key of the advisory lock, a client's id is the other
LONGEST_REP: Final = 200
LONGEST_GROUP: Final = 80
LONGEST_REASON: Final = 400
MOST: Final = 10_000  # of a client, with those that were set aside: every one of them stays, and stands on one page
EARLIEST, LATEST = month_parse("1900-01"), month_parse("2199-12")


class AssignmentProblem(ValueError):
    """The request cannot be carried out; the message says why and what to do. Nothing was changed."""


class AssignmentConflict(AssignmentProblem):
    """What stands does not allow it."""


@transaction.atomic  # whoever handles a refusal finds nothing changed
def assignment_add(
    *,
    client: Client,
    rep: str,
    kind: str,
    group: str,
    first: int,
    until: int | None = None,
    moves: bool = False,
    user: Any = None,
) -> RepAssignment:
    """From the month `first` on the representative belongs to the team or territory.

    With `moves`, the assignment that goes on in that month ends there first. Raises AssignmentProblem for names or months that
    make no sense, AssignmentConflict where another assignment of the kind has one of the months.
    """
    rep, group = rep.strip(), group.strip()
    require_names(rep, group)
    require_months(first, until)
    turn_take(client)
    if RepAssignment.objects.count() >= MOST:
        raise AssignmentConflict(f"There are {MOST:,} assignments already, which is all that there is room for.")
    if moves:
        former = standing(rep, kind).filter(first_month__lt=first, until_month=None).first()
        if former is not None:
            ended(former, first)
    require_free(rep, kind, first, until)
    row = RepAssignment.objects.create(
        client=client,
        rep=rep,
        kind=AssignmentKind(kind),
        group=group,
        first_month=first,
        until_month=until,
        created_by=user,
    )
    record("assignment.added", row, None, told(row))
    return row


def assignment_end(*, assignment: RepAssignment, until: int) -> RepAssignment:
    """The assignment ends before the month `until`; AssignmentConflict where it has ended already or was set aside."""
    row = locked(assignment)
    if row.until_month is not None:
        raise AssignmentConflict(
            f"It ended before {month_format(row.until_month)} already: correct it if that is wrong."
        )
    require_months(row.first_month, until)
    return ended(row, until)


@transaction.atomic
def assignment_correct(
    *,
    assignment: RepAssignment,
    reason: str,
    group: str,
    first: int,
    until: int | None = None,
    user: Any = None,
) -> RepAssignment:
    """The assignment was wrong: it is set aside with the reason, and another stands in its place.

    Raises as `assignment_add`, and AssignmentProblem without a reason or a difference.
    """
    row = locked(assignment)
    if (group.strip(), first, until) == (row.group, row.first_month, row.until_month):
        raise AssignmentProblem("Nothing differs from what stands: change what was wrong.")
    set_aside(row, reason, user)
    return assignment_add(
        client=row.client, rep=row.rep, kind=row.kind, group=group, first=first, until=until, user=user
    )


def assignment_withdraw(*, assignment: RepAssignment, reason: str, user: Any = None) -> RepAssignment:
    """The assignment never held: it is set aside with the reason, and nothing stands in its place."""
    row = locked(assignment)
    set_aside(row, reason, user)
    return row


def set_aside(row: RepAssignment, reason: str, user: Any) -> None:
    """Keep a wrong assignment with the reason; it no longer counts."""
    reason = reason.strip()
    if not reason or len(reason) > LONGEST_REASON:
        raise AssignmentProblem(f"Say in 1 to {LONGEST_REASON} characters why it was wrong.")
    before = told(row)
    row.withdrawn_because, row.withdrawn_by, row.withdrawn_at = reason, user, timezone.now()
    row.save(update_fields=["withdrawn_because", "withdrawn_by", "withdrawn_at"])
    record("assignment.withdrawn", row, before, None, reason=reason)


def ended(row: RepAssignment, until: int) -> RepAssignment:
    """Write down the end."""
    before = told(row)
    row.until_month = until
    row.save(update_fields=["until_month"])
    record("assignment.ended", row, before, told(row))
    return row


def turn_take(client: Client) -> None:
    """Wait until nobody else changes this client's assignments; the turn ends with the transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [LOCK_SPACE, client.pk % 2**31])


def locked(assignment: RepAssignment) -> RepAssignment:
    """The assignment as it stands now, in our turn; AssignmentConflict where it was set aside."""
    turn_take(assignment.client)
    row: RepAssignment = RepAssignment.objects.get(pk=assignment.pk)
    if row.withdrawn_at is not None:
        raise AssignmentConflict("It was set aside as wrong already: it no longer counts.")
    return row


def standing(rep: str, kind: str) -> Any:
    """What stands of one representative and kind, oldest first."""
    return RepAssignment.objects.filter(rep=rep, kind=kind, withdrawn_at=None).order_by("first_month")


def require_names(rep: str, group: str) -> None:
    """Raise AssignmentProblem for names that nobody can have."""
    for what, name, longest in (("representative", rep, LONGEST_REP), ("team or territory", group, LONGEST_GROUP)):
        if not name or len(name) > longest or not name.isprintable():
            raise AssignmentProblem(f"The name of the {what} has 1 to {longest} printable characters.")
    if rep == NO_VALUE:
        raise AssignmentProblem(f"{NO_VALUE} is where lines without a representative stand: it cannot be assigned.")
    if group.casefold() == NOT_ASSIGNED.casefold():
        raise AssignmentProblem(f"“{NOT_ASSIGNED}” is where whoever has none stands: choose another name.")


def require_months(first: int, until: int | None) -> None:
    """Raise AssignmentProblem for months outside the calendar or in the wrong order."""
    if not EARLIEST <= first <= LATEST or (until is not None and not EARLIEST <= until <= LATEST):
        raise AssignmentProblem("Months lie between 1900-01 and 2199-12.")
    if until is not None and until <= first:
        raise AssignmentProblem("It ends before the month that is named: choose a month after the first.")


def require_free(rep: str, kind: str, first: int, until: int | None) -> None:
    """Raise AssignmentConflict where another assignment of the representative and kind has one of the months."""
    for other in standing(rep, kind):
        begins_before_end = until is None or other.first_month < until
        if begins_before_end and (other.until_month is None or first < other.until_month):
            raise AssignmentConflict(f"{rep} belongs to {other.group} {span(other)}: end or correct that first.")


def span(row: RepAssignment) -> str:
    """The months of an assignment in words."""
    begin = f"from {month_format(row.first_month)}"
    return f"{begin} on" if row.until_month is None else f"{begin} until before {month_format(row.until_month)}"


def told(row: RepAssignment) -> dict[str, str]:
    """An assignment as the log keeps it."""
    until = "" if row.until_month is None else month_format(row.until_month)
    return {
        "rep": row.rep,
        "kind": str(row.kind),
        "group": row.group,
        "from": month_format(row.first_month),
        "until": until,
    }


def record(
    action: str, row: RepAssignment, before: dict[str, str] | None, after: dict[str, str] | None, **more: str
) -> None:
    """The audit entry of a change."""
    audit.record(
        action,
        object_type="assignment",
        object_id=row.pk,
        before=before,
        after=after,
        details=told(row) | more,
    )
