"""`manage.py quality_look`: look at one client's data with the monitors, as every night."""

from typing import Any

from django.core.management.base import CommandParser

from metrics.services.quality import quality_look
from portal.tenancy.commands import ClientCommand, add_now, now_of
from portal.tenancy.models import Client


class Command(ClientCommand):
    help = "Look at a client's data with the monitors, and tell whom it concerns; the worker does so every night."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        add_now(parser)

    def run(self, client: Client, options: dict[str, Any]) -> None:
        done = quality_look(client=client, now=now_of(options))
        self.stdout.write(
            f"{done.opened} opened, {done.returned} came back, {done.fixed} fixed; {done.open_now} open now."
        )
