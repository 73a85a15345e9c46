"""Addresses of the Data pages, below a client's own address."""

from django.urls import path

from metrics.views import accounts, data, imports, issues, lines, quality, rates, reconciliation, samples

urlpatterns = [
    path("data/", data.overview, name="data"),
    path("data/imports/", data.import_history, name="data_imports"),
    path("data/sources/<int:source_id>/authoritative/", data.authoritative, name="data_authoritative"),
    path("data/upload/", imports.upload, name="data_upload"),
    path("data/imports/<int:import_id>/", imports.detail, name="data_import"),
    path("data/imports/<int:import_id>/progress/", imports.progress, name="data_progress"),
    path("data/imports/<int:import_id>/mapping/", imports.mapping, name="data_mapping"),
    path("data/imports/<int:import_id>/accept/", imports.accept, name="data_accept"),
    path("data/imports/<int:import_id>/cancel/", imports.cancel, name="data_cancel"),
    path("data/imports/<int:import_id>/faults.csv", imports.faults_csv, name="data_faults"),
    path("data/lines/", lines.search, name="data_lines"),
    path("data/lines/<int:line_id>/", lines.history, name="data_line"),
    path("data/rates/", rates.rates, name="data_rates"),
    path("data/rates/remove/", rates.remove, name="data_rates_remove"),
    path("data/rates/upload/", rates.upload, name="data_rates_upload"),
    path("data/issues/", issues.issues, name="data_issues"),
    path("data/issues/<slug:code>/", issues.issue, name="data_issue"),
    path("data/monitors/", quality.monitors, name="data_monitors"),
    path("data/monitors/findings/<int:finding_id>/", quality.finding, name="data_finding"),
    path("data/monitors/findings/<int:finding_id>/acknowledge/", quality.acknowledge, name="data_finding_acknowledge"),
    path("data/monitors/findings/<int:finding_id>/reopen/", quality.reopen, name="data_finding_reopen"),
    path("data/monitors/<slug:code>/", quality.monitor, name="data_monitor"),
    path("data/monitors/<slug:code>/findings.csv", quality.findings_csv, name="data_monitor_csv"),
    path("data/monitors/<slug:code>/settings/", quality.settings, name="data_monitor_settings"),
    path("data/reconciliation/", reconciliation.overview, name="reconciliation"),
    path("data/reconciliation/accounts.csv", reconciliation.accounts_csv, name="reconciliation_csv"),
    path("data/reconciliation/account/", reconciliation.account, name="reconciliation_account"),
    path("data/reconciliation/explain/", reconciliation.explain, name="reconciliation_explain"),
    path(
        "data/reconciliation/explanations/<int:explanation_id>/withdraw/",
        reconciliation.withdraw,
        name="reconciliation_withdraw",
    ),
    path("data/reconciliation/mapping/", accounts.mappings, name="account_mappings"),
    path("data/reconciliation/mapping/add/", accounts.add, name="account_map"),
    path("data/reconciliation/mapping/<int:mapping_id>/remove/", accounts.remove, name="account_unmap"),
    path("data/reconciliation/levels/", accounts.levels, name="reconciliation_levels"),
    path("data/samples/", samples.bench, name="samples"),
    path("data/samples/change/", samples.change, name="samples_change"),
]
