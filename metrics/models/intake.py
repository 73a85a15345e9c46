"""Sources and the files that were imported from them."""

from typing import Any, ClassVar

from django.conf import settings
from django.db import models

from portal.tenancy.wall import TenantForeignKey, TenantModel


def bulk_client() -> "models.ForeignKey[Any, Any]":
    """The client of rows that come by the million: the row policy alone keeps them there (`0003_bulk_keys`)."""
    return models.ForeignKey(
        "tenancy.Client",
        on_delete=models.PROTECT,
        related_name="+",
        editable=False,
        db_index=False,
        db_constraint=False,
    )


class SourceKind(models.TextChoices):
    BILLING = "billing", "Billing system"
    CRM = "crm", "CRM"
    SPREADSHEET = "spreadsheet", "Spreadsheet"
    OTHER = "other", "Other"


class Source(TenantModel):
    """Where contract lines come from. Exactly one source of a client is authoritative for ARR."""

    name = models.CharField(max_length=80)
    kind = models.CharField(max_length=20, choices=SourceKind.choices, default=SourceKind.SPREADSHEET)
    is_authoritative = models.BooleanField(default=False)
    mapping = models.JSONField(null=True, blank=True, help_text="How this source's files are read, as last confirmed")
    line_count = models.IntegerField(default=0, help_text="Lines that stand; kept by every import")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta(TenantModel.Meta):
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["client", "name"], name="source_name_once"),
            models.UniqueConstraint(
                fields=["client"], condition=models.Q(is_authoritative=True), name="source_one_authoritative"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class ImportState(models.TextChoices):
    READING = "reading", "Being read"
    UPLOADED = "uploaded", "Needs mapping"
    CHECKING = "checking", "Being checked"
    REFUSED = "refused", "Refused"
    WAITING = "waiting", "Waiting for a decision"
    QUEUED = "queued", "Accepted"
    RUNNING = "running", "Being loaded"
    DONE = "done", "Loaded"
    UNCHANGED = "unchanged", "Nothing changed"
    CANCELLED = "cancelled", "Cancelled"
    FAILED = "failed", "Failed"


UNDER_WAY = (ImportState.READING, ImportState.CHECKING, ImportState.QUEUED, ImportState.RUNNING)


class ContractImport(TenantModel):
    """One file on its way from upload to contract lines, and what became of it; never deleted."""

    source = TenantForeignKey(Source, on_delete=models.PROTECT, related_name="imports")
    state = models.CharField(max_length=12, choices=ImportState.choices, default=ImportState.UPLOADED)
    file_name = models.CharField(max_length=255)
    file_path = models.CharField(max_length=400, help_text="Within the file store; never an address of the web")
    file_sha256 = models.CharField(max_length=64)
    file_bytes = models.BigIntegerField()
    mapping = models.JSONField(null=True, blank=True)
    is_partial = models.BooleanField(default=False, help_text="Lines that the file lacks are kept, not vanished")
    row_count = models.IntegerField(null=True)
    fault_count = models.IntegerField(default=0)
    totals = models.JSONField(default=list, help_text="Per currency: rows and sums, as decimal text")
    added_count = models.IntegerField(null=True)
    changed_count = models.IntegerField(null=True)
    vanished_count = models.IntegerField(null=True)
    unchanged_count = models.IntegerField(null=True)
    step = models.CharField(max_length=60, blank=True, default="")
    progress = models.SmallIntegerField(default=0, help_text="0 to 100")
    report = models.JSONField(default=dict, help_text="What was found: columns, questions, first rows, changes, effect")
    error = models.TextField(blank=True, default="")
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True)
    holder = models.UUIDField(null=True, help_text="The job that works on it")
    held_until = models.DateTimeField(
        null=True, help_text="Renewed while a job works on it; past: the job is sent again"
    )
    attempts = models.SmallIntegerField(default=0, db_default=0, help_text="Jobs that began on it")

    class Meta(TenantModel.Meta):
        ordering: ClassVar = ["-id"]
        indexes: ClassVar = [models.Index(fields=["client", "source", "-id"], name="import_recent")]

    def __str__(self) -> str:
        return f"{self.file_name} ({self.get_state_display()})"


class ImportFault(TenantModel):
    """One reason why one row of a file was refused."""

    client = bulk_client()
    contract_import = TenantForeignKey(ContractImport, on_delete=models.CASCADE, related_name="faults")
    row = models.IntegerField(help_text="As the spreadsheet counts: the header is row 1")
    column = models.CharField(max_length=120, blank=True, default="")
    value = models.CharField(max_length=200, blank=True, default="")
    reason = models.CharField(max_length=400)
    code = models.CharField(max_length=40)

    class Meta(TenantModel.Meta):
        ordering: ClassVar = ["row", "id"]
        indexes: ClassVar = [models.Index(fields=["client", "contract_import", "row"], name="fault_by_row")]
