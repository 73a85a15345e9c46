"""Where the embedded server is found: port and password, chosen once and kept beside the data. Starts nothing."""

import fcntl
import os
import secrets
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

HOST = "127.0.0.1"
SUPERUSER = "postgres"
DATABASE = "tieout"


def is_test() -> bool:
    """Whether this process (and all that pytest starts) wants the throw-away server: no fsync, its own data."""
    return os.environ.get("TIEOUT_TEST", "1" if "PYTEST_VERSION" in os.environ else "") == "1"


@contextmanager
def locked(path: Path, mode: int = fcntl.LOCK_EX) -> Iterator[bool]:
    """Hold an advisory lock on `path`; with LOCK_NB in `mode`, yields whether it could be had.

    The kernel drops the lock when its holder dies, however it dies: a lock file can never be stale.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(descriptor, mode)
        except BlockingIOError:
            yield False
        else:
            yield True
    finally:
        os.close(descriptor)


def port_is_free(port: int) -> bool:
    """Whether a server could listen on `port` now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as postgres does: TIME_WAIT is no obstacle
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
        return True


@dataclass(frozen=True)
class Folder:
    """The files that describe one embedded server."""

    path: Path

    @classmethod
    def of(cls, var_dir: Path) -> "Folder":
        """The server of `var_dir`; tests have their own beside it."""
        folder = cls(var_dir.resolve() / ("postgres-test" if is_test() else "postgres"))
        # 0711: where root runs postgres as another user, that user must be able to walk to its data directory
        folder.path.mkdir(parents=True, exist_ok=True, mode=0o711)
        return folder

    @property
    def supervisor_lock(self) -> Path:
        return self.path / "supervisor.lock"

    @property
    def pin(self) -> Path:
        return self.path / "pin"

    @property
    def problem(self) -> Path:
        return self.path / "problem.txt"

    @property
    def log(self) -> Path:
        return self.path / "postgres.log"

    def is_supervised(self) -> bool:
        """Whether a supervisor lives (its server may still be starting or already stopping)."""
        with locked(self.supervisor_lock, fcntl.LOCK_SH | fcntl.LOCK_NB) as free:
            return not free

    def port(self) -> int:
        """The recorded port."""
        return int((self.path / "port").read_text())

    def password(self) -> str:
        """The administrator's password, made on first use."""
        return self._kept("password", secrets.token_urlsafe(32))

    def settle_port(self) -> int:
        """The recorded port if it can be used, else another free one, recorded. Only while no server runs."""
        with locked(self.path / "port.lock"):
            current = self.path / "port"
            if current.exists() and port_is_free(self.port()):
                return self.port()
            with socket.socket() as probe:
                probe.bind((HOST, 0))
                self._write("port", str(probe.getsockname()[1]))
            return self.port()

    def conninfo(self, dbname: str = "postgres") -> dict[str, str]:
        """Keyword arguments for `psycopg.connect` as the administrator; succeeds only against this very server."""
        return {
            "host": HOST,
            "port": str(self.port()),
            "user": SUPERUSER,
            "password": self.password(),
            "dbname": dbname,
            "connect_timeout": "2",
            # SCRAM proves the server to the client too: another server on our port is recognised, and learns nothing
            "require_auth": "scram-sha-256",
            "application_name": "tieout-supervisor",
        }

    def _write(self, name: str, text: str) -> None:
        fresh = self.path / f"{name}.{os.getpid()}"
        fresh.touch(mode=0o600)
        fresh.write_text(text)
        fresh.replace(self.path / name)

    def _kept(self, name: str, fresh: str) -> str:
        path = self.path / name
        if not path.exists():
            with locked(self.path / "password.lock"):
                if not path.exists():  # the first of several processes wins
                    self._write(name, fresh)
        return path.read_text()


def embedded_url(var_dir: Path) -> str:
    """The administrator's address of the embedded database; cheap, and starts nothing.

    A port that somebody else took while our server was down is replaced here, so that the address is right from the start.
    """
    folder = Folder.of(var_dir)
    if not (folder.path / "port").exists() or not (folder.is_supervised() or port_is_free(folder.port())):
        folder.settle_port()
    return f"postgresql://{SUPERUSER}:{folder.password()}@{HOST}:{folder.port()}/{DATABASE}"
