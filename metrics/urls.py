"""Addresses of the Data pages, below a client's own address."""

from django.urls import path

from metrics.views import data, imports, issues, lines, rates

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
    path("data/rates/upload/", rates.upload, name="data_rates_upload"),
    path("data/issues/", issues.issues, name="data_issues"),
    path("data/issues/<slug:code>/", issues.issue, name="data_issue"),
]
