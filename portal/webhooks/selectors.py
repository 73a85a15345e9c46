"""Reading a client's webhooks, and what became of what was sent.

`endpoint_list()` · `delivery_list(endpoint, state=)` · `delivery_get(endpoint, pk)` · `endpoint_state(endpoint, now)`
"""

import datetime as dt
from dataclasses import dataclass
from typing import Any, Final

from django.db.models import Count, Max, Q, QuerySet

from portal.webhooks.events import label_of
from portal.webhooks.models import DeliveryState, WebhookDelivery, WebhookEndpoint

PAGE: Final = 50


@dataclass(frozen=True)
class EndpointShown:
    """An endpoint with what became of its deliveries."""

    endpoint: WebhookEndpoint
    delivered: int
    failed: int
    waiting: int
    last_at: dt.datetime | None

    @property
    def event_labels(self) -> list[str]:
        return [label_of(event) for event in self.endpoint.events]

    @property
    def state(self) -> tuple[str, str]:
        """Its badge: kind and words."""
        return endpoint_state(self.endpoint)


def endpoint_state(endpoint: WebhookEndpoint) -> tuple[str, str]:
    """Whether it works, in a word."""
    if not endpoint.is_on:
        return "refused", "Off"
    return ("waiting", "Fails, tried again") if endpoint.failing_since else ("agreed", "On")


def endpoint_list() -> list[EndpointShown]:
    """The client's endpoints in two queries."""
    counts = WebhookDelivery.objects.filter(endpoint__removed_at=None).values("endpoint_id").order_by("endpoint_id")
    counted = counts.annotate(
        delivered=Count("pk", filter=Q(state=DeliveryState.DELIVERED)),
        failed=Count("pk", filter=Q(state=DeliveryState.FAILED)),
        waiting=Count("pk", filter=Q(state__in=[DeliveryState.WAITING, DeliveryState.CLAIMED])),
        last_at=Max("settled_at", filter=Q(state=DeliveryState.DELIVERED)),
    )
    names = ("delivered", "failed", "waiting", "last_at")
    found: dict[int, Any] = {
        row[0]: dict(zip(names, row[1:], strict=True)) for row in counted.values_list("endpoint_id", *names)
    }
    nothing = {"delivered": 0, "failed": 0, "waiting": 0, "last_at": None}
    rows = WebhookEndpoint.objects.filter(removed_at=None).select_related("owner")
    return [EndpointShown(row, **found.get(row.pk, nothing)) for row in rows]


def delivery_list(endpoint: WebhookEndpoint, state: str = "") -> "QuerySet[WebhookDelivery]":
    """What was sent to an endpoint, the newest first, each with its tries."""
    rows = WebhookDelivery.objects.filter(endpoint=endpoint).select_related("event").prefetch_related("attempts")
    rows = rows.filter(state=state) if state in DeliveryState.values else rows
    found: QuerySet[WebhookDelivery] = rows.order_by("-id")
    return found


def delivery_get(endpoint: WebhookEndpoint, pk: int) -> WebhookDelivery | None:
    """One delivery of an endpoint with its text and its tries."""
    return delivery_list(endpoint).filter(pk=pk).first()
