"""Who answers for which function, what they answered to exactly which content, and when they were asked."""

from typing import ClassVar

from django.conf import settings
from django.db import models

from governance.models.items import DefinitionItem, Function
from portal.tenancy.wall import TenantForeignKey, TenantModel


class Verdict(models.TextChoices):
    YES = "yes", "Yes"
    NO = "no", "No"
    PROPOSE = "propose", "Proposes a change"


class Respondent(TenantModel):
    """One of the client's people who answers for a function; a person may answer for several.

    Whoever `sees_figures` is shown with a question what it is worth in the client's ARR, whatever their role shows otherwise.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    function = models.CharField(max_length=10, choices=Function.choices)
    sees_figures = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta(TenantModel.Meta):
        constraints: ClassVar = [models.UniqueConstraint(fields=["client", "user", "function"], name="respondent_once")]

    def __str__(self) -> str:
        return f"{self.user} for {self.get_function_display()}"


class Answer(TenantModel):
    """What one person said for one function about exactly one content of an item. Rows are never changed or removed:

    an answer counts as long as its `sha256` is that of the item and the same person has not answered again.
    """

    item = TenantForeignKey(DefinitionItem, on_delete=models.PROTECT, related_name="answers")
    function = models.CharField(max_length=10, choices=Function.choices)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    verdict = models.CharField(max_length=10, choices=Verdict.choices)
    comment = models.TextField(blank=True, default="")
    sha256 = models.CharField(max_length=64, help_text="Of the content that was shown")
    by_link = models.BooleanField(default=False)
    at = models.DateTimeField()

    class Meta(TenantModel.Meta):
        ordering: ClassVar = ["id"]
        indexes: ClassVar = [models.Index(fields=["client", "item", "function", "user"], name="answer_place")]

    def __str__(self) -> str:
        return f"{self.user}: {self.verdict}"


class Asking(TenantModel):
    """One person's being asked: when, by whom, and when they are reminded next (null: not again)."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    asked_at = models.DateTimeField()
    reminders = models.PositiveIntegerField(default=0)
    escalated_at = models.DateTimeField(null=True)
    next_reminder_at = models.DateTimeField(null=True)

    class Meta(TenantModel.Meta):
        constraints: ClassVar = [models.UniqueConstraint(fields=["client", "user"], name="asking_once")]

    def __str__(self) -> str:
        return f"{self.user} since {self.asked_at}"
