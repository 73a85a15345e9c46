"""Reading the audit log of the client in scope."""

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib.auth import get_user_model

from portal.tenancy.audit import is_withheld
from portal.tenancy.models import AuditEntry, Client

PAGE = 50
LOOK_BACK = 2000
LONGEST = 120
WITHHELD = [("what", "internal to the firm")]
FAMILIES = {
    "board": "Review board", "board_review": "Quarterly review", "change": "Change request", "check_in": "Check-in",
    "mfa": "Second factor", "quality": "Data quality", "quarter_audit": "Contract audit", "samples": "Sample contracts",
    "sso": "Company sign-in", "token": "API token",
}  # fmt: skip
CODED = {
    "decision",
    "ending",
    "fact",
    "fields",
    "from",
    "kind",
    "monitor",
    "outcome",
    "result",
    "state",
    "status",
    "step",
    "to",
}  # labels of the product's own codes; under any other label a value with underscores is somebody's word
CODE = re.compile(r"[a-z]+(?:_[a-z0-9]+)+")
CHANGES = ("updated", "changed", "added")  # actions whose details are pairs: what it was, what it became


@dataclass(frozen=True)
class LogFilter:
    """What of the log to show; blank means everything. Days are days where the client is."""

    family: str = ""
    actor: str = ""
    about: str = ""
    first_day: date | None = None
    last_day: date | None = None
    before: int | None = None


@dataclass(frozen=True)
class LogLine:
    """An entry, and its details in words."""

    entry: AuditEntry
    said: list[tuple[str, str]]
    who: str
    did: str

    @property
    def about(self) -> str:
        """What it was done to: "Check-in 2", "Metrics"."""
        what, which = self.entry.object_type, self.entry.object_id
        return f"{family_words(what)} {code_words(which) if what in CODED else which}".strip()


@dataclass(frozen=True)
class LogPage:
    """Lines from the newest to the oldest, and the sequence from which the next page goes on."""

    lines: list[LogLine]
    older_than: int | None


def audit_list(client: Client, shown: LogFilter, *, is_firm_staff: bool) -> LogPage:
    """One page of the log of the client in scope, newest first; pages are cut by sequence, so that none is lost or doubled.

    Of what is internal to the firm, the client's people see that it was done, by whom and when.
    """
    rows = AuditEntry.objects.order_by("-sequence")
    zone = ZoneInfo(client.time_zone)
    if shown.family:
        rows = rows.filter(action__startswith=f"{shown.family}.")
    if shown.actor:
        rows = rows.filter(actor__icontains=shown.actor)
    if shown.about:
        rows = rows.filter(object_id__icontains=shown.about)
    if shown.first_day:
        rows = rows.filter(at__gte=datetime.combine(shown.first_day, time(), zone))
    if shown.last_day:
        rows = rows.filter(at__lt=datetime.combine(shown.last_day + timedelta(days=1), time(), zone))
    if shown.before:
        rows = rows.filter(sequence__lt=shown.before)
    entries = list(rows[: PAGE + 1])
    older_than = entries[PAGE - 1].sequence if len(entries) > PAGE else None
    users = get_user_model().objects.filter(pk__in={entry.actor_id for entry in entries if entry.actor_id})
    names = {user.pk: user.get_full_name() for user in users}
    lines = [
        LogLine(
            entry, WITHHELD if is_withheld(entry, is_firm_staff=is_firm_staff) else details_said(entry),
            names.get(entry.actor_id or 0) or entry.actor, action_words(entry.action),
        )
        for entry in entries[:PAGE]
    ]  # fmt: skip
    return LogPage(lines, older_than)


def audit_families() -> list[tuple[str, str]]:
    """The kinds of event that happened lately, for the filter: each with its words."""
    recent = AuditEntry.objects.order_by("-sequence").values_list("action", flat=True)[:LOOK_BACK]
    families = {action.partition(".")[0] for action in recent}
    return sorted(((family, family_words(family)) for family in families), key=lambda each: each[1])


def family_words(family: str) -> str:
    """A kind of event as people call it."""
    return FAMILIES.get(family, family.replace("_", " ").capitalize())


def action_words(action: str) -> str:
    """What was done, as words: "Change request: to review"."""
    family, _, act = action.partition(".")
    return f"{family_words(family)}: {act.replace('_', ' ')}" if act else family_words(family)


def details_said(entry: AuditEntry) -> list[tuple[str, str]]:
    """The details of an entry as labels and words: a change as "before → after", nothing as a dash."""
    is_change = entry.action.endswith(CHANGES)
    return [(label.replace("_", " "), _words(value, is_change, label)) for label, value in entry.details.items()]


def code_words(text: str) -> str:
    """A code of the product as words: "stale rates"; any other text as it is."""
    return text.replace("_", " ") if CODE.fullmatch(text) else text


def _words(value: Any, is_change: bool, label: str) -> str:
    if isinstance(value, dict):
        return " ".join(f"{name.replace('_', ' ')} {_words(part, is_change, name)}" for name, part in value.items())
    if isinstance(value, list):
        if any(isinstance(part, dict) for part in value):
            return "; ".join(_words(part, is_change, label) for part in value)
        joint = " → " if is_change and len(value) == 2 else ", "
        return joint.join(_words(part, False, label) for part in value)
    if value is None or value == "":
        return "–"
    text = ("yes" if value else "no") if isinstance(value, bool) else str(value)
    text = code_words(text) if label in CODED else text
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"
