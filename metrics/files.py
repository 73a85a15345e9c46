"""Uploaded files: kept outside the web root under a random name, found again only through the import that owns them."""

import hashlib
import re
import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from django.conf import settings
from django.core.files import File
from django.core.files.storage import default_storage

PIECE = 1 << 20
UNSHOWABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]")


class FileTooLarge(ValueError):
    """The file is larger than the installation accepts; the message is for the person who sent it."""


@dataclass(frozen=True)
class StoredFile:
    """Where a file was put (within the store), its sha256 in hex and its size in bytes."""

    path: str
    sha256: str
    size: int


def file_store(client_id: int, file: "IO[bytes] | File[Any]") -> StoredFile:
    """Keep a copy of an uploaded file under a name that nobody chose. Raises FileTooLarge, and then keeps nothing."""
    digest, size = hashlib.sha256(), 0
    file.seek(0)
    while piece := file.read(PIECE):
        digest.update(piece)
        size += len(piece)
        if size > settings.UPLOAD_MAX_BYTES:
            limit = settings.UPLOAD_MAX_BYTES // 1_000_000
            raise FileTooLarge(f"The file is larger than {limit} MB. Split it, or export fewer columns.")
    file.seek(0)
    name = default_storage.save(f"imports/{client_id}/{secrets.token_hex(16)}", File(file))
    return StoredFile(name, digest.hexdigest(), size)


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


def file_name_shown(name: str) -> str:
    """A file's own name, fit to be shown: no folders, no control or direction marks, at most 200 characters."""
    last = UNSHOWABLE.sub("", name.replace("\\", "/")).rstrip("/").rsplit("/", 1)[-1].strip()
    if len(last) > 200:
        last = last[:190] + "…" + Path(last).suffix[:9]
    return last or "unnamed file"
