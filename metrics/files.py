"""Uploaded files: kept outside the web root under a random name, found again only through the import that owns them."""

import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any

from django.conf import settings
from django.core.files import File
from django.core.files.storage import default_storage

from portal.lib import stored
from portal.lib.stored import FileTooLarge, StoredFile, file_name_shown

__all__ = ["FileTooLarge", "StoredFile", "file_local", "file_name_shown", "file_store"]


def file_store(client_id: int, file: "IO[bytes] | File[Any]") -> StoredFile:
    """Keep a copy of an uploaded file under a name that nobody chose. Raises FileTooLarge, and then keeps nothing."""
    try:
        return stored.file_store(f"imports/{client_id}/{secrets.token_hex(16)}", file, settings.UPLOAD_MAX_BYTES)
    except FileTooLarge as error:
        raise FileTooLarge(f"The file is {error}. Split it, or export fewer columns.") from error


@contextmanager
def file_local(path: str) -> Iterator[str]:
    """A path on this machine at which a stored file can be read."""
    try:
        yield default_storage.path(path)
        return
    except NotImplementedError:  # an object store has no paths
        pass
    with default_storage.open(path) as remote, tempfile.NamedTemporaryFile(prefix="tieout-") as copy:
        for piece in remote.chunks():
            copy.write(piece)
        copy.flush()
        yield copy.name
