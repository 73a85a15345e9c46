"""`manage.py books_check`: compare a client's stored numbers with a fresh computation."""

from typing import Any, ClassVar

from django.core.management.base import CommandError, CommandParser

from metrics.commands import NumbersCommand
from metrics.services.schedule import check_due
from portal.tenancy.commands import StepsCommand, add_now, now_of
from portal.tenancy.models import Client
from portal.tenancy.scope import tenant_context


class Command(StepsCommand):
    help = "Compare the stored numbers with the contract lines; differences are audited and mended, and the exit code is 1."
    expected: ClassVar = NumbersCommand.expected

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        add_now(parser)

    def work(self, client: Client, options: dict[str, Any]) -> None:
        with tenant_context(client):
            found = check_due(client=client, now=now_of(options))
        if found:  # after the commit: the repair stays
            raise CommandError("the stored numbers differed and were recomputed: " + "; ".join(found[:20]))
        self.stdout.write("The stored numbers are those of the contract lines.")
