"""The review board of a client: who sits on it, what decides which change, the votes, and its meetings."""

import datetime as dt
from typing import ClassVar

from django.conf import settings
from django.db import models

from governance.models.changes import ChangeKind, ChangeRequest
from governance.models.items import Function
from portal.tenancy.wall import TenantForeignKey, TenantModel


class PayPeriod(models.IntegerChoices):
    """For how many months at once quotas and pay are set, counted from the start of the fiscal year."""

    MONTH = 1, "Month"
    QUARTER = 3, "Quarter"
    HALF = 6, "Half-year"
    YEAR = 12, "Year"


class Board(TenantModel):
    """A client's board, one of them. `version` rises with every change of members and rights, for writers who meet."""

    pay_period = models.PositiveSmallIntegerField(choices=PayPeriod.choices, default=PayPeriod.QUARTER)
    version = models.PositiveIntegerField(default=1)
    started_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    started_at = models.DateTimeField()

    class Meta(TenantModel.Meta):
        constraints: ClassVar = [models.UniqueConstraint(fields=["client"], name="board_once")]

    def __str__(self) -> str:
        return "review board"


class BoardMember(TenantModel):
    """One seat: a person speaks for one function, from a day to a day. Who sat when is kept."""

    board = TenantForeignKey(Board, on_delete=models.PROTECT, related_name="members")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    function = models.CharField(max_length=10, choices=Function.choices)
    is_chair = models.BooleanField(default=False)
    since = models.DateField()
    until = models.DateField(null=True, help_text="The day the seat was given up; empty: still there")

    class Meta(TenantModel.Meta):
        ordering: ClassVar = ["id"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["client", "user"], condition=models.Q(until=None), name="board_one_seat"
            ),
            models.UniqueConstraint(
                fields=["client"], condition=models.Q(until=None, is_chair=True), name="board_one_chair"
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.user} for {self.get_function_display()}"


class DecisionRight(TenantModel):
    """One row of the table of decision rights: which changes it is about, and what it takes to decide them.

    Every row that fits a change counts; together they ask for what each of them asks for.
    """

    board = TenantForeignKey(Board, on_delete=models.CASCADE, related_name="rights")
    position = models.PositiveIntegerField()
    kind = models.CharField(max_length=14, choices=ChangeKind.choices, blank=True, default="", help_text="Empty: any")
    from_cents = models.BigIntegerField(default=0, help_text="From which change of ARR in a month, reporting currency")
    is_restating = models.BooleanField(default=False, help_text="Only where closed months are restated")
    feeds_pay = models.BooleanField(default=False, help_text="Only where quotas or pay are set by what is changed")
    functions = models.JSONField(default=list, help_text="Functions that must say yes")
    needs_chair = models.BooleanField(default=False)
    yes_count = models.PositiveSmallIntegerField(default=1, help_text="How many must say yes in all")
    quorum = models.PositiveSmallIntegerField(default=1, help_text="How many must take part, abstentions counted")

    class Meta(TenantModel.Meta):
        ordering: ClassVar = ["position", "id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["client", "board", "position"], name="decision_right_place_once"),
            models.CheckConstraint(condition=models.Q(from_cents__gte=0), name="decision_right_from_nothing"),
            models.CheckConstraint(
                condition=models.Q(yes_count__gte=1) & models.Q(quorum__gte=models.F("yes_count")),
                name="decision_right_quorum",
            ),
        ]

    def __str__(self) -> str:
        return f"decision right {self.position}"


class BoardChange(TenantModel):
    """One change of the board: of members, of the table, of its settings. Rows are never changed or removed."""

    board = TenantForeignKey(Board, on_delete=models.PROTECT, related_name="changes")
    text = models.CharField(max_length=1000)
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField()

    class Meta(TenantModel.Meta):
        ordering: ClassVar = ["-id"]

    def __str__(self) -> str:
        return str(self.text)


class VoteDecision(models.TextChoices):
    YES = "yes", "Yes"
    NO = "no", "No"
    ABSTAIN = "abstain", "Abstains"


