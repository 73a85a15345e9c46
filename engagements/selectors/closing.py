"""What has to hold before an engagement is closed, and what the firm wrote down about it. In the client's scope."""

from dataclasses import dataclass
from datetime import date

from engagements.models import Debrief, Engagement, Gate, GateCriterion, Phase, TimeEntry
from engagements.playbook.terms import COMPUTED_CHECKS
from engagements.selectors.criteria import CHECKS, Answer

CLOSING_CHECKS = ("handoffs_accepted", "maintenance_planned", "access_settled", "time_final", "no_critical_issue")


@dataclass(frozen=True)
class Precondition:
    """One thing that must hold at the close, and its answer. `can_yield`: a partner's decision at the gate stands for it."""

    text: str
    answer: Answer
    can_yield: bool = False


@dataclass(frozen=True)
class Closing:
    """Everything that must hold; `yielded` where a partner opened the last gate against its criteria."""

    conditions: tuple[Precondition, ...]
    yielded: bool

    @property
    def missing(self) -> list[Precondition]:
        """What does not hold, less what a partner's decision stands for."""
        return [each for each in self.conditions if not each.answer.holds and not (self.yielded and each.can_yield)]

    @property
    def can_close(self) -> bool:
        return not self.missing


def closing_now(engagement: Engagement, today: date) -> Closing:
    """The preconditions: gates open, phases done, and the closing checks answered once more at this moment.

    A gate says what held when it opened; between that and the close a critical issue may have come up, so each is asked again.
    """
    gates = list(Gate.objects.filter(engagement=engagement).select_related("phase", "engagement__client"))
    shut = [gate for gate in sorted(gates, key=lambda gate: gate.phase.position) if gate.state == "shut"]
    phases = [
        str(row) for row in Phase.objects.filter(engagement=engagement).exclude(state="done").order_by("position")
    ]
    gate_text = f"Shut: {', '.join(gate.name for gate in shut)}." if shut else "Every gate is open."
    phase_text = f"Not done: {', '.join(phases)}." if phases else "Every phase is done."
    conditions = [
        Precondition(
            "Every gate is open", Answer(not shut, gate_text, f"gates/{shut[0].pk}/" if shut else "checklists/")
        ),
        Precondition("Every phase is done", Answer(not phases, phase_text, "checklists/")),
    ]
    last = max(gates, key=lambda gate: gate.phase.position, default=None)
    if last is not None:
        asked = set(GateCriterion.objects.filter(gate=last).values_list("check_key", flat=True))
        conditions += [
            Precondition(COMPUTED_CHECKS[key], CHECKS[key](last, today), key in asked) for key in CLOSING_CHECKS
        ]
    return Closing(tuple(conditions), last is not None and last.state == "overridden")


def debrief_of(engagement: Engagement) -> Debrief | None:
    """The firm's debrief, if it was written."""
    found: Debrief | None = Debrief.objects.filter(engagement=engagement).select_related("by").first()
    return found


def minutes_of(engagement: Engagement) -> int:
    """All time logged, in minutes; the firm's alone."""
    return sum(TimeEntry.objects.filter(engagement=engagement).values_list("minutes", flat=True))
