"""`manage.py dispatch_due`: what beat does on each tick."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from portal.tenancy.commands import add_now, now_of
from portal.tenancy.dispatch import dispatch_due


class Command(BaseCommand):
    help = "Send every job that is due to the workers; beat does the same on each tick."

    def add_arguments(self, parser: CommandParser) -> None:
        add_now(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        for task, client_id in dispatch_due(now_of(options)):
            self.stdout.write(f"{task} for client {client_id}")
