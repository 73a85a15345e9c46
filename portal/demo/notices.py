"""The notifications of the demonstration: what happened before it was loaded is read, a few of each person are not."""

from portal.notices.kinds import Kind
from portal.notices.models import Notice
from portal.tenancy.clock import database_time

UNREAD = 4


def notices_settle() -> None:
    """Of everybody at the client in scope, leave the newest few and every mention unread; nothing of it is mailed any more."""
    now = database_time()
    Notice.objects.filter(mailing=None).update(mail_at=None)
    kept: list[int] = []
    for user_id in Notice.objects.order_by().values_list("user_id", flat=True).distinct():
        own = Notice.objects.filter(user_id=user_id).order_by("-id")
        kept += own.exclude(kind=Kind.MONTH).values_list("pk", flat=True)[:UNREAD]
        kept += own.filter(kind=Kind.MENTIONED).values_list("pk", flat=True)
    Notice.objects.exclude(pk__in=kept).update(read_at=now)
