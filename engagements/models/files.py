"""Files that people add to an engagement: documents, and evidence of what was tested, built or held."""

from typing import ClassVar

from django.conf import settings
from django.db import models

from engagements.models.projects import EngagementRow
from portal.lib.file_kinds import KINDS, FileKind
from portal.tenancy.wall import TenantForeignKey


class ProjectFile(EngagementRow):
    """A file that was accepted and stored. It never changes; what it belongs to is `about` with its id."""

    about = models.CharField(max_length=20, help_text="document, test, training, …")
    about_id = models.BigIntegerField()
    name = models.CharField(max_length=200, help_text="As its sender called it, fit to be shown")
    ending = models.CharField(max_length=8, help_text="Its kind: a key of portal.lib.file_kinds.KINDS")
    path = models.CharField(max_length=200, help_text="Within the store; chosen by nobody")
    size = models.PositiveBigIntegerField()
    sha256 = models.CharField(max_length=64)
    is_internal = models.BooleanField(default=False)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta(EngagementRow.Meta):
        ordering: ClassVar = ["pk"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["client", "path"], name="project_file_path_once")]
        indexes: ClassVar = [models.Index(fields=["client", "about", "about_id"], name="project_file_about")]

    def __str__(self) -> str:
        return self.name

    @property
    def kind(self) -> FileKind:
        return KINDS[self.ending]


class PackageFile(EngagementRow):
    """The documentation package as one PDF: asked for, then made by a job. `sha256` is that of what the papers say."""

    sha256 = models.CharField(max_length=64, blank=True, default="")
    file = TenantForeignKey(ProjectFile, on_delete=models.PROTECT, null=True, related_name="+")
    problem = models.CharField(max_length=300, blank=True, default="")
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    asked_at = models.DateTimeField(auto_now_add=True)
    made_at = models.DateTimeField(null=True)

    class Meta(EngagementRow.Meta):
        ordering: ClassVar = ["-pk"]

    @property
    def is_settled(self) -> bool:
        """Whether the job is done with it, one way or the other."""
        return self.made_at is not None
