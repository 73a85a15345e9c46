"""`manage.py person_mfa_reset`: remove the second factors of a person who was identified by other means than e-mail."""

from typing import Any

from django.core.management.base import CommandParser

from portal.accounts.commands import PersonCommand
from portal.accounts.models import User
from portal.accounts.services.people import mfa_reset


class Command(PersonCommand):
    help = "Remove a person's second factors. Identify the person first, and never by e-mail alone."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--reason", required=True, help="how the person was identified; kept in the audit logs")

    def run(self, user: User, options: dict[str, Any]) -> str:
        removed = mfa_reset(user=user, reason=options["reason"])
        return f"Removed {removed} second factors of '{user.email}'."
