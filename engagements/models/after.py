"""After the end: check-ins, surveys, and what the firm offers next."""

from typing import ClassVar

from django.conf import settings
from django.db import models

from engagements.models.projects import Engagement, EngagementRow, Kind, Participant
from portal.tenancy.models import Firm
from portal.tenancy.wall import TenantForeignKey, TenantManager, TenantModel


class Decision(models.TextChoices):
    ARCHITECT = "architect", "The architect handles it"
    EXPERT = "expert", "The subject expert is needed"
    PROJECT = "project", "Scope a new project"


class CheckIn(EngagementRow):
    """A look at how the system does, some days after the close; the firm prepares it from two weeks before."""

    days = models.PositiveIntegerField(help_text="After the close")
    due_on = models.DateField()
    prepare_on = models.DateField()
    owner = TenantForeignKey(Participant, on_delete=models.PROTECT, null=True, related_name="+")
    state = models.CharField(max_length=10, default="planned")
    told_at = models.DateTimeField(null=True, help_text="When the owner was mailed that it is to be prepared")
    prepared = models.JSONField(default=list, help_text="Positions of the steps of the preparation that are done")
    decision = models.CharField(max_length=10, choices=Decision.choices, blank=True, default="")
    news = models.TextField(blank=True, default="", help_text="New products, prices and edge cases")
    outcome = models.TextField(blank=True, default="")
    found = models.JSONField(default=dict, help_text="The figures as they were when it was held")
    held_on = models.DateField(null=True)
    held_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta(EngagementRow.Meta):
        ordering: ClassVar = ["due_on", "pk"]
        indexes: ClassVar = [models.Index(fields=["client", "state", "prepare_on"], name="check_in_due")]

    def __str__(self) -> str:
        return f"{self.days}-day check-in"


class Moment(models.TextChoices):
    CLOSE = "close", "At the close"
    LATER = "later", "90 days later"


class Survey(EngagementRow):
    """A few questions to the client's people about the project."""

    moment = models.CharField(max_length=10, choices=Moment.choices)
    questions = models.JSONField(help_text="Texts; each is answered with 1 to 5")
    state = models.CharField(max_length=10, default="planned")
    send_on = models.DateField()
    sent_at = models.DateTimeField(null=True)
    ends_on = models.DateField(null=True)

    class Meta(EngagementRow.Meta):
        ordering: ClassVar = ["send_on", "pk"]

    def __str__(self) -> str:
        return f"Survey {self.get_moment_display().lower()}"


class SurveyPerson(EngagementRow):
    """One person who was asked, and their one answer."""

    survey = TenantForeignKey(Survey, on_delete=models.PROTECT, related_name="people")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    mailed_at = models.DateTimeField(null=True)
    answered_at = models.DateTimeField(null=True)
    scores = models.JSONField(default=list, help_text="1 to 5 for each question, in their order")
    comment = models.CharField(max_length=2000, blank=True, default="")

    class Meta(EngagementRow.Meta):
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["client", "survey", "user"], name="survey_person_once")
        ]


class AfterCare(TenantModel):
    """What the firm does after the end: its next check-in, and what it offers. Written inside the client's scope, read inside
    the firm's; no page of the client reads it."""

    firm = models.ForeignKey(Firm, on_delete=models.PROTECT, related_name="+")
    engagement = TenantForeignKey(Engagement, on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=200)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    playbook_key = models.CharField(max_length=60)
    closed_on = models.DateField(null=True)
    check_in = models.CharField(max_length=60, blank=True, default="")
    check_in_on = models.DateField(null=True)
    prepare_on = models.DateField(null=True)
    owner = models.CharField(max_length=200, blank=True, default="")
    access_until = models.DateField(null=True)
    learnings = models.TextField(blank=True, default="")
    path = models.CharField(max_length=20, blank=True, default="", help_text="State of the offer; a single project's")
    path_since = models.DateField(null=True)
    path_next_on = models.DateField(null=True)
    path_steps = models.JSONField(default=list, help_text="Every step: from, to, on, by, note")
    updated_at = models.DateTimeField(auto_now=True)

    of_firm: ClassVar = models.Manager()
    objects: ClassVar = TenantManager()

    class Meta(TenantModel.Meta):
        constraints: ClassVar = [models.UniqueConstraint(fields=["client", "engagement"], name="after_care_once")]

    def __str__(self) -> str:
        return self.name
