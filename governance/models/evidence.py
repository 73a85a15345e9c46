"""Files that stand behind what people found: a scan of a contract, an invoice."""

from typing import ClassVar

from django.conf import settings
from django.db import models

from portal.lib.file_kinds import KINDS, FileKind
from portal.tenancy.wall import TenantModel


class EvidenceFile(TenantModel):
    """A file that somebody sent as evidence. Rows are never changed or removed."""

    name = models.CharField(max_length=200, help_text="As it is shown; never a path")
    ending = models.CharField(max_length=10)
    path = models.CharField(max_length=300, help_text="Within the store; nobody chose it")
    size = models.BigIntegerField()
    sha256 = models.CharField(max_length=64)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField()

    class Meta(TenantModel.Meta):
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["client", "path"], name="evidence_path_once")]

    def __str__(self) -> str:
        return self.name

    @property
    def kind(self) -> FileKind:
        """What it is, as it was told when it came."""
        return KINDS[self.ending]
