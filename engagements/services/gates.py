"""Gates: people say that a criterion holds, a gate opens, is shut again, or is opened against its criteria by a partner."""

from datetime import date, datetime
from typing import Any

from django.utils import timezone

from engagements import states
from engagements.models import DecisionKind, Gate, GateCriterion, GateDecision, Phase
from engagements.selectors.gates import GateNow, gate_now
from engagements.services.changes import record_change
from engagements.services.hypercare import phase_brings_hypercare
from engagements.services.maintenance import phase_brings
from engagements.services.moves import require_open
from engagements.services.problems import EngagementError, IllegalMove
from engagements.services.telling import gate_tell
from portal.tenancy.clock import day_now


def criterion_say(
    *,
    criterion: GateCriterion,
    holds: bool,
    user: Any,
    note: str = "",
    now: datetime | None = None,
) -> GateCriterion:
    """A consultant says that a criterion holds, or takes it back.

    EngagementError for one that is computed, which is nobody's to say, or signed (`engagements.services.signing`).
    """
    gate = criterion.gate
    require_open(gate.engagement)
    if criterion.check_key:
        raise EngagementError("the system computes this one: nobody can say it")
    if criterion.kind == "signed":
        raise EngagementError("only the client's people sign")
    if gate.state != "shut":
        raise IllegalMove(f"{gate} is open: loop it back first")
    if (criterion.said_at is not None) == holds:
        return criterion
    criterion.said_at = (now or timezone.now()) if holds else None
    criterion.said_by = user if holds else None
    criterion.note = note[:300]
    criterion.save(update_fields=["said_at", "said_by", "note"])
    verb = "confirmed" if holds else "took back"
    record_change(
        gate.engagement, f"criterion.{'said' if holds else 'taken_back'}", about="gate", about_id=gate.pk,
        path=f"gates/{gate.pk}/", text=f"{verb}: {criterion.text}", before=not holds, after=holds,
        details={"criterion": criterion.key, "kind": criterion.kind, "text": criterion.text, "note": note},
    )  # fmt: skip
    return criterion


def gate_open(*, gate: Gate, user: Any, today: date | None = None) -> Gate:
    """Open a gate whose criteria all hold: its phase is done and the next one begins. IllegalMove names what shuts it."""
    gate, now = _locked(gate, today)
    if gate.state == "shut" and not now.can_open:
        raise IllegalMove(now.sentence.rstrip("."))
    return _decide(gate, now, "open", DecisionKind.OPENED, "", user)


def gate_override(*, gate: Gate, reason: str, user: Any, today: date | None = None) -> Gate:
    """Open a gate against its criteria: a partner's decision, kept with its reason and what did not hold."""
    gate, now = _locked(gate, today)
    if not reason.strip():
        raise EngagementError("say why the gate opens all the same")
    if gate.state == "shut" and now.can_open:
        raise EngagementError("every criterion holds: simply open it")
    return _decide(gate, now, "override", DecisionKind.OVERRIDDEN, reason, user)


def gate_loop_back(*, gate: Gate, reason: str, user: Any, today: date | None = None) -> Gate:
    """Shut an open gate again: its phase is open once more, later phases rest, and what was confirmed is to be confirmed anew.

    Signatures stay: they are about what was signed, not about the gate.
    """
    gate, now = _locked(gate, today)
    if not reason.strip():
        raise EngagementError("say why it goes back")
    gate = _decide(gate, now, "loop_back", DecisionKind.BACK, reason, user)
    gate.criteria.filter(kind="confirmed").exclude(said_at=None).update(said_at=None, said_by=None)
    return gate


def gate_start_early(*, gate: Gate, user: Any, today: date | None = None) -> Phase:
    """Begin the next phase in part while the gate is shut, where the playbook allows it and what it asks for holds."""
    gate, now = _locked(gate, today)
    following = _next_phase(gate)
    if not gate.early_start or following is None:
        raise IllegalMove("the playbook lets nothing begin before this gate opens")
    if gate.state != "shut" or states.target(states.PHASE, following.state, "start_early") is None:
        raise IllegalMove(f"{following} has begun already")
    if not now.can_start_early:
        missing = [each.row.text for each in now.open_ones if each.row.key in gate.early_needs]
        raise IllegalMove(f"first: {'; '.join(missing)}")
    _phase_step(following, "start_early")
    _keep(gate, now, DecisionKind.EARLY, "", user, f"began {following} in part, before {gate} opens")
    return following


