"""`manage.py rates_import`: add and correct a client's own exchange rates."""

import datetime as dt
from pathlib import Path
from typing import Any, ClassVar

from django.core.management.base import CommandError, CommandParser

from metrics.commands import fault_lines
from metrics.models import RateImport
from metrics.selectors.own_rates import own_rates_lacking
from metrics.services.after_change import numbers_refresh
from metrics.services.books import last_completed_month
from metrics.services.problems import ImportProblem
from metrics.services.rates import RatesRefused, rates_import
from portal.tenancy.commands import StepsCommand
from portal.tenancy.models import Client
from portal.tenancy.scope import tenant_context
from portal.tenancy.services import TenancyError


class Command(StepsCommand):
    help = (
        "Load exchange rates (columns date, currency, rate: units of the reporting currency for one unit). Once a client has "
        "rates of its own for a currency, only those count for it. A file with a fault is refused whole."
    )
    expected: ClassVar[tuple[type[Exception], ...]] = (TenancyError, ImportProblem)

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("file", metavar="FILE.csv", help="the rates")

    def work(self, client: Client, options: dict[str, Any]) -> None:
        """Load in one transaction, then recompute the numbers."""
        imported = self.load(client, Path(options["file"]))
        if not imported.added_count and not imported.changed_count:
            self.stdout.write(f"Nothing changed: {imported.unchanged_count} rates are as they were.")
            return
        numbers_refresh(client=client)
        self.stdout.write(
            f"{imported.added_count} rates added, {imported.changed_count} changed, {imported.unchanged_count} unchanged."
        )
        self.say_what_lacks(client)

    def say_what_lacks(self, client: Client) -> None:
        """The months that the client's own rates leave without one, and the way back."""
        with tenant_context(client):
            found = own_rates_lacking(client, last_completed_month(client, dt.datetime.now(dt.UTC)))
        for lacking in found:
            self.stderr.write(
                f"{lacking.text} Load them, or go back to the ECB's rates: "
                f"manage.py rates_remove --client {client.slug} --currency {lacking.currency}"
            )

    def load(self, client: Client, path: Path) -> RateImport:
        """The import; CommandError after every fault was printed."""
        try:
            with tenant_context(client), path.open("rb") as file:
                return rates_import(client=client, file=file, file_name=path.name)
        except OSError as error:
            raise CommandError(f"{path} cannot be read: {error.strerror}") from error
        except RatesRefused as error:
            self.stderr.write(fault_lines(error.faults), ending="")
            raise CommandError(f"{path.name} is refused: {len(error.faults)} faults. Nothing was loaded.") from error
