"""Definition items: what a client means by each word and rule of its numbers, and everything that happened to them."""

from typing import Any, ClassVar

from django.conf import settings
from django.db import models

from portal.tenancy.wall import TenantForeignKey, TenantModel


class Function(models.TextChoices):
    """The parts of a company that say yes or no to a definition."""

    FINANCE = "finance", "Finance"
    REVOPS = "revops", "RevOps"
    SALES = "sales", "Sales"
    SUCCESS = "success", "Customer success"
    MARKETING = "marketing", "Marketing"
    EXECUTIVE = "executive", "Executive"


class ItemKind(models.TextChoices):
    QUESTION = "question", "Question"
    TERM = "term", "Term"


class ItemState(models.TextChoices):
    ASSUMED = "assumed", "Assumed"
    CONFIRMED = "confirmed", "Confirmed"


CONTENT = (
    "key", "kind", "title", "question", "definition", "answer", "parameter", "value", "rationale", "edges",
    "is_critical", "functions", "revision",
)  # fmt: skip


class DefinitionItem(TenantModel):
    """One question or term of a client. It is ASSUMED until somebody of the client confirms exactly this content.

    `version` rises with every change, for writers who meet; `revision` rises with every change of the content, so that
    content which is changed back is still not what was answered before.
    """

    key = models.SlugField(max_length=60)
    position = models.PositiveIntegerField()
    kind = models.CharField(max_length=10, choices=ItemKind.choices)
    title = models.CharField(max_length=120)
    question = models.CharField(max_length=400)
    definition = models.TextField()
    answer = models.TextField(help_text="What holds; with a parameter, the clause of its value")
    parameter = models.CharField(max_length=40, blank=True, default="")
    value = models.JSONField(null=True)
    recommended_answer = models.TextField()
    recommended_value = models.JSONField(null=True)
    rationale = models.TextField(blank=True, default="")
    edges = models.JSONField(default=list, help_text="Cases that the answer has to cover, each a text")
    is_critical = models.BooleanField(default=False)
    functions = models.JSONField(help_text="Functions that must say yes")
    state = models.CharField(max_length=10, choices=ItemState.choices, default=ItemState.ASSUMED)
    confirmed_by = models.CharField(max_length=200, blank=True, default="", help_text="Who confirmed it, as text")
    confirmed_in = models.CharField(max_length=200, blank=True, default="", help_text="Meeting or form, as text")
    confirmed_at = models.DateTimeField(null=True)
    version = models.PositiveIntegerField(default=1)
    revision = models.PositiveIntegerField(default=1)
    sha256 = models.CharField(max_length=64, help_text="Of the content, as it is shown to whoever answers")
    edited_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    updated_at = models.DateTimeField(auto_now=True)

    class Meta(TenantModel.Meta):
        ordering: ClassVar = ["position"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["client", "key"], name="definition_key_once"),
            models.UniqueConstraint(
                fields=["client", "parameter"], condition=~models.Q(parameter=""), name="definition_parameter_once"
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def content(self) -> dict[str, Any]:
        """What a person who answers is shown, and what `sha256` covers."""
        return {name: getattr(self, name) for name in CONTENT}

    @property
    def function_labels(self) -> list[str]:
        return [Function(name).label for name in self.functions]

    @property
    def is_confirmed(self) -> bool:
        return self.state == ItemState.CONFIRMED


class ItemEvent(models.TextChoices):
    STARTED = "started", "Proposed"
    EDITED = "edited", "Changed"
    CONFIRMED = "confirmed", "Confirmed"
    REOPENED = "reopened", "Opened again"
    REFUSED = "refused", "Refused"


class ItemChange(TenantModel):
    """One thing that happened to an item, with its content afterwards. Rows are never changed or removed."""

    item = TenantForeignKey(DefinitionItem, on_delete=models.PROTECT, related_name="changes")
    version = models.PositiveIntegerField()
    event = models.CharField(max_length=10, choices=ItemEvent.choices)
    content = models.JSONField()
    sha256 = models.CharField(max_length=64)
    state = models.CharField(max_length=10, choices=ItemState.choices)
    note = models.CharField(max_length=1000, blank=True, default="", help_text="Why, or what was said")
    meeting = models.CharField(max_length=200, blank=True, default="")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField()

    class Meta(TenantModel.Meta):
        ordering: ClassVar = ["-at", "-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["client", "item", "version"], name="definition_change_once")
        ]

    def __str__(self) -> str:
        return f"{self.item} v{self.version}: {self.event}"
