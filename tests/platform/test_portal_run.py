"""The one command: starts everything in order, says where, stops cleanly, and says what died."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from portal.embedded.address import Folder
from portal.processes import DEATHS_LIMIT
from portal.tenancy.management.commands.portal_run import address_of, free_port, make_children

pytestmark = pytest.mark.slow
LIMIT = 240  # seconds; on a busy machine a first start takes long


class Run:
    """A `portal_run` of its own, with its own `var`."""

    def __init__(self, var: Path, port: int, name: str = "run.txt") -> None:
        self.port, self.output = port, var / name
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", "portal_run", "--no-demo", "--port", str(port)],
                env={**os.environ, "TIEOUT_VAR": str(var), "PYTHONUNBUFFERED": "1", "LOG_LEVEL": "INFO"},
                stdout=output,
                stderr=output,
                start_new_session=True,
            )

    def said(self) -> str:
        return self.output.read_text()

    def wait_ready(self) -> None:
        deadline = time.monotonic() + LIMIT
        while "is ready" not in self.said():
            assert self.process.poll() is None, self.said()
            assert time.monotonic() < deadline, self.said()
            time.sleep(0.2)

    def stop(self, number: signal.Signals = signal.SIGINT) -> int:
        self.process.send_signal(number)
        return self.process.wait(60)


@pytest.fixture(scope="module")
def var(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("run")


@pytest.fixture
def run(var: Path) -> Iterator[Run]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    started = Run(var, port)
    yield started
    if started.process.poll() is None:
        started.stop(signal.SIGTERM)


def pids(var: Path, name: str) -> list[int]:
    """The processes of one part, by what their command line names."""
    found = []
    for process in Path("/proc").iterdir():
        if process.name.isdigit():
            try:
                command = (process / "cmdline").read_bytes().decode(errors="replace")
                environment = (process / "environ").read_bytes().decode(errors="replace")
            except OSError:
                continue
            if f"TIEOUT_VAR={var}\0" in environment and name in command:
                found.append(int(process.name))
    return sorted(found)


def end(*numbers: int) -> None:
    for number in numbers:
        with suppress(ProcessLookupError):
            os.kill(number, signal.SIGKILL)


def postgres(var: Path) -> list[int]:
    """The embedded server's first process."""
    home = Folder.of(var).path / "home"
    data = (Path(home.read_text()) if home.exists() else Folder.of(var).path) / "data"
    return [int((data / "postmaster.pid").read_text().split("\n", 1)[0])]


def jobs_done(var: Path) -> int:
    return (var / "log" / "worker.log").read_text().count("succeeded in")


def wait_for_job(var: Path) -> None:
    """Wait until one more job is done; beat sends one every ten seconds."""
    before = jobs_done(var)
    wait_until(lambda: jobs_done(var) > before, limit=120)


