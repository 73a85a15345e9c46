"""`manage.py arr_retention`: net and gross revenue retention by month, from the lines as they stand or as reported."""

from typing import Any

import polars as pl
from django.core.management.base import CommandParser

from metrics.commands import NumbersCommand, add_as_of, add_format, add_recognition, note_on_closed, require_reported
from metrics.engine.bridge import TOTAL
from metrics.engine.csv_format import retention_csv, retention_json
from metrics.selectors.live import live_book
from metrics.selectors.reported import reported_frames
from portal.tenancy.clock import day_now
from portal.tenancy.commands import add_month_range, month_range
from portal.tenancy.models import Client


class Command(NumbersCommand):
    help = "Print NRR and GRR by month, each against twelve months before, as CSV or JSON on standard output."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        add_month_range(parser)
        add_recognition(parser)
        add_as_of(parser)
        add_format(parser)

    def run(self, client: Client, options: dict[str, Any]) -> None:
        first, last = month_range(options)
        on = options["as_of"]
        if on is None:
            retention = live_book(client, first, last, recognition=options["recognition"], dimensions=()).retention
            today = day_now(client)
            _, closed = reported_frames(client, options["recognition"], first, last, TOTAL, today)
            if note := note_on_closed(retention.filter(pl.col("dimension") == TOTAL), closed, today):
                self.stderr.write(note)
        else:
            _, retention = reported_frames(client, options["recognition"], first, last, TOTAL, on)
            if note := require_reported(retention["month"].to_list(), first, last, on):
                self.stderr.write(note)
        write = retention_json if options["format"] == "json" else retention_csv
        self.emit(write(retention))
