"""`manage.py audit_verify`: check a client's audit log, and that it still holds what was anchored outside."""

from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser

from portal.tenancy import audit
from portal.tenancy.anchors import log_verify
from portal.tenancy.commands import ClientCommand
from portal.tenancy.models import Client


class Command(ClientCommand):
    help = "Verify the client's audit log and print its head as an anchor; a bad entry is named and the exit code is 1."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "--anchors",
            metavar="FILE",
            help="further heads, one a line, as this command printed them; those that every night keeps are always compared",
        )

    def run(self, client: Client, options: dict[str, Any]) -> None:
        anchors = read_anchors(options["anchors"]) if options["anchors"] else []
        verdict = log_verify(client, anchors)
        if not verdict.is_sound:
            raise CommandError(f"entry {verdict.bad_sequence} of the audit log is wrong: {verdict.reason}")
        self.stderr.write(f"{verdict.entries} entries, all sound; anchors from outside that agree: {verdict.anchors}.")
        if verdict.head is not None:
            self.stdout.write(verdict.head.to_text())


def read_anchors(path: str) -> list[audit.Anchor]:
    """The anchors in a file; CommandError where it cannot be read or a line is none."""
    try:
        lines = Path(path).read_text().splitlines()
        return [audit.Anchor.from_text(line) for line in lines if line.strip()]
    except OSError as error:
        raise CommandError(f"{path} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise CommandError(f"{path} holds a line that is no anchor (chain, sequence, hash)") from error
