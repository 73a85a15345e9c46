"""Firms, clients (the tenants), who belongs to them, and the audit log."""

from typing import ClassVar

from django.conf import settings
from django.core.validators import RegexValidator
from django.db import models
from django.db.models.functions import Now
from django.utils import timezone

from portal.tenancy.wall import TenantManager, TenantModel, TenantQuerySet

CURRENCY = RegexValidator(r"^[A-Z]{3}\Z", "A currency is three capital letters, such as USD.")


class Firm(models.Model):
    """A consulting firm on this installation."""

    slug = models.SlugField(max_length=60, unique=True)
    name = models.CharField(max_length=200)
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.name


class FirmRole(models.TextChoices):
    ADMIN = "admin", "Firm admin"
    ARCHITECT = "architect", "Architect"
    ENGINEER = "engineer", "Engineer"
    EXPERT = "expert", "Subject expert"


class FirmMembership(models.Model):
    """A consultant of a firm. Which clients they reach is a grant on each client, not this row."""

    firm = models.ForeignKey(Firm, on_delete=models.PROTECT, related_name="memberships")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="firm_memberships")
    role = models.CharField(max_length=20, choices=FirmRole.choices)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["firm", "user"], name="firm_membership_once")]

    def __str__(self) -> str:
        return f"{self.user} at {self.firm}"


