"""Addresses of the Data pages."""

from django.urls import path

from metrics.views import data, imports, issues, lines, rates

urlpatterns = [
    path("c/<slug:client_slug>/data/", data.overview, name="data"),
    path("c/<slug:client_slug>/data/imports/", data.import_history, name="data_imports"),
    path("c/<slug:client_slug>/data/sources/<int:source_id>/authoritative/", data.authoritative, name="data_authoritative"),
    path("c/<slug:client_slug>/data/upload/", imports.upload, name="data_upload"),
    path("c/<slug:client_slug>/data/imports/<int:import_id>/", imports.detail, name="data_import"),
    path("c/<slug:client_slug>/data/imports/<int:import_id>/progress/", imports.progress, name="data_progress"),
    path("c/<slug:client_slug>/data/imports/<int:import_id>/mapping/", imports.mapping, name="data_mapping"),
    path("c/<slug:client_slug>/data/imports/<int:import_id>/accept/", imports.accept, name="data_accept"),
    path("c/<slug:client_slug>/data/imports/<int:import_id>/cancel/", imports.cancel, name="data_cancel"),
    path("c/<slug:client_slug>/data/imports/<int:import_id>/faults.csv", imports.faults_csv, name="data_faults"),
    path("c/<slug:client_slug>/data/lines/", lines.search, name="data_lines"),
    path("c/<slug:client_slug>/data/lines/<int:line_id>/", lines.history, name="data_line"),
    path("c/<slug:client_slug>/data/rates/", rates.rates, name="data_rates"),
    path("c/<slug:client_slug>/data/rates/upload/", rates.upload, name="data_rates_upload"),
    path("c/<slug:client_slug>/data/issues/", issues.issues, name="data_issues"),
    path("c/<slug:client_slug>/data/issues/<slug:code>/", issues.issue, name="data_issue"),
]
