"""Single sign-on: a client's identity provider, its e-mail domains, and who is who there."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q

from portal.tenancy.wall import TenantManager, TenantModel


class SsoConnection(TenantModel):
    """The one OpenID provider of a client. Its secret is sealed; pages show only its last four characters."""

    public_id = models.CharField(max_length=32, help_text="Names the connection in addresses")
    issuer = models.CharField(max_length=500)
    oidc_client_id = models.CharField(max_length=255)
    sealed_secret = models.TextField()
    secret_last4 = models.CharField(max_length=4)
    secret_changed_at = models.DateTimeField()
    is_enabled = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    by_bearer: ClassVar = models.Manager()
    objects: ClassVar = TenantManager()

    class Meta(TenantModel.Meta):
        indexes: ClassVar = [models.Index(fields=["public_id"], name="sso_connection_public")]
        constraints: ClassVar = [models.UniqueConstraint(fields=["client"], name="sso_connection_once")]

    def __str__(self) -> str:
        return self.issuer


class SsoDomain(TenantModel):
    """An e-mail domain of a client. It leads to the client's provider once the firm's admin has confirmed it."""

    domain = models.CharField(max_length=253)
    created_at = models.DateTimeField(auto_now_add=True)
    confirmed_at = models.DateTimeField(null=True)
    confirmed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")

    by_bearer: ClassVar = models.Manager()
    objects: ClassVar = TenantManager()

    class Meta(TenantModel.Meta):
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["client", "domain"], name="sso_domain_once"),
            # Reviewed exception: a domain leads to one provider on the whole installation.
            models.UniqueConstraint(
                fields=["domain"], condition=Q(confirmed_at__isnull=False), name="sso_domain_confirmed_once"
            ),
        ]

    def __str__(self) -> str:
        return self.domain


class SsoIdentity(TenantModel):
    """Who a person is at a provider: the pair (issuer, subject), never an e-mail address."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    issuer = models.CharField(max_length=500)
    subject = models.CharField(max_length=255)
    created_at = models.DateTimeField(auto_now_add=True)
    last_used_at = models.DateTimeField(null=True)

    class Meta(TenantModel.Meta):
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["client", "issuer", "subject"], name="sso_identity_once"),
        ]

    def __str__(self) -> str:
        return f"{self.subject} at {self.issuer}"
