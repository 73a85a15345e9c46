"""Reading gates: each criterion with its answer now, and the one sentence that says what shuts the gate."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from engagements.models import Engagement, Gate, GateCriterion, GateDecision, Phase
from engagements.selectors.criteria import CHECKS, OF_FIGURES, Answer, without_figures
from engagements.selectors.signing import standing_of


@dataclass(frozen=True)
class CriterionNow:
    """A criterion and whether it holds."""

    row: GateCriterion
    answer: Answer

    @property
    def holds(self) -> bool:
        return self.answer.holds


@dataclass(frozen=True)
class GateNow:
    """A gate with the answers of this moment."""

    gate: Gate
    criteria: tuple[CriterionNow, ...]

    @property
    def open_ones(self) -> list[CriterionNow]:
        return [each for each in self.criteria if not each.holds]

    @property
    def unseen(self) -> list[CriterionNow]:
        """What the system computes and does not find, whatever is ticked on the checklists."""
        return [each for each in self.open_ones if each.row.check_key not in ("", "checklists_done")]

    @property
    def can_open(self) -> bool:
        return bool(self.criteria) and not self.open_ones

    @property
    def can_start_early(self) -> bool:
        """Whether the next phase may begin in part: the playbook allows it and the criteria that it names hold."""
        held = {each.row.key for each in self.criteria if each.holds}
        return bool(self.gate.early_start) and set(self.gate.early_needs) <= held

    @property
    def sentence(self) -> str:
        """What shuts it, or that nothing does."""
        shut = self.open_ones
        if self.gate.state != "shut":
            return f"{self.gate.name} is open."
        if not shut:
            return f"Nothing shuts {self.gate.name} any more: it can be opened."
        more = f" (and {len(shut) - 1} more)" if len(shut) > 1 else ""
        return f"Shut until this holds: {shut[0].row.text.rstrip('.')}{more}."

    def without_figures(self) -> "GateNow":
        """The same for whoever may not see figures."""
        rows = (replace(each, answer=without_figures(each.row.check_key, each.answer)) for each in self.criteria)
        return replace(self, criteria=tuple(rows))

    def seen(self) -> list[dict[str, Any]]:
        """The criteria as they are kept with a decision."""
        return [
            {"key": each.row.key, "text": each.row.text, "holds": each.holds, "why": each.answer.sentence}
            for each in self.criteria
        ]


def gate_now(gate: Gate, today: date) -> GateNow:
    """A gate with every criterion answered."""
    rows = gate.criteria.select_related("said_by", "document").order_by("position")
    return GateNow(gate, tuple(CriterionNow(row, _answer(gate, row, today)) for row in rows))


def _answer(gate: Gate, row: GateCriterion, today: date) -> Answer:
    if row.check_key:
        return CHECKS[row.check_key](gate, today)
    page = f"gates/{gate.pk}/"
    if row.kind == "signed":
        row.gate = gate
        now = standing_of(row)
        return Answer(now.holds, now.sentence, page)
    if row.said_at is None or row.said_by is None:
        return Answer(False, "Nobody has confirmed it yet.", page)
    return Answer(True, f"Confirmed by {row.said_by.get_full_name()} on {row.said_at:%Y-%m-%d}.", page)


def gate_list(engagement: Engagement) -> list[Gate]:
    """The gates in the order of their phases."""
    return list(
        Gate.objects.filter(engagement=engagement)
        .select_related("phase", "engagement__client")
        .order_by("phase__position")
    )


def next_gate(engagement: Engagement) -> Gate | None:
    """The first gate that is shut."""
    return next((gate for gate in gate_list(engagement) if gate.state == "shut"), None)


def phase_list(engagement: Engagement) -> list[Phase]:
    """The phases in their order."""
    return list(Phase.objects.filter(engagement=engagement).order_by("position"))


def current_phase(phases: list[Phase]) -> Phase | None:
    """The phase that is worked on: the last one that is open."""
    return next(
        (phase for phase in reversed(phases) if phase.state in {"open", "early"}), phases[-1] if phases else None
    )


def decisions_of(gate: Gate, *, sees_figures: bool = True) -> list[Any]:
    """Everything decided about a gate, the newest first; for whoever may not see figures without those that were seen then."""
    found = list(gate.decisions.select_related("by").order_by("-pk"))
    if sees_figures:
        return found
    hidden = set(gate.criteria.filter(check_key__in=OF_FIGURES).values_list("key", flat=True))
    for decision in found:
        decision.seen = [each | {"why": ""} if each["key"] in hidden else each for each in decision.seen]
    return found


def last_loop_back(engagement: Engagement) -> datetime | None:
    """When a gate of the engagement was last shut again."""
    found = GateDecision.objects.filter(engagement=engagement, kind="back").order_by("-pk").first()
    return found.at if found else None
