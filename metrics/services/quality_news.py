"""Telling people of findings: the owner of what is new and what is late, and after that whoever it is told further up to.

`news_tell(client=, monitors=, today=)`
"""

import datetime as dt
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from django.urls import reverse

from metrics.models import FindingState, QualityFinding, QualityMonitor
from metrics.selectors.quality import monitor_people
from portal.lib.money import money_text
from portal.notices.audience import consultants_of, members_in
from portal.notices.kinds import Kind
from portal.notices.services.raising import notice_add
from portal.tenancy.models import Client, ClientRole


def news_tell(*, client: Client, monitors: Iterable[QualityMonitor], today: dt.date) -> None:
    """What is new today, and each stage of a deadline once: passed, to the owner; passed for long, further up.

    A monitor's people hear of its deadlines at most once a day; what is left goes with the next look.
    """
    for monitor in monitors:
        rows = list(QualityFinding.objects.filter(monitor=monitor, state=FindingState.OPEN).order_by("pk"))
        new = [row for row in rows if row.opened_on == today and row.due_on >= today]
        if new:
            text = f"{found(client, monitor, new)} to be settled by {new[0].due_on:%-d %b %Y}"
            tell(client, monitor, owners(client, monitor), text, f"new {today}")
        if monitor.told_on == today:
            continue
        late = [row for row in rows if row.stage == 0 and row.due_on < today]
        up = dt.timedelta(days=monitor.escalate_days)
        later = [row for row in rows if row.stage == 1 and row.due_on + up < today]
        if late:
            text = f"{found(client, monitor, late)} past the deadline of {counted(monitor.days, 'day')}"
            tell(client, monitor, owners(client, monitor), text, f"late {today}")
        if later:
            who = monitor.owner.get_full_name() if monitor.owner else "nobody owns the monitor"
            text = f"{found(client, monitor, later)} {days_late(later, today)} past the deadline; owner: {who}"
            tell(client, monitor, further_up(client, monitor), text, f"up {today}")
        if late or later:
            QualityFinding.objects.filter(pk__in=[row.pk for row in late]).update(stage=1)
            QualityFinding.objects.filter(pk__in=[row.pk for row in later]).update(stage=2)
            QualityMonitor.objects.filter(pk=monitor.pk).update(told_on=today)


def unowned_tell(*, client: Client, monitors: list[QualityMonitor], name: str) -> None:
    """That monitors are nobody's since somebody owns them no more, with their open findings: to whoever hears of these now."""
    for monitor in monitors:
        open_now = QualityFinding.objects.filter(monitor=monitor, state=FindingState.OPEN).count()
        path = reverse("data_monitor", kwargs={"client_slug": client.slug, "code": monitor.code})
        notice_add(
            client=client, users=owners(client, monitor), kind=Kind.QUALITY, path=path, about=f"monitor {monitor.code}",
            text=f"{monitor.spec.title}: {name} owns it no more, and {counted(open_now, 'finding')} "
            f"{'is' if open_now == 1 else 'are'} open. You hear of its findings until somebody owns it",
        )  # fmt: skip


def days_late(rows: list[QualityFinding], today: dt.date) -> str:
    """For how long their deadlines have passed: looks may have stood still, so that it is not what the monitor says."""
    late = [(today - row.due_on).days for row in rows]
    return f"{'at least ' if min(late) != max(late) else ''}{counted(min(late), 'day')}"


def found(client: Client, monitor: QualityMonitor, rows: list[QualityFinding]) -> str:
    """How many findings of which monitor, and the largest ARR of one of them."""
    largest = max((row.arr for row in rows if row.arr is not None), default=None)
    money = ""
    if largest is not None and largest > Decimal(0):
        shown = f"{money_text(largest, client.currency, client.locale)} {client.currency}"
        money = f" ({shown} of ARR at stake)" if len(rows) == 1 else f" (the largest with {shown} of ARR)"
    return f"{monitor.spec.title}: {counted(len(rows), 'finding')}{money}"


def owners(client: Client, monitor: QualityMonitor) -> list[Any]:
    """Who answers for a monitor: its owner, else the client's RevOps, else the consultants who work on the client."""
    if is_here(client, monitor.owner):
        return [monitor.owner]
    return members_in(ClientRole.REVOPS) or consultants_of(client)


def is_here(client: Client, user: Any) -> bool:
    """Whether somebody is named who may still see the client's data."""
    return user is not None and user in monitor_people(client)


def further_up(client: Client, monitor: QualityMonitor) -> list[Any]:
    """Whom it is told when the owner has let a deadline pass for long: who is named, else the client's admins, else Finance."""
    if is_here(client, monitor.escalate_to):
        return [monitor.escalate_to]
    return members_in(ClientRole.ADMIN) or members_in(ClientRole.FINANCE)


def tell(client: Client, monitor: QualityMonitor, users: list[Any], text: str, key: str) -> None:
    """One notice that leads to the monitor."""
    path = reverse("data_monitor", kwargs={"client_slug": client.slug, "code": monitor.code})
    notice_add(
        client=client, users=users, kind=Kind.QUALITY, text=text, path=path, about=f"monitor {monitor.code}",
        key=f"quality {monitor.code} {key}",
    )  # fmt: skip


def counted(number: int, name: str) -> str:
    """So many of something."""
    return f"{number} {name}" if number == 1 else f"{number:,} {name}s"
