"""One-time codes with which somebody who came by a mailed link signs."""

from typing import ClassVar

from django.conf import settings
from django.db import models

from portal.tenancy.wall import TenantModel


class SignCode(TenantModel):
    """A code that was mailed to a person for one thing that they sign (`subject`); kept as its keyed hash."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    subject = models.CharField(max_length=60, help_text='What is signed, such as "signer 12"')
    mac = models.CharField(max_length=64)
    sent_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    tries = models.PositiveIntegerField(default=0)
    used_at = models.DateTimeField(null=True)

    class Meta(TenantModel.Meta):
        indexes: ClassVar = [models.Index(fields=["client", "user", "subject", "-id"], name="sign_code_newest_of")]

    def __str__(self) -> str:
        return f"code of {self.user} for {self.subject}"
