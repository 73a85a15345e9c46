"""Find the embedded server running, or start it: what every process of Tieout calls before it needs the database."""

import fcntl
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from portal.embedded.address import Folder, locked
from portal.embedded.place import EmbeddedError

START_LIMIT = 90.0  # seconds: a first start runs initdb, a start after a crash replays the log
SPAWN_EVERY = 1.0
PROJECT = Path(__file__).resolve().parents[2]

# Kept so that a supervisor which ends while we live is reaped by the next poll instead of warning on collection
_spawned: list[subprocess.Popen[bytes]] = []


def is_running(folder: Folder) -> bool:
    """Whether our own server (and no other on its port) accepts connections now."""
    try:
        psycopg.connect(**folder.conninfo()).close()  # type: ignore[arg-type]
    except (psycopg.Error, FileNotFoundError):
        return False
    return True


def ensure_running(var_dir: Path) -> int:
    """Return the port of the running server of `var_dir`, starting a supervisor when there is none.

    Any number of processes may call this at once: the supervisor's lock lets one of theirs live.
    """
    folder = Folder.of(var_dir)
    deadline = time.monotonic() + START_LIMIT
    while not (folder.is_supervised() and is_running(folder)):
        if time.monotonic() > deadline:
            raise EmbeddedError(
                f"the embedded PostgreSQL server did not accept connections within {START_LIMIT:.0f} s; "
                f"its log is {folder.log}"
            )
        if not folder.is_supervised():
            _spawn(folder, var_dir)
        time.sleep(0.05)
    return folder.port()


@contextmanager
def pinned(var_dir: Path) -> Iterator[int]:
    """Keep the server up while this lasts, clients or not; afterwards it stops as soon as nobody is connected."""
    folder = Folder.of(var_dir)
    with locked(folder.pin, fcntl.LOCK_SH):
        yield ensure_running(var_dir)


def _spawn(folder: Folder, var_dir: Path) -> None:
    """Start a supervisor and wait until it has its lock; EmbeddedError with its own words when it gave up."""
    with locked(folder.path / "spawn.lock"):
        if folder.is_supervised():
            return
        folder.problem.unlink(missing_ok=True)
        _spawned[:] = [process for process in _spawned if process.poll() is None]
        with (folder.path / "supervisor.log").open("ab") as log:
            command = [sys.executable, "-m", "portal.embedded.supervise", str(var_dir)]
            process = subprocess.Popen(
                command, cwd=PROJECT, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )
        _spawned.append(process)
        while process.poll() is None and not is_running(folder):
            time.sleep(0.05)
        if process.poll() and folder.problem.exists():
            raise EmbeddedError(folder.problem.read_text())
