"""Gates between phases: what must hold, who said so, and every decision about them."""

from typing import ClassVar

from django.conf import settings
from django.db import models

from engagements.models.projects import EngagementRow, Phase
from engagements.models.work import Document
from portal.tenancy.wall import TenantForeignKey


class Gate(EngagementRow):
    """What must hold at the end of a phase."""

    phase = TenantForeignKey(Phase, on_delete=models.PROTECT, related_name="gates")
    name = models.CharField(max_length=200)
    output = models.TextField(blank=True, default="")
    go = models.TextField(blank=True, default="")
    back = models.TextField(blank=True, default="")
    early_needs = models.JSONField(default=list, help_text="Criteria that allow a start of the next phase in part")
    early_start = models.JSONField(default=list, help_text="What may begin before the gate opens")
    state = models.CharField(max_length=10, default="shut")
    planned_on = models.DateField(null=True, blank=True)

    class Meta(EngagementRow.Meta):
        constraints: ClassVar = [models.UniqueConstraint(fields=["client", "phase"], name="gate_of_phase_once")]

    def __str__(self) -> str:
        return self.name


class GateCriterion(EngagementRow):
    """One thing that must hold. A computed one is read from the system each time; the others are said by people."""

    gate = TenantForeignKey(Gate, on_delete=models.PROTECT, related_name="criteria")
    position = models.PositiveIntegerField()
    key = models.CharField(max_length=60)
    kind = models.CharField(max_length=10)
    text = models.CharField(max_length=600)
    check_key = models.CharField(max_length=60, blank=True, default="")
    said_at = models.DateTimeField(null=True)
    said_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    note = models.CharField(max_length=300, blank=True, default="", help_text="What was said of it; evidence to sign")
    functions = models.JSONField(default=list, help_text="Which functions of the client sign it; empty: any one person")
    quorum = models.PositiveIntegerField(default=0, help_text="How many of them are enough; 0: all")
    document = TenantForeignKey(Document, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta(EngagementRow.Meta):
        ordering: ClassVar = ["position"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["client", "gate", "key"], name="criterion_key_once")]

    def __str__(self) -> str:
        return self.text


class CriterionSignature(EngagementRow):
    """One person's signature under exactly what they were shown of a criterion. Rows are never changed or removed:

    it counts as long as `sha256` is that of what there is to sign now, and it has no end.
    """

    criterion = TenantForeignKey(GateCriterion, on_delete=models.PROTECT, related_name="signatures")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    function = models.CharField(max_length=10)
    content = models.JSONField(help_text="What was shown; its canonical JSON is what the sha256 is of")
    sha256 = models.CharField(max_length=64)
    intent = models.TextField()
    intent_sha256 = models.CharField(max_length=64)
    auth_method = models.CharField(max_length=60)
    auth_at = models.DateTimeField()
    signed_at = models.DateTimeField()
    address = models.CharField(max_length=64, blank=True, default="")
    user_agent = models.CharField(max_length=400, blank=True, default="")

    class Meta(EngagementRow.Meta):
        ordering: ClassVar = ["pk"]
        indexes: ClassVar = [models.Index(fields=["client", "criterion"], name="criterion_signature_of")]


class SignatureEnd(EngagementRow):
    """That a signature counts no more: taken back by its signer, or lapsed with what it signed. Rows are never changed."""

    signature = TenantForeignKey(CriterionSignature, on_delete=models.PROTECT, related_name="ends")
    because = models.CharField(max_length=10, choices=[("withdrawn", "Taken back"), ("lapsed", "Lapsed")])
    at = models.DateTimeField()

    class Meta(EngagementRow.Meta):
        constraints: ClassVar = [models.UniqueConstraint(fields=["client", "signature"], name="signature_end_once")]


class CriterionCertificate(EngagementRow):
    """What a criterion gives people to keep once enough have signed: checked without the database. Rows never change."""

    criterion = TenantForeignKey(GateCriterion, on_delete=models.PROTECT, related_name="certificates")
    sha256 = models.CharField(max_length=64)
    content = models.JSONField()
    signature = models.CharField(max_length=100, help_text="Ed25519 over the content's canonical JSON, base64")
    key_id = models.CharField(max_length=16)
    issued_at = models.DateTimeField()

    class Meta(EngagementRow.Meta):
        ordering: ClassVar = ["-pk"]
        indexes: ClassVar = [models.Index(fields=["client", "criterion", "-id"], name="criterion_certificate_of")]


class DecisionKind(models.TextChoices):
    OPENED = "opened", "Opened"
    EARLY = "early", "Next phase begun in part"
    BACK = "back", "Looped back"
    OVERRIDDEN = "overridden", "Opened against its criteria"


class GateDecision(EngagementRow):
    """A decision about a gate with what was known then. It never changes."""

    gate = TenantForeignKey(Gate, on_delete=models.PROTECT, related_name="decisions")
    kind = models.CharField(max_length=10, choices=DecisionKind.choices)
    reason = models.TextField(blank=True, default="")
    seen = models.JSONField(default=list, help_text="Each criterion with its answer at that moment")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField(auto_now_add=True)

    class Meta(EngagementRow.Meta):
        ordering: ClassVar = ["-pk"]
