"""Where hypercare stands: the playbook's rule on the engagement's dates and the client's closed months. Reads only."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from engagements.models import Engagement, Meeting
from engagements.playbook.figures import figure_of, weeks_of
from engagements.playbook.support import FirstClose, HypercareNow, HypercareRule, hypercare_now
from metrics.models import MonthClose
from metrics.selectors.policies import policy_in_force
from metrics.selectors.reconciliation import reconciliation_get
from portal.lib.periods import month_format, month_of
from portal.tenancy.clock import day_at

OFFICE_HOUR = "office-hour"


@dataclass(frozen=True)
class HypercarePanel:
    """What the pages show of it: the state, the playbook's words, and the office hours."""

    now: HypercareNow
    covers: str
    steps: tuple[str, ...]
    focus: tuple[str, ...]
    first_month: int | None
    variance: Decimal | None
    office_hours: tuple[Meeting, ...]

    @property
    def first_month_key(self) -> str:
        return month_format(self.first_month) if self.first_month is not None else ""

    @property
    def has_slot(self) -> bool:
        return any(meeting.starts_at for meeting in self.office_hours)


def rule_of(engagement: Engagement) -> HypercareRule | None:
    """The rule by which hypercare ends; None where the playbook has none."""
    told = engagement.content.get("hypercare") or {}
    weeks = weeks_of(told.get("weeks", ""))
    if weeks is None:
        return None
    return HypercareRule(weeks[0], figure_of(told.get("extend_above", "")), int(told.get("extend_weeks", 0)))


def subphase_of(engagement: Engagement) -> str:
    """The sub-phase in whose phase hypercare begins."""
    return str((engagement.content.get("hypercare") or {}).get("subphase", ""))


def first_close(engagement: Engagement) -> FirstClose | None:
    """The first month end since hypercare began that is closed: as it was decided on, else as the numbers are now."""
    kept = engagement.hypercare_first
    if kept:
        return FirstClose(kept["month"], date.fromisoformat(kept["closed_on"]), Decimal(kept["variance"]))
    begins = engagement.hypercare_from
    if begins is None:
        return None
    recognition = policy_in_force(engagement.client).recognition
    closes = MonthClose.objects.filter(recognition=recognition, month__gte=month_of(begins))
    close = closes.order_by("month", "revision").first()
    if close is None:
        return None
    closed_on = day_at(engagement.client, close.closed_at)
    found = reconciliation_get(engagement.client, close.month)
    reason = found.reason.sentence if found.reason else "the base source has no ARR at that month end"
    return FirstClose(close.month, closed_on, found.variance, "" if found.variance is not None else reason)


def hypercare_of(engagement: Engagement, today: date) -> HypercareNow | None:
    """Where hypercare stands on a day; None where it has not begun, or the playbook has none."""
    rule, begins = rule_of(engagement), engagement.hypercare_from
    if rule is None or begins is None:
        return None
    return hypercare_now(rule, begins, first_close(engagement), today, engagement.hypercare_until)


def office_hours(engagement: Engagement) -> list[Meeting]:
    """The office hours in their order."""
    return list(Meeting.objects.filter(engagement=engagement, key=OFFICE_HOUR).order_by("pk"))


def hypercare_panel(engagement: Engagement, today: date) -> HypercarePanel | None:
    """What the pages show of hypercare."""
    now = hypercare_of(engagement, today)
    if now is None:
        return None
    told = engagement.content.get("hypercare") or {}
    first = first_close(engagement)
    return HypercarePanel(
        now, told.get("covers", ""), tuple(told.get("steps", ())), tuple(told.get("focus", ())),
        first.month if first else None, first.variance if first else None, tuple(office_hours(engagement)),
    )  # fmt: skip
