"""The metrics application."""

from django.apps import AppConfig


class MetricsConfig(AppConfig):
    name = "metrics"
    verbose_name = "Sources, contract lines, policies and the numbers they give"
