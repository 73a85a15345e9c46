"""What may follow what in a sign-off: one table. Whatever is not in it is refused and changes nothing."""

from typing import Final

from governance.models import SignerState, SignoffState
from governance.services.problems import OutdatedError

SIGNOFF: Final[dict[tuple[str, str], str]] = {
    (SignoffState.OPEN, "sign"): SignoffState.OPEN,
    (SignoffState.OPEN, "complete"): SignoffState.SIGNED,
    (SignoffState.OPEN, "decline"): SignoffState.DECLINED,
    (SignoffState.OPEN, "withdraw"): SignoffState.WITHDRAWN,
    (SignoffState.SIGNED, "publish"): SignoffState.SIGNED,
}
SIGNER: Final[dict[tuple[str, str], str]] = {
    (SignerState.WAITING, "sign"): SignerState.SIGNED,
    (SignerState.WAITING, "decline"): SignerState.DECLINED,
}
WORDS: Final = {
    SignoffState.OPEN: "still waits for signatures",
    SignoffState.SIGNED: "is signed",
    SignoffState.DECLINED: "was declined",
    SignoffState.WITHDRAWN: "was withdrawn",
}


class TransitionError(OutdatedError):
    """The step is not one that may follow the present state."""


def next_state(state: str, step: str) -> str:
    """The state of a sign-off after a step; TransitionError where the step may not follow."""
    if (state, step) not in SIGNOFF:
        raise TransitionError(f"this sign-off {WORDS[SignoffState(state)]}: nothing was changed")
    return SIGNOFF[state, step]


def next_signer_state(state: str, step: str) -> str:
    """The state of a signer after a step; TransitionError where they have decided."""
    if (state, step) not in SIGNER:
        raise TransitionError(f"you have {state} already: nothing was changed")
    return SIGNER[state, step]