class Client(models.Model):
    """A company that a firm works for: the tenant."""

    firm = models.ForeignKey(Firm, on_delete=models.PROTECT, related_name="clients")
    slug = models.SlugField(max_length=60, unique=True)
    name = models.CharField(max_length=200)
    currency = models.CharField(max_length=3, validators=[CURRENCY], help_text="Reporting currency")
    fiscal_year_start = models.PositiveSmallIntegerField(default=1, help_text="Month, 1 to 12")
    time_zone = models.CharField(max_length=64, default="UTC")
    locale = models.CharField(max_length=10, default="en")
    accent = models.CharField(max_length=7, blank=True, default="")
    requires_mfa_for_admins = models.BooleanField(default=True)
    close_day = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="Day of the month on which the previous month is closed; empty: by hand"
    )
    next_close_at = models.DateTimeField(null=True, blank=True, db_index=True)
    next_check_at = models.DateTimeField(null=True, blank=True, db_index=True)
    next_import_at = models.DateTimeField(null=True, blank=True, db_index=True)
    next_anchor_at = models.DateTimeField(null=True, blank=True, db_index=True, db_default=Now())
    next_reminder_at = models.DateTimeField(null=True, blank=True, db_index=True)
    next_notice_at = models.DateTimeField(null=True, blank=True, db_index=True, db_default=Now())
    next_engagement_at = models.DateTimeField(null=True, blank=True, db_index=True)
    next_maintenance_at = models.DateTimeField(null=True, blank=True, db_index=True, db_default=Now())
    next_webhook_at = models.DateTimeField(null=True, blank=True, db_index=True)
    next_quality_at = models.DateTimeField(null=True, blank=True, db_index=True, db_default=Now())
    next_change_at = models.DateTimeField(null=True, blank=True, db_index=True)
    next_oversight_at = models.DateTimeField(null=True, blank=True, db_index=True, db_default=Now())
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        permissions: ClassVar = [("work_on_client", "May work on this client")]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(fiscal_year_start__gte=1, fiscal_year_start__lte=12), name="client_fiscal_month"
            ),
            models.CheckConstraint(
                condition=models.Q(close_day__isnull=True) | models.Q(close_day__gte=1, close_day__lte=28),
                name="client_close_day",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class ClientRole(models.TextChoices):
    ADMIN = "admin", "Client admin"
    REVOPS = "revops", "RevOps"
    FINANCE = "finance", "Finance"
    EXECUTIVE = "executive", "Executive"
    SALES = "sales", "Sales"
    SUCCESS = "success", "Customer success"
    ANALYST = "analyst", "Analyst"
    SALES_MANAGER = "sales_manager", "Sales manager"
    REGIONAL_LEAD = "regional_lead", "Regional lead"
    SALES_REP = "sales_rep", "Sales representative"
    STAKEHOLDER = "stakeholder", "Stakeholder"


class AcceptedOfPerson(models.Manager["Membership"]):
    """The memberships that people have agreed to."""

    def get_queryset(self) -> models.QuerySet["Membership"]:
        return super().get_queryset().filter(accepted_at__isnull=False)


class AcceptedMembers(TenantManager["Membership"]):
    """The client's people: those who have agreed to be."""

    def get_queryset(self) -> TenantQuerySet["Membership"]:
        return super().get_queryset().filter(accepted_at__isnull=False)


class Membership(TenantModel):
    """A person of the client, in one role.

    A stakeholder is only invited until they open a link that was mailed to them: not among `objects`, reaching nothing, and
    shown under the name that whoever added them typed.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=20, choices=ClientRole.choices)
    created_at = models.DateTimeField(auto_now_add=True)
    accepted_at = models.DateTimeField(
        null=True, default=timezone.now, db_default=Now(), help_text="Empty: invited, and nothing more"
    )
    invited_name = models.CharField(
        max_length=150, blank=True, default="", db_default="", help_text="As whoever invited them typed it"
    )

    # Before a client is known, a person's own memberships are read under `person_context`, which the row policy allows.
    of_person: ClassVar = AcceptedOfPerson()
    with_invited: ClassVar = TenantManager()
    objects: ClassVar = AcceptedMembers()

    class Meta(TenantModel.Meta):
        base_manager_name = "with_invited"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["client", "user"], name="membership_once"),
            models.CheckConstraint(
                condition=models.Q(accepted_at__isnull=False) | models.Q(role=ClientRole.STAKEHOLDER),
                name="membership_invited_stakeholder",
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["user"], name="membership_user")]

    @property
    def shown_name(self) -> str:
        """What others may call this person: their own name once they have agreed."""
        return self.user.get_full_name() if self.accepted_at else self.invited_name or self.user.email

    def __str__(self) -> str:
        return f"{self.user} ({self.get_role_display()})"


class ClientSummary(TenantModel):
    """What the firm's portfolio shows of one client: written inside the client's scope, read inside the firm's.

    `arr` and `arr_previous` are of one definition and the contracts of now; beside them what was reported first of the same
    month ends, where they are closed.
    """

    firm = models.ForeignKey(Firm, on_delete=models.PROTECT, related_name="+")
    as_of_month = models.IntegerField(null=True, help_text="Month ordinal of the figures")
    arr = models.DecimalField(max_digits=20, decimal_places=2, null=True)
    arr_previous = models.DecimalField(max_digits=20, decimal_places=2, null=True)
    arr_reported = models.DecimalField(max_digits=20, decimal_places=2, null=True)
    previous_reported = models.DecimalField(max_digits=20, decimal_places=2, null=True)
    nrr = models.DecimalField(max_digits=12, decimal_places=4, null=True)
    customers = models.IntegerField(null=True)
    open_issues = models.IntegerField(default=0)
    waiting_imports = models.IntegerField(default=0)
    last_import_at = models.DateTimeField(null=True)
    last_closed_month = models.IntegerField(null=True)
    state = models.CharField(
        max_length=200, blank=True, default="", help_text="Why there is no number, if there is none"
    )
    updated_at = models.DateTimeField(auto_now=True)

    of_firm: ClassVar = models.Manager()
    objects: ClassVar = TenantManager()

    class Meta(TenantModel.Meta):
        constraints: ClassVar = [models.UniqueConstraint(fields=["client"], name="client_summary_once")]


class AuditEntry(TenantModel):
    """One link of a client's audit chain. Written by `audit.record` alone; nothing ever changes or removes it."""

    sequence = models.BigIntegerField()
    at = models.DateTimeField()
    actor = models.CharField(max_length=200, help_text="Who: an e-mail address, a token's name, or a job's name")
    actor_id = models.BigIntegerField(null=True)
    action = models.CharField(max_length=80)
    object_type = models.CharField(max_length=60)
    object_id = models.CharField(max_length=200)
    details = models.JSONField(default=dict)
    before_hash = models.CharField(max_length=64, blank=True, default="")
    after_hash = models.CharField(max_length=64, blank=True, default="")
    request_id = models.CharField(max_length=64, blank=True, default="")
    previous_hash = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)
    mac = models.CharField(max_length=64)

    class Meta(TenantModel.Meta):
        ordering: ClassVar = ["sequence"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["client", "sequence"], name="audit_sequence_once")]

    def __str__(self) -> str:
        return f"{self.sequence} {self.action}"


class FirmAuditEntry(models.Model):
    """What happened at the level of a firm: people, assignments, new clients. Chained like a client's log."""

    firm = models.ForeignKey(Firm, on_delete=models.PROTECT, related_name="+")
    sequence = models.BigIntegerField()
    at = models.DateTimeField()
    actor = models.CharField(max_length=200)
    actor_id = models.BigIntegerField(null=True)
    action = models.CharField(max_length=80)
    object_type = models.CharField(max_length=60)
    object_id = models.CharField(max_length=200)
    details = models.JSONField(default=dict)
    before_hash = models.CharField(max_length=64, blank=True, default="")
    after_hash = models.CharField(max_length=64, blank=True, default="")
    request_id = models.CharField(max_length=64, blank=True, default="")
    previous_hash = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)
    mac = models.CharField(max_length=64)

    class Meta:
        ordering: ClassVar = ["sequence"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["firm", "sequence"], name="firm_audit_sequence_once")]

    def __str__(self) -> str:
        return f"{self.sequence} {self.action}"


class JobPulse(models.Model):
    """The one row that says when a background job was last at work (`portal.tenancy.pulse`); of no client."""

    seen_at = models.DateTimeField(help_text="When a background job was last at work")

    def __str__(self) -> str:
        return f"{self.seen_at}"
