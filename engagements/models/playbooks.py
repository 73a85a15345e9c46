"""A firm's playbooks and their versions. They hold no client's data; an engagement copies what it starts from."""

from typing import ClassVar

from django.conf import settings
from django.db import models

from portal.tenancy.models import Firm


class FirmPlaybook(models.Model):
    """A playbook of a firm: its own, or one that it adapted."""

    firm = models.ForeignKey(Firm, on_delete=models.PROTECT, related_name="+")
    key = models.CharField(max_length=60)
    name = models.CharField(max_length=200)
    origin = models.CharField(max_length=300, blank=True, default="", help_text="What it was copied or imported from")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering: ClassVar = ["name", "pk"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["firm", "key"], name="firm_playbook_once")]

    def __str__(self) -> str:
        return self.name


class PlaybookVersion(models.Model):
    """A saved version. It never changes: saving again makes the next number."""

    playbook = models.ForeignKey(FirmPlaybook, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    content = models.JSONField(help_text="The playbook as plain data (engagements.playbook.build.to_data)")
    sha256 = models.CharField(max_length=64)
    note = models.CharField(max_length=400, blank=True, default="")
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering: ClassVar = ["-number"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["playbook", "number"], name="playbook_version_once")]

    def __str__(self) -> str:
        return f"v{self.number}"
