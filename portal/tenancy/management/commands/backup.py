"""`manage.py backup <directory>`: database and files, with a manifest that proves them."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from portal.tenancy.backup import BackupError, backup


class Command(BaseCommand):
    help = "Write a backup (database, files, manifest) into a new directory. Needs the migrator's address."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("directory", type=Path, help="must not exist yet")

    def handle(self, *args: Any, **options: Any) -> None:
        """Back up, and say how much."""
        try:
            manifest = backup(options["directory"])
        except (BackupError, FileExistsError) as problem:
            raise CommandError(str(problem)) from problem
        rows = sum(int(count) for count, _ in manifest["tables"].values())
        self.stdout.write(f"{options['directory']}: {len(manifest['tables'])} tables, {rows} rows")
