"""`manage.py firm_invite`: invite a consultant, such as a new firm's first admin."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from portal.accounts.services.invitations import firm_invitation_send
from portal.tenancy.actor import acting_as
from portal.tenancy.commands import ACTOR
from portal.tenancy.models import Firm, FirmRole
from portal.tenancy.services import TenancyError


class Command(BaseCommand):
    help = "Invite a consultant to a firm by mail; this is how a firm's first admin gets in."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--firm", required=True, metavar="SLUG", help="the consulting firm's short name")
        parser.add_argument("--email", required=True, help="whom to invite")
        parser.add_argument("--role", default=FirmRole.ADMIN.value, choices=FirmRole.values, help="admin unless said")

    def handle(self, *args: Any, **options: Any) -> None:
        firm = Firm.objects.filter(slug=options["firm"]).first()
        if firm is None:
            raise CommandError(f"there is no firm '{options['firm']}'")
        with acting_as(ACTOR):
            try:
                sent = firm_invitation_send(firm=firm, email=options["email"], role=options["role"], sent_by=None)
            except TenancyError as error:
                raise CommandError(str(error)) from error
        self.stdout.write(
            f"Invited {sent.email} to {firm} as {sent.get_role_display()}, until {sent.expires_at:%d %b %Y}."
        )
