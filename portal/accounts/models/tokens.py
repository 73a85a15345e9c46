"""Tokens of programs."""

from typing import TYPE_CHECKING, ClassVar

from django.conf import settings
from django.db import models

from portal.tenancy.wall import TenantManager, TenantModel

if TYPE_CHECKING:
    from portal.tenancy.selectors import Reached


class ApiToken(TenantModel):
    """A program's key to one client, in the name of one person, for some of that person's permissions."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=80)
    public_id = models.CharField(max_length=12, help_text="The part of the token that may be shown")
    token_hash = models.CharField(max_length=64, help_text="sha256 of the whole token")
    scopes = models.JSONField(default=list, help_text="Permissions, never more than the person's own")
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    reached: "Reached | None" = None
    """How its owner reaches the client, as the running request found it."""

    by_bearer: ClassVar = models.Manager()
    objects: ClassVar = TenantManager()

    class Meta(TenantModel.Meta):
        indexes: ClassVar = [models.Index(fields=["token_hash"], name="api_token_hash")]
        constraints: ClassVar = [models.UniqueConstraint(fields=["client", "public_id"], name="api_token_once")]

    def __str__(self) -> str:
        return self.name

    def allows(self, permission: str) -> bool:
        """Whether the token was minted for this permission; the person's role must include it too."""
        return permission in self.scopes
