"""Files as the API tells them: JSON with the bytes in base64, because nothing else is answered."""

import hashlib
from base64 import b64encode
from typing import Any

from rest_framework import serializers

from portal.lib.stored_answer import StoredRow, stored_open


class FileSerializer(serializers.Serializer[Any]):
    """A file: its bytes in base64, so that exactly those arrive that the sha256 is of."""

    name = serializers.CharField()
    media_type = serializers.CharField()
    sha256 = serializers.CharField()
    base64 = serializers.CharField()


class StoredFileSerializer(serializers.Serializer[Any]):
    """A file that was sent and is kept; its bytes are read by its `id`."""

    id = serializers.IntegerField()
    name = serializers.CharField()
    size = serializers.IntegerField(help_text="In bytes.")
    sha256 = serializers.CharField()


def file_of(name: str, media_type: str, content: bytes) -> dict[str, str]:
    """A file as the API tells it."""
    sha256 = hashlib.sha256(content).hexdigest()
    return {"name": name, "media_type": media_type, "sha256": sha256, "base64": b64encode(content).decode()}


def stored_file(row: StoredRow) -> dict[str, str]:
    """A stored file as the API tells it. Whoever calls it has asked who may see the file."""
    with stored_open(row) as content:
        return file_of(row.name, row.kind.content_type, content.read())
