"""Engagements: playbooks, and the projects that are run by them."""

from django.apps import AppConfig


class EngagementsConfig(AppConfig):
    name = "engagements"
