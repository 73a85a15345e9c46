"""The accounts application."""

from importlib import import_module

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "portal.accounts"
    label = "accounts"
    verbose_name = "People and how they sign in"

    def ready(self) -> None:
        import_module("portal.accounts.receivers")
