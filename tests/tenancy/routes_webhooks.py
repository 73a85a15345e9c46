"""The access matrix of webhooks: pages, and operations of the API."""

from typing import Any

from portal.accounts.models import User
from portal.tenancy.models import Client
from portal.tenancy.permissions import MANAGE_WEBHOOKS
from portal.webhooks.models import DeliveryState, WebhookDelivery, WebhookEndpoint
from portal.webhooks.services.emitting import webhook_ping
from portal.webhooks.services.endpoints import endpoint_add
from portal.webhooks.services.keys import key_rotate
from tests.tenancy.api_matrix import ApiRoute
from tests.tenancy.matrix import Route

ADDRESS = "https://hooks.example.com/tieout"
SAID: dict[str, Any] = {"name": "Warehouse", "url": ADDRESS, "events": ["month.closed"]}


def an_endpoint(client: Client) -> dict[str, Any]:
    """A webhook of Ana's."""
    user, _ = User.objects.get_or_create(email="ana@example.com")
    return {"endpoint_id": endpoint_add(client=client, user=user, **SAID)[0].pk}


def a_delivery(client: Client) -> dict[str, Any]:
    """Something that was sent and taken."""
    made = an_endpoint(client)
    delivery = webhook_ping(endpoint=WebhookEndpoint.objects.get(pk=made["endpoint_id"]))
    WebhookDelivery.objects.update(state=DeliveryState.DELIVERED)
    return made | {"delivery_id": delivery.pk}


def a_replaced_key(client: Client) -> dict[str, Any]:
    """A webhook with two keys that sign."""
    made = an_endpoint(client)
    key_rotate(endpoint=WebhookEndpoint.objects.get(pk=made["endpoint_id"]))
    return made


def deliveries(client: Client) -> dict[str, Any]:
    """A webhook to which something was sent."""
    return {"endpoint_id": a_delivery(client)["endpoint_id"]}


WEBHOOK_ROUTES = [
    Route("webhooks", MANAGE_WEBHOOKS, status=(200,)),
    Route("webhook_new", MANAGE_WEBHOOKS, status=(200,)),
    Route("webhook_new", MANAGE_WEBHOOKS, "post", data=SAID, status=(200,)),
    Route("webhook", MANAGE_WEBHOOKS, "get", an_endpoint, status=(200,)),
    Route("webhook", MANAGE_WEBHOOKS, "post", an_endpoint, data={**SAID, "name": "Lake"}, status=(302,)),
    Route("webhook_switch", MANAGE_WEBHOOKS, "post", an_endpoint, data={"on": "0"}, status=(302,)),
    Route("webhook_remove", MANAGE_WEBHOOKS, "post", an_endpoint, status=(302,)),
    Route("webhook_key", MANAGE_WEBHOOKS, "post", an_endpoint, status=(200,)),
    Route("webhook_key_end", MANAGE_WEBHOOKS, "post", a_replaced_key, status=(302,)),
    Route("webhook_test", MANAGE_WEBHOOKS, "post", an_endpoint, status=(302,)),
    Route("webhook_delivery", MANAGE_WEBHOOKS, "get", a_delivery, status=(200,)),
    Route("webhook_again", MANAGE_WEBHOOKS, "post", a_delivery, status=(302,)),
]


def body() -> dict[str, Any]:
    return {**SAID, "name": "Lake", "url": f"{ADDRESS}/lake"}


WEBHOOK_API_ROUTES = [
    ApiRoute("api_webhooks", MANAGE_WEBHOOKS),
    ApiRoute("api_webhooks", MANAGE_WEBHOOKS, "post", data=body, status=201),
    ApiRoute("api_webhook", MANAGE_WEBHOOKS, "get", an_endpoint, names_object=True),
    ApiRoute("api_webhook", MANAGE_WEBHOOKS, "put", an_endpoint, names_object=True, data=body),
    ApiRoute("api_webhook", MANAGE_WEBHOOKS, "delete", an_endpoint, names_object=True),
    ApiRoute(
        "api_webhook_switch", MANAGE_WEBHOOKS, "post", an_endpoint, names_object=True, data=lambda: {"is_on": False}
    ),
    ApiRoute("api_webhook_key", MANAGE_WEBHOOKS, "post", an_endpoint, names_object=True),
    ApiRoute("api_webhook_key_end", MANAGE_WEBHOOKS, "post", a_replaced_key, names_object=True),
    ApiRoute("api_webhook_delivery", MANAGE_WEBHOOKS, "get", a_delivery, names_object=True),
    ApiRoute("api_webhook_test", MANAGE_WEBHOOKS, "post", an_endpoint, names_object=True, status=202),
    ApiRoute("api_webhook_deliveries", MANAGE_WEBHOOKS, "get", deliveries, names_object=True),
    ApiRoute("api_webhook_delivery_again", MANAGE_WEBHOOKS, "post", a_delivery, names_object=True, status=202),
]
