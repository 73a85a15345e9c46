"""Whether the collected static files are those of the sources."""

import hashlib
from pathlib import Path

from django.contrib.staticfiles.finders import get_finders


def static_fingerprint() -> str:
    """Changes when any static file of the project or of a package is added, removed or touched."""
    digest = hashlib.sha256()
    for finder in get_finders():
        for name, storage in finder.list([]):
            status = Path(storage.path(name)).stat()
            digest.update(f"{name} {status.st_size} {status.st_mtime_ns}\n".encode())
    return digest.hexdigest()
