"""`manage.py demo_load`: load the demonstration, once or afresh."""

import secrets
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser

from portal.demo.load import demo_exists, demo_load
from portal.demo.uploads import uploads_clear
from portal.tenancy.alone import alone
from portal.tenancy.provision import recreate
from portal.tenancy.server import server_of_settings, sign_ins_file


class Command(BaseCommand):
    help = "Load the demonstration: a firm, its people and three clients with five years of contracts."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--once", action="store_true", help="do nothing where the demonstration is already there")
        parser.add_argument(
            "--reset", action="store_true", help="throw the whole local database and its uploads away first"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.PRODUCTION:
            raise CommandError("the demonstration is not for production: its passwords are printed")
        if options["reset"]:
            with alone(settings.VAR_DIR):  # no web and no worker may be at work on what goes away
                self.reset()
                self.load()
            self.stdout.write(sign_ins_file().read_text())
            return
        if demo_exists():
            if options["once"]:
                return
            raise CommandError("the demonstration is there already; --reset loads it afresh")
        self.load()

    def load(self) -> None:
        """Load everything, and write down who can sign in."""
        password = secrets.token_urlsafe(9)
        try:
            sign_ins = demo_load(password, self.say)
        except Exception as error:
            raise CommandError(
                f"the demonstration was loaded in part only ({error}); `make demo-reset` begins afresh"
            ) from error
        width = max(len(email) for email, _ in sign_ins)
        lines = [f"Password of all: {password}", *(f"{email.ljust(width)}  {who}" for email, who in sign_ins)]
        path = sign_ins_file()
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("\n".join(lines) + "\n")
        path.chmod(0o600)
        self.stdout.write(f"The demonstration is loaded; its sign-ins are in {path}.")

    def say(self, what: str) -> None:
        """What is loaded now, at once: a pipe or a file would keep it back."""
        self.stdout.write(f"Loading the demonstration: {what} …")
        self.stdout.flush()

    def reset(self) -> None:
        """The database is made anew: audit logs and closed months cannot be deleted row by row, by design.

        Its uploads go with it: nothing names them any more.
        """
        server = server_of_settings()
        if server is None:
            raise CommandError("--reset needs an administrator's DATABASE_URL, or the embedded database")
        self.stderr.write(f"Removing the database {server.name} with everything in it …")
        recreate(server)
        cleared = uploads_clear()
        self.stderr.write(
            f"{cleared or 'Uploaded files stay where they are, as the store may not be this database’s alone'}."
        )
        call_command("migrate", verbosity=0)
