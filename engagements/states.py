"""Every state and every legal step, as tables. What is not in a table is refused."""

from collections.abc import Mapping

Machine = Mapping[str, Mapping[str, str]]
"""State → step → the state it leads to."""

ENGAGEMENT: Machine = {
    "active": {"pause": "paused", "close": "closed"},
    "paused": {"resume": "active"},
    "closed": {"archive": "archived", "reopen": "active"},
    "archived": {},
}
PHASE: Machine = {
    "shut": {"start": "open", "start_early": "early"},
    "early": {"start": "open", "halt": "shut"},
    "open": {"finish": "done", "halt": "shut"},
    "done": {"loop_back": "open", "halt": "shut"},
}
GATE: Machine = {
    "shut": {"open": "open", "override": "overridden"},
    "open": {"loop_back": "shut"},
    "overridden": {"loop_back": "shut"},
}
TASK: Machine = {
    "todo": {"start": "doing", "finish": "done", "drop": "dropped"},
    "doing": {"finish": "done", "block": "blocked", "stop": "todo"},
    "blocked": {"unblock": "doing"},
    "done": {"reopen": "doing"},
    "dropped": {"restore": "todo"},
}
DOCUMENT: Machine = {
    "planned": {"draft": "draft"},
    "draft": {"submit": "in_review"},
    "in_review": {"approve": "approved", "return": "draft"},
    "approved": {"deliver": "delivered", "revise": "draft"},
    "delivered": {"revise": "draft"},
}
MEETING: Machine = {
    "planned": {"schedule": "scheduled"},
    "scheduled": {"schedule": "scheduled", "hold": "held", "cancel": "cancelled"},
    "held": {},
    "cancelled": {"schedule": "scheduled"},
}
RISK: Machine = {
    "open": {"mitigate": "mitigated", "close": "closed"},
    "mitigated": {"close": "closed", "reopen": "open"},
    "closed": {"reopen": "open"},
}
COMPONENT: Machine = {
    "todo": {"start": "building", "finish": "built"},
    "building": {"finish": "built", "stop": "todo"},
    "built": {"reopen": "building"},
}
TEST: Machine = {
    "untested": {"pass": "passed", "fail": "failed"},
    "passed": {"fail": "failed"},
    "failed": {"pass": "passed"},
}

STEP_LABELS: dict[str, str] = {
    "pause": "Pause", "close": "Close", "resume": "Resume", "archive": "Archive", "reopen": "Open again", "start": "Start",
    "finish": "Done", "drop": "Leave out", "block": "Blocked", "stop": "Back to do", "unblock": "Go on",
    "restore": "Take up again",
    "draft": "Begin the draft", "submit": "Send for review", "approve": "Approve", "return": "Return to draft",
    "deliver": "Deliver", "revise": "Revise", "schedule": "Schedule", "hold": "It was held", "cancel": "Cancel",
    "mitigate": "Mitigated", "pass": "Passed", "fail": "Failed",
}  # fmt: skip


def steps(machine: Machine, state: str) -> Mapping[str, str]:
    """The legal steps from a state."""
    return machine.get(state, {})


def target(machine: Machine, state: str, step: str) -> str | None:
    """Where a step leads from a state; None where there is no such step."""
    return steps(machine, state).get(step)
