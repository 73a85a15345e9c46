"""`manage.py definitions_remind`: send the reminders about definitions of one client that are due."""

from typing import Any

from django.core.management.base import CommandParser

from governance.services.asking import reminders_due
from portal.tenancy.commands import ClientCommand, add_now, now_of
from portal.tenancy.models import Client


class Command(ClientCommand):
    help = "Send the reminders about a client's definitions that are due; the worker does the same by itself."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        add_now(parser)

    def run(self, client: Client, options: dict[str, Any]) -> None:
        sent = reminders_due(client=client, now=now_of(options))
        self.stdout.write(f"{sent} mail{'' if sent == 1 else 's'} sent.")
