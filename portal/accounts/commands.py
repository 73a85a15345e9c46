"""What the commands about one person share: `--email`, the actor of the audit log, clean errors."""

from abc import ABC, abstractmethod
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from portal.accounts.models import User
from portal.tenancy.actor import acting_as
from portal.tenancy.commands import ACTOR
from portal.tenancy.services import TenancyError


class PersonCommand(BaseCommand, ABC):
    """A command about the person named by `--email`, for the operator of the installation."""

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--email", required=True, help="the person's e-mail address")

    def handle(self, *args: Any, **options: Any) -> None:
        user = User.objects.filter(email__iexact=options["email"]).first()
        if user is None:
            raise CommandError(f"there is no account '{options['email']}'")
        with acting_as(ACTOR):
            try:
                self.stdout.write(self.run(user, options))
            except TenancyError as error:
                raise CommandError(str(error)) from error

    @abstractmethod
    def run(self, user: User, options: dict[str, Any]) -> str:
        """Do it, and say what was done."""
