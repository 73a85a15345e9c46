"""Webhooks: made, changed, tried, and what became of what was sent."""

from typing import Any

from django.http import Http404
from rest_framework.exceptions import ValidationError

from portal.tenancy.api import Answer, Call, ClientAPIView, Operation
from portal.tenancy.permissions import MANAGE_WEBHOOKS
from portal.tenancy.problems import conflict_on
from portal.webhooks.api import serializers as shapes
from portal.webhooks.models import WebhookDelivery, WebhookEndpoint
from portal.webhooks.selectors import delivery_get, delivery_list
from portal.webhooks.services.emitting import webhook_ping
from portal.webhooks.services.endpoints import (
    WebhookError,
    delivery_again,
    endpoint_add,
    endpoint_change,
    endpoint_remove,
    endpoint_switch,
)
from portal.webhooks.services.keys import key_rotate, previous_end


class WebhookView(ClientAPIView):
    """An operation on webhooks."""

    tag = "Webhooks"


def endpoint_or_404(pk: int) -> WebhookEndpoint:
    """The client's webhook of that id."""
    found: WebhookEndpoint | None = WebhookEndpoint.objects.filter(pk=pk, removed_at=None).first()
    if found is None:
        raise Http404
    return found


def delivery_or_404(endpoint_id: int, pk: int) -> WebhookDelivery:
    """A delivery to the client's webhook."""
    found = delivery_get(endpoint_or_404(endpoint_id), pk)
    if found is None:
        raise Http404
    return found


class WebhookList(WebhookView):
    operations = {
        "GET": Operation("webhooks_list", MANAGE_WEBHOOKS, shapes.WebhooksSerializer),
        "POST": Operation(
            "webhook_add", MANAGE_WEBHOOKS, shapes.WebhookKeySerializer, takes=shapes.WebhookBody, status=201
        ),
    }

    def get(self, call: Call) -> Any:
        """Every webhook of the client."""
        return {"results": WebhookEndpoint.objects.filter(removed_at=None)}

    def post(self, call: Call) -> Any:
        """Make a webhook. The answer has its key, which is given this once: deliveries are signed with it."""
        try:
            endpoint, secret = endpoint_add(client=call.client, user=call.user, **call.body)
        except WebhookError as error:
            raise ValidationError(str(error)) from error
        return {"webhook": endpoint, "secret": secret}


class WebhookDetail(WebhookView):
    operations = {
        "GET": Operation("webhook_get", MANAGE_WEBHOOKS, shapes.WebhookSerializer),
        "PUT": Operation("webhook_change", MANAGE_WEBHOOKS, shapes.WebhookSerializer, takes=shapes.WebhookBody),
        "DELETE": Operation("webhook_remove", MANAGE_WEBHOOKS, shapes.RemovedSerializer),
    }

    def get(self, call: Call, endpoint_id: int) -> Any:
        """One webhook."""
        return endpoint_or_404(endpoint_id)

    def put(self, call: Call, endpoint_id: int) -> Any:
        """Another name, address or choice of events."""
        try:
            return endpoint_change(endpoint=endpoint_or_404(endpoint_id), **call.body)
        except WebhookError as error:
            raise ValidationError(str(error)) from error

    def delete(self, call: Call, endpoint_id: int) -> Any:
        """Remove a webhook: nothing is sent there any more."""
        endpoint = endpoint_or_404(endpoint_id)
        endpoint_remove(endpoint=endpoint)
        return endpoint


class WebhookSwitch(WebhookView):
    operations = {
        "POST": Operation("webhook_switch", MANAGE_WEBHOOKS, shapes.WebhookSerializer, takes=shapes.SwitchBody)
    }

    def post(self, call: Call, endpoint_id: int) -> Any:
        """On or off. What waits for one that is switched off is not sent by itself any more."""
        endpoint = endpoint_or_404(endpoint_id)
        endpoint_switch(endpoint=endpoint, is_on=call.body["is_on"])
        return endpoint


class WebhookKey(WebhookView):
    operations = {"POST": Operation("webhook_key_rotate", MANAGE_WEBHOOKS, shapes.WebhookKeySerializer)}

    def post(self, call: Call, endpoint_id: int) -> Any:
        """A new key, given this once. The key before signs as well for 24 hours."""
        endpoint = endpoint_or_404(endpoint_id)
        secret = key_rotate(endpoint=endpoint)
        return {"webhook": endpoint, "secret": secret}


class WebhookKeyEnd(WebhookView):
    operations = {"POST": Operation("webhook_key_end", MANAGE_WEBHOOKS, shapes.WebhookSerializer)}

    def post(self, call: Call, endpoint_id: int) -> Any:
        """The key before signs no more, from now on: for one that leaked. Nothing happens where there is none."""
        endpoint = endpoint_or_404(endpoint_id)
        previous_end(endpoint=endpoint)
        return endpoint


class WebhookTest(WebhookView):
    operations = {"POST": Operation("webhook_test", MANAGE_WEBHOOKS, shapes.DeliverySerializer, status=202)}

    def post(self, call: Call, endpoint_id: int) -> Any:
        """Send a test, once; what came of it stands among the deliveries."""
        return Answer(webhook_ping(endpoint=endpoint_or_404(endpoint_id)), 202)


class DeliveryList(WebhookView):
    operations = {
        "GET": Operation(
            "webhook_deliveries_list", MANAGE_WEBHOOKS, shapes.DeliverySerializer,
            parameters=shapes.DeliveryParameters, paged_by="-id",
        )
    }  # fmt: skip

    def get(self, call: Call, endpoint_id: int) -> Any:
        """What was sent to a webhook in the last ninety days, the newest first, with every answer."""
        return delivery_list(endpoint_or_404(endpoint_id), call.query.get("state", ""))


class DeliveryDetail(WebhookView):
    operations = {"GET": Operation("webhook_delivery_get", MANAGE_WEBHOOKS, shapes.DeliveryDetailSerializer)}

    def get(self, call: Call, endpoint_id: int, delivery_id: int) -> Any:
        """One delivery with the very text that was sent, and every answer."""
        return delivery_or_404(endpoint_id, delivery_id)


class DeliveryAgain(WebhookView):
    operations = {
        "POST": Operation("webhook_send_again", MANAGE_WEBHOOKS, shapes.DeliverySerializer, status=202, may_fail=(409,))
    }

    def post(self, call: Call, endpoint_id: int, delivery_id: int) -> Any:
        """Send a delivery once more, with the id that it has. 409 where the webhook is switched off."""
        delivery = delivery_or_404(endpoint_id, delivery_id)
        with conflict_on(WebhookError):
            delivery_again(delivery=delivery)
        delivery.refresh_from_db()
        return delivery
