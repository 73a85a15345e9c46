"""The quarter's review, as the board held it."""

from typing import ClassVar

from django.conf import settings
from django.db import models

from portal.tenancy.wall import TenantModel


class BoardReview(TenantModel):
    """A review that was held: `content` is exactly what was shown (`governance.selectors.board_review`). Never changed."""

    quarter = models.CharField(max_length=12)
    first_month = models.IntegerField()
    last_month = models.IntegerField()
    content = models.JSONField()
    sha256 = models.CharField(max_length=64)
    held_on = models.DateField()
    present = models.TextField(help_text="Who was there, as text")
    decisions = models.TextField(blank=True, default="", help_text="What was decided, as text")
    kept_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    kept_at = models.DateTimeField()

    class Meta(TenantModel.Meta):
        ordering: ClassVar = ["-last_month"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["client", "quarter"], name="board_review_once")]

    def __str__(self) -> str:
        return self.quarter
