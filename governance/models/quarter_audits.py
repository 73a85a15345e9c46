"""The audit of a quarter: a sample of contracts held against their sources, what was found, and who signed it."""

from typing import Any, ClassVar

from django.conf import settings
from django.db import models

from governance.models.evidence import EvidenceFile
from portal.tenancy.wall import TenantForeignKey, TenantModel


class AuditState(models.TextChoices):
    OPEN = "open", "Being checked"
    SIGNED = "signed", "Signed"


class ContractResult(models.TextChoices):
    OPEN = "open", "Not checked yet"
    AGREES = "agrees", "Agrees"
    DIFFERS = "differs", "Differs"
    NOT_FOUND = "not_found", "Not found"


class ReasonClass(models.TextChoices):
    """Why a contract is not what its line says: one of a few, so that they can be counted."""

    PRICE = "price", "Amount or discount"
    DATES = "dates", "Start, end or signature"
    TERMS = "terms", "A term that no line carries"
    CUSTOMER = "customer", "Customer or parent"
    PRODUCT = "product", "Product or charge type"
    CURRENCY = "currency", "Currency or rate"
    TWICE = "twice", "Counted twice"
    MISSING = "missing", "A line is missing"
    RULE = "rule", "The policy was applied otherwise than signed"
    PAPERS = "papers", "Papers cannot be found"
    OTHER = "other", "Something else"


class QuarterAudit(TenantModel):
    """One quarter's audit. Its sample is drawn once and never again; from the signature on nothing of it changes.

    `population` is the file of contract ids that was drawn from (`governance.sampling`): a few megabytes at most.
    """

    quarter = models.CharField(max_length=12, help_text="As periods name it: FY2026-Q3")
    first_month = models.IntegerField()
    last_month = models.IntegerField()
    size = models.PositiveSmallIntegerField()
    seed = models.CharField(max_length=64)
    population = models.TextField()
    population_count = models.PositiveIntegerField()
    population_sha256 = models.CharField(max_length=64)
    policy_number = models.PositiveIntegerField(null=True)
    policy_parameters = models.JSONField(help_text="Under which the sheets were computed")
    state = models.CharField(max_length=10, choices=AuditState.choices, default=AuditState.OPEN)
    due_on = models.DateField()
    auditor = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    drawn_at = models.DateTimeField()

    class Meta(TenantModel.Meta):
        ordering: ClassVar = ["-last_month"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["client", "quarter"], name="quarter_audit_once")]

    def __str__(self) -> str:
        return self.quarter

    @property
    def is_signed(self) -> bool:
        return self.state == AuditState.SIGNED


class AuditedContract(TenantModel):
    """A contract of the sample: its work sheet as the engine gave it when it was drawn, and what somebody found.

    `difference` is the contract's ARR as its source has it, less what the engine says, in the client's currency.
    `version` rises with every result, for writers who meet.
    """

    audit = TenantForeignKey(QuarterAudit, on_delete=models.PROTECT, related_name="contracts")
    position = models.PositiveSmallIntegerField(help_text="In the order of the drawing, from 1")
    contract_id = models.CharField(max_length=200)
    customer_name = models.CharField(max_length=200)
    arr = models.DecimalField(max_digits=20, decimal_places=2, help_text="At the end of the quarter")
    sheet = models.JSONField(help_text="governance.selectors.audit_sheets")
    sheet_sha256 = models.CharField(max_length=64)
    result = models.CharField(max_length=10, choices=ContractResult.choices, default=ContractResult.OPEN)
    difference = models.DecimalField(max_digits=20, decimal_places=2, null=True)
    reason = models.CharField(max_length=10, choices=ReasonClass.choices, blank=True, default="")
    note = models.TextField(blank=True, default="")
    reference = models.CharField(max_length=400, blank=True, default="", help_text="Where the evidence lies, as text")
    evidence = TenantForeignKey(EvidenceFile, on_delete=models.PROTECT, null=True, related_name="+")
    checked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    checked_at = models.DateTimeField(null=True)
    version = models.PositiveIntegerField(default=1)

    class Meta(TenantModel.Meta):
        ordering: ClassVar = ["position"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["client", "audit", "position"], name="audited_place_once"),
            models.UniqueConstraint(fields=["client", "audit", "contract_id"], name="audited_contract_once"),
        ]

    def __str__(self) -> str:
        return self.contract_id

    @property
    def is_off(self) -> bool:
        """Whether the contract is not what the engine was told."""
        return self.result in (ContractResult.DIFFERS, ContractResult.NOT_FOUND)

    @property
    def traits(self) -> dict[str, list[str]]:
        """What the contract has in common with others: segment, product, source."""
        found: dict[str, Any] = self.sheet["traits"]
        return found


class ReplacedSheet(TenantModel):
    """The sheet of a contract before it was taken anew, with what was found about it. Rows are never changed or removed.

    `content` is the contract as `governance.selectors.quarter_audits.contract_content` had it at that `version`.
    """

    contract = TenantForeignKey(AuditedContract, on_delete=models.PROTECT, related_name="replaced")
    version = models.PositiveIntegerField(help_text="Of the contract, while this was its sheet")
    content = models.JSONField()
    replaced_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    replaced_at = models.DateTimeField()

    class Meta(TenantModel.Meta):
        ordering: ClassVar = ["version"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["client", "contract", "version"], name="replaced_sheet_once")
        ]

    def __str__(self) -> str:
        return f"{self.contract}, before version {self.version + 1}"


class AuditSignature(TenantModel):
    """Finance's signature under an audit: `content` is the whole of what was shown. Rows are never changed or removed."""

    audit = TenantForeignKey(QuarterAudit, on_delete=models.PROTECT, related_name="signatures")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    content = models.JSONField()
    sha256 = models.CharField(max_length=64)
    intent = models.TextField()
    auth_method = models.CharField(max_length=60)
    auth_at = models.DateTimeField()
    signed_at = models.DateTimeField()
    address = models.CharField(max_length=64, blank=True, default="")
    user_agent = models.CharField(max_length=400, blank=True, default="")

    class Meta(TenantModel.Meta):
        constraints: ClassVar = [models.UniqueConstraint(fields=["client", "audit"], name="audit_signature_once")]

    def __str__(self) -> str:
        return f"{self.user} for {self.audit}"


class AuditFollowUp(TenantModel):
    """What is to be done about something that an audit found; it outlives the signature."""

    audit = TenantForeignKey(QuarterAudit, on_delete=models.PROTECT, related_name="follow_ups")
    pattern = models.CharField(
        max_length=220, blank=True, default="", help_text="The pattern that it answers, as its key"
    )
    text = models.CharField(max_length=400)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+",
        help_text="Empty: who was to do it left, and nobody has taken it over",
    )  # fmt: skip
    due_on = models.DateField()
    raised_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    raised_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True)
    done_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    outcome = models.CharField(max_length=1000, blank=True, default="")

    class Meta(TenantModel.Meta):
        ordering: ClassVar = ["due_on", "id"]
        indexes: ClassVar = [models.Index(fields=["client", "audit"], name="follow_up_by_audit")]

    def __str__(self) -> str:
        return self.text
