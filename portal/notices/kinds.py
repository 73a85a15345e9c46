"""What people are told about, how each kind reaches them, and what of that is theirs to choose: one table.

A new kind is a value of `Kind` and its row in `KINDS`; the settings page, the outbox and the mails follow from it.
"""

from dataclasses import dataclass
from typing import Final

from django.db import models


class Kind(models.TextChoices):
    MENTIONED = "mentioned", "Somebody mentions you"
    ANSWERS = "answers", "Your answers are asked for"
    SIGNATURE = "signature", "You are asked to sign"
    CHANGED = "changed", "A change of definitions takes effect"
    EMERGENCY = "emergency", "Something agreed is changed by one person alone"
    REMINDER = "reminder", "Reminders of what waits for you"
    DEFINITIONS = "definitions", "A definition is opened again, or a signature changes"
    VOTE = "vote", "Your vote on a change is asked for"
    CHANGE_WAITS = "change_waits", "A change request waits for you"
    CHANGE = "change", "A change request of yours moves on"
    TASK = "task", "A task or homework becomes yours"
    GATE = "gate", "A gate opens, is looped back or overridden"
    MEETING = "meeting", "A meeting is scheduled"
    MAINTENANCE = "maintenance", "A maintenance check waits, or something drifts"
    AUDIT = "audit", "Audits of contracts, and the review for the board"
    DISPUTE = "dispute", "A published figure is disputed"
    IMPORT = "import", "An import failed"
    MONTH = "month", "A month was closed"
    QUALITY = "quality", "A finding in the data is yours, or its deadline has passed"
    ALERT = "alert", "A metric is beyond its alert threshold"
    WEBHOOK = "webhook", "A webhook is switched off"
    PORTFOLIO = "portfolio", "The week of your clients"


class How(models.TextChoices):
    NOW = "now", "At once"
    DAILY = "daily", "Once a day"
    WEEKLY = "weekly", "Once a week"
    NEVER = "never", "Never by mail"


ANY: Final = (How.NOW, How.DAILY, How.WEEKLY, How.NEVER)
NOW_OR_NEVER: Final = (How.NOW, How.NEVER)


@dataclass(frozen=True)
class KindSpec:
    """How a kind is mailed where a person has not chosen: to the client's people, and to the firm's (quiet by default).

    `action` is what the button of its mail says. `options` are what may be chosen; one alone cannot be turned off.
    `is_once_a_day` keeps to the one mail of a person's day.
    """

    action: str
    text: str
    usual: How
    of_firm: How
    options: tuple[How, ...] = ANY
    is_once_a_day: bool = False
    is_firms_alone: bool = False

    @property
    def is_fixed(self) -> bool:
        return len(self.options) == 1


KINDS: Final[dict[str, KindSpec]] = {
    Kind.MENTIONED: KindSpec("Read the comment", "By @name in a comment.", How.NOW, How.NOW),
    Kind.ANSWERS: KindSpec("Answer the questions", "With the link to your questions.", How.NOW, How.NOW, NOW_OR_NEVER),
    Kind.SIGNATURE: KindSpec(
        "Read and sign",
        "Always mailed, because a signature is asked of you by name and cannot be given by anybody else.",
        How.NOW, How.NOW, (How.NOW,),
    ),
    Kind.CHANGED: KindSpec(
        "Read what changes", "With what it moves: from that day numbers mean something else.", How.NOW, How.DAILY
    ),
    Kind.EMERGENCY: KindSpec(
        "See what was decided",
        "Always mailed to Finance, RevOps and the review board: the signed policy without its signatures, or a change without "
        "the votes of the board.",
        How.NOW, How.NOW, (How.NOW,),
    ),
    Kind.REMINDER: KindSpec(
        "See what is missing",
        "Of answers, signatures and homework that are still missing: one mail a day at most.",
        How.NOW, How.NOW, NOW_OR_NEVER, is_once_a_day=True,
    ),
    Kind.DEFINITIONS: KindSpec(
        "See what happened",
        "An objection to what you wrote or agreed to, a signature given, declined or lapsed: one mail a day at most.",
        How.NOW, How.NOW, is_once_a_day=True,
    ),
    Kind.VOTE: KindSpec("Vote on the request", "As a member of the review board.", How.NOW, How.DAILY),
    Kind.CHANGE_WAITS: KindSpec("See what it waits for", "To be taken in hand, or to be changed by you.", How.NOW, How.DAILY),
    Kind.CHANGE: KindSpec("See the request", "One that you asked for, joined or take care of.", How.DAILY, How.DAILY),
    Kind.TASK: KindSpec("See what is yours", "In a project that you are on.", How.DAILY, How.DAILY),
    Kind.GATE: KindSpec("See the gate", "In a project that you are on.", How.DAILY, How.DAILY),
    Kind.MEETING: KindSpec("See the meeting", "With the homework that is to be done before it.", How.NOW, How.DAILY),
    Kind.MAINTENANCE: KindSpec(
        "See what to do",
        "Checks that are yours and become due or late, red flags, hypercare, reasons to engage again: one mail a day at most.",
        How.NOW, How.NOW, is_once_a_day=True,
    ),
    Kind.AUDIT: KindSpec(
        "See it under Oversight",
        "Audits that are due, wait or are signed, and what they ask of you: one mail a day at most.",
        How.NOW, How.DAILY, is_once_a_day=True,
    ),
    Kind.DISPUTE: KindSpec(
        "See the dispute", "Of figures that you answer for, and disputes that you are in.", How.NOW, How.DAILY
    ),
    Kind.IMPORT: KindSpec("See what went wrong", "Of a file that you sent.", How.NOW, How.DAILY),
    Kind.MONTH: KindSpec("See the month", "What it reported stays as it is.", How.DAILY, How.WEEKLY),
    Kind.QUALITY: KindSpec(
        "See what was found",
        "Of the monitors that you own, and of what others have left open: one mail a day at most.",
        How.NOW, How.DAILY, is_once_a_day=True,
    ),
    Kind.ALERT: KindSpec(
        "See the metric",
        "Of metrics that you own, and for RevOps of those that nobody owns; once for each month: one mail a day at most.",
        How.NOW, How.DAILY, is_once_a_day=True
    ),
    Kind.WEBHOOK: KindSpec("See the webhook", "Because it took nothing for about a day.", How.NOW, How.DAILY),
    Kind.PORTFOLIO: KindSpec(
        "See your clients",
        "What moved, what is shut and what waits at the clients you work on, on Monday morning.",
        How.NEVER, How.WEEKLY, (How.WEEKLY, How.NEVER), is_firms_alone=True,
    ),
}  # fmt: skip