def asked(run: Run, question: str) -> dict[str, Any]:
    """What `/health/<question>` says, whatever its status."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{run.port}/health/{question}", timeout=10) as answer:
            found: dict[str, Any] = json.load(answer)
    except urllib.error.HTTPError as error:
        found = json.load(error)
    return found


def wait_until(condition: Callable[[], bool], limit: float = LIMIT) -> None:
    deadline = time.monotonic() + limit
    while not condition():
        assert time.monotonic() < deadline, "did not happen in time"
        time.sleep(0.2)


def test_starts_serves_and_stops_in_order(var: Path, run: Run) -> None:
    run.wait_ready()
    with urllib.request.urlopen(f"http://127.0.0.1:{run.port}/health/ready") as answer:
        assert answer.status == 200
    for name in ("gunicorn", "--concurrency", "beat-schedule"):
        assert pids(var, name), name
    second = Run(var, run.port + 1, "second.txt")
    assert second.process.wait(60) != 0
    assert "the portal runs already" in second.said()
    assert run.stop() == 0, run.said()
    assert run.said().rstrip().endswith("Stopped.")
    assert "Traceback" not in run.said()
    for name in ("gunicorn", "celery"):
        assert not pids(var, name), name
    wait_until(lambda: not Folder.of(var).is_supervised(), limit=40)
    again = Run(var, run.port)
    again.wait_ready()
    assert again.stop() == 0, again.said()
    assert "Migrating" not in again.said() and "Collecting" not in again.said()  # a second start skips what is done


def test_a_start_in_order_writes_no_warning(var: Path) -> None:
    """The run before was a whole start: that its parts came up one after the other is no news."""
    for part in ("web", "worker", "beat"):
        said = (var / "log" / f"{part}.log").read_text()
        assert "WARNING" not in said and "RuntimeWarning" not in said, said


def test_starts_a_dead_part_again_and_gives_up_on_one_that_keeps_dying(var: Path, run: Run) -> None:
    run.wait_ready()
    while run.process.poll() is None:
        for pid in pids(var, "beat-schedule"):
            end(pid)
        time.sleep(0.2)
    assert run.process.returncode != 0
    assert run.said().count("beat ended by itself (status -9): it is started again") == DEATHS_LIMIT
    assert "beat keeps ending. The end of" in run.said()
    assert not pids(var, "gunicorn")


def test_jobs_go_on_after_any_kill_and_a_worker_that_does_nothing_is_started_again(var: Path, run: Run) -> None:
    run.wait_ready()
    wait_for_job(var)
    for victim in ("a pool process", "another", "worker", "postgres"):
        workers = pids(var, "--concurrency")  # the first is the parent of the pool
        end(*{"worker": workers[:1], "postgres": postgres(var)}.get(victim, workers[1:2]))
        wait_for_job(var)
    assert asked(run, "ready")["status"] == "ready"
    stopped = pids(var, "--concurrency")[0]
    os.killpg(stopped, signal.SIGSTOP)
    wait_until(lambda: asked(run, "jobs")["status"] == "silent", limit=120)
    assert asked(run, "ready")["checks"]["database"] == "ok"
    wait_until(lambda: "No background job was done for a while" in run.said(), limit=120)
    wait_for_job(var)
    assert stopped not in pids(var, "--concurrency")


def test_no_part_outlives_a_killed_run_and_the_next_start_ends_what_did(var: Path, run: Run) -> None:
    run.wait_ready()
    os.killpg(pids(var, "--concurrency")[0], signal.SIGSTOP)  # deaf to every polite signal
    end(run.process.pid)
    run.process.wait()
    wait_until(lambda: not pids(var, "gunicorn") and not pids(var, "celery"), limit=40)
    wait_until(lambda: not Folder.of(var).is_supervised(), limit=40)

    second = Run(var, run.port)
    second.wait_ready()
    left = pids(var, "--concurrency")
    os.killpg(left[0], signal.SIGSTOP)
    end(*pids(var, "portal.keeper"), second.process.pid)  # nobody is left to end the worker
    second.process.wait()
    third = Run(var, run.port)
    third.wait_ready()
    assert not set(left) & set(pids(var, "--concurrency"))
    assert "Ended what an earlier run had left:" in third.said()
    assert third.stop() == 0, third.said()


def test_a_taken_port_is_an_error_when_asked_for_and_skipped_when_not(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = other.getsockname()[1]
        said = rf"cannot listen on 127.0.0.1 port {taken}: .*choose another with --port \(make run: PORT=…\)"
        with pytest.raises(Exception, match=said):
            free_port("127.0.0.1", taken)
        monkeypatch.setattr("portal.tenancy.management.commands.portal_run.DEFAULT_PORT", taken)
        assert free_port("127.0.0.1", None) > taken


def test_mails_of_the_worker_link_to_the_address_of_the_run(settings: Any) -> None:
    settings.PUBLIC_URL = address_of("0.0.0.0", 8811)
    assert settings.PUBLIC_URL == "http://127.0.0.1:8811"
    told = {child.name: child.environment.get("PUBLIC_URL") for child in make_children("0.0.0.0", 8811)}
    assert told["web"] == told["worker"] == "http://127.0.0.1:8811"
    assert address_of("::1", 8811) == "http://[::1]:8811"
