"""`manage.py month_reopen`: restate a closed month with what the contracts say now, under the policy it was closed under."""

from typing import Any, ClassVar

from django.core.management.base import CommandParser

from metrics.commands import NumbersCommand
from metrics.management.commands.month_close import closed_text
from metrics.services.closes import CloseError, month_restate
from portal.tenancy.commands import month_argument
from portal.tenancy.models import Client


class Command(NumbersCommand):
    help = (
        "Re-open a closed month and close it with today's contracts under its own policy version: a new revision, linked to "
        "the old one, with a reason."
    )
    expected: ClassVar = (*NumbersCommand.expected, CloseError)

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--month", required=True, type=month_argument, metavar="YYYY-MM", help="the closed month")
        parser.add_argument("--reason", required=True, help="why the month is restated; kept for ever")

    def run(self, client: Client, options: dict[str, Any]) -> None:
        for close in month_restate(client=client, month=options["month"], reason=options["reason"]):
            self.stdout.write(closed_text(close))
