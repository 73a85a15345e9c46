"""`manage.py restore <directory>`: a backup into the configured, empty database, proved against its manifest."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from portal.tenancy.backup import BackupError, restore


class Command(BaseCommand):
    help = "Restore a backup into the configured, empty database and compare every table with the manifest."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("directory", type=Path, help="what `manage.py backup` wrote")

    def handle(self, *args: Any, **options: Any) -> None:
        """Restore, prove, and say how much."""
        try:
            manifest = restore(options["directory"])
        except (BackupError, FileNotFoundError) as problem:
            raise CommandError(str(problem)) from problem
        rows = sum(int(count) for count, _ in manifest["tables"].values())
        self.stdout.write(f"restored and proved: {len(manifest['tables'])} tables, {rows} rows")
