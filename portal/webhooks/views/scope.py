"""What the pages of webhooks share."""

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect

from portal.tenancy.access import TenantRequest
from portal.webhooks.models import WebhookEndpoint


def endpoint_or_404(endpoint_id: int) -> WebhookEndpoint:
    """A webhook of the client in scope that was not removed."""
    found: WebhookEndpoint = get_object_or_404(
        WebhookEndpoint.objects.select_related("owner"), pk=endpoint_id, removed_at=None
    )
    return found


def to_endpoint(request: TenantRequest, endpoint: WebhookEndpoint) -> HttpResponse:
    """Back to a webhook's own page."""
    return redirect("webhook", client_slug=request.client.slug, endpoint_id=endpoint.pk)
