"""Every state and every legal step, as tables. What is not in a table is refused."""

from collections.abc import Mapping

Machine = Mapping[str, Mapping[str, str]]
"""State → step → the state it leads to."""

ENGAGEMENT: Machine = {
    "active": {"pause": "paused", "close": "closed"},
    "paused": {"resume": "active"},
    "closed": {"archive": "archived", "reopen": "active"},
    "archived": {"reopen": "active"},
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
    "built": {"verify": "verified", "reopen": "building"},
    "verified": {"reopen": "building"},
}
# Writing makes a draft, and the engineer's answer approves all sections or returns them: engagements.services.spec
SPEC: Machine = {
    "open": {},
    "draft": {"submit": "in_review"},
    "in_review": {"return": "draft"},
    "approved": {"revise": "draft"},
}
ACCESS: Machine = {
    "requested": {"grant": "granted", "withdraw": "withdrawn"},
    "granted": {"hand_over": "handed_over", "remove": "removed"},
    "handed_over": {"remove": "removed"},
    "removed": {},
    "withdrawn": {},
}
HANDOFF: Machine = {
    "open": {"offer": "offered"},
    "offered": {"accept": "accepted", "return": "open"},
    "accepted": {"take_back": "open"},
}
CHECK_IN: Machine = {
    "planned": {"prepare": "preparing", "cancel": "cancelled"},
    "preparing": {"hold": "held", "cancel": "cancelled"},
    "held": {},
    "cancelled": {"plan": "planned"},
}
SURVEY: Machine = {
    "planned": {"send": "open", "cancel": "cancelled"},
    "open": {"end": "ended"},
    "ended": {},
    "cancelled": {},
}
PATH: Machine = {
    "to_offer": {"offer_services": "services_offered", "offer_project": "project_offered", "postpone": "later"},
    "services_offered": {"agree_services": "services_agreed", "decline_services": "services_declined"},
    "services_declined": {"offer_project": "project_offered", "postpone": "later"},
    "project_offered": {"agree_project": "project_agreed", "postpone": "later"},
    "project_agreed": {"offer_services": "services_offered", "postpone": "later"},
    "services_agreed": {},
    "later": {"offer_services": "services_offered", "offer_project": "project_offered", "give_up": "given_up"},
    "given_up": {"offer_services": "services_offered"},
}
"""What the firm offers after a single project: managed services, if not, another project, if not, later."""
MAINTENANCE: Machine = {
    "open": {"pass": "ok", "flag": "red_flag", "skip": "not_applicable"},
    "ok": {"flag": "red_flag", "reopen": "open"},
    "red_flag": {"solve": "solved", "reopen": "open"},
    "solved": {"flag": "red_flag"},
    "not_applicable": {"reopen": "open"},
}

STEP_LABELS: dict[str, str] = {
    "pause": "Pause", "close": "Close", "resume": "Resume", "archive": "Archive", "reopen": "Open again", "start": "Start",
    "finish": "Done", "drop": "Leave out", "block": "Blocked", "stop": "Back to do", "unblock": "Go on",
    "restore": "Take up again",
    "draft": "Begin the draft", "submit": "Send for review", "approve": "Approve", "return": "Return to draft",
    "deliver": "Deliver", "revise": "Revise", "schedule": "Schedule", "hold": "It was held", "cancel": "Cancel",
    "mitigate": "Mitigated", "verify": "Verify",
    "grant": "It was granted", "withdraw": "Withdraw the request", "hand_over": "Handed over", "remove": "Removed",
    "offer": "Offer it", "accept": "Accept", "take_back": "Open again", "prepare": "Prepare now", "plan": "Plan again",
    "send": "Send now", "end": "End", "offer_services": "Managed services offered", "agree_services": "Agreed",
    "decline_services": "Declined", "offer_project": "Another project offered", "agree_project": "Agreed",
    "postpone": "Not now, later", "give_up": "Given up",
}  # fmt: skip


def steps(machine: Machine, state: str) -> Mapping[str, str]:
    """The legal steps from a state."""
    return machine.get(state, {})


def target(machine: Machine, state: str, step: str) -> str | None:
    """Where a step leads from a state; None where there is no such step."""
    return steps(machine, state).get(step)
