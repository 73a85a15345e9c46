"""`manage.py registry_import`: shows what a file would change in a client's metric registry, and with `--apply` changes it."""

from pathlib import Path
from typing import Any, ClassVar

from django.core.management.base import CommandError, CommandParser

from governance.library.metric_reader import MetricFileError, metrics_read
from governance.selectors.registry import registry_get
from governance.selectors.registry_drift import Drift, drift_get
from governance.services.problems import DefinitionError
from governance.services.registry_file import registry_apply
from portal.tenancy.commands import ClientCommand
from portal.tenancy.models import Client


class Command(ClientCommand):
    help = "Show what a YAML file would change in a client's metric registry; with --apply, change it."
    expected: ClassVar[tuple[type[Exception], ...]] = (DefinitionError, MetricFileError)

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("file", metavar="FILE.yaml")
        parser.add_argument("--apply", action="store_true", help="apply what is shown")
        parser.add_argument("--reason", default="", help="why, for the versions and the audit log; needed with --apply")

    def run(self, client: Client, options: dict[str, Any]) -> None:
        text = read_text(options["file"])
        drift = drift_get(registry_get(client), metrics_read(text, client.currency))
        self.show(drift)
        if options["apply"] and not drift.is_empty:
            registry_apply(client=client, text=text, seen=drift.seen, reason=options["reason"])
            self.stdout.write(f"Applied to '{client.slug}'.")

    def show(self, drift: Drift) -> None:
        """What differs, a line each."""
        for metric in drift.added:
            self.stdout.write(f"+ {metric.key}: {metric.content['formula']}")
        for change in drift.changed:
            for label, before, after in change.edits:
                self.stdout.write(f"~ {change.key}, {label.lower()}: {before} → {after}")
        for name in drift.lacking:
            self.stdout.write(f"  not in the file, left as it is: {name}")
        if drift.is_empty:
            self.stdout.write("The file says what the registry says.")


def read_text(path: str) -> str:
    """The text of a file; CommandError where it cannot be read."""
    try:
        return Path(path).read_text(encoding="utf-8-sig")
    except OSError as error:
        raise CommandError(f"{path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise CommandError(f"{path} is no text in UTF-8") from error
