"""The addresses below `/api/v1/clients/<client_slug>/` that are about the metric registry."""

from django.urls import path

from governance.api import views

urlpatterns = [
    path("metrics/", views.MetricList.as_view(), name="api_metrics"),
    path("metrics/yaml/", views.MetricsFile.as_view(), name="api_metrics_yaml"),
    path("metrics/<slug:key>/", views.MetricDetail.as_view(), name="api_metric"),
    path("metrics/<slug:key>/versions/", views.MetricVersions.as_view(), name="api_metric_versions"),
    path("metrics/<slug:key>/values/", views.MetricValuesList.as_view(), name="api_metric_values"),
]
