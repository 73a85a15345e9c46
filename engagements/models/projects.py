"""An engagement, its phases, people and what is done in it. Everything is copied from the playbook when it starts."""

from typing import Any, ClassVar

from django.conf import settings
from django.db import models

from portal.tenancy.wall import TenantForeignKey, TenantModel


def choices(machine: Any) -> list[tuple[str, str]]:
    """The states of a machine as choices of a field."""
    return [(name, name.replace("_", " ").capitalize()) for name in machine]


class Kind(models.TextChoices):
    SINGLE = "single", "Single project"
    DEDICATED = "dedicated", "Dedicated"


class Function(models.TextChoices):
    """Where in the client a person belongs; the firm's people have none."""

    FINANCE = "finance", "Finance"
    REVOPS = "revops", "RevOps"
    SALES = "sales", "Sales"
    SUCCESS = "success", "Customer success"
    SPONSOR = "sponsor", "Executive sponsor"
    OTHER = "other", "Other"


class Engagement(TenantModel):
    """One project for a client."""

    name = models.CharField(max_length=200)
    kind = models.CharField(max_length=10, choices=Kind.choices, default=Kind.SINGLE)
    state = models.CharField(max_length=10, default="active")
    playbook_key = models.CharField(max_length=60)
    playbook_name = models.CharField(max_length=200)
    playbook_version = models.PositiveIntegerField(default=0, help_text="0: as shipped")
    playbook_sha256 = models.CharField(max_length=64)
    content = models.JSONField(help_text="The playbook as it was copied, without what the answers leave out")
    answers = models.JSONField(default=dict, help_text="Condition → whether it holds")
    starts_on = models.DateField()
    ends_on = models.DateField(null=True, blank=True)
    deliverable = models.CharField(max_length=600, blank=True, default="")
    success = models.CharField(
        max_length=600, blank=True, default="", help_text="How the client will know that it worked"
    )
    crm = models.CharField(max_length=100, blank=True, default="")
    billing_system = models.CharField(max_length=100, blank=True, default="")
    internal_note = models.TextField(blank=True, default="", help_text="For the firm alone")
    hypercare_from = models.DateField(null=True, blank=True)
    hypercare_until = models.DateField(null=True, blank=True)
    hypercare_first = models.JSONField(
        null=True, help_text="The first month end of hypercare as it was reconciled then"
    )
    maintenance_from = models.DateField(null=True, blank=True)
    maintenance_until = models.DateField(null=True, blank=True)
    started_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    closed_at = models.DateTimeField(null=True)
    time_final_at = models.DateTimeField(null=True, help_text="From then on no time is logged")
    time_final_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")

    class Meta(TenantModel.Meta):
        ordering: ClassVar = ["-starts_on", "-pk"]

    def __str__(self) -> str:
        return self.name

    @property
    def is_open(self) -> bool:
        return self.state in {"active", "paused"}

    @property
    def is_maintained(self) -> bool:
        """Whether its maintenance schedule runs; it goes on when the project is closed."""
        return self.maintenance_from is not None and self.maintenance_until is None


class EngagementRow(TenantModel):
    """A row of one engagement."""

    engagement = TenantForeignKey(Engagement, on_delete=models.PROTECT, related_name="+")

    class Meta(TenantModel.Meta):
        abstract = True


