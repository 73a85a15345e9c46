"""The metrics application."""

from datetime import timedelta
from importlib import import_module

from django.apps import AppConfig


class MetricsConfig(AppConfig):
    name = "metrics"
    verbose_name = "Sources, contract lines, policies and the numbers they give"

    def ready(self) -> None:
        """Say, in every process, what is due by which column of a client, and which pages count for adoption."""
        dispatch = import_module("portal.tenancy.dispatch")  # its models exist only now
        dispatch.register_due("next_check_at", "metrics.tasks.books_check")
        dispatch.register_due("next_close_at", "metrics.tasks.month_close")
        dispatch.register_due("next_quality_at", "metrics.tasks.quality_look")
        # Short: what it does takes a moment, and people wait for it
        dispatch.register_due("next_import_at", "metrics.tasks.imports_recover", lease=timedelta(seconds=60))
        import_module("portal.tenancy.awaited").WRITERS.append(import_module("metrics.line_rows").rows_write)
        leave = import_module("metrics.services.quality_people").monitors_leave
        import_module("portal.accounts.services.people").WHEN_RIGHTS_END.append(leave)
        held = import_module("metrics.selectors.quality").monitors_held
        import_module("portal.accounts.duties").HELD.append(held)
        counted = import_module("portal.accounts.counted_pages").page_counted
        counted("data", "Data")
        counted("reconciliation", "Reconciliation")
        counted("data_monitors", "Data quality")
        counted("teams", "Teams and territories")
