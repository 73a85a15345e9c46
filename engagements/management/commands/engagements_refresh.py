"""`manage.py engagements_refresh`: look at a client's open engagements as the job of every morning does."""

from typing import Any

from django.core.management.base import CommandParser

from engagements.services.summaries import summaries_due
from portal.tenancy.commands import ClientCommand, add_now, now_of
from portal.tenancy.models import Client


class Command(ClientCommand):
    help = "Bring what the firm's portfolio shows of a client's open engagements up to date."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        add_now(parser)

    def run(self, client: Client, options: dict[str, Any]) -> None:
        count = summaries_due(client=client, now=now_of(options))
        self.stdout.write(f"{count} open engagement{'s' * (count != 1)} looked at.")
