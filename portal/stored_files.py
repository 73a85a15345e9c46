"""Where uploaded files are stored: a folder of this machine, or a bucket of an S3-compatible store."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any


def file_storage(env: Mapping[str, str], folder: Path) -> dict[str, Any]:
    """Django's storage for uploaded files. FILES_S3_BUCKET chooses the bucket; without it, files lie in `folder`.

    Objects are private and never overwritten; without keys in the environment, the machine's own identity is used.
    """
    if not env.get("FILES_S3_BUCKET"):
        return {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": folder, "base_url": None},
        }
    from botocore.config import Config  # heavy, and only needed here

    style = env.get("FILES_S3_ADDRESSING") or "auto"
    return {
        "BACKEND": "storages.backends.s3.S3Storage",
        "OPTIONS": {
            "bucket_name": env["FILES_S3_BUCKET"],
            "endpoint_url": env.get("FILES_S3_ENDPOINT") or None,
            "region_name": env.get("FILES_S3_REGION") or None,
            "access_key": env.get("FILES_S3_ACCESS_KEY") or None,
            "secret_key": env.get("FILES_S3_SECRET_KEY") or None,
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
