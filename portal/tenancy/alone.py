"""One process at a time works on a folder's portal as a whole: the run itself, or what throws its database away."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.core.management.base import CommandError

from portal.embedded.address import locked


@contextmanager
def alone(var_dir: Path) -> Iterator[None]:
    """CommandError where the portal runs: a second run would give the first one's unfinished jobs to its own worker."""
    var_dir.mkdir(parents=True, exist_ok=True)
    with locked(var_dir / "portal.lock", fcntl.LOCK_EX | fcntl.LOCK_NB) as mine:
        if not mine:
            raise CommandError(
                f"the portal runs already with {var_dir}: stop it first, or set TIEOUT_VAR to another folder"
            )
        yield
