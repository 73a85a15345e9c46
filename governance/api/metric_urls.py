"""The addresses below `/api/v1/clients/<client_slug>/` that are about the metric registry.

What is about one metric is below `metrics/<key>/`; what is about all of them below `registry/`, where no key is in its way.
"""

from django.urls import path

from governance.api import metric_writes, papers, registry, views

METRIC = "metrics/<slug:key>/"

urlpatterns = [
    path("metrics/", views.MetricList.as_view(), name="api_metrics"),
    path("metrics/yaml/", views.MetricsFile.as_view(), name="api_metrics_yaml"),
    path("metrics/yaml/drift/", views.MetricsDrift.as_view(), name="api_metrics_drift"),
    path(METRIC, views.MetricDetail.as_view(), name="api_metric"),
    path(f"{METRIC}versions/", views.MetricVersions.as_view(), name="api_metric_versions"),
    path(f"{METRIC}values/", views.MetricValuesList.as_view(), name="api_metric_values"),
    path(f"{METRIC}step/", metric_writes.MetricStep.as_view(), name="api_metric_step"),
    path(f"{METRIC}owner/", metric_writes.MetricOwner.as_view(), name="api_metric_owner"),
    path(f"{METRIC}pay/", metric_writes.MetricPay.as_view(), name="api_metric_pay"),
    path("registry/start/", metric_writes.RegistryStart.as_view(), name="api_registry_start"),
    path("registry/library/", registry.LibraryDetail.as_view(), name="api_library"),
    path("registry/matrix/", registry.MatrixDetail.as_view(), name="api_matrix"),
    path("registry/availability/", registry.AvailabilityList.as_view(), name="api_availability"),
    path("registry/lineage/", registry.LineageDetail.as_view(), name="api_lineage"),
    path("registry/formula/", registry.FormulaDetail.as_view(), name="api_formula"),
    path("registry/glossary/", papers.GlossaryDetail.as_view(), name="api_glossary"),
    path("registry/glossary/file/", papers.GlossaryFile.as_view(), name="api_glossary_file"),
    path("registry/controls/", registry.ControlList.as_view(), name="api_controls"),
    path("registry/controls/<int:control_id>/", registry.ControlDetail.as_view(), name="api_control"),
]
