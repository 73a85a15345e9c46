"""`manage.py webhooks_deliver`: send what is due to one client's webhooks."""

from typing import Any

from django.core.management.base import CommandParser

from portal.tenancy.commands import StepsCommand, add_now, now_of
from portal.tenancy.models import Client
from portal.webhooks.services.delivering import webhooks_deliver


class Command(StepsCommand):
    help = "Send what is due to a client's webhooks; the worker does the same by itself."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        add_now(parser)

    def work(self, client: Client, options: dict[str, Any]) -> None:
        taken = webhooks_deliver(client=client, now=now_of(options))
        self.stdout.write(f"{taken} deliver{'y was' if taken == 1 else 'ies were'} taken.")
