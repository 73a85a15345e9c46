"""The embedded server: found or started by anybody, recovered after any kill, gone when nobody needs it."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import psycopg
import pytest

from portal.embedded.address import Folder, embedded_url, port_is_free
from portal.embedded.leftovers import clear_leftovers
from portal.embedded.place import Account, EmbeddedError, major_version, may_enter
from portal.embedded.server import ensure_running, is_running, pinned

IDLE = 2.0


@pytest.fixture(scope="module")
def var(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A `var` directory with its own server, which stops IDLE seconds after the last client."""
    os.environ["TIEOUT_EMBEDDED_IDLE"] = str(IDLE)
    path = tmp_path_factory.mktemp("var")
    yield path
    del os.environ["TIEOUT_EMBEDDED_IDLE"]
    end(supervisor_pid(path), signal.SIGTERM)
    wait_until(lambda: not Folder.of(path).is_supervised())


def supervisor_pid(var: Path) -> int:
    return int(Folder.of(var).supervisor_lock.read_text())


def data_directory(var: Path) -> Path:
    home = Folder.of(var).path / "home"
    return (Path(home.read_text()) if home.exists() else Folder.of(var).path) / "data"


def postgres_pid(var: Path) -> int:
    return int((data_directory(var) / "postmaster.pid").read_text().split("\n", 1)[0])


def is_another(var: Path, old: int) -> bool:
    """Whether a server that was started after `old` answers."""
    with suppress(FileNotFoundError):
        return postgres_pid(var) != old and is_running(Folder.of(var))
    return False


def is_back(var: Path, old: int) -> bool:
    """The same for whoever needs it, and asks again: one that outlived its supervisor may still answer while it ends."""
    ensure_running(var)
    return is_another(var, old)


def end(pid: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, number)


def wait_until(condition: Callable[[], bool], limit: float = 30) -> None:
    deadline = time.monotonic() + limit
    while not condition():
        assert time.monotonic() < deadline, "did not happen in time"
        time.sleep(0.05)


def test_address_starts_nothing_and_stays(tmp_path: Path) -> None:
    first, second = embedded_url(tmp_path), embedded_url(tmp_path)
    assert first == second
    assert first.endswith("/tieout")
    assert not Folder.of(tmp_path).is_supervised()
    for name in ("password", "port"):
        assert (Folder.of(tmp_path).path / name).stat().st_mode & 0o077 == 0


def test_starts_then_is_found_and_asks_for_the_password(var: Path) -> None:
    ensure_running(var)
    pid = postgres_pid(var)
    ensure_running(var)
    assert postgres_pid(var) == pid
    stranger = Folder.of(var).conninfo() | {"password": "wrong"}
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(**stranger)  # type: ignore[arg-type]


def test_sorts_by_code_point_whatever_the_machine(var: Path) -> None:
    ensure_running(var)
    with psycopg.connect(**Folder.of(var).conninfo()) as connection:  # type: ignore[arg-type]
        row = connection.execute(
            "SELECT datlocprovider, datlocale, pg_encoding_to_char(encoding) FROM pg_database"
        ).fetchone()
    assert row == ("b", "C.UTF-8", "UTF8")


@pytest.mark.parametrize("victims", ["supervisor", "postgres", "both"])
def test_recovers_after_kill(var: Path, victims: str) -> None:
    ensure_running(var)
    with psycopg.connect(**Folder.of(var).conninfo()) as connection:  # type: ignore[arg-type]
        connection.execute(
            "SET synchronous_commit = on"
        )  # off for tests in general, and then a kill may cost the last commit
        connection.execute("CREATE TABLE IF NOT EXISTS kept (v text)")
        connection.execute("INSERT INTO kept VALUES (%s)", [victims])
    old = postgres_pid(var)
    for name, pid in (("supervisor", supervisor_pid(var)), ("postgres", old)):
        if victims in (name, "both"):
            end(pid, signal.SIGKILL)
    wait_until(lambda: is_back(var, old))
    with psycopg.connect(**Folder.of(var).conninfo()) as connection:  # type: ignore[arg-type]
        assert connection.execute("SELECT 1 FROM kept WHERE v = %s", [victims]).fetchone() == (1,)


