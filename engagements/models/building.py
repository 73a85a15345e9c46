"""What is specified, built, tested and taught in an engagement, with the time that it takes."""

from decimal import Decimal
from typing import Any, ClassVar

from django.conf import settings
from django.db import models

from engagements.models.files import ProjectFile
from engagements.models.projects import EngagementRow, Participant, Task
from engagements.models.work import Document
from portal.tenancy.wall import TenantForeignKey


class SpecSection(EngagementRow):
    """A section of the technical specification, as text and, where it has columns, as a table."""

    key = models.CharField(max_length=60)
    position = models.PositiveIntegerField()
    name = models.CharField(max_length=200)
    purpose = models.TextField(blank=True, default="")
    columns = models.JSONField(default=list, help_text="Heads of its table; none where it is text alone")
    state = models.CharField(max_length=10, default="open")

    class Meta(EngagementRow.Meta):
        ordering: ClassVar = ["position"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["client", "engagement", "key"], name="spec_key_once")]

    def __str__(self) -> str:
        return self.name


class SpecVersion(EngagementRow):
    """A version of a section. It never changes."""

    section = TenantForeignKey(SpecSection, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    text = models.TextField(blank=True, default="")
    rows = models.JSONField(default=list, help_text="Rows of cells, one for each column of the section")
    note = models.CharField(max_length=300, blank=True, default="")
    sha256 = models.CharField(max_length=64)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta(EngagementRow.Meta):
        ordering: ClassVar = ["-number"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["client", "section", "number"], name="spec_version_once")
        ]


class SpecAnswer(EngagementRow):
    """What an engineer said about exactly these versions of all sections. It never changes."""

    is_accepted = models.BooleanField()
    note = models.TextField(blank=True, default="")
    sections = models.JSONField(help_text="key, number and sha256 of each section as it was read")
    sha256 = models.CharField(max_length=64, help_text="Of the sections")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(auto_now_add=True)

    class Meta(EngagementRow.Meta):
        ordering: ClassVar = ["-pk"]


