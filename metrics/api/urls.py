"""The addresses below `/api/v1/clients/<client_slug>/` that are about data and numbers."""

from django.urls import path, register_converter

from metrics.api.converters import MonthConverter
from metrics.api.views import (
    closes,
    imports,
    lines,
    numbers,
    policies,
    quality,
    reconciliation,
    reconciliation_writes,
    teams,
)

register_converter(MonthConverter, "month")

urlpatterns = [
    path("sources/", imports.SourceList.as_view(), name="api_sources"),
    path(
        "sources/<int:source_id>/authoritative/", imports.SourceAuthoritative.as_view(), name="api_source_authoritative"
    ),
    path("imports/", imports.ImportList.as_view(), name="api_imports"),
    path("imports/<int:import_id>/", imports.ImportDetail.as_view(), name="api_import"),
    path("imports/<int:import_id>/faults/", imports.ImportFaults.as_view(), name="api_import_faults"),
    path("imports/<int:import_id>/changes/", imports.ImportChanges.as_view(), name="api_import_changes"),
    path("imports/<int:import_id>/mapping/", imports.ImportMapping.as_view(), name="api_import_mapping"),
    path("imports/<int:import_id>/accept/", imports.ImportAccept.as_view(), name="api_import_accept"),
    path("imports/<int:import_id>/cancel/", imports.ImportCancel.as_view(), name="api_import_cancel"),
    path("lines/", lines.LineList.as_view(), name="api_lines"),
    path("lines/<int:line_id>/history/", lines.LineHistory.as_view(), name="api_line_history"),
    path("issues/", lines.IssueList.as_view(), name="api_issues"),
    path("monitors/", quality.MonitorList.as_view(), name="api_monitors"),
    path("monitors/look/", quality.MonitorLook.as_view(), name="api_monitors_look"),
    path("monitors/<slug:key>/history/", quality.MonitorHistory.as_view(), name="api_monitor_history"),
    path("monitors/<slug:key>/settings/", quality.MonitorSettings.as_view(), name="api_monitor_settings"),
    path("findings/<int:finding_id>/", quality.FindingDetail.as_view(), name="api_finding"),
    path("findings/<int:finding_id>/reopen/", quality.FindingReopen.as_view(), name="api_finding_reopen"),
    path("findings/", quality.FindingList.as_view(), name="api_findings"),
    path(
        "findings/<int:finding_id>/acknowledge/", quality.FindingAcknowledge.as_view(), name="api_finding_acknowledge"
    ),
    path("rates/", lines.RateList.as_view(), name="api_rates"),
    path("rates/gaps/", lines.RateGaps.as_view(), name="api_rate_gaps"),
    path("policies/", policies.PolicyList.as_view(), name="api_policies"),
    path("policies/<int:number>/", policies.PolicyDetail.as_view(), name="api_policy"),
    path("bridge/", numbers.BridgeDetail.as_view(), name="api_bridge"),
    path("headline/", numbers.HeadlineDetail.as_view(), name="api_headline"),
    path("retention/", numbers.RetentionDetail.as_view(), name="api_retention"),
    path("cohorts/", numbers.CohortList.as_view(), name="api_cohorts"),
    path("movers/", numbers.MoverList.as_view(), name="api_movers"),
    path("cell/", numbers.CellDetail.as_view(), name="api_cell"),
    path("moves/", numbers.MovesDetail.as_view(), name="api_moves"),
    path("explain/", numbers.ExplainDetail.as_view(), name="api_explain"),
    path("reconciliation/", reconciliation.ReconciliationDetail.as_view(), name="api_reconciliation"),
    path(
        "reconciliation/explanations/",
        reconciliation_writes.ExplanationList.as_view(),
        name="api_reconciliation_explanations",
    ),
    path(
        "reconciliation/explanations/<int:explanation_id>/",
        reconciliation_writes.ExplanationDetail.as_view(),
        name="api_reconciliation_explanation",
    ),
    path("reconciliation/mappings/", reconciliation_writes.MappingList.as_view(), name="api_account_mappings"),
    path(
        "reconciliation/mappings/<int:mapping_id>/",
        reconciliation_writes.MappingDetail.as_view(),
        name="api_account_mapping",
    ),
    path("reconciliation/levels/", reconciliation_writes.LevelsDetail.as_view(), name="api_reconciliation_levels"),
    path("roll-up/", reconciliation.RollUpDetail.as_view(), name="api_roll_up"),
    path("exposure/", reconciliation.ExposureDetail.as_view(), name="api_exposure"),
    path("samples/", reconciliation_writes.SampleBench.as_view(), name="api_samples"),
    path("assignments/", teams.AssignmentList.as_view(), name="api_assignments"),
    path("assignments/<int:assignment_id>/end/", teams.AssignmentEnd.as_view(), name="api_assignment_end"),
    path("assignments/<int:assignment_id>/correct/", teams.AssignmentCorrect.as_view(), name="api_assignment_correct"),
    path(
        "assignments/<int:assignment_id>/withdraw/", teams.AssignmentWithdraw.as_view(), name="api_assignment_withdraw"
    ),
    path("team-bridge/", teams.TeamBridgeDetail.as_view(), name="api_team_bridge"),
    path("months/", closes.MonthList.as_view(), name="api_months"),
    path("months/<month:month>/close/", closes.MonthCloseIt.as_view(), name="api_month_close"),
    path("months/<month:month>/reopen/", closes.MonthReopen.as_view(), name="api_month_reopen"),
    path("months/<month:month>/as-of/", closes.MonthAsOf.as_view(), name="api_month_as_of"),
]
