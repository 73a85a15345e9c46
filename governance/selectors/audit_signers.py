"""Who may sign an audit, and what became of its quarter after it was signed. Runs in the client's scope.

`signers_left(boxes) -> list[str]` — the people of Finance who are none of these mailboxes · `restated_after(client, view)`
"""

from collections.abc import Collection
from dataclasses import dataclass

from governance.selectors.quarter_audits import AuditView
from metrics.causes import Cause, causes_of
from metrics.models import MonthClose
from portal.accounts.same_person import mailbox_of
from portal.lib.periods import month_format
from portal.notices.audience import members_in
from portal.tenancy.models import Client, ClientRole


@dataclass(frozen=True)
class RestatedAfter:
    """A month of an audited quarter that was restated after the audit was signed, and by which decision, where it was one."""

    close: MonthClose
    cause: Cause | None

    @property
    def key(self) -> str:
        """The month as addresses write it."""
        return month_format(self.close.month)


def signers_left(boxes: Collection[str]) -> list[str]:
    """The names of those of the client's Finance who took no part under any account, and so may sign."""
    people = members_in(ClientRole.FINANCE)
    return [user.get_full_name() for user in people if user.is_active and mailbox_of(user.email) not in boxes]


def restated_after(client: Client, view: AuditView) -> list[RestatedAfter]:
    """The months of a signed audit that were restated since, each by its newest revision; nothing while it is not signed."""
    if view.signature is None:
        return []
    months = (view.audit.first_month, view.audit.last_month)
    rows = MonthClose.objects.filter(month__range=months, revision__gt=1, closed_at__gt=view.signature.signed_at)
    newest = {row.month: row for row in rows.order_by("month", "revision", "id")}
    causes = causes_of(client, (), list(newest.values())).closes
    return [RestatedAfter(row, causes.get(row.pk)) for row in newest.values()]
