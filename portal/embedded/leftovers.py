"""What a killed server leaves behind: a `postmaster.pid`, perhaps with the server still alive behind it."""

import os
import signal
import subprocess
import time
from pathlib import Path

from portal.embedded.place import EmbeddedError


def clear_leftovers(data: Path) -> None:
    """Stop a server that lost its supervisor and remove a stale `postmaster.pid`.

    PostgreSQL itself refuses to start where the number in that file has since gone to another process.
    """
    lock = data / "postmaster.pid"
    try:
        pid = int(lock.read_text().split("\n", 1)[0])
    except (FileNotFoundError, ValueError):
        return
    for number, patience in ((signal.SIGINT, 30.0), (signal.SIGQUIT, 10.0), (signal.SIGKILL, 5.0)):
        if not _is_server(pid, data):
            break
        os.kill(pid, number)
        _wait_gone(pid, data, patience)
    else:
        raise EmbeddedError(
            f"a PostgreSQL server (process {pid}) still runs on {data} and does not stop: end it by hand"
        )
    lock.unlink(missing_ok=True)


def _wait_gone(pid: int, data: Path, patience: float) -> None:
    deadline = time.monotonic() + patience
    while _is_server(pid, data) and time.monotonic() < deadline:
        time.sleep(0.1)


def _is_server(pid: int, data: Path) -> bool:
    """Whether `pid` is a live postgres on `data`, and not some other process that got the number since."""
    process = Path("/proc", str(pid))
    if Path("/proc/self").exists():
        try:
            if process.joinpath("stat").read_text().rsplit(")", 1)[1].split()[0] == "Z":
                return False
            command = process.joinpath("cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except (FileNotFoundError, ProcessLookupError):
            return False
    else:
        command = subprocess.run(["ps", "-o", "command=", "-p", str(pid)], capture_output=True, text=True).stdout
    return f"-D {data}" in command
