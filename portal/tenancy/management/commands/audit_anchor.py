"""`manage.py audit_anchor`: keep the head of a client's audit log outside the database, as the job of every night does."""

from typing import Any

from portal.tenancy.anchors import anchor_write
from portal.tenancy.audit import AuditBroken
from portal.tenancy.commands import ClientCommand
from portal.tenancy.models import Client


class Command(ClientCommand):
    help = "Keep the head of the client's audit log in the store of anchors, and print it."
    expected = (*ClientCommand.expected, AuditBroken)

    def run(self, client: Client, options: dict[str, Any]) -> None:
        self.stdout.write(anchor_write(client=client).to_text())
