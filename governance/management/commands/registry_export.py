"""`manage.py registry_export`: a client's metric registry as YAML."""

from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser

from governance.selectors.registry import registry_get
from governance.selectors.registry_drift import registry_yaml
from portal.tenancy.commands import ClientCommand
from portal.tenancy.models import Client


class Command(ClientCommand):
    help = "Write a client's metric registry as YAML: to a file, or to the screen."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("file", nargs="?", metavar="FILE.yaml", help="where to write it (default: the screen)")

    def run(self, client: Client, options: dict[str, Any]) -> None:
        text = registry_yaml(registry_get(client))
        if options["file"] is None:
            self.emit(text)
            return
        try:
            Path(options["file"]).write_text(text, encoding="utf-8")
        except OSError as error:
            raise CommandError(f"{options['file']} cannot be written: {error.strerror}") from error
        self.stdout.write(f"The registry of '{client.slug}' is in {options['file']}.")
