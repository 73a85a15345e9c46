"""How often a secret may still be guessed."""

from django.db import models


class GuessBudget(models.Model):
    """A counter that is raised before a guess is looked at, so that parallel guesses cannot slip past it."""

    key = models.CharField(max_length=64, unique=True, help_text="sha256 of what is being guessed, and for whom")
    tries = models.IntegerField(default=0)
    ends_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"{self.key[:8]}: {self.tries}"
