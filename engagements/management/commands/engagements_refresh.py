"""`manage.py engagements_refresh`: look at a client's open engagements as the job of every morning does."""

from typing import Any

from django.core.management.base import CommandParser

from engagements.services.mornings import morning_look
from portal.tenancy.commands import ClientCommand, add_now, now_of
from portal.tenancy.models import Client


class Command(ClientCommand):
    help = (
        "Bring what the portfolio shows of a client's engagements up to date, and remove stored files that nobody owns;"
        " the worker does the same by itself every morning."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        add_now(parser)

    def run(self, client: Client, options: dict[str, Any]) -> None:
        found = morning_look(client=client, now=now_of(options))
        count, removed = found.engagements, len(found.files.removed)
        self.stdout.write(f"{count} open engagement{'s' * (count != 1)} looked at, {removed} stored files removed.")
