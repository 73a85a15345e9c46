"""`manage.py books_rebuild`: recompute a client's stored numbers now."""

from typing import Any

from django.core.management.base import CommandParser

from metrics.commands import NumbersCommand
from metrics.services.books import books_rebuild_all
from portal.lib.periods import month_format
from portal.tenancy.commands import add_now, now_of
from portal.tenancy.models import Client


class Command(NumbersCommand):
    help = "Recompute ARR, CARR and LARR of a client from all its contract lines, up to the last completed month."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        add_now(parser)

    def run(self, client: Client, options: dict[str, Any]) -> None:
        for book in books_rebuild_all(client=client, now=now_of(options)):
            months = "no months"
            if book.first_month is not None and book.last_month is not None:
                months = f"{month_format(book.first_month)} to {month_format(book.last_month)}"
            self.stdout.write(
                f"{book.get_recognition_display()}: {book.get_state_display()}, {months}. {book.message}".strip()
            )
