"""Where uploads and anchors of audit logs are stored: a folder of this machine, or a bucket of an S3-compatible store."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any


def file_storage(env: Mapping[str, str], folder: Path, kind: str = "FILES") -> dict[str, Any]:
    """Django's storage of one kind of files. FILES_S3_BUCKET chooses the bucket; without it, files lie in `folder`.

    Objects are private and never overwritten; without keys in the environment, the machine's own identity is used.
    """
    given = {name.removeprefix(f"{kind}_S3_"): value for name, value in env.items() if name.startswith(f"{kind}_S3_")}
    if not given.get("BUCKET"):
        return {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": folder, "base_url": None},
        }
    from botocore.config import Config  # heavy, and only needed here

    style = given.get("ADDRESSING") or "auto"
    return {
        "BACKEND": "storages.backends.s3.S3Storage",
        "OPTIONS": {
            "bucket_name": given["BUCKET"],
            "endpoint_url": given.get("ENDPOINT") or None,
            "region_name": given.get("REGION") or None,
            "access_key": given.get("ACCESS_KEY") or None,
            "secret_key": given.get("SECRET_KEY") or None,
            "default_acl": None,
            "file_overwrite": False,
            "querystring_auth": True,
            "client_config": Config(
                s3={"addressing_style": style},
                signature_version="s3v4",
                connect_timeout=5,
                read_timeout=30,
                retries={"max_attempts": 3, "mode": "standard"},
            ),
        },
    }
