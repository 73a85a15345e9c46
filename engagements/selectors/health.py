"""Health of an engagement: green, amber or red, computed from plan, gates, hours and data, with every reason."""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal

from django.db.models import Count, Q, Sum

from engagements.models import (
    Engagement,
    GateDecision,
    MaintenanceCheck,
    Milestone,
    RefinementTrigger,
    Risk,
    Task,
    TimeEntry,
)
from engagements.selectors.maintenance import late_checks
from metrics.selectors.reconciliation_checks import variance_within_tolerance
from portal.lib.hours import hours_text
from portal.lib.periods import month_format

GREEN, AMBER, RED = "green", "amber", "red"
UNPLANNED = "unplanned"  # what lists show where there is nothing yet that could be late
ORDER = (GREEN, AMBER, RED)
MANY_LATE, VERY_LATE = 3, timedelta(days=14)
NEARLY_SPENT, WELL_ADVANCED = Decimal("0.85"), Decimal("0.70")
RECENT = timedelta(days=14)
PLANNED_WITHIN = timedelta(days=7)
IS_UNPLANNED = Q(owner=None, due_on=None, starts_on=None, state="todo")


@dataclass(frozen=True)
class Reason:
    """Why the health is not green; an internal one is the firm's alone."""

    level: str
    sentence: str
    page: str
    is_internal: bool = False
    plain: str = ""  # the sentence for whoever may not see figures, where it holds any


@dataclass(frozen=True)
class Health:
    """The worst of the reasons."""

    level: str
    reasons: tuple[Reason, ...]

    def for_client(self) -> "Health":
        """The same, without what is the firm's alone."""
        return worst_of([reason for reason in self.reasons if not reason.is_internal])

    def without_figures(self) -> "Health":
        """The same for whoever may not see figures."""
        return worst_of([replace(reason, sentence=reason.plain or reason.sentence) for reason in self.reasons])


@dataclass(frozen=True)
class HoursSpent:
    """Hours budgeted and logged; the budget is None where the playbook gives none."""

    budget: Decimal | None
    logged: Decimal

    @property
    def share(self) -> Decimal | None:
        return (self.logged / self.budget).quantize(Decimal("0.0001")) if self.budget else None


def worst_of(reasons: list[Reason]) -> Health:
    """The health that these reasons give."""
    level = max((reason.level for reason in reasons), key=ORDER.index, default=GREEN)
    return Health(level, tuple(sorted(reasons, key=lambda reason: -ORDER.index(reason.level))))


def health_get(engagement: Engagement, today: date, hours: HoursSpent) -> Health:
    """The health on a day. What has ended has none: only the maintenance that goes on after a close is still looked at."""
    if not engagement.is_open:
        return worst_of(upkeep_reasons(engagement, today) if engagement.is_maintained else [])
    reasons = [
        *unplanned_reasons(engagement, today),
        *plan_reasons(engagement, today),
        *gate_reasons(engagement, today),
        *hours_reasons(engagement, hours),
        *data_reasons(engagement),
        *upkeep_reasons(engagement, today),
    ]
    return worst_of(reasons)


def hours_spent(engagement: Engagement) -> HoursSpent:
    """The budget (of the milestones, else the tasks' estimates) and the time logged, in hours."""
    budget = Milestone.objects.filter(engagement=engagement).aggregate(Sum("budget"))["budget__sum"]
    if budget is None:
        tasks = Task.objects.filter(engagement=engagement).exclude(state="dropped")
        budget = tasks.aggregate(Sum("hours_high"))["hours_high__sum"]
    minutes = TimeEntry.objects.filter(engagement=engagement).aggregate(Sum("minutes"))["minutes__sum"] or 0
    return HoursSpent(budget, (Decimal(minutes) / 60).quantize(Decimal("0.01")))


def days_text(days: int) -> str:
    """`1 day`, `3 days`."""
    return f"{days} day{'' if days == 1 else 's'}"


@dataclass(frozen=True)
class Unplanned:
    """Tasks of an engagement in which none has an owner or a date: all of them, and those that the client sees."""

    every: int = 0
    shown: int = 0


def unplanned_get(engagement: Engagement) -> Unplanned:
    """What nobody has planned; nothing as soon as one task has an owner, a date, or was begun."""
    rows = Task.objects.filter(engagement=engagement).exclude(state="dropped")
    found = rows.aggregate(
        every=Count("pk"),
        shown=Count("pk", filter=Q(is_client_visible=True)),
        planned=Count("pk", filter=~IS_UNPLANNED),
    )
    return Unplanned() if found["planned"] else Unplanned(found["every"], found["shown"])


def unplanned_reasons(engagement: Engagement, today: date) -> list[Reason]:
    """That a week after the beginning nothing is planned: where nothing has a date nothing is late, which is not on track."""
    if is_just_begun(engagement, today):
        return []
    found = unplanned_get(engagement)
    if not found.every:
        return []
    sentence = f"Nothing is planned yet: {unplanned_text(found.shown or found.every)}"
    return [Reason(AMBER, sentence, "plan/", is_internal=not found.shown)]


def is_just_begun(engagement: Engagement, today: date) -> bool:
    """Whether its first week is not over, in which planning takes place."""
    return today < engagement.starts_on + PLANNED_WITHIN


def level_shown(engagement: Engagement, level: str, today: date) -> str:
    """A level as lists show it: in the first week of a plan that nobody has made yet, UNPLANNED instead of green."""
    is_new = level == GREEN and is_just_begun(engagement, today)
    return UNPLANNED if is_new and unplanned_get(engagement).shown else level


