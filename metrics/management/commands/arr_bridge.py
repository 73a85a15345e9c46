"""`manage.py arr_bridge`: the ARR bridge by month, computed from the contract lines as they stand, or as it was reported."""

from typing import Any

import polars as pl
from django.core.management.base import CommandParser

from metrics.commands import NumbersCommand, add_as_of, add_format, add_recognition, note_on_closed, require_reported
from metrics.engine.bridge import TOTAL
from metrics.engine.csv_format import bridge_csv, bridge_json
from metrics.engine.lines import DIMENSIONS
from metrics.selectors.live import live_book
from metrics.selectors.reported import reported_frames
from portal.tenancy.clock import day_now
from portal.tenancy.commands import add_month_range, month_range
from portal.tenancy.models import Client


class Command(NumbersCommand):
    help = "Print the ARR bridge by month, in total or by a dimension, as CSV or JSON on standard output."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        add_month_range(parser)
        parser.add_argument("--by", choices=list(DIMENSIONS), help="one row per month and value of this dimension")
        add_recognition(parser)
        add_as_of(parser)
        add_format(parser)

    def run(self, client: Client, options: dict[str, Any]) -> None:
        first, last = month_range(options)
        dimension, on = options["by"] or TOTAL, options["as_of"]
        if on is None:
            dimensions = (options["by"],) if options["by"] else ()
            bridge = live_book(
                client, first, last, recognition=options["recognition"], dimensions=dimensions, with_retention=False
            ).bridge
            today = day_now(client)
            closed, _ = reported_frames(client, options["recognition"], first, last, dimension, today)
            rows = bridge.filter(pl.col("dimension") == dimension)
            if note := note_on_closed(rows, closed, today):
                self.stderr.write(note)
        else:
            bridge, retention = reported_frames(client, options["recognition"], first, last, dimension, on)
            if note := require_reported(retention["month"].to_list(), first, last, on):
                self.stderr.write(note)
        write = bridge_json if options["format"] == "json" else bridge_csv
        self.emit(write(bridge, dimension))
