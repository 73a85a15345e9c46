"""The tenancy application."""

from importlib import import_module

from django.apps import AppConfig


class TenancyConfig(AppConfig):
    name = "portal.tenancy"
    label = "tenancy"
    verbose_name = "Firms, clients and the wall between them"

    def ready(self) -> None:
        """Every process sends its jobs to the configured broker, `manage.py check` knows the self-test, and anchors are due."""
        import_module("portal.broker")
        import_module("portal.selftest")
        dispatch = import_module("portal.tenancy.dispatch")  # its models exist only now
        dispatch.register_due("next_anchor_at", "tenancy.audit_anchor")
