"""`manage.py month_close`: close a month, or do what the client's schedule says is due."""

from typing import Any, ClassVar

from django.core.management.base import CommandParser

from metrics.commands import NumbersCommand
from metrics.models import MonthClose
from metrics.services.closes import CloseError, month_close
from metrics.services.schedule import close_due
from portal.lib.periods import month_format
from portal.tenancy.commands import add_now, month_argument, now_of
from portal.tenancy.models import Client


def closed_text(close: MonthClose) -> str:
    """One line about a close."""
    revision = f" (revision {close.revision})" if close.revision > 1 else ""
    return f"{month_format(close.month)} {close.get_recognition_display()} closed{revision}: {close.content_hash}"


class Command(NumbersCommand):
    help = "Close a month for ever; without --month, close what is due by the client's close day."
    expected: ClassVar = (*NumbersCommand.expected, CloseError)

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--month", type=month_argument, metavar="YYYY-MM", help="the month to close")
        add_now(parser)

    def run(self, client: Client, options: dict[str, Any]) -> None:
        if options["month"] is None:
            closed = close_due(client=client, now=now_of(options))
        else:
            closed = month_close(client=client, month=options["month"])
        for close in closed:
            self.stdout.write(closed_text(close))
        if not closed:
            self.stdout.write("No month was due.")
