"""Engagements: playbooks, and the projects that are run by them."""

from importlib import import_module

from django.apps import AppConfig


class EngagementsConfig(AppConfig):
    name = "engagements"
    verbose_name = "Playbooks and engagements"

    def ready(self) -> None:
        """Say, in every process, what is due by which column of a client, and which pages count for adoption."""
        dispatch = import_module("portal.tenancy.dispatch")  # its models exist only now
        dispatch.register_due("next_engagement_at", "engagements.tasks.summaries_refresh")
        dispatch.register_due("next_maintenance_at", "engagements.tasks.maintenance")
        handbook = import_module("governance.handbook")
        handbook.MORE.append(import_module("engagements.selectors.cadence").maintenance_chapter)
        touched = import_module("governance.selectors.change_impact_touched")
        touched.TOUCHERS.append(import_module("engagements.selectors.touched").maintenance_touched)
        leave = import_module("engagements.services.leaving").work_leave
        import_module("portal.accounts.services.people").WHEN_RIGHTS_END.append(leave)
        import_module("portal.accounts.duties").HELD.append(import_module("engagements.selectors.duties").duties_held)
        counted = import_module("portal.accounts.counted_pages").page_counted
        counted("engagement", "Engagement")
