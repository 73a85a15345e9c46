"""What the commands about a client's numbers share."""

import datetime as dt
from collections.abc import Collection
from typing import Any, ClassVar

import polars as pl
from django.core.management.base import CommandError, CommandParser

from metrics.computation import missing_rates_text
from metrics.engine.policy import PolicyError
from metrics.engine.valuation import MissingRates
from metrics.intake.faults import Fault, Faults
from metrics.models import Recognition
from portal.lib.periods import month_format
from portal.tenancy.commands import ClientCommand, day_argument
from portal.tenancy.models import Client
from portal.tenancy.services import TenancyError


class NumbersCommand(ClientCommand):
    """A client's command that runs the engine: a missing rate ends it with currency and day, not with a traceback."""

    expected: ClassVar[tuple[type[Exception], ...]] = (TenancyError, PolicyError)

    def work(self, client: Client, options: dict[str, Any]) -> None:
        try:
            super().work(client, options)
        except MissingRates as error:
            raise CommandError(missing_rates_text(error.gaps)) from error


def add_recognition(parser: CommandParser) -> None:
    """`--recognition`: which of ARR, CARR and LARR."""
    parser.add_argument(
        "--recognition",
        choices=Recognition.values,
        help="start = ARR, signed = CARR, live = LARR (default: the one the policy chose)",
    )


def add_as_of(parser: CommandParser) -> None:
    """`--as-of`: what had been reported by a day, instead of what the contracts say now."""
    parser.add_argument(
        "--as-of",
        type=day_argument,
        metavar="YYYY-MM-DD",
        help="what had been reported at the end of that day: only the months closed by then, as they were closed then",
    )


def require_reported(months: Collection[int], first: int, last: int, on: dt.date) -> str:
    """A note on the months that were open on the day; raises CommandError where all were."""
    missing = [month_format(month) for month in range(first, last + 1) if month not in months]
    if len(missing) == last - first + 1:
        raise CommandError(f"on {on} none of these months was closed: nothing had been reported for them")
    return f"Open on {on}, and left out: {', '.join(missing)}." if missing else ""


def note_on_closed(computed: pl.DataFrame, reported: pl.DataFrame, on: dt.date) -> str:
    """Which closed months were reported with other figures than these; empty where none was.

    Both are rows of a bridge or of retention, `reported` those of the months closed by the day `on`.
    """
    own = computed.filter(pl.col("month").is_in(reported["month"].unique().implode())).select(reported.columns)
    figures = pl.any_horizontal(pl.col(reported.columns[3:]) != 0)  # a group without any figure is in no close
    both = pl.concat([own.filter(figures), reported.filter(figures)])
    months = both.filter(~both.is_duplicated())["month"].unique().sort().to_list()
    if not months:
        return ""
    named = month_format(months[0]) + (f" to {month_format(months[-1])}" if len(months) > 1 else "")
    verb = "months were" if len(months) > 1 else "month was"
    return (
        f"Computed from the contracts and the policy as they are now: {len(months)} closed {verb} reported otherwise "
        f"({named}). --as-of {on} prints what was reported."
    )


def add_format(parser: CommandParser) -> None:
    """`--format csv|json`."""
    parser.add_argument("--format", choices=["csv", "json"], default="csv", help="csv (default) or json")


def fault_lines(faults: Faults) -> str:
    """One line for each fault of a file: row, column, value and reason; of the file as a whole, the reason alone."""
    return "".join(f"{fault_place(fault)}{fault.reason}\n" for fault in faults)


def fault_place(fault: Fault) -> str:
    """What stands before the reason of a fault: where it is, and what stands there."""
    if not fault.row:
        return ""
    if not fault.column:
        return f"row {fault.row}: {fault.value} — " if fault.value else f"row {fault.row}: "
    return f"row {fault.row}, column {fault.column}: {fault.value or '(empty)'} — "