class Participant(EngagementRow):
    """A person on the engagement, of the firm or of the client."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    is_firm_staff = models.BooleanField(default=False)
    project_role = models.CharField(max_length=100)
    function = models.CharField(max_length=10, choices=Function.choices, blank=True, default="")

    class Meta(EngagementRow.Meta):
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["client", "engagement", "user"], name="participant_once")
        ]

    def __str__(self) -> str:
        return str(self.user.get_full_name())


class Phase(EngagementRow):
    """A phase of the engagement."""

    key = models.CharField(max_length=60)
    position = models.PositiveIntegerField()
    name = models.CharField(max_length=200)
    weight = models.CharField(max_length=10)
    goal = models.TextField(blank=True, default="")
    output = models.TextField(blank=True, default="")
    state = models.CharField(max_length=10, default="shut")

    class Meta(EngagementRow.Meta):
        ordering: ClassVar = ["position"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["client", "engagement", "key"], name="phase_key_once")]

    def __str__(self) -> str:
        return f"{self.key}. {self.name}"


class SubPhase(EngagementRow):
    """A step of a phase, such as 1a."""

    phase = TenantForeignKey(Phase, on_delete=models.PROTECT, related_name="subphases")
    key = models.CharField(max_length=60)
    position = models.PositiveIntegerField()
    name = models.CharField(max_length=200)
    purpose = models.TextField(blank=True, default="")
    timing = models.CharField(max_length=200, blank=True, default="")
    output = models.TextField(blank=True, default="")

    class Meta(EngagementRow.Meta):
        ordering: ClassVar = ["position"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["client", "engagement", "key"], name="sub_phase_key_once")
        ]

    def __str__(self) -> str:
        return f"{self.key} {self.name}"


class ChecklistPoint(EngagementRow):
    """A point of a sub-phase's checklist; what is the client's to do, the client's people may tick."""

    subphase = TenantForeignKey(SubPhase, on_delete=models.PROTECT, related_name="points")
    position = models.PositiveIntegerField()
    track = models.CharField(max_length=200, blank=True, default="")
    is_clients = models.BooleanField(default=False)
    text = models.TextField()
    done_at = models.DateTimeField(null=True)
    done_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta(EngagementRow.Meta):
        ordering: ClassVar = ["position"]


class Milestone(EngagementRow):
    """A part of the engagement with a budget; `budget` in hours."""

    position = models.PositiveIntegerField()
    name = models.CharField(max_length=200)
    budget = models.DecimalField(max_digits=7, decimal_places=2, null=True)

    class Meta(EngagementRow.Meta):
        ordering: ClassVar = ["position"]


class Task(EngagementRow):
    """A piece of work. The client sees it where `is_client_visible`, and never the fields that begin with `internal`."""

    milestone = TenantForeignKey(Milestone, on_delete=models.PROTECT, null=True, related_name="+")
    subphase = TenantForeignKey(SubPhase, on_delete=models.PROTECT, null=True, related_name="+")
    list_name = models.CharField(max_length=200, blank=True, default="")
    number = models.PositiveIntegerField()
    name = models.CharField(max_length=200)
    description = models.TextField(blank=True, default="")
    end_state = models.TextField(blank=True, default="")
    points = models.JSONField(default=list, help_text="Texts of its checklist")
    points_done = models.JSONField(default=list, help_text="Positions of those that are done")
    hours_low = models.DecimalField(max_digits=7, decimal_places=2, null=True, blank=True)
    hours_high = models.DecimalField(max_digits=7, decimal_places=2, null=True, blank=True)
    owner = TenantForeignKey(Participant, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    state = models.CharField(max_length=10, default="todo")
    starts_on = models.DateField(null=True, blank=True)
    due_on = models.DateField(null=True, blank=True)
    is_client_visible = models.BooleanField(default=True)
    internal_note = models.TextField(blank=True, default="")
    waiting_reason = models.CharField(max_length=300, blank=True, default="")
    moved_at = models.DateTimeField(null=True)

    class Meta(EngagementRow.Meta):
        ordering: ClassVar = ["number"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["client", "engagement", "number"], name="task_number_once")
        ]

    def __str__(self) -> str:
        return f"{self.number}. {self.name}"


class TaskNeed(EngagementRow):
    """`task` begins only when `needs` is done."""

    task = TenantForeignKey(Task, on_delete=models.PROTECT, related_name="needs")
    needs = TenantForeignKey(Task, on_delete=models.PROTECT, related_name="needed_by")

    class Meta(EngagementRow.Meta):
        constraints: ClassVar = [models.UniqueConstraint(fields=["client", "task", "needs"], name="task_need_once")]
