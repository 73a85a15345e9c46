"""Which team and which territory a representative belongs to, from a month until a month."""

from typing import ClassVar

from django.conf import settings
from django.db import models

from metrics.models.lines import id_field
from portal.tenancy.wall import TenantModel


class AssignmentKind(models.TextChoices):
    """What a representative is assigned to; at most one of each in any month."""

    TEAM = "team", "Team"
    TERRITORY = "territory", "Territory"


class RepAssignment(TenantModel):
    """A representative (`rep` of the contract lines) of a team or territory, from a month until before another.

    Of what stands, no two of one representative and kind share a month (`rep_assignment_no_overlap`). A row is never
    removed: it is ended once, or set aside with a reason where it was wrong; all else of it never changes, by trigger.
    """

    rep = id_field()
    kind = models.CharField(max_length=10, choices=AssignmentKind.choices)
    group = models.CharField(max_length=80, db_collation="C", help_text="The name of the team or territory")
    first_month = models.IntegerField(help_text="Month ordinal: year * 12 + month - 1")
    until_month = models.IntegerField(null=True, help_text="The first month without it; empty: still")
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    withdrawn_because = models.CharField(max_length=400, blank=True, default="", help_text="Why it was wrong")
    withdrawn_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    withdrawn_at = models.DateTimeField(null=True)

    class Meta(TenantModel.Meta):
        ordering: ClassVar = ["rep", "kind", "first_month", "pk"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(until_month=None) | models.Q(until_month__gt=models.F("first_month")),
                name="rep_assignment_begins_first",
            )
        ]
        indexes: ClassVar = [models.Index(fields=["client", "rep", "kind"], name="rep_assignment_of")]

    def __str__(self) -> str:
        return f"{self.rep}: {self.group}"
