"""The outbox: what somebody is told, and the mails that carry it."""

from typing import ClassVar

from django.conf import settings
from django.db import models

from portal.notices.kinds import KINDS, Kind
from portal.tenancy.wall import TenantForeignKey, TenantModel


class MailState(models.TextChoices):
    WAITING = "waiting", "Waits to be sent"
    CLAIMED = "claimed", "Is being sent"  # nothing has left yet: safe to begin anew
    HANDED = "handed", "Was handed to the mail server"  # nobody can say whether it took it before it answers
    SENT = "sent", "Sent"
    FAILED = "failed", "Was refused by the mail server"
    UNKNOWN = "unknown", "May not have been delivered"


class Mailing(TenantModel):
    """One mail to one person, with one or several notices in it. Its `message_id` is the same at every try."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    message_id = models.CharField(max_length=200)
    state = models.CharField(max_length=10, choices=MailState.choices, default=MailState.WAITING)
    tries = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField()
    claimed_at = models.DateTimeField(null=True)
    settled_at = models.DateTimeField(null=True, help_text="When its end was known")
    created_at = models.DateTimeField()

    class Meta(TenantModel.Meta):
        constraints: ClassVar = [models.UniqueConstraint(fields=["client", "message_id"], name="mailing_once")]
        indexes: ClassVar = [
            models.Index(
                fields=["client", "due_at"], name="mailing_open",
                condition=models.Q(state__in=[MailState.WAITING, MailState.CLAIMED, MailState.HANDED]),
            )
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.user}: {self.state}"


class Notice(TenantModel):
    """One thing that one person is told. `mail_at` is when it is to be mailed (null: not by mail, or in `mailing`)."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=12, help_text="One of `portal.notices.kinds`")
    text = models.CharField(max_length=600)
    path = models.CharField(max_length=300, help_text="The page of the client that it is about")
    about = models.CharField(
        max_length=60, blank=True, default="", help_text="What mails about one thing are threaded by"
    )
    key = models.CharField(max_length=120, blank=True, default="", help_text="Told once, however often it is raised")
    created_at = models.DateTimeField()
    read_at = models.DateTimeField(null=True)
    mail_at = models.DateTimeField(null=True)
    mailing = TenantForeignKey(Mailing, on_delete=models.PROTECT, null=True, related_name="notices")

    class Meta(TenantModel.Meta):
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["client", "user", "key"], name="notice_once", condition=~models.Q(key="")
            )
        ]  # fmt: skip
        indexes: ClassVar = [
            models.Index(fields=["client", "user", "-id"], name="notice_of_person"),
            models.Index(fields=["client", "user"], name="notice_unread", condition=models.Q(read_at=None)),
            models.Index(fields=["client", "mail_at"], name="notice_due", condition=models.Q(mail_at__isnull=False)),
        ]

    def __str__(self) -> str:
        return self.text

    @property
    def label(self) -> str:
        """What kind of thing this is, in words."""
        return str(Kind(self.kind).label)

    @property
    def action(self) -> str:
        """What the way to its page says."""
        return KINDS[self.kind].action

    @property
    def is_mail_lost(self) -> bool:
        """Whether the mail about it was refused, or may not have come through."""
        return self.mailing is not None and self.mailing.state in {MailState.FAILED, MailState.UNKNOWN}


class MailDay(TenantModel):
    """That somebody was mailed on a day, where the client is: reminders and news about definitions never come twice."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    day = models.DateField()

    class Meta(TenantModel.Meta):
        constraints: ClassVar = [models.UniqueConstraint(fields=["client", "user", "day"], name="notice_day_once")]

    def __str__(self) -> str:
        return f"{self.user} on {self.day}"


class NoticeChoice(models.Model):
    """How a person wants to hear of a kind, at whichever client; no row: as usual."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=12, help_text="One of `portal.notices.kinds`")
    how = models.CharField(max_length=10)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["user", "kind"], name="notice_choice_once")]

    def __str__(self) -> str:
        return f"{self.user}: {self.kind} {self.how}"


class WeekMail(models.Model):
    """A consultant's week at a firm: one mail about all clients they work on, made of the firm's summary rows."""

    firm = models.ForeignKey("tenancy.Firm", on_delete=models.PROTECT, related_name="+")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    week = models.DateField(help_text="Its Monday, where the person is")
    message_id = models.CharField(max_length=200)
    state = models.CharField(max_length=10, choices=MailState.choices, default=MailState.WAITING)
    tries = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField()
    claimed_at = models.DateTimeField(null=True)
    settled_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["firm", "user", "week"], name="week_mail_once")]

    def __str__(self) -> str:
        return f"{self.user}, week of {self.week}"
