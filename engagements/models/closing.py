"""The end of an engagement: what the firm was let into, what is handed over, and what was learnt."""

from typing import ClassVar

from django.conf import settings
from django.db import models

from engagements.models.projects import EngagementRow, Participant
from portal.tenancy.wall import TenantForeignKey


class SystemKind(models.TextChoices):
    CRM = "crm", "CRM"
    BILLING = "billing", "Billing system"
    WAREHOUSE = "warehouse", "Data warehouse"
    BI = "bi", "BI platform"
    FINANCE = "finance", "Finance system"
    MARKETING = "marketing", "Marketing automation"
    OTHER = "other", "Other"


class AccessKind(models.TextChoices):
    PERSONAL = "personal", "Personal account"
    SHARED = "shared", "Shared account"
    SERVICE = "service", "Service account"
    KEY = "key", "Key or token"
    FILES = "files", "Shared folder or export"


class SystemAccess(EngagementRow):
    """Access to one of the client's systems that the firm asked for. Where the secret is kept, never the secret."""

    system = models.CharField(max_length=100)
    system_kind = models.CharField(max_length=12, choices=SystemKind.choices)
    kind = models.CharField(max_length=10, choices=AccessKind.choices)
    role = models.CharField(max_length=100, help_text="As what: the role or the permissions")
    holder = TenantForeignKey(Participant, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    requested_on = models.DateField()
    granted_on = models.DateField(null=True, blank=True)
    granted_by = models.CharField(max_length=150, blank=True, default="", help_text="Who of the client granted it")
    kept_at = models.CharField(max_length=300, blank=True, default="", help_text="Where the secret is kept")
    note = models.CharField(max_length=600, blank=True, default="")
    state = models.CharField(max_length=12, default="requested")
    ended_at = models.DateTimeField(null=True)
    ended_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    confirmed_at = models.DateTimeField(null=True)
    confirmed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta(EngagementRow.Meta):
        ordering: ClassVar = ["pk"]

    def __str__(self) -> str:
        return f"{self.system} as {self.role}"

    @property
    def state_label(self) -> str:
        """The state as people read it."""
        return str(self.state).replace("_", " ").capitalize()


class Ending(models.TextChoices):
    AT_CLOSE = "at_close", "Ends when the project is closed"
    ON_DAY = "on_day", "Ends on a day"
    KEPT = "kept", "The architect keeps it"


class AccessPlan(EngagementRow):
    """What becomes of the firm's access when the engagement ends; `done_at` once it has ended in the portal."""

    ending = models.CharField(max_length=10, choices=Ending.choices)
    ends_on = models.DateField(null=True, blank=True)
    reason = models.CharField(max_length=600, blank=True, default="")
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(auto_now=True)
    done_at = models.DateTimeField(null=True)

    class Meta(EngagementRow.Meta):
        constraints: ClassVar = [models.UniqueConstraint(fields=["client", "engagement"], name="access_plan_once")]


class Side(models.TextChoices):
    INTERNAL = "internal", "Inside the firm"
    EXTERNAL = "external", "To the client"


class Handoff(EngagementRow):
    """From the subject expert to the architect (internal, the firm's alone), or from the firm to the client (external)."""

    side = models.CharField(max_length=10, choices=Side.choices)
    giver = TenantForeignKey(Participant, on_delete=models.PROTECT, related_name="+")
    receiver = TenantForeignKey(Participant, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=10, default="open")
    offered_at = models.DateTimeField(null=True)
    accepted_at = models.DateTimeField(null=True)
    note = models.CharField(max_length=1000, blank=True, default="", help_text="What the receiver said")
    facts = models.JSONField(default=list, help_text="What the engagement said of itself when it was accepted")
    sha256 = models.CharField(max_length=64, blank=True, default="", help_text="Of points and facts as accepted")

    class Meta(EngagementRow.Meta):
        constraints: ClassVar = [models.UniqueConstraint(fields=["client", "engagement", "side"], name="handoff_once")]

    def __str__(self) -> str:
        return f"Handoff {self.get_side_display().lower()}"


class HandoffPoint(EngagementRow):
    """One thing that is handed over."""

    handoff = TenantForeignKey(Handoff, on_delete=models.PROTECT, related_name="points")
    position = models.PositiveIntegerField()
    text = models.CharField(max_length=600)
    done_at = models.DateTimeField(null=True)
    done_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta(EngagementRow.Meta):
        ordering: ClassVar = ["position"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["client", "handoff", "position"], name="handoff_point_once")
        ]


class Debrief(EngagementRow):
    """What the firm learnt; the firm's alone."""

    went_well = models.TextField(blank=True, default="")
    differently = models.TextField(blank=True, default="")
    learnings = models.TextField(blank=True, default="", help_text="What goes back into the playbook")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(auto_now=True)

    class Meta(EngagementRow.Meta):
        constraints: ClassVar = [models.UniqueConstraint(fields=["client", "engagement"], name="debrief_once")]


class FinalReport(EngagementRow):
    """The final status report as it was when the engagement was closed. It never changes; closing again makes another."""

    number = models.PositiveIntegerField()
    content = models.JSONField()
    sha256 = models.CharField(max_length=64)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta(EngagementRow.Meta):
        ordering: ClassVar = ["-number"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["client", "engagement", "number"], name="final_report_once")
        ]
