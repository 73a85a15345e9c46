"""Addresses of a client's webhooks."""

from django.urls import path

from portal.webhooks.views import deliveries, endpoints

HOOKS = "c/<slug:client_slug>/settings/webhooks/"
ONE = f"{HOOKS}<int:endpoint_id>/"

urlpatterns = [
    path(HOOKS, endpoints.webhooks, name="webhooks"),
    path(f"{HOOKS}new/", endpoints.webhook_new, name="webhook_new"),
    path(ONE, endpoints.webhook, name="webhook"),
    path(f"{ONE}switch/", endpoints.webhook_switch, name="webhook_switch"),
    path(f"{ONE}remove/", endpoints.webhook_remove, name="webhook_remove"),
    path(f"{ONE}key/", endpoints.webhook_key, name="webhook_key"),
    path(f"{ONE}key/end-old/", endpoints.webhook_key_end, name="webhook_key_end"),
    path(f"{ONE}test/", deliveries.webhook_test, name="webhook_test"),
    path(f"{ONE}deliveries/<int:delivery_id>/", deliveries.webhook_delivery, name="webhook_delivery"),
    path(f"{ONE}deliveries/<int:delivery_id>/again/", deliveries.webhook_again, name="webhook_again"),
]