class Component(EngagementRow):
    """A part of the system to be built; hours are the firm's alone."""

    number = models.PositiveIntegerField()
    name = models.CharField(max_length=200)
    details = models.TextField(blank=True, default="")
    hours_low = models.DecimalField(max_digits=7, decimal_places=2, null=True, blank=True)
    hours_high = models.DecimalField(max_digits=7, decimal_places=2, null=True, blank=True)
    state = models.CharField(max_length=10, default="todo")
    owner = TenantForeignKey(Participant, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    needs = models.JSONField(default=list, help_text="Numbers of the components that come first")
    note = models.TextField(blank=True, default="")
    built_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    built_at = models.DateTimeField(null=True)
    verified_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    verified_at = models.DateTimeField(null=True)

    class Meta(EngagementRow.Meta):
        ordering: ClassVar = ["number"]

    def __str__(self) -> str:
        return f"{self.number}. {self.name}"


class TimeEntry(EngagementRow):
    """Time that a consultant spent on a task or a component; the firm's own. The client sees no entry; a final report
    may hold their sum."""

    task = TenantForeignKey(Task, on_delete=models.PROTECT, null=True, related_name="+")
    component = TenantForeignKey(Component, on_delete=models.PROTECT, null=True, related_name="+")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    day = models.DateField()
    minutes = models.PositiveIntegerField()
    note = models.CharField(max_length=300, blank=True, default="")

    class Meta(EngagementRow.Meta):
        ordering: ClassVar = ["-day", "-pk"]
        constraints: ClassVar = [
            models.CheckConstraint(condition=models.Q(minutes__gte=1, minutes__lte=1440), name="time_entry_minutes"),
            models.CheckConstraint(
                condition=models.Q(task__isnull=False) ^ models.Q(component__isnull=False), name="time_entry_on_one"
            ),
        ]


class ProjectTest(EngagementRow):
    """A test of what was built, with its newest run; one with a `check_key` is run by the system alone."""

    position = models.PositiveIntegerField()
    kind = models.CharField(max_length=10)
    text = models.TextField()
    expected = models.TextField(blank=True, default="")
    check_key = models.CharField(max_length=60, blank=True, default="")
    is_critical = models.BooleanField(default=False)
    state = models.CharField(max_length=14, default="untested")
    evidence = models.TextField(blank=True, default="")
    tested_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    tested_at = models.DateTimeField(null=True)

    class Meta(EngagementRow.Meta):
        ordering: ClassVar = ["position"]

    def __str__(self) -> str:
        return self.text


class TestRun(EngagementRow):
    """One run of a test with its result and evidence. It never changes."""

    __test__ = False

    test = TenantForeignKey(ProjectTest, on_delete=models.PROTECT, related_name="runs")
    result = models.CharField(max_length=14)
    evidence = models.TextField(
        blank=True, default="", help_text="How it was tested and what came out, or why it does not apply"
    )
    link = models.CharField(max_length=500, blank=True, default="")
    file = TenantForeignKey(ProjectFile, on_delete=models.PROTECT, null=True, related_name="+")
    figures = models.JSONField(
        default=list, help_text="What the system computed: name, value, and the currency of an amount"
    )
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField(auto_now_add=True)

    class Meta(EngagementRow.Meta):
        ordering: ClassVar = ["-pk"]

    @property
    def figures_shown(self) -> list[tuple[str, Any, str]]:
        """The figures, amounts as exact numbers."""
        return [(name, Decimal(value) if currency else value, currency) for name, value, currency in self.figures]


class ProjectTraining(EngagementRow):
    """A training, held or not."""

    key = models.CharField(max_length=60)
    position = models.PositiveIntegerField()
    name = models.CharField(max_length=200)
    audience = models.CharField(max_length=300, blank=True, default="")
    focus = models.TextField(blank=True, default="")
    topics = models.TextField(blank=True, default="")
    minutes = models.PositiveIntegerField()
    planned_at = models.DateTimeField(null=True, blank=True)
    held_on = models.DateField(null=True, blank=True)
    attendance = models.CharField(
        max_length=600, blank=True, default="", help_text="Who came, where nobody was named one by one"
    )
    recording = models.CharField(max_length=500, blank=True, default="")

    class Meta(EngagementRow.Meta):
        ordering: ClassVar = ["position"]

    def __str__(self) -> str:
        return self.name


class TrainingSeat(EngagementRow):
    """Somebody who was invited to a training, or came without being invited; not everyone has an account here."""

    training = TenantForeignKey(ProjectTraining, on_delete=models.PROTECT, related_name="seats")
    name = models.CharField(max_length=120)
    is_invited = models.BooleanField(default=True)
    has_come = models.BooleanField(null=True, help_text="Unknown until the training was held")

    class Meta(EngagementRow.Meta):
        ordering: ClassVar = ["name", "pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["client", "training", "name"], name="training_seat_once")
        ]

    def __str__(self) -> str:
        return self.name


class TrainingMaterial(EngagementRow):
    """A document that a training uses."""

    training = TenantForeignKey(ProjectTraining, on_delete=models.PROTECT, related_name="materials")
    document = TenantForeignKey(Document, on_delete=models.PROTECT, related_name="+")

    class Meta(EngagementRow.Meta):
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["client", "training", "document"], name="training_material_once")
        ]


class ProjectQuestion(EngagementRow):
    """A question that somebody asked, in a training or outside; its answer may be published as FAQ."""

    training = TenantForeignKey(
        ProjectTraining, on_delete=models.PROTECT, null=True, blank=True, related_name="questions"
    )
    text = models.CharField(max_length=600)
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    asker = models.CharField(
        max_length=120, blank=True, default="", help_text="Who asked, where somebody else wrote it down"
    )
    asked_at = models.DateTimeField(auto_now_add=True)
    answer = models.TextField(blank=True, default="")
    answered_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    answered_at = models.DateTimeField(null=True)
    published_at = models.DateTimeField(null=True)

    class Meta(EngagementRow.Meta):
        ordering: ClassVar = ["pk"]

    def __str__(self) -> str:
        return self.text
