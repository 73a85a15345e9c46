"""`manage.py changes_apply`: put a client's approved changes into force."""

from typing import Any

from django.core.management.base import CommandParser

from governance.services.change_effect import changes_take_effect
from portal.tenancy.commands import StepsCommand, add_now, now_of
from portal.tenancy.models import Client


class Command(StepsCommand):
    help = "Put into force what was approved and scheduled, with its restatements; the worker does the same by itself."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        add_now(parser)

    def work(self, client: Client, options: dict[str, Any]) -> None:
        for effect in changes_take_effect(client=client, now=now_of(options)):
            self.stdout.write(f"{effect.request}: {effect.get_state_display()}. {effect.message}".strip())
