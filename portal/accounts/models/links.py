"""Links that are sent by mail: each is kept as the sha256 of its secret, works once, and ends by itself."""

from datetime import datetime
from typing import ClassVar

from django.conf import settings
from django.db import models

from portal.tenancy.models import ClientRole, Firm, FirmRole
from portal.tenancy.wall import TenantManager, TenantModel


class MailedLink(models.Model):
    """What invitations and sign-in links share."""

    email = models.EmailField(max_length=254, help_text="Whom it was sent to; nobody else can use it")
    token_hash = models.CharField(max_length=64, help_text="sha256 of the secret in the link")
    sent_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    delivered_at = models.DateTimeField(null=True, help_text="When the mail server took the mail")
    used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)
    revoked_because = models.CharField(max_length=60, blank=True, default="")

    class Meta:
        abstract = True

    def is_open(self, now: datetime) -> bool:
        """Whether the link still works."""
        return self.used_at is None and self.revoked_at is None and self.expires_at > now


class Invitation(MailedLink, TenantModel):
    """An invitation to become one of a client's people, in one role."""

    role = models.CharField(max_length=20, choices=ClientRole.choices)

    # Before a client is known, a link is read under `bearer_context`: the row policy shows it to who holds its secret.
    by_bearer: ClassVar = models.Manager()
    objects: ClassVar = TenantManager()

    class Meta(TenantModel.Meta):
        indexes: ClassVar = [
            models.Index(fields=["token_hash"], name="invitation_token"),
            models.Index(fields=["client", "email"], name="invitation_email"),
        ]

    def __str__(self) -> str:
        return f"{self.email} as {self.role}"


class FirmInvitation(MailedLink):
    """An invitation to become a consultant of a firm, in one role."""

    firm = models.ForeignKey(Firm, on_delete=models.PROTECT, related_name="+")
    role = models.CharField(max_length=20, choices=FirmRole.choices)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["token_hash"], name="firm_invitation_token")]

    def __str__(self) -> str:
        return f"{self.email} as {self.role}"


class LinkPurpose(models.TextChoices):
    READ = "read", "Read"
    APPROVE = "approve", "Approve"
    SURVEY = "survey", "Say how the project was"
    CONNECT_SSO = "connect_sso", "Connect a company sign-in"


class MagicLink(MailedLink, TenantModel):
    """A link that signs one person in to one client, for one purpose."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    role = models.CharField(max_length=20, choices=ClientRole.choices, help_text="The role it was sent for")
    purpose = models.CharField(max_length=20, choices=LinkPurpose.choices)
    target = models.CharField(max_length=500, help_text="The page of the client that it opens")
    issuer = models.CharField(max_length=500, blank=True, default="", help_text="Of the company sign-in to connect")
    subject = models.CharField(max_length=255, blank=True, default="")

    by_bearer: ClassVar = models.Manager()
    objects: ClassVar = TenantManager()

    class Meta(TenantModel.Meta):
        indexes: ClassVar = [
            models.Index(fields=["token_hash"], name="magic_link_token"),
            models.Index(fields=["client", "user", "-created_at"], name="magic_link_person"),
        ]

    def __str__(self) -> str:
        return f"{self.email}: {self.purpose}"
