"""A client's webhooks: the list, a new one, one with its settings and its log, and its keys."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from portal.tenancy.access import TenantRequest, client_page
from portal.tenancy.clock import database_time
from portal.tenancy.permissions import MANAGE_WEBHOOKS
from portal.tenancy.step_up import identity_confirmed, recently_authenticated
from portal.webhooks.events import EVENTS
from portal.webhooks.forms import WebhookForm
from portal.webhooks.models import DeliveryState
from portal.webhooks.selectors import PAGE, delivery_list, endpoint_list, endpoint_state
from portal.webhooks.services.endpoints import (
    WebhookError,
    endpoint_add,
    endpoint_change,
    endpoint_remove,
    endpoint_switch,
)
from portal.webhooks.services.keys import key_rotate, previous_end
from portal.webhooks.views.scope import endpoint_or_404, to_endpoint

STATES = [("", "All"), *DeliveryState.choices]


@require_GET
@client_page(MANAGE_WEBHOOKS)
def webhooks(request: TenantRequest) -> HttpResponse:
    """Every webhook, whether it works, and what it is told."""
    return render(request, "webhooks/webhooks.html", {"rows": endpoint_list(), "events": EVENTS.items()})


@require_http_methods(["GET", "POST"])
@client_page(MANAGE_WEBHOOKS)
@recently_authenticated
def webhook_new(request: TenantRequest) -> HttpResponse:
    """Make one; its key is on the answer to this POST and nowhere else."""
    form = WebhookForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            endpoint, secret = endpoint_add(client=request.client, user=request.user, **form.cleaned_data)
        except WebhookError as error:
            form.add_error(error.field, str(error))
        else:
            return render(request, "webhooks/key.html", {"endpoint": endpoint, "secret": secret, "is_new": True})
    return render(request, "webhooks/new.html", {"form": form}, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@client_page(MANAGE_WEBHOOKS)
def webhook(request: TenantRequest, endpoint_id: int) -> HttpResponse:
    """One webhook: its settings, its key's age, and what became of what was sent. Only a change asks for a fresh proof."""
    if request.method == "POST" and (away := identity_confirmed(request)):
        return away
    endpoint = endpoint_or_404(endpoint_id)
    initial = {"name": endpoint.name, "url": endpoint.url, "events": endpoint.events}
    form = WebhookForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            endpoint_change(endpoint=endpoint, **form.cleaned_data)
        except WebhookError as error:
            form.add_error(error.field, str(error))
        else:
            messages.success(request, "Saved.")
            return to_endpoint(request, endpoint)
    context = {"endpoint": endpoint, "form": form, "badge": endpoint_state(endpoint), **log_of(request, endpoint)}
    return render(request, "webhooks/webhook.html", context, status=422 if form.errors else 200)


def log_of(request: TenantRequest, endpoint: Any) -> dict[str, Any]:
    """A page of the log, by state, the newest first."""
    chosen = request.GET.get("state", "")
    before = request.GET.get("before", "")
    rows = delivery_list(endpoint, chosen)
    rows = rows.filter(pk__lt=int(before)) if before.isdecimal() and len(before) < 18 else rows
    found = list(rows[: PAGE + 1])
    query = f"state={chosen}&" if chosen in DeliveryState.values else ""
    return {
        "deliveries": found[:PAGE],
        "older_url": f"?{query}before={found[PAGE - 1].pk}" if len(found) > PAGE else "",
        "newer_url": f"?{query}" if before else "",
        "states": [
            {"label": label, "url": f"?state={value}" if value else "?", "active": value == chosen}
            for value, label in STATES
        ],
        "old_key_signs": bool(endpoint.previous_until and endpoint.previous_until > database_time()),
    }


@require_POST
@client_page(MANAGE_WEBHOOKS)
@recently_authenticated
def webhook_switch(request: TenantRequest, endpoint_id: int) -> HttpResponse:
    """On or off."""
    endpoint = endpoint_or_404(endpoint_id)
    is_on = request.POST.get("on") == "1"
    endpoint_switch(endpoint=endpoint, is_on=is_on)
    messages.success(
        request, f"“{endpoint.name}” is {'told of what happens from now on' if is_on else 'switched off'}."
    )
    return to_endpoint(request, endpoint)


@require_POST
@client_page(MANAGE_WEBHOOKS)
@recently_authenticated
def webhook_remove(request: TenantRequest, endpoint_id: int) -> HttpResponse:
    """Remove one."""
    endpoint = endpoint_or_404(endpoint_id)
    endpoint_remove(endpoint=endpoint)
    messages.success(request, f"“{endpoint.name}” is removed: nothing is sent there any more.")
    return redirect("webhooks", client_slug=request.client.slug)


@require_POST
@client_page(MANAGE_WEBHOOKS)
@recently_authenticated
def webhook_key(request: TenantRequest, endpoint_id: int) -> HttpResponse:
    """A new key, shown on this answer and nowhere else."""
    endpoint = endpoint_or_404(endpoint_id)
    secret = key_rotate(endpoint=endpoint)
    return render(request, "webhooks/key.html", {"endpoint": endpoint, "secret": secret, "is_new": False})


@require_POST
@client_page(MANAGE_WEBHOOKS)
@recently_authenticated
def webhook_key_end(request: TenantRequest, endpoint_id: int) -> HttpResponse:
    """The old key signs no more."""
    endpoint = endpoint_or_404(endpoint_id)
    previous_end(endpoint=endpoint)
    messages.success(request, "The old key no longer signs.")
    return to_endpoint(request, endpoint)
