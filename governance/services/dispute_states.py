"""What may follow what in the life of a dispute: one table. Whatever is not in it is refused (409) and changes nothing."""

from typing import Final

from governance.models import DisputeState
from governance.services.signoff_states import TransitionError

STEPS: Final[dict[tuple[str, str], str]] = {
    (DisputeState.RAISED, "take"): DisputeState.INVESTIGATING,
    (DisputeState.RAISED, "withdraw"): DisputeState.WITHDRAWN,
    (DisputeState.INVESTIGATING, "take"): DisputeState.INVESTIGATING,  # somebody else looks into it
    (DisputeState.INVESTIGATING, "release"): DisputeState.RAISED,  # whoever looked into it may not any more
    (DisputeState.INVESTIGATING, "stand"): DisputeState.STANDS,
    (DisputeState.INVESTIGATING, "correct"): DisputeState.CORRECTED,
    (DisputeState.INVESTIGATING, "withdraw"): DisputeState.WITHDRAWN,
    (DisputeState.STANDS, "reopen"): DisputeState.INVESTIGATING,
    (DisputeState.CORRECTED, "reopen"): DisputeState.INVESTIGATING,
}
WORDS: Final[dict[str, str]] = {
    DisputeState.RAISED: "waits for somebody to look into it",
    DisputeState.INVESTIGATING: "is being looked into",
    DisputeState.STANDS: "is settled: the figure stands",
    DisputeState.CORRECTED: "is settled: the figure was corrected",
    DisputeState.WITHDRAWN: "was withdrawn",
}


def next_state(state: str, step: str) -> str:
    """The state after a step; TransitionError where the step may not follow."""
    if (state, step) not in STEPS:
        raise TransitionError(f"this dispute {WORDS[state]}: look at it once more")
    return STEPS[state, step]
