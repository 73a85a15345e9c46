"""`manage.py policy_set`: a new version of a client's ARR policy from a JSON file."""

import json
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser

from metrics.commands import NumbersCommand
from metrics.services.policies import policy_publish
from portal.tenancy.models import Client


class Command(NumbersCommand):
    help = "Publish a new version of the client's ARR policy from a JSON file; it is in force at once."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("file", metavar="FILE.json", help="all parameters of the policy as one JSON object")
        parser.add_argument("--note", default="", help="why, for the history")

    def run(self, client: Client, options: dict[str, Any]) -> None:
        version = policy_publish(client=client, parameters=read_object(options["file"]), note=options["note"])
        self.stderr.write(f"Policy version {version.number} of '{client.slug}' is in force.")


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
