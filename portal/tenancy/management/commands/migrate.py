"""`manage.py migrate`: prepares the server first, migrates as the migrator, hands everything over to the owner."""

from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import CommandError, CommandParser
from django.core.management.commands.migrate import Command as MigrateCommand
from django.db import connections

from portal.tenancy.migration_states import few_renderings
from portal.tenancy.provision import hand_over, provision
from portal.tenancy.server import server_of_settings

ALIAS = "migrator"


class Command(MigrateCommand):
    """Django's own command, through the one role that may change tables."""

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.set_defaults(database=ALIAS)

    def handle(self, *args: Any, **options: Any) -> None:
        if ALIAS not in settings.DATABASES:
            raise CommandError("migrate needs the migrator's address: set DATABASE_MIGRATOR_URL (for this job alone)")
        server = server_of_settings()
        alias = options["database"]
        if server is not None and connections[alias].settings_dict["NAME"] == server.name:
            provision(server)
        with few_renderings():
            super().handle(*args, **options)
        if alias != ALIAS or options["plan"] or options["check_unapplied"]:
            return
        call_command("createcachetable", database=ALIAS, verbosity=0)
        prefix, _, kind = str(connections[ALIAS].settings_dict["USER"]).rpartition("_")
        if kind != "migrator":
            raise CommandError("the migrator's role must be called <name>_migrator, as database_prepare makes it")
        hand_over(connections[ALIAS], prefix)