def gate_plan(*, gate: Gate, planned_on: date | None) -> Gate:
    """Say by which day a gate is meant to open, or that this is no longer planned."""
    require_open(gate.engagement)
    before = gate.planned_on
    if before == planned_on:
        return gate
    gate.planned_on = planned_on
    gate.save(update_fields=["planned_on"])
    record_change(
        gate.engagement, "gate.planned", about="gate", about_id=gate.pk, path=f"gates/{gate.pk}/",
        text=f"planned {gate} for {planned_on}" if planned_on else f"took back the date of {gate}",
        before=before, after=planned_on,
    )  # fmt: skip
    return gate


def _locked(gate: Gate, today: date | None) -> tuple[Gate, GateNow]:
    gate = Gate.objects.select_for_update().get(pk=gate.pk)
    require_open(gate.engagement)
    return gate, gate_now(gate, today or day_now(gate.engagement.client))


def _decide(gate: Gate, now: GateNow, step: str, kind: DecisionKind, reason: str, user: Any) -> Gate:
    after = states.target(states.GATE, gate.state, step)
    if after is None:
        raise IllegalMove(f"{gate} is {'open' if gate.state != 'shut' else 'shut'} already")
    earlier = Gate.objects.filter(
        engagement=gate.engagement, phase__position__lt=gate.phase.position, state="shut"
    ).first()
    if after != "shut" and earlier is not None:
        raise IllegalMove(f"{earlier} comes first")
    before, gate.state = gate.state, after
    gate.save(update_fields=["state"])
    if after == "shut":
        _rest_after(gate)
    else:
        _go_on_after(gate)
    verbs = {"open": "opened", "override": "opened against its criteria", "loop_back": "looped back"}
    _keep(gate, now, kind, reason, user, f"{verbs[step]}: {gate}", before=before)
    return gate


def _go_on_after(gate: Gate) -> None:
    _phase_step(gate.phase, "finish")
    following = _next_phase(gate)
    if following is not None and following.state in {"shut", "early"}:
        _phase_step(following, "start")
        phase_brings_hypercare(phase=following)
        phase_brings(phase=following)


def _rest_after(gate: Gate) -> None:
    """The phase before the gate is open again; phases behind it rest, and gates behind it are shut."""
    _phase_step(gate.phase, "loop_back")
    later = Phase.objects.filter(engagement=gate.engagement, position__gt=gate.phase.position)
    for other in Gate.objects.filter(phase__in=later).exclude(state="shut"):
        other.state = states.GATE[other.state]["loop_back"]
        other.save(update_fields=["state"])
    for phase in later.exclude(state="shut"):
        _phase_step(phase, "halt")


def _phase_step(phase: Phase, step: str) -> None:
    after = states.target(states.PHASE, phase.state, step)
    if after is None:
        raise IllegalMove(f"{phase} is {phase.state}: it has no step '{step.replace('_', ' ')}'")
    phase.state = after
    phase.save(update_fields=["state"])


def _next_phase(gate: Gate) -> Phase | None:
    phases = Phase.objects.filter(engagement=gate.engagement, position__gt=gate.phase.position)
    found: Phase | None = phases.order_by("position").first()
    return found


def _keep(
    gate: Gate, now: GateNow, kind: DecisionKind, reason: str, user: Any, text: str, before: str | None = None
) -> None:
    seen = now.seen()
    GateDecision.objects.create(engagement=gate.engagement, gate=gate, kind=kind, reason=reason, seen=seen, by=user)
    record_change(
        gate.engagement, f"gate.{kind}", about="gate", about_id=gate.pk, path=f"gates/{gate.pk}/",
        text=f"{text}{f' ({reason})' if reason else ''}", before=before, after={"state": gate.state, "seen": seen},
        details={"reason": reason, "not_held": [each["text"] for each in seen if not each["holds"]]},
    )  # fmt: skip
    gate_tell(gate=gate, text=f"{text}{f': {reason}' if reason else ''}")
