"""`manage.py publications_finish`: carry out the restatements of a client's published policy."""

from typing import Any

from django.core.management.base import CommandParser

from governance.services.publishing import publications_finish
from portal.tenancy.commands import StepsCommand, add_now, now_of
from portal.tenancy.models import Client


class Command(StepsCommand):
    help = "Restate what a published policy restates and is not yet done; the worker does the same by itself."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        add_now(parser)

    def work(self, client: Client, options: dict[str, Any]) -> None:
        for publication in publications_finish(client=client, now=now_of(options)):
            months = len(publication.restated_months)
            self.stdout.write(f"{publication.state}: {months} months restated. {publication.message}".strip())
