"""`manage.py policy_set`: a new version of a client's ARR policy from a JSON file."""

import json
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser

from metrics.commands import NumbersCommand
from metrics.services.policies import policy_publish, signed_by
from portal.tenancy.models import Client


class Command(NumbersCommand):
    help = (
        "Publish a new version of the client's ARR policy from a JSON file; it is in force at once. Where people have signed "
        "the policy this is an emergency: --note must say why, the audit log names it, and Finance and RevOps are mailed."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("file", metavar="FILE.json", help="all parameters of the policy as one JSON object")
        parser.add_argument("--note", default="", help="why, for the history; needed where the policy is signed")

    def run(self, client: Client, options: dict[str, Any]) -> None:
        note, signatures = options["note"].strip(), signed_by()
        if signatures and not note:
            raise CommandError(
                f"this policy is signed ({signatures}): say with --note why it changes without signatures"
            )
        version = policy_publish(client=client, parameters=read_object(options["file"]), note=note, emergency=note)
        if signatures:
            self.stderr.write(
                f"WARNING: the policy was signed ({signatures}), and was changed without its signatures. The audit log says "
                "so, with the reason, and the client's Finance and RevOps are mailed."
            )
        self.stdout.write(f"Policy version {version.number} of '{client.slug}' is in force.")


def read_object(path: str) -> dict[str, Any]:
    """The JSON object in a file; CommandError where there is none."""
    try:
        value = json.loads(Path(path).read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise CommandError(f"{path} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise CommandError(f"{path} is no JSON: {error}") from error
    if not isinstance(value, dict):
        raise CommandError(f"{path} holds no JSON object")
    return value
