"""What was sent to a webhook, a test, and once more."""

import json

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from portal.tenancy.access import TenantRequest, client_page
from portal.tenancy.permissions import MANAGE_WEBHOOKS
from portal.webhooks.models import DeliveryState
from portal.webhooks.selectors import delivery_get
from portal.webhooks.services.emitting import webhook_ping
from portal.webhooks.services.endpoints import WebhookError, delivery_again
from portal.webhooks.views.scope import endpoint_or_404, to_endpoint


@require_POST
@client_page(MANAGE_WEBHOOKS)
def webhook_test(request: TenantRequest, endpoint_id: int) -> HttpResponse:
    """Send a test; what came of it stands in the log."""
    endpoint = endpoint_or_404(endpoint_id)
    made = webhook_ping(endpoint=endpoint)
    messages.success(request, "A test is on its way: look at this page again in a moment.")
    return redirect("webhook_delivery", client_slug=request.client.slug, endpoint_id=endpoint.pk, delivery_id=made.pk)


@require_GET
@client_page(MANAGE_WEBHOOKS)
def webhook_delivery(request: TenantRequest, endpoint_id: int, delivery_id: int) -> HttpResponse:
    """One delivery: the text that was sent and every answer."""
    endpoint = endpoint_or_404(endpoint_id)
    delivery = delivery_get(endpoint, delivery_id)
    if delivery is None:
        raise Http404("No such delivery.")
    context = {
        "endpoint": endpoint,
        "delivery": delivery,
        "body": json.dumps(json.loads(delivery.event.body), indent=2, ensure_ascii=False),
        "is_open": delivery.state in (DeliveryState.WAITING, DeliveryState.CLAIMED),
    }
    return render(request, "webhooks/delivery.html", context)


@require_POST
@client_page(MANAGE_WEBHOOKS)
def webhook_again(request: TenantRequest, endpoint_id: int, delivery_id: int) -> HttpResponse:
    """Send a delivery once more."""
    endpoint = endpoint_or_404(endpoint_id)
    delivery = delivery_get(endpoint, delivery_id)
    if delivery is None:
        raise Http404("No such delivery.")
    try:
        delivery_again(delivery=delivery)
    except WebhookError as error:
        messages.error(request, f"Nothing was sent: {error}.")
    else:
        messages.success(request, "It is sent once more, with the same id.")
    return to_endpoint(request, endpoint)
