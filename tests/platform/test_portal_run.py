"""The one command: starts everything in order, says where, stops cleanly, and says what died."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from portal.embedded.address import Folder
from portal.tenancy.management.commands.portal_run import free_port

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("portal_run")]
LIMIT = 240  # seconds; on a busy machine a first start takes long


class Run:
    """A `portal_run` of its own, with its own `var`."""

    def __init__(self, var: Path, port: int) -> None:
        self.port, self.output = port, var / "run.txt"
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", "portal_run", "--no-demo", "--port", str(port)],
                env={**os.environ, "TIEOUT_VAR": str(var), "PYTHONUNBUFFERED": "1"},
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
        return self.process.wait(30)


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


def test_starts_serves_and_stops_in_order(var: Path, run: Run) -> None:
    run.wait_ready()
    with urllib.request.urlopen(f"http://127.0.0.1:{run.port}/health/ready") as answer:
        assert answer.status == 200
    for name in ("gunicorn", "--concurrency", "beat-schedule"):
        assert pids(var, name), name
    began = time.monotonic()
    assert run.stop() == 0, run.said()
    assert time.monotonic() - began < 10
    assert run.said().rstrip().endswith("Stopped.")
    assert "Traceback" not in run.said()
    for name in ("gunicorn", "celery"):
        assert not pids(var, name), name
    deadline = time.monotonic() + 10
    while Folder.of(var).is_supervised():
        assert time.monotonic() < deadline, "PostgreSQL outlived the run"
        time.sleep(0.1)
    again = Run(var, run.port)
    again.wait_ready()
    assert again.stop() == 0, again.said()
    assert "Migrating" not in again.said() and "Collecting" not in again.said()  # a second start skips what is done


def test_says_which_part_died_and_stops_the_others(var: Path, run: Run) -> None:
    run.wait_ready()
    os.kill(pids(var, "beat-schedule")[0], signal.SIGKILL)
    assert run.process.wait(30) != 0
    assert "beat ended by itself" in run.said()
    assert "beat: Starting" in run.said()  # the end of its log
    assert not pids(var, "gunicorn")


def test_children_do_not_outlive_a_killed_run(var: Path, run: Run) -> None:
    run.wait_ready()
    run.process.kill()
    run.process.wait()
    deadline = time.monotonic() + 30
    while pids(var, "gunicorn") or pids(var, "celery"):
        assert time.monotonic() < deadline, "parts outlived their run"
        time.sleep(0.2)


def test_a_taken_port_is_an_error_when_asked_for_and_skipped_when_not(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = other.getsockname()[1]
        with pytest.raises(Exception, match=f"cannot listen on 127.0.0.1 port {taken}: .*choose another with --port"):
            free_port("127.0.0.1", taken)
        monkeypatch.setattr("portal.tenancy.management.commands.portal_run.DEFAULT_PORT", taken)
        assert free_port("127.0.0.1", None) > taken
