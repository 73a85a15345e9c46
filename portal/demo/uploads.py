"""The uploads of a database that is thrown away: nothing names them any more, and a demonstration brings many.

`uploads_clear() -> Cleared | None`
"""

import shutil
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.core.files.storage import FileSystemStorage, default_storage


@dataclass(frozen=True)
class Cleared:
    """What was removed, and from where."""

    folder: Path
    files: int
    size: int

    def __str__(self) -> str:
        return f"{self.files:,} uploaded files ({self.size / 1_000_000:,.1f} MB) removed from {self.folder}"


def uploads_clear() -> Cleared | None:
    """Empty the folder of uploads; None where it is not this database's alone, and is left as it is.

    That is a folder below the one that also holds the embedded database. A bucket, a folder elsewhere, or a server of one's
    own, beside which other databases may keep their uploads in the same folder, are for whoever runs them.
    """
    folder = uploads_folder()
    if folder is None:
        return None
    found = [path for path in folder.rglob("*") if path.is_file() and not path.is_symlink()]
    cleared = Cleared(folder, len(found), sum(path.stat().st_size for path in found))
    for path in folder.iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()
    return cleared


def uploads_folder() -> Path | None:
    """The folder, where it is there and this database's alone."""
    if not settings.EMBEDDED_POSTGRES or not isinstance(default_storage, FileSystemStorage):
        return None
    var, folder = Path(settings.VAR_DIR).resolve(), Path(default_storage.location).resolve()
    return folder if folder.is_dir() and var in folder.parents else None
