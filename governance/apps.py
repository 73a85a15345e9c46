"""The governance application."""

from importlib import import_module

from django.apps import AppConfig


class GovernanceConfig(AppConfig):
    name = "governance"
    verbose_name = "Definitions and their sign-off, metrics, change requests, the review board, audits and disputes"

    def ready(self) -> None:
        """Say, in every process, what is due by which column, what ends when somebody leaves, and what counts."""
        dispatch = import_module("portal.tenancy.dispatch")  # its models exist only now
        dispatch.register_due("next_reminder_at", "governance.tasks.reminders")
        dispatch.register_due("next_change_at", "governance.tasks.changes")
        import_module("metrics.causes").CAUSES.append(import_module("governance.selectors.restatements").causes_told)
        told = import_module("governance.selectors.disputed_cells").disputes_told
        import_module("metrics.disputed").DISPUTED.append(told)
        closes = import_module("metrics.services.closes")
        closes.WHEN_CLOSED.append(import_module("governance.services.kept_values").values_keep)
        closes.WHEN_CLOSED.append(import_module("governance.services.change_effect").effects_look)
        dispatch.register_due("next_oversight_at", "governance.tasks.oversight")
        policies = import_module("metrics.services.policies")
        policies.SIGNED_BY.append(import_module("governance.selectors.signoff").signatures_in_words)
        policies.BOARD_DECIDES.append(import_module("governance.selectors.board").has_board)
        policies.PAY_FAULTS.append(import_module("governance.selectors.change_pay").emergency_fault)
        limits = import_module("metrics.selectors.limits")
        limits.DEFINED[limits.UNEXPLAINED] = import_module("governance.selectors.items").changes_defined
        people = import_module("portal.accounts.services.people")
        kept = import_module("governance.services.metric_pay").require_periods_kept
        import_module("portal.tenancy.services").BEFORE_SETTINGS.append(kept)
        people.BEFORE_ROLES.append(import_module("governance.services.board").require_seats_kept)
        people.BEFORE_ROLES.append(import_module("governance.services.vote_voids").requests_hold)
        people.WHEN_LEAVING.append(import_module("governance.services.respondents").respondent_leave)
        people.WHEN_LEAVING.append(import_module("governance.services.board").board_leave)
        people.WHEN_RIGHTS_END.append(import_module("governance.services.leaving").duties_hand_over)
        people.WHEN_RIGHTS_END.append(import_module("governance.services.vote_voids").votes_leave)
        import_module("portal.accounts.duties").HELD.append(import_module("governance.selectors.duties").duties_held)
        sections = import_module("governance.change_sections").SECTIONS
        sections["votes"] = import_module("governance.vote_page").votes_context
        sections["impact"] = import_module("governance.change_impact_page").impact_section
        sections["effect"] = import_module("governance.effect_page").effect_context
        counted = import_module("portal.accounts.counted_pages").page_counted
        counted("definitions", "Definitions")
        counted("metrics", "Metrics")
        counted("metric", "One metric", is_dashboard=True, about="key")
        counted("quarter_audits", "Contract audits")
        counted("disputes", "Disputes")
        for page in ("matrix", "lineage", "availability", "glossary", "validation"):
            counted(f"metric_{page}", f"Metrics: {page}")
