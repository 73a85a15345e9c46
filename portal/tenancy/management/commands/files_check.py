"""`manage.py files_check`: prove that the configured store keeps files and gives them back."""

import secrets
from typing import Any

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management.base import BaseCommand, CommandError, CommandParser


class Command(BaseCommand):
    help = (
        "Put a file into the store of uploaded files, read it back, and remove it; the exit code is 1 where that fails."
    )
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--create-bucket", action="store_true", help="make the bucket first, if it is not there")

    def handle(self, *args: Any, **options: Any) -> None:
        """Any failure of the store is said in one sentence, without its address or keys."""
        storage: Any = default_storage
        try:
            if options["create_bucket"]:
                create_bucket(storage)
            content = secrets.token_bytes(1000)
            name = storage.save(f"check/{secrets.token_hex(16)}", ContentFile(content))
            with storage.open(name) as stored:
                came_back = stored.read()
            storage.delete(name)
        except CommandError:
            raise
        except Exception as problem:  # every store has exceptions of its own
            code = getattr(problem, "response", {}).get("Error", {}).get("Code", "")
            said = f"{type(problem).__name__} {code}".strip()
            raise CommandError(f"the store of uploaded files does not work: {said}") from problem
        if came_back != content:
            raise CommandError("the store of uploaded files gave back something else than it was given")
        self.stdout.write("The store of uploaded files keeps files and gives them back.")


def create_bucket(storage: Any) -> None:
    """Make the bucket unless it is there; CommandError where files lie in a folder."""
    if not hasattr(storage, "bucket"):
        raise CommandError("files lie in a folder: FILES_S3_BUCKET is not set")
    client = storage.connection.meta.client
    if storage.bucket_name not in {bucket["Name"] for bucket in client.list_buckets()["Buckets"]}:
        region = client.meta.region_name
        is_home = region in (None, "", "us-east-1", "aws-global")  # S3 refuses these as a bucket's place
        storage.bucket.create(**({} if is_home else {"CreateBucketConfiguration": {"LocationConstraint": region}}))
