"""`manage.py client_create`: a new client, and its firm where that is new too."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from portal.tenancy.actor import acting_as
from portal.tenancy.commands import ACTOR
from portal.tenancy.models import Firm
from portal.tenancy.services import TenancyError, client_create, firm_create


class Command(BaseCommand):
    help = "Create a client; the firm is created too when there is none of that slug."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--firm", required=True, metavar="SLUG", help="the consulting firm's short name")
        parser.add_argument(
            "--client", required=True, metavar="SLUG", help="the client's short name, unique on this installation"
        )
        parser.add_argument("--name", required=True, help="the client's name as people read it")
        parser.add_argument("--currency", required=True, metavar="ISO", help="the reporting currency, such as USD")

    def handle(self, *args: Any, **options: Any) -> None:
        with acting_as(ACTOR):
            try:
                client_with_firm(**{name: options[name] for name in ("firm", "client", "name", "currency")})
            except TenancyError as error:
                raise CommandError(str(error)) from error
        self.stderr.write(f"Created client '{options['client']}' of firm '{options['firm']}'.")


def client_with_firm(*, firm: str, client: str, name: str, currency: str) -> None:
    """Create the client and, where it is missing, its firm. TenancyError when either is refused."""
    found = Firm.objects.filter(slug=firm).first() or firm_create(slug=firm, name=firm.replace("-", " ").title())
    client_create(firm=found, slug=client, name=name, currency=currency)
