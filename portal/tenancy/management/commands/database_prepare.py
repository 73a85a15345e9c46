"""`manage.py database_prepare`: roles, databases, schemas and privileges on the server of DATABASE_URL."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from portal.tenancy.provision import jobs_server, provision
from portal.tenancy.server import server_of_settings


class Command(BaseCommand):
    help = "Prepare the PostgreSQL server: databases, roles, schemas, privileges. Does nothing where all is in place."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--addresses", action="store_true", help="also print the roles' addresses (they are secrets)"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Prepare what DATABASE_URL (or the embedded server) names."""
        server = server_of_settings()
        if server is None:
            raise CommandError(
                "database_prepare needs an administrator's address: set DATABASE_URL "
                "(here the roles' addresses are given one by one, which name no administrator)"
            )
        done = provision(server)
        if options["verbosity"]:
            self.stdout.write(f"{server.name}: {'prepared' if done else 'already prepared'}")
        if options["addresses"]:
            for kind in ("app", "system", "migrator"):
                self.stdout.write(f"DATABASE_{kind.upper()}_URL={server.url(kind)}")
            self.stdout.write(f"CELERY_BROKER_URL={jobs_server(server).url('jobs', scheme='pgmq')}")
