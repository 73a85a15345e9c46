"""The webhooks application."""

from importlib import import_module

from django.apps import AppConfig


class WebhooksConfig(AppConfig):
    name = "portal.webhooks"
    label = "webhooks"
    verbose_name = "What a client's own programs are told"

    def ready(self) -> None:
        """Say what is due by which column of a client, in every process that dispatches."""
        dispatch = import_module("portal.tenancy.dispatch")  # its models exist only now
        dispatch.register_due("next_webhook_at", "webhooks.deliver")
