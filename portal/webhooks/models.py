"""Where a client's programs listen, what they are told, and what became of each delivery."""

from typing import ClassVar

from django.conf import settings
from django.db import models

from portal.tenancy.wall import TenantForeignKey, TenantModel
from portal.webhooks.events import label_of


class WebhookEndpoint(TenantModel):
    """An address of the client that is told of events. Its secrets are sealed; pages show none, once it was made."""

    name = models.CharField(max_length=80)
    url = models.CharField(max_length=500)
    events = models.JSONField(default=list, help_text="Keys of `portal.webhooks.events`")
    sealed_secret = models.TextField()
    secret_changed_at = models.DateTimeField()
    sealed_previous = models.TextField(blank=True, default="", help_text="Signs as well until `previous_until`")
    previous_until = models.DateTimeField(null=True)
    is_on = models.BooleanField(default=True)
    off_because = models.CharField(max_length=200, blank=True, default="")
    failing_since = models.DateTimeField(null=True, help_text="Nothing was taken since then")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    removed_at = models.DateTimeField(null=True)

    class Meta(TenantModel.Meta):
        ordering: ClassVar = ["name", "id"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["client", "url"], condition=models.Q(removed_at=None), name="webhook_url_once"
            )
        ]

    def __str__(self) -> str:
        return self.name


class WebhookEvent(TenantModel):
    """Something that happened, as it is sent: the very bytes, the same at every try and to every endpoint."""

    message_id = models.CharField(max_length=40)
    event = models.CharField(max_length=40)
    occurred_at = models.DateTimeField()
    body = models.TextField()

    class Meta(TenantModel.Meta):
        constraints: ClassVar = [models.UniqueConstraint(fields=["client", "message_id"], name="webhook_event_once")]
        indexes: ClassVar = [models.Index(fields=["client", "occurred_at"], name="webhook_event_at")]

    def __str__(self) -> str:
        return f"{self.event} {self.message_id}"

    @property
    def label(self) -> str:
        """What happened, in words."""
        return label_of(self.event)


class DeliveryState(models.TextChoices):
    WAITING = "waiting", "Waits to be sent"
    CLAIMED = "claimed", "Is being sent"
    DELIVERED = "delivered", "Delivered"
    FAILED = "failed", "Not delivered"


class WebhookDelivery(TenantModel):
    """One event on its way to one endpoint."""

    endpoint = TenantForeignKey(WebhookEndpoint, on_delete=models.CASCADE, related_name="deliveries")
    event = TenantForeignKey(WebhookEvent, on_delete=models.CASCADE, related_name="deliveries")
    state = models.CharField(max_length=10, choices=DeliveryState.choices, default=DeliveryState.WAITING)
    tries = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField()
    first_tried_at = models.DateTimeField(null=True)
    due_at = models.DateTimeField()
    claimed_at = models.DateTimeField(null=True)
    settled_at = models.DateTimeField(null=True)

    class Meta(TenantModel.Meta):
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["client", "endpoint", "event"], name="webhook_delivery_once")
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["client", "due_at"], name="webhook_delivery_open",
                condition=models.Q(state__in=[DeliveryState.WAITING, DeliveryState.CLAIMED]),
            ),
            models.Index(fields=["client", "event"], name="webhook_delivery_event"),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.event} to {self.endpoint}"


class WebhookTry(TenantModel):
    """One request: what came back, and how soon."""

    delivery = TenantForeignKey(WebhookDelivery, on_delete=models.CASCADE, related_name="attempts")
    at = models.DateTimeField()
    milliseconds = models.PositiveIntegerField()
    status = models.PositiveSmallIntegerField(null=True, help_text="Of HTTP; empty: no answer")
    answer = models.CharField(max_length=500, blank=True, default="", help_text="How the answer begins")
    fault = models.CharField(max_length=200, blank=True, default="")

    class Meta(TenantModel.Meta):
        ordering: ClassVar = ["-id"]
        indexes: ClassVar = [models.Index(fields=["client", "delivery"], name="webhook_try_of")]

    def __str__(self) -> str:
        return f"{self.at}: {self.status or self.fault}"
