"""What is looked at after the project, and what was found to be a reason to engage again."""

from typing import ClassVar

from django.conf import settings
from django.db import models

from engagements.models.projects import EngagementRow


class MaintenanceCheck(EngagementRow):
    """One time that a maintenance task is due, with what came out. Its texts are those of the playbook when it was made.

    `found` is what the system computed: state, sentence, figures and links. A result that `is_computed` follows it; one that a
    person gave does not.
    """

    task_key = models.CharField(max_length=60)
    cadence = models.CharField(max_length=12)
    place = models.IntegerField(help_text="Tells it from the others of its task: the month, or a running number")
    period = models.CharField(max_length=40)
    month = models.IntegerField(null=True, help_text="The last month it is about: year * 12 + month - 1")
    name = models.CharField(max_length=200)
    look_at = models.TextField(blank=True, default="")
    red_flag = models.TextField(blank=True, default="")
    action = models.TextField(blank=True, default="")
    how = models.TextField(blank=True, default="")
    check_key = models.CharField(max_length=60, blank=True, default="")
    threshold = models.DecimalField(max_digits=16, decimal_places=4, null=True)
    opens_on = models.DateField()
    due_on = models.DateField()
    state = models.CharField(max_length=15, default="open")
    is_computed = models.BooleanField(default=False)
    note = models.TextField(blank=True, default="", help_text="What was found, or why it does not apply")
    evidence = models.TextField(blank=True, default="")
    link = models.CharField(max_length=500, blank=True, default="")
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    solution = models.TextField(blank=True, default="")
    solved_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    solved_at = models.DateTimeField(null=True)
    found = models.JSONField(null=True)
    computed_at = models.DateTimeField(null=True)
    told_on = models.DateField(null=True, help_text="When its owners last heard that it is due or late")

    class Meta(EngagementRow.Meta):
        ordering: ClassVar = ["due_on", "pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["client", "engagement", "task_key", "place"], name="maintenance_once")
        ]
        indexes: ClassVar = [models.Index(fields=["client", "engagement", "due_on"], name="maintenance_due")]

    def __str__(self) -> str:
        return f"{self.name}, {self.period}"


class RefinementTrigger(EngagementRow):
    """A reason to engage again that the system found; the same fact is found once."""

    trigger_key = models.CharField(max_length=60)
    fact = models.CharField(max_length=120, help_text="What tells this fact from others of its kind")
    name = models.CharField(max_length=200)
    text = models.TextField()
    response = models.TextField(blank=True, default="")
    facts = models.JSONField(default=dict)
    url_name = models.CharField(max_length=60, blank=True, default="", help_text="The client's page that shows it")
    state = models.CharField(max_length=10, default="open")
    raised_at = models.DateTimeField()
    reason = models.TextField(blank=True, default="")
    settled_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    settled_at = models.DateTimeField(null=True)

    class Meta(EngagementRow.Meta):
        ordering: ClassVar = ["-pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["client", "engagement", "trigger_key", "fact"], name="trigger_fact_once")
        ]

    @property
    def is_of_figures(self) -> bool:
        """Whether its text says how far sources are apart, which is for whoever may see figures."""
        return "variances" in self.facts

    def __str__(self) -> str:
        return self.name
