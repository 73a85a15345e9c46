"""`manage.py oversight_look`: what is due or late about audits, as of an instant."""

from typing import Any

from django.core.management.base import CommandParser

from governance.services.oversight import oversight_look
from portal.tenancy.commands import ClientCommand, add_now, now_of
from portal.tenancy.models import Client


class Command(ClientCommand):
    help = (
        "Tell people of audits and follow-ups that are due or late; the worker does the same by itself every morning."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        add_now(parser)

    def run(self, client: Client, options: dict[str, Any]) -> None:
        told = oversight_look(client=client, now=now_of(options))
        self.stdout.write(f"{told} notice{'' if told == 1 else 's'}.")
