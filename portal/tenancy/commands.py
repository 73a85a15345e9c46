"""What every command about one client shares: `--client`, its scope, the actor of the audit log, clean errors.

A command raises nothing at people: a mistake of theirs is one line on standard error and exit code 1 (2 for a bad argument).
On standard output stands what was asked for, or, where nothing was, what was done; remarks beside it are on standard error, so
that an answer can be piped.
"""

import argparse
import datetime as dt
import sys
from abc import ABC, abstractmethod
from typing import Any, ClassVar

from django.core.management.base import BaseCommand, CommandError, CommandParser

from portal.lib.periods import month_parse
from portal.tenancy.actor import Actor, acting_as
from portal.tenancy.awaited import rows_await
from portal.tenancy.models import Client
from portal.tenancy.scope import tenant_context
from portal.tenancy.services import TenancyError

ACTOR = Actor("command line")


class StepsCommand(BaseCommand, ABC):
    """A command for the client named by `--client`, as "command line"; `work` commits its steps one by one.

    `expected` are the errors that are a person's to mend: they end the command with their message and no traceback.
    """

    expected: ClassVar[tuple[type[Exception], ...]] = (TenancyError,)
    requires_system_checks = []  # a job every minute need not check the whole project

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--client", required=True, metavar="SLUG", help="the client's short name")

    def handle(self, *args: Any, **options: Any) -> None:
        client = client_named(options["client"])
        with acting_as(ACTOR):
            try:
                rows_await(client)
                self.work(client, options)
            except self.expected as error:
                raise CommandError(str(error)) from error

    @abstractmethod
    def work(self, client: Client, options: dict[str, Any]) -> None:
        """The command itself, outside any scope."""

    def emit(self, text: str) -> None:
        """Write text to standard output as it is: UTF-8 and line feeds whatever the machine's locale says."""
        out = getattr(self.stdout, "_out", None)
        if out is sys.stdout and hasattr(out, "buffer"):
            out.flush()
            out.buffer.write(text.encode())
            out.buffer.flush()
        else:
            self.stdout.write(text, ending="")


class ClientCommand(StepsCommand):
    """A command whose `run` works inside the client's scope, in one transaction."""

    def work(self, client: Client, options: dict[str, Any]) -> None:
        with tenant_context(client):
            self.run(client, options)

    @abstractmethod
    def run(self, client: Client, options: dict[str, Any]) -> None:
        """The command itself, inside the client's scope."""


def client_named(slug: str) -> Client:
    """The client with this slug; CommandError when there is none."""
    client = Client.objects.select_related("firm").filter(slug=slug).first()
    if client is None:
        raise CommandError(f"there is no client '{slug}'")
    return client


def month_argument(text: str) -> int:
    """An argument `2024-03` as a month."""
    try:
        return month_parse(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"'{text}' is no month: write it as 2024-03") from error


def day_argument(text: str) -> dt.date:
    """An argument `2024-03-31` as a day."""
    try:
        return dt.date.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"'{text}' is no day: write it as 2024-03-31") from error


def instant_argument(text: str) -> dt.datetime:
    """An argument `2024-03-31` or `2024-03-31T08:00` as an instant, UTC unless it names its own zone."""
    try:
        instant = dt.datetime.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"'{text}' is no instant: write it as 2024-03-31T08:00") from error
    return instant if instant.tzinfo else instant.replace(tzinfo=dt.UTC)


def add_month_range(parser: CommandParser) -> None:
    """`--from` and `--to`, both months included."""
    parser.add_argument(
        "--from", dest="first", required=True, type=month_argument, metavar="YYYY-MM", help="first month"
    )
    parser.add_argument("--to", dest="last", required=True, type=month_argument, metavar="YYYY-MM", help="last month")


def month_range(options: dict[str, Any]) -> tuple[int, int]:
    """The range given by `--from` and `--to`; CommandError when it is empty or longer than a century."""
    first, last = options["first"], options["last"]
    if first > last:
        raise CommandError("--from lies after --to")
    if last - first >= 1200:
        raise CommandError("--from and --to lie more than a century apart")
    return first, last


def add_now(parser: CommandParser) -> None:
    """`--now`: the instant a job takes for the present, so that it can be tried and repeated."""
    parser.add_argument(
        "--now", type=instant_argument, metavar="INSTANT", help="the time to act at (default: the clock's)"
    )


def now_of(options: dict[str, Any]) -> dt.datetime:
    """`--now`, or the clock."""
    return options["now"] or dt.datetime.now(dt.UTC)
