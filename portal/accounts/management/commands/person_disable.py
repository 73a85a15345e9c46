"""`manage.py person_disable`: close an account everywhere."""

from typing import Any

from portal.accounts.commands import PersonCommand
from portal.accounts.models import User
from portal.accounts.services.people import person_disable


class Command(PersonCommand):
    help = "Close an account: its sessions, tokens and links fail from their next use on."

    def run(self, user: User, options: dict[str, Any]) -> str:
        person_disable(user=user)
        return f"Closed the account '{user.email}'."
