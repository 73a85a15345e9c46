"""`manage.py rates_remove`: take all of a client's own rates of a currency away; the ECB's count for it again."""

from typing import Any, ClassVar

from django.core.management.base import CommandParser

from metrics.services.after_change import numbers_refresh
from metrics.services.problems import ImportProblem
from metrics.services.rates import rates_remove
from portal.tenancy.commands import StepsCommand
from portal.tenancy.models import Client
from portal.tenancy.scope import tenant_context
from portal.tenancy.services import TenancyError


class Command(StepsCommand):
    help = (
        "Take all of the client's own exchange rates of a currency away. From then on the European Central Bank's count for it "
        "again, and the numbers are recomputed. The audit log keeps that it was done."
    )
    expected: ClassVar[tuple[type[Exception], ...]] = (TenancyError, ImportProblem)

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--currency", required=True, type=str.upper, metavar="CODE", help="such as EUR")

    def work(self, client: Client, options: dict[str, Any]) -> None:
        """Remove in one transaction, then recompute the numbers."""
        with tenant_context(client):
            removal = rates_remove(client=client, currency=options["currency"])
        numbers_refresh(client=client)
        self.stdout.write(f"{removal.removed_count} own {removal.removed_currency} rates taken away.")
