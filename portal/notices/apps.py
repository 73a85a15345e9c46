"""The notices application."""

from importlib import import_module

from django.apps import AppConfig


class NoticesConfig(AppConfig):
    name = "portal.notices"
    label = "notices"
    verbose_name = "What people are told, in the portal and by mail"

    def ready(self) -> None:
        """Say what is due by which column of a client, in every process that dispatches."""
        dispatch = import_module("portal.tenancy.dispatch")  # its models exist only now
        dispatch.register_due("next_notice_at", "notices.mail")