class ChangeVote(TenantModel):
    """What a member said to exactly one content and one preview, how they had proved who they are, and from where.

    A vote is never removed and never changed but once: when it is void, by a change of what it was about or by another vote of
    the same person. The database sees to that.
    """

    is_again = False  # of one that is given back because the same was said once more; not kept

    request = TenantForeignKey(ChangeRequest, on_delete=models.PROTECT, related_name="votes")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    function = models.CharField(
        max_length=10, choices=Function.choices, blank=True, default="", help_text="Empty: an admin without a seat"
    )
    is_chair = models.BooleanField(default=False)
    decision = models.CharField(max_length=8, choices=VoteDecision.choices)
    comment = models.TextField(blank=True, default="")
    is_emergency = models.BooleanField(default=False, help_text="Decided alone, to be reviewed after the fact")
    content_sha256 = models.CharField(max_length=64, help_text="Of the request as it was shown")
    preview_sha256 = models.CharField(max_length=64, help_text="Of the consequence as it was shown")
    statement = models.TextField()
    statement_sha256 = models.CharField(max_length=64)
    auth_method = models.CharField(max_length=60)
    auth_at = models.DateTimeField()
    at = models.DateTimeField()
    address = models.CharField(max_length=64, blank=True, default="")
    user_agent = models.CharField(max_length=400, blank=True, default="")
    voided_at = models.DateTimeField(null=True)
    void_reason = models.CharField(max_length=200, blank=True, default="")

    class Meta(TenantModel.Meta):
        ordering: ClassVar = ["id"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["client", "request", "user"], condition=models.Q(voided_at=None), name="change_vote_once"
            )
        ]
        indexes: ClassVar = [models.Index(fields=["client", "request"], name="change_vote_by_request")]

    def __str__(self) -> str:
        return f"{self.user}: {self.decision}"


class ReviewState(models.TextChoices):
    OPEN = "open", "Open"
    CONFIRMED = "confirmed", "Confirmed afterwards"
    OBJECTED = "objected", "Objected to"
    MOOT = "moot", "Sent back before anybody looked"


class EmergencyReview(TenantModel):
    """The debt of a decision that one person took alone: the board looks at it afterwards, and says yes or objects."""

    request = TenantForeignKey(ChangeRequest, on_delete=models.PROTECT, related_name="emergency_reviews")
    vote = TenantForeignKey(ChangeVote, on_delete=models.PROTECT, related_name="+")
    reason = models.TextField()
    state = models.CharField(max_length=10, choices=ReviewState.choices, default=ReviewState.OPEN)
    due_on = models.DateField()
    next_reminder_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    closed_text = models.TextField(
        blank=True, default="", help_text="How it ended, with the objection where there is one"
    )

    class Meta(TenantModel.Meta):
        ordering: ClassVar = ["due_on", "id"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["client", "request"], condition=models.Q(state="open"), name="emergency_review_once"
            )
        ]

    def __str__(self) -> str:
        return f"review of {self.request}"


class BoardMeeting(TenantModel):
    """A meeting of the board: its agenda, who was there, what was decided and noted.

    `agenda` holds what stood in review when it was planned, and once the minutes are closed each request as it stood then, by
    size of effect; `decisions` the note of each request by its number.
    """

    board = TenantForeignKey(Board, on_delete=models.PROTECT, related_name="meetings")
    title = models.CharField(max_length=120)
    at = models.DateTimeField()
    agenda = models.JSONField(default=list)
    attendance = models.JSONField(default=list, help_text="Names of those who were there")
    minutes = models.TextField(blank=True, default="")
    decisions = models.JSONField(default=dict, help_text="By number of the request: outcome and note")
    version = models.PositiveIntegerField(default=1)
    planned_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    closed_at = models.DateTimeField(null=True)
    sha256 = models.CharField(max_length=64, blank=True, default="", help_text="Of the minutes once they are closed")

    class Meta(TenantModel.Meta):
        ordering: ClassVar = ["-at", "-id"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(
                    at__gte=dt.datetime(2000, 1, 1, tzinfo=dt.UTC), at__lt=dt.datetime(2200, 1, 1, tzinfo=dt.UTC)
                ),
                name="board_meeting_on_a_day_people_mean",
            )
        ]

    def __str__(self) -> str:
        return str(self.title)
