"""`manage.py client_create`: a new client, and its firm where that is new too."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from portal.tenancy.actor import acting_as
from portal.tenancy.commands import ACTOR
from portal.tenancy.models import Client, Firm, FirmMembership
from portal.tenancy.scope import tenant_context
from portal.tenancy.services import TenancyError, client_create, consultant_assign, firm_create


class Command(BaseCommand):
    help = "Create a client; the firm is created too when there is none of that slug."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--firm", required=True, metavar="SLUG", help="the consulting firm's short name")
        parser.add_argument(
            "--client", required=True, metavar="SLUG", help="the client's short name, unique on this installation"
        )
        parser.add_argument("--name", required=True, help="the client's name as people read it")
        parser.add_argument("--currency", required=True, metavar="ISO", help="the reporting currency, such as USD")
        parser.add_argument(
            "--assign",
            action="append",
            default=[],
            metavar="EMAIL",
            help="a consultant of the firm who is to work on the client; may be given several times",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        with acting_as(ACTOR):
            try:
                assigned = [consultant_named(options["firm"], email) for email in options["assign"]]
                made = client_with_firm(**{name: options[name] for name in ("firm", "client", "name", "currency")})
                with tenant_context(made):
                    for user in assigned:
                        consultant_assign(client=made, user=user)
            except TenancyError as error:
                raise CommandError(str(error)) from error
        self.stdout.write(f"Created client '{options['client']}' of firm '{options['firm']}'.")
        if not options["assign"]:
            self.stderr.write(
                "Nobody is assigned to it yet: a firm admin does that on the firm's page, or --assign here."
            )


def client_with_firm(*, firm: str, client: str, name: str, currency: str) -> Client:
    """Create the client and, where it is missing, its firm. TenancyError when either is refused."""
    if taken := Client.objects.select_related("firm").filter(slug=client).first():
        raise TenancyError(
            f"there is a client '{client}' already, of the firm '{taken.firm.slug}': nothing was changed"
        )
    found = Firm.objects.filter(slug=firm).first() or firm_create(slug=firm, name=firm.replace("-", " ").title())
    return client_create(firm=found, slug=client, name=name, currency=currency)


def consultant_named(firm: str, email: str) -> Any:
    """Somebody who works for a firm. TenancyError for anyone else, before anything is created."""
    member = FirmMembership.objects.select_related("user").filter(firm__slug=firm, user__email=email.lower()).first()
    if member is None:
        raise TenancyError(f"{email} is no consultant of the firm '{firm}': no client was created")
    return member.user
