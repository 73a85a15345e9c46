"""The reporting application."""

from importlib import import_module

from django.apps import AppConfig


class ReportingConfig(AppConfig):
    name = "reporting"
    verbose_name = "Pages, charts and exports of numbers"

    def ready(self) -> None:
        """Say which pages count for adoption."""
        counted = import_module("portal.accounts.counted_pages").page_counted
        counted("client_home", "Home")
        counted("arr", "ARR", is_dashboard=True)
        counted("team_bridge", "ARR by team or territory", is_dashboard=True)
        counted("months", "Months", is_dashboard=True)
        counted("month", "One closed month", is_dashboard=True)
        counted("policy", "Policy")
