"""Why a change of an engagement or a playbook is refused."""


class EngagementError(ValueError):
    """A rule was broken; the message is for the person who tried."""


class FileNotKept(EngagementError):
    """A file that somebody sent is not taken; a form shows this at its file."""


class IllegalMove(EngagementError):
    """The thing is in a state from which there is no such step; answered with 409."""
