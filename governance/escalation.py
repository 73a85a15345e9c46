"""Who hears of what waits too long: the escalation path of the governance handbook. Runs in the client's scope.

`escalation_chapter(client) -> Chapter`
"""

import datetime as dt
from typing import Final

from governance.chapters import Chapter, chapter, counted
from governance.services.news import ESCALATED_WITH, EVERY, FIRST_AFTER
from governance.services.reviews import WITHIN
from metrics.models import QualityMonitor
from metrics.quality_monitors import BY_CODE
from metrics.selectors.quality import monitor_people
from portal.tenancy.models import Client

Rows = list[tuple[str, str]]


def days(length: dt.timedelta) -> str:
    """A length in days, in words."""
    return counted(length.days, "day")


ASKED: Final[Rows] = [
    (
        "An answer or a signature",
        (
            f"Whoever is asked hears again after {days(FIRST_AFTER)}, then every {days(EVERY)}; with reminder "
            f"{ESCALATED_WITH}, whoever asked is told."
        ),
    ),
]
CHANGES: Final[Rows] = [
    (
        "A change request that nobody has taken in hand",
        "Whoever takes requests in hand, when it is handed in and each time it comes back.",
    ),
    ("A request before the board", "Each member who may vote on it, when it comes before the board."),
    (
        "A decision that one person took alone",
        (
            f"Finance, RevOps and the board at once; the board again after {days(FIRST_AFTER)} and every {days(EVERY)} until "
            f"it has looked at it, which is due within {days(WITHIN)}."
        ),
    ),
    (
        "An approved change that cannot take effect",
        (
            "Whoever owns the request and whoever scheduled it, with what it waits for; a member of the board who neither "
            "asked for it nor wrote it may let another effect than the approved one pass."
        ),
    ),
    (
        "A change in force",
        (
            "Everybody whose numbers move, at once; it is closed when whoever asked for it, who owns it, and the owners of the "
            "metrics that it moves have read of it."
        ),
    ),
]
OVERSIGHT: Final[Rows] = [
    ("An audit that is due", "Finance and RevOps, every week until its sample is drawn."),
    ("An audit that is drawn", "The auditor every week, once it is checked Finance; past its day the admins."),
    ("A follow-up of an audit", "Its owner on the day and every week; once it is late whoever raised it too."),
    (
        "A disputed figure",
        "Finance, RevOps and the metric's owner at once, and every week while nobody settles it.",
    ),
    (
        "A metric beyond its alert threshold",
        "Its owner, if they see its figure, else RevOps, once for each month in which it is.",
    ),
    ("A file that was not loaded", "Whoever sent it; the consultants, where a program did."),
]


def escalation_chapter(client: Client) -> Chapter:
    """What may wait, who hears of it, and who hears next when they let it wait."""
    return chapter(
        "escalation", "What happens when something waits",
        columns=("What waits", "Who hears of it"),
        rows=[*ASKED, *CHANGES, *OVERSIGHT, *monitor_rows(client)],
    )  # fmt: skip


def monitor_rows(client: Client) -> Rows:
    """Each monitor of data quality: whose its findings are, for how long, and whom they go to after that."""
    present = {user.pk for user in monitor_people(client)}
    monitors = {row.code: row for row in QualityMonitor.objects.select_related("owner", "escalate_to")}
    rows = []
    for code, spec in BY_CODE.items():
        row = monitors.get(code)
        owner, above = (getattr(row, name, None) for name in ("owner", "escalate_to"))
        first = owner.get_full_name() if owner and owner.pk in present else "RevOps (nobody owns it)"
        then = above.get_full_name() if above and above.pk in present else "the client's admins"
        open_days, more = (row.days, row.escalate_days) if row else (spec.days, spec.escalate_days)
        rows.append((
            f"Data quality: {spec.title}",
            f"{first}, at once and when {counted(open_days, 'day')} have passed; {counted(more, 'day')} after that {then}.",
        ))  # fmt: skip
    return rows
