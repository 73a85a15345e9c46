"""Files that people send: copied into the store under a name that nobody chose, and shown under one that is fit to be shown.

`file_store(folder, file, most_bytes) -> StoredFile` · `file_name_shown(name) -> str`
"""

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final

from django.core.files import File
from django.core.files.storage import default_storage

PIECE: Final = 1 << 20
UNSHOWABLE: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]")


class FileTooLarge(ValueError):
    """The file is larger than is accepted."""


@dataclass(frozen=True)
class StoredFile:
    """Where a file was put (within the store), its sha256 in hex and its size in bytes."""

    path: str
    sha256: str
    size: int


def file_digest(file: "IO[bytes] | File[Any]", most_bytes: int) -> tuple[str, int]:
    """The sha256 and size of a file, read piece by piece. Raises FileTooLarge as soon as it is too large."""
    digest, size = hashlib.sha256(), 0
    file.seek(0)
    while piece := file.read(PIECE):
        digest.update(piece)
        size += len(piece)
        if size > most_bytes:
            raise FileTooLarge(f"larger than {most_bytes // 1_000_000} MB")
    file.seek(0)
    return digest.hexdigest(), size


def file_store(path: str, file: "IO[bytes] | File[Any]", most_bytes: int) -> StoredFile:
    """Keep a copy of a file at `path` in the store. Raises FileTooLarge, and then keeps nothing."""
    sha256, size = file_digest(file, most_bytes)
    return StoredFile(default_storage.save(path, File(file)), sha256, size)


def file_name_shown(name: str) -> str:
    """A file's own name, fit to be shown: no folders, no control or direction marks, at most 200 characters."""
    last = UNSHOWABLE.sub("", name.replace("\\", "/")).rstrip("/").rsplit("/", 1)[-1].strip()
    if len(last) > 200:
        last = last[:190] + "…" + Path(last).suffix[:9]
    return last or "unnamed file"
