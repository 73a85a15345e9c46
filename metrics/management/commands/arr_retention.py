"""`manage.py arr_retention`: net and gross revenue retention by month, computed from the contract lines as they stand."""

from typing import Any

from django.core.management.base import CommandParser

from metrics.commands import NumbersCommand, add_format, add_recognition
from metrics.engine.csv_format import retention_csv, retention_json
from metrics.selectors.live import live_book
from portal.tenancy.commands import add_month_range, month_range
from portal.tenancy.models import Client


class Command(NumbersCommand):
    help = "Print NRR and GRR by month, each against twelve months before, as CSV or JSON on standard output."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        add_month_range(parser)
        add_recognition(parser)
        add_format(parser)

    def run(self, client: Client, options: dict[str, Any]) -> None:
        first, last = month_range(options)
        book = live_book(client, first, last, recognition=options["recognition"], dimensions=())
        write = retention_json if options["format"] == "json" else retention_csv
        self.emit(write(book.retention))
