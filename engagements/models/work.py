"""What an engagement makes and holds: documents, meetings, risks, comments, and what the firm's portfolio reads of it."""

from typing import ClassVar

from django.conf import settings
from django.db import models

from engagements.models.files import ProjectFile
from engagements.models.projects import Engagement, EngagementRow, Participant
from portal.tenancy.models import Firm
from portal.tenancy.wall import TenantForeignKey, TenantManager, TenantModel


class Document(EngagementRow):
    """A document of the engagement."""

    name = models.CharField(max_length=200)
    kind = models.CharField(max_length=12)
    subphase_key = models.CharField(max_length=60, blank=True, default="")
    purpose = models.TextField(blank=True, default="")
    complete_when = models.TextField(blank=True, default="")
    state = models.CharField(max_length=10, default="planned")
    is_client_visible = models.BooleanField(default=True)
    position = models.PositiveIntegerField()

    class Meta(EngagementRow.Meta):
        ordering: ClassVar = ["position"]

    def __str__(self) -> str:
        return self.name


class DocumentVersion(EngagementRow):
    """A version of a document: its text here, its file, or where it lives. It never changes."""

    document = TenantForeignKey(Document, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    text = models.TextField(blank=True, default="")
    link = models.CharField(max_length=500, blank=True, default="")
    file = TenantForeignKey(ProjectFile, on_delete=models.PROTECT, null=True, related_name="+")
    note = models.CharField(max_length=300, blank=True, default="")
    sha256 = models.CharField(max_length=64)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta(EngagementRow.Meta):
        ordering: ClassVar = ["-number"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["client", "document", "number"], name="document_version_once")
        ]


class Meeting(EngagementRow):
    """A meeting: agenda from the playbook, then what was said in it."""

    key = models.CharField(max_length=60)
    position = models.PositiveIntegerField()
    name = models.CharField(max_length=200)
    subphase_key = models.CharField(max_length=60, blank=True, default="")
    purpose = models.TextField(blank=True, default="")
    people = models.CharField(max_length=300, blank=True, default="")
    length = models.CharField(max_length=20, blank=True, default="", help_text="Minutes, one number or a range")
    plan = models.JSONField(default=dict, help_text="agenda, bring, leave_with, homework, before, during, after")
    state = models.CharField(max_length=10, default="planned")
    starts_at = models.DateTimeField(null=True, blank=True)
    attendees = models.CharField(max_length=600, blank=True, default="")
    notes = models.TextField(blank=True, default="")
    internal_notes = models.TextField(blank=True, default="")

    class Meta(EngagementRow.Meta):
        ordering: ClassVar = ["position"]

    def __str__(self) -> str:
        return self.name


class MeetingItemKind(models.TextChoices):
    DECISION = "decision", "Decision"
    HOMEWORK = "homework", "Homework"


class MeetingItem(EngagementRow):
    """A decision, or homework until the next meeting."""

    meeting = TenantForeignKey(Meeting, on_delete=models.PROTECT, related_name="items")
    kind = models.CharField(max_length=10, choices=MeetingItemKind.choices)
    text = models.CharField(max_length=600)
    owner = TenantForeignKey(Participant, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    due_on = models.DateField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    done_at = models.DateTimeField(null=True)

    class Meta(EngagementRow.Meta):
        ordering: ClassVar = ["pk"]


class RiskKind(models.TextChoices):
    RISK = "risk", "Risk"
    BLOCKER = "blocker", "Blocker"
    ISSUE = "issue", "Issue"


class Severity(models.TextChoices):
    LOW = "low", "Low"
    MEDIUM = "medium", "Medium"
    CRITICAL = "critical", "Critical"


class Risk(EngagementRow):
    """What may go wrong (risk), stops the work (blocker) or is wrong (issue)."""

    kind = models.CharField(max_length=10, choices=RiskKind.choices)
    severity = models.CharField(max_length=10, choices=Severity.choices, default=Severity.MEDIUM)
    title = models.CharField(max_length=300)
    remedy = models.TextField(blank=True, default="")
    owner = TenantForeignKey(Participant, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    state = models.CharField(max_length=10, default="open")
    is_internal = models.BooleanField(default=False)
    about = models.CharField(
        max_length=20, blank=True, default="", help_text="What raised it: test, component, or nothing"
    )
    about_id = models.BigIntegerField(null=True)
    raised_at = models.DateTimeField(auto_now_add=True)

    class Meta(EngagementRow.Meta):
        ordering: ClassVar = ["pk"]

    def __str__(self) -> str:
        return self.title


class Comment(EngagementRow):
    """Said about a thing of the engagement; an internal one is the firm's alone."""

    about = models.CharField(max_length=12, help_text="task, document, meeting, risk, gate or engagement")
    about_id = models.BigIntegerField()
    text = models.TextField()
    is_internal = models.BooleanField(default=False)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta(EngagementRow.Meta):
        ordering: ClassVar = ["pk"]
        indexes: ClassVar = [models.Index(fields=["client", "about", "about_id"], name="comment_about")]


class Mention(EngagementRow):
    """Somebody named in a comment."""

    comment = TenantForeignKey(Comment, on_delete=models.PROTECT, related_name="mentions")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    seen_at = models.DateTimeField(null=True)

    class Meta(EngagementRow.Meta):
        constraints: ClassVar = [models.UniqueConstraint(fields=["client", "comment", "user"], name="mention_once")]


class Activity(EngagementRow):
    """One line of the feed; the audit log beside it is the proof."""

    at = models.DateTimeField(auto_now_add=True)
    actor = models.CharField(max_length=200)
    text = models.CharField(max_length=600)
    path = models.CharField(max_length=300, blank=True, default="", help_text="Within the engagement's pages")
    is_internal = models.BooleanField(default=False)

    class Meta(EngagementRow.Meta):
        ordering: ClassVar = ["-pk"]
        indexes: ClassVar = [models.Index(fields=["client", "engagement", "-id"], name="activity_feed")]


class EngagementSummary(TenantModel):
    """What the firm's portfolio shows of one engagement: written inside the client's scope, read inside the firm's."""

    firm = models.ForeignKey(Firm, on_delete=models.PROTECT, related_name="+")
    engagement = TenantForeignKey(Engagement, on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=200)
    state = models.CharField(max_length=10)
    phase = models.CharField(max_length=220, blank=True, default="")
    health = models.CharField(max_length=10)
    reasons = models.JSONField(default=list)
    gate = models.CharField(max_length=200, blank=True, default="")
    gate_id = models.BigIntegerField(null=True)
    shut_by = models.CharField(max_length=600, blank=True, default="")
    budget = models.DecimalField(max_digits=9, decimal_places=2, null=True)
    logged = models.DecimalField(max_digits=9, decimal_places=2, default=0)
    waiting_on = models.CharField(max_length=200, blank=True, default="")
    waiting_for = models.CharField(max_length=300, blank=True, default="")
    waiting_since = models.DateTimeField(null=True)
    ends_on = models.DateField(null=True)
    updated_at = models.DateTimeField(auto_now=True)

    of_firm: ClassVar = models.Manager()
    objects: ClassVar = TenantManager()

    class Meta(TenantModel.Meta):
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["client", "engagement"], name="engagement_summary_once")
        ]
