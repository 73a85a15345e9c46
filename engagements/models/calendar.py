"""The secret address at which a person's calendar is read; of no client."""

from django.conf import settings
from django.db import models


class CalendarFeed(models.Model):
    """One per person. `token_hash` is empty while it is turned off; whoever has the secret reads what the person may see.

    One made in a session that reaches a single client (`only_client_key`) shows no other.
    """

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    token_hash = models.CharField(max_length=64, blank=True, default="", db_index=True)
    only_client_key = models.BigIntegerField(null=True)
    is_everything = models.BooleanField(default=False, help_text="Not only what the person is on, but all they may see")
    made_at = models.DateTimeField(null=True)
    read_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"calendar of {self.user}"