def unplanned_text(count: int) -> str:
    """How many tasks nobody has planned, in words."""
    return f"{'1 task has' if count == 1 else f'{count} tasks have'} no owner and no date."


def plan_reasons(engagement: Engagement, today: date) -> list[Reason]:
    """Late tasks, a passed end, and work that is blocked; tasks that the client does not see are counted apart."""
    rows = Task.objects.filter(Q(due_on__lt=today) | Q(state="blocked"), engagement=engagement)
    open_ones = list(rows.exclude(state__in=["done", "dropped"]).order_by("pk"))
    reasons = task_reasons([task for task in open_ones if task.is_client_visible], today)
    if engagement.ends_on and engagement.ends_on < today:
        reasons.append(Reason(RED, "The planned end has passed.", "card/"))
    return reasons + task_reasons([task for task in open_ones if not task.is_client_visible], today, is_internal=True)


def task_reasons(tasks: list[Task], today: date, *, is_internal: bool = False) -> list[Reason]:
    """How many of some open tasks are late, and how many are blocked."""
    noun = "internal task" if is_internal else "task"
    days = [today - task.due_on for task in tasks if task.due_on is not None and task.due_on < today]
    reasons = []
    if days:
        level = RED if len(days) >= MANY_LATE or max(days) > VERY_LATE else AMBER
        number = f"1 {noun} is" if len(days) == 1 else f"{len(days)} {noun}s are"
        sentence = f"{number} late, the oldest by {days_text(max(days).days)}."
        reasons.append(Reason(level, sentence, "plan/", is_internal))
    if blocked := sum(task.state == "blocked" for task in tasks):
        reasons.append(Reason(AMBER, f"{blocked} blocked {noun}{'s' * (blocked != 1)}.", "plan/", is_internal))
    return reasons


def gate_reasons(engagement: Engagement, today: date) -> list[Reason]:
    """Blockers, critical issues and gates that were looped back or opened against their criteria."""
    reasons = []
    for risk in Risk.objects.filter(engagement=engagement).exclude(state="closed"):
        if risk.kind == "blocker" or (risk.severity == "critical" and risk.kind == "issue"):
            reasons.append(Reason(RED, f"{risk.get_kind_display()}: {risk.title}.", "risks/", risk.is_internal))
        elif risk.severity == "critical" and risk.state == "open":
            reasons.append(Reason(AMBER, f"Critical risk: {risk.title}.", "risks/", risk.is_internal))
    newest = GateDecision.objects.filter(engagement=engagement).select_related("gate").order_by("gate_id", "-pk")
    for decision in newest.distinct("gate_id"):
        if decision.kind == "back" and decision.at.date() > today - RECENT:
            reasons.append(Reason(AMBER, f"{decision.gate} was looped back.", f"gates/{decision.gate_id}/"))
        elif decision.kind == "overridden":
            reasons.append(
                Reason(AMBER, f"{decision.gate} was opened against its criteria.", f"gates/{decision.gate_id}/")
            )
    return reasons


def hours_reasons(engagement: Engagement, hours: HoursSpent) -> list[Reason]:
    """More hours than budgeted, or nearly all of them with much left to do."""
    share = hours.share
    if share is None:
        return []
    if share > 1:
        return [Reason(RED, f"{hours_text(hours.logged)} logged of {hours_text(hours.budget)}.", "plan/", True)]
    tasks = Task.objects.filter(engagement=engagement).exclude(state="dropped")
    total, done = tasks.count(), tasks.filter(state="done").count()
    if share >= NEARLY_SPENT and total and Decimal(done) / total < WELL_ADVANCED:
        sentence = (
            f"{hours_text(hours.logged)} of {hours_text(hours.budget)} are spent with {done} of {total} tasks done."
        )
        return [Reason(AMBER, sentence, "plan/", True)]
    return []


def data_reasons(engagement: Engagement) -> list[Reason]:
    """Sources that disagree for a closed month."""
    check = variance_within_tolerance(engagement.client)
    if check.month is None or check.holds or check.variance is None:
        return []
    plain = f"The decided sources do not agree within the tolerance at the end of {month_format(check.month)}."
    return [Reason(AMBER, check.sentence, "", plain=plain)]


def upkeep_reasons(engagement: Engagement, today: date) -> list[Reason]:
    """Maintenance that is late, red flags that nobody has solved, and reasons to engage again that nobody has settled."""
    reasons = []
    days = [today - check.due_on for check in late_checks(engagement, today)]
    if days:
        number = "1 maintenance check is" if len(days) == 1 else f"{len(days)} maintenance checks are"
        level = RED if max(days) > VERY_LATE else AMBER
        reasons.append(Reason(level, f"{number} late, the oldest by {days_text(max(days).days)}.", "maintenance/"))
    flags = MaintenanceCheck.objects.filter(engagement=engagement, state="red_flag").order_by("due_on", "pk")
    reasons += [Reason(AMBER, f"Red flag: {check}.", f"maintenance/{check.pk}/") for check in flags[:MANY_LATE]]
    open_ones = RefinementTrigger.objects.filter(engagement=engagement, state="open").order_by("pk")
    reasons += [
        Reason(AMBER, f"{row}: {row.text}", "maintenance/#triggers", plain=f"{row}." if row.is_of_figures else "")
        for row in open_ones[:MANY_LATE]
    ]
    return reasons
