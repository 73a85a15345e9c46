"""The governance application."""

from django.apps import AppConfig


class GovernanceConfig(AppConfig):
    name = "governance"
    verbose_name = "Definitions, the answers to them, policy documents and their signatures"