def test_killed_server_is_back_though_nobody_asks(var: Path) -> None:
    ensure_running(var)
    old = postgres_pid(var)
    end(old, signal.SIGKILL)
    wait_until(lambda: not Path(f"/proc/{old}").exists())
    wait_until(lambda: is_running(Folder.of(var)))  # itself starts nothing
    assert postgres_pid(var) != old


def test_killed_supervisor_takes_the_server_with_it(var: Path) -> None:
    ensure_running(var)
    pid = postgres_pid(var)
    end(supervisor_pid(var), signal.SIGKILL)
    wait_until(lambda: not Path(f"/proc/{pid}").exists())


def test_many_at_once_start_one(var: Path) -> None:
    ensure_running(var)
    end(supervisor_pid(var), signal.SIGTERM)
    wait_until(lambda: not Folder.of(var).is_supervised())
    code = (
        "import sys, pathlib; from portal.embedded.server import ensure_running; "
        "print(ensure_running(pathlib.Path(sys.argv[1])))"
    )
    processes = [subprocess.Popen([sys.executable, "-c", code, str(var)], stdout=subprocess.PIPE) for _ in range(4)]
    ports = {process.communicate(timeout=60)[0] for process in processes}
    assert [process.returncode for process in processes] == [0] * 4
    assert ports == {f"{Folder.of(var).port()}\n".encode()}


def test_moves_when_its_port_was_taken(var: Path) -> None:
    ensure_running(var)
    end(supervisor_pid(var), signal.SIGTERM)
    wait_until(lambda: not Folder.of(var).is_supervised())
    taken = Folder.of(var).port()
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(("127.0.0.1", taken))
        other.listen()
        assert not is_running(Folder.of(var))
        assert f":{taken}/" not in embedded_url(var)
        assert ensure_running(var) == Folder.of(var).port() != taken


def test_stops_when_idle_and_not_while_pinned(var: Path) -> None:
    with pinned(var):
        time.sleep(IDLE + 1.5)
        assert is_running(Folder.of(var))
    wait_until(lambda: not Folder.of(var).is_supervised())
    assert port_is_free(Folder.of(var).port())
    ensure_running(var)
    wait_until(lambda: not Folder.of(var).is_supervised(), limit=IDLE + 30)


def test_stops_at_once_after_a_pin_though_somebody_came_and_went_as_it_was_let_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TIEOUT_EMBEDDED_IDLE", "600")
    with pinned(tmp_path):
        time.sleep(0.7)  # the supervisor has looked once
        psycopg.connect(**Folder.of(tmp_path).conninfo()).close()  # type: ignore[arg-type]
    wait_until(lambda: not Folder.of(tmp_path).is_supervised())


def test_stale_postmaster_file_whose_number_was_reused(tmp_path: Path) -> None:
    (tmp_path / "postmaster.pid").write_text(f"{os.getpid()}\n/somewhere\n")
    clear_leftovers(tmp_path)
    assert not (tmp_path / "postmaster.pid").exists()


def test_data_of_another_version_says_what_to_do(tmp_path: Path) -> None:
    data = Folder.of(tmp_path).path / "data"
    data.mkdir()
    (data / "PG_VERSION").write_text("9\n")
    (Folder.of(tmp_path).path / "home").write_text(str(data.parent))
    with pytest.raises(
        EmbeddedError, match=rf"belongs to PostgreSQL 9, the installed package is PostgreSQL {major_version()}"
    ):
        ensure_running(tmp_path)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root runs the server as somebody else")
def test_root_below_a_closed_directory(tmp_path: Path) -> None:
    """As in a checkout below /root: data and binaries go where the server's user can reach them."""
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    assert not may_enter(closed, Account(65534, 65534))
    ensure_running(closed / "var")
    home = Path((Folder.of(closed / "var").path / "home").read_text())
    try:
        assert home.parent == Path("/var/lib")
        assert (home / "data").stat().st_uid != 0
    finally:
        end(supervisor_pid(closed / "var"), signal.SIGTERM)
        wait_until(lambda: not Folder.of(closed / "var").is_supervised())
        subprocess.run(["rm", "-rf", str(home)], check=True)
