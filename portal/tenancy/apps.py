"""The tenancy application."""

from importlib import import_module

from django.apps import AppConfig


class TenancyConfig(AppConfig):
    name = "portal.tenancy"
    label = "tenancy"
    verbose_name = "Firms, clients and the wall between them"

    def ready(self) -> None:
        """Every process sends its jobs to the configured broker, and `manage.py check` knows the self-test."""
        import_module("portal.broker")
        import_module("portal.selftest")
