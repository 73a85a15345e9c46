"""`manage.py notices_mail`: send the mails of one client's outbox that are due."""

from typing import Any

from django.core.management.base import CommandParser

from portal.notices.services.outbox import notices_mail
from portal.tenancy.commands import StepsCommand, add_now, now_of
from portal.tenancy.models import Client


class Command(StepsCommand):
    help = "Send the mails of a client's outbox that are due; the worker does the same by itself."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        add_now(parser)

    def work(self, client: Client, options: dict[str, Any]) -> None:
        sent = notices_mail(client=client, now=now_of(options))
        self.stdout.write(f"{sent} mail{'' if sent == 1 else 's'} sent.")
