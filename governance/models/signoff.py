"""Signing a policy document: who is asked, what they signed exactly, and the certificate of it."""

from typing import ClassVar

from django.conf import settings
from django.db import models

from governance.models.documents import PolicyDocument
from governance.models.items import DefinitionItem, Function
from portal.tenancy.wall import TenantForeignKey, TenantModel


class SignoffMode(models.TextChoices):
    ALL = "all", "All, in any order"
    ORDER = "order", "All, one after the other"
    QUORUM = "quorum", "A quorum"


class SignoffState(models.TextChoices):
    OPEN = "open", "Waiting for signatures"
    SIGNED = "signed", "Signed"
    DECLINED = "declined", "Declined"
    WITHDRAWN = "withdrawn", "Withdrawn"


class SignerState(models.TextChoices):
    WAITING = "waiting", "Waiting"
    SIGNED = "signed", "Signed"
    DECLINED = "declined", "Declined"


class Signoff(TenantModel):
    """The request to sign one document. What may follow what is the table `governance.services.signoff_states`."""

    document = TenantForeignKey(PolicyDocument, on_delete=models.PROTECT, related_name="signoffs")
    mode = models.CharField(max_length=10, choices=SignoffMode.choices)
    quorum = models.PositiveIntegerField(help_text="How many signatures make it signed")
    state = models.CharField(max_length=10, choices=SignoffState.choices, default=SignoffState.OPEN)
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    requested_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)

    class Meta(TenantModel.Meta):
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["client"], condition=models.Q(state="open"), name="one_open_signoff")
        ]

    def __str__(self) -> str:
        return f"sign-off of {self.document}"


class Signer(TenantModel):
    """One person who is to sign, for one function, in their place."""

    signoff = TenantForeignKey(Signoff, on_delete=models.PROTECT, related_name="signers")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    function = models.CharField(max_length=10, choices=Function.choices)
    position = models.PositiveIntegerField()
    state = models.CharField(max_length=10, choices=SignerState.choices, default=SignerState.WAITING)
    reason = models.TextField(blank=True, default="", help_text="Why they declined")
    decided_at = models.DateTimeField(null=True)
    reminders = models.PositiveIntegerField(default=0)
    next_reminder_at = models.DateTimeField(null=True)

    class Meta(TenantModel.Meta):
        ordering: ClassVar = ["position"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["client", "signoff", "user"], name="signer_once"),
            models.UniqueConstraint(fields=["client", "signoff", "position"], name="signer_place_once"),
        ]

    def __str__(self) -> str:
        return f"{self.user} for {self.get_function_display()}"


class Signature(TenantModel):
    """What was signed, by whom, how they had proved who they are, and from where. Rows are never changed or removed."""

    signer = TenantForeignKey(Signer, on_delete=models.PROTECT, related_name="signatures")
    document_sha256 = models.CharField(max_length=64, help_text="Of the artifact as it was shown")
    intent = models.TextField()
    intent_sha256 = models.CharField(max_length=64)
    auth_method = models.CharField(max_length=60)
    auth_at = models.DateTimeField()
    signed_at = models.DateTimeField()
    address = models.CharField(max_length=64, blank=True, default="")
    user_agent = models.CharField(max_length=400, blank=True, default="")

    class Meta(TenantModel.Meta):
        ordering: ClassVar = ["signed_at"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["client", "signer"], name="signature_once")]

    def __str__(self) -> str:
        return f"signature of {self.signer}"


class SignedItem(TenantModel):
    """One item under a signature; it lapses when that item changes, and only then."""

    signature = TenantForeignKey(Signature, on_delete=models.PROTECT, related_name="items")
    item = TenantForeignKey(DefinitionItem, on_delete=models.PROTECT, related_name="+")
    sha256 = models.CharField(max_length=64)
    lapsed_at = models.DateTimeField(null=True)

    class Meta(TenantModel.Meta):
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["client", "signature", "item"], name="signed_item_once")
        ]
        indexes: ClassVar = [models.Index(fields=["client", "item"], name="signed_item_of")]

    def __str__(self) -> str:
        return f"{self.item} under {self.signature}"


class Certificate(TenantModel):
    """What a completed sign-off gives people to keep: checked without the database. Rows are never changed or removed."""

    signoff = TenantForeignKey(Signoff, on_delete=models.PROTECT, related_name="certificates")
    content = models.JSONField()
    signature = models.CharField(max_length=100, help_text="Ed25519 over the content's canonical JSON, base64")
    key_id = models.CharField(max_length=16)
    issued_at = models.DateTimeField()

    class Meta(TenantModel.Meta):
        constraints: ClassVar = [models.UniqueConstraint(fields=["client", "signoff"], name="certificate_once")]

    def __str__(self) -> str:
        return f"certificate of {self.signoff}"
