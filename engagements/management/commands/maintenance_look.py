"""`manage.py maintenance_look`: look after a client's engagements as the job of every morning does."""

from typing import Any

from django.core.management.base import CommandParser

from engagements.services.upkeep import maintenance_due
from portal.tenancy.commands import ClientCommand, add_now, now_of
from portal.tenancy.models import Client


class Command(ClientCommand):
    help = (
        "Make and compute a client's maintenance checks, decide on hypercare, and find reasons to engage again;"
        " the worker does the same by itself every morning."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        add_now(parser)

    def run(self, client: Client, options: dict[str, Any]) -> None:
        count = maintenance_due(client=client, now=now_of(options))
        self.stdout.write(f"{count} engagement{'s' * (count != 1)} looked at.")
