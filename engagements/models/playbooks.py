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


class PlaybookDraft(models.Model):
    """The next version of a playbook while it is being written, by everyone of the firm who may; there is at most one."""

    playbook = models.OneToOneField(FirmPlaybook, on_delete=models.PROTECT, related_name="draft")
    based_on = models.PositiveIntegerField(help_text="The version that it began from")
    content = models.JSONField(help_text="Plain data whose parts have ids (engagements.playbook.draft)")
    revision = models.PositiveIntegerField(default=1)
    begun_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    begun_at = models.DateTimeField(auto_now_add=True)
    changed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    changed_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return f"draft of {self.playbook}"
