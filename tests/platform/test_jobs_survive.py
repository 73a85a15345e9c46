"""A job outlives its worker, whichever broker is behind CELERY_BROKER_URL: real workers, really killed."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
from kombu import Connection, Queue

from portal.broker import is_reachable, release_unfinished
from portal.database import Server
from portal.tenancy.provision import jobs_server, provision

VISIBILITY = 6
WORKER = [sys.executable, "-m", "celery", "-A", "tests.platform.worker_app", "worker", "--concurrency", "1"]
WORKER += ["--without-mingle", "--without-gossip", "--without-heartbeat", "--loglevel", "INFO"]


@dataclass
class Stage:
    """One broker and the workers that a test runs on it."""

    environment: dict[str, str]
    folder: Path
    workers: list[subprocess.Popen[bytes]]

    def start_worker(self) -> subprocess.Popen[bytes]:
        log = self.folder / f"worker{len(self.workers)}.log"
        with log.open("wb") as output:
            worker = subprocess.Popen(
                WORKER, env=self.environment, stdout=output, stderr=output, start_new_session=True
            )
        self.workers.append(worker)
        return worker

    def send(self, job: str, path: Path) -> None:
        subprocess.run(
            [sys.executable, "-m", "tests.platform.worker_app", job, str(path)], env=self.environment, check=True
        )

    def end_all(self) -> None:
        for worker in self.workers:
            with suppress(ProcessLookupError):
                os.killpg(worker.pid, signal.SIGKILL)
            worker.wait()
        with Connection(self.environment["CELERY_BROKER_URL"]) as broker:
            if broker.transport_cls != "pgmq":  # there, the whole database goes
                Queue(self.environment["TEST_QUEUE"], channel=broker.default_channel).delete()

    def wait_for_runs(self, path: Path, number: int) -> None:
        """Wait until `path` notes so many runs; fails at once, with its log, when the newest worker is gone."""
        deadline = time.monotonic() + 60
        while runs(path) < number:
            log = (self.folder / f"worker{len(self.workers) - 1}.log").read_text()
            assert self.workers[-1].poll() is None, log
            assert time.monotonic() < deadline, log
            time.sleep(0.1)


def runs(path: Path) -> int:
    return len(path.read_text().split()) if path.exists() else 0


@pytest.fixture(scope="module")
def queue_server(base_server: Server) -> Iterator[Server]:
    """The default broker: a `…_jobs` database on the embedded server."""
    server = replace(base_server, name=f"tieout_broker_{os.getpid()}", prefix="tieout_test")
    provision(server)
    yield jobs_server(server)
    with psycopg.connect(
        host=server.host, port=server.port, user=server.user, password=server.password, autocommit=True
    ) as admin:
        for name in (server.name, jobs_server(server).name):
            admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)'.encode())


@pytest.fixture
def stage(request: pytest.FixtureRequest, queue_server: Server, tmp_path: Path) -> Iterator[Stage]:
    url = request.param or queue_server.url("jobs", scheme="pgmq")
    address = urlsplit(url)
    try:
        socket.create_connection((address.hostname or "", address.port or 0), timeout=1).close()
    except OSError:
        pytest.skip(f"no {address.scheme} broker on {address.hostname}:{address.port}")
    environment = {
        **os.environ,
        "CELERY_BROKER_URL": url,
        "CELERY_VISIBILITY_TIMEOUT": str(VISIBILITY),
        "TEST_QUEUE": f"test{os.getpid()}{time.monotonic_ns()}",
    }
    made = Stage(environment, tmp_path, [])
    yield made
    made.end_all()


BROKERS = [
    pytest.param("", id="pgmq"),
    pytest.param("redis://127.0.0.1:6379/5", id="redis"),
    pytest.param("amqp://guest:guest@127.0.0.1:5672//", id="amqp"),
]


@pytest.mark.slow
@pytest.mark.parametrize("stage", BROKERS, indirect=True)
def test_job_of_a_killed_worker_is_delivered_again(stage: Stage, tmp_path: Path) -> None:
    note = tmp_path / "note"
    first = stage.start_worker()
    stage.send("hang_first", note)
    stage.wait_for_runs(note, 1)
    os.killpg(first.pid, signal.SIGKILL)  # the whole worker, as in a power cut
    stage.start_worker()
    stage.wait_for_runs(note, 2)


@pytest.mark.slow
@pytest.mark.parametrize("stage", BROKERS[:1], indirect=True)
def test_job_of_a_killed_child_process_and_a_job_sent_by_a_job(stage: Stage, tmp_path: Path) -> None:
    stage.environment["CELERY_VISIBILITY_TIMEOUT"] = "60"  # the pool takes ten seconds to call a process lost
    note, later = tmp_path / "note", tmp_path / "later"
    stage.start_worker()
    stage.send("hang_first", note)
    stage.wait_for_runs(note, 1)
    os.kill(
        int(note.read_text().split()[0]), signal.SIGKILL
    )  # one process of the pool, as the out-of-memory killer does
    stage.wait_for_runs(note, 2)
    stage.send("note_later", later)
    stage.wait_for_runs(later, 1)


@pytest.mark.slow
@pytest.mark.parametrize("stage", BROKERS, indirect=True)
def test_jobs_go_on_after_an_idle_process_was_killed(stage: Stage, tmp_path: Path) -> None:
    """The one that waits for work: where it holds a lock on the way jobs come, nobody ever gets another."""
    note = tmp_path / "note"
    stage.start_worker()
    for number in (1, 2, 3):
        stage.send("note", note)
        stage.wait_for_runs(note, number)
        os.kill(int(note.read_text().split()[-1]), signal.SIGKILL)


@pytest.mark.slow
@pytest.mark.parametrize("stage", BROKERS[:1], indirect=True)
def test_a_job_that_takes_longer_than_its_message_is_hidden_runs_once(stage: Stage, tmp_path: Path) -> None:
    stage.environment["CELERY_VISIBILITY_TIMEOUT"] = "20"  # a job may take 15 seconds of it
    stage.environment["TEST_HELD_SECONDS"] = "2"
    note = tmp_path / "note"
    stage.start_worker()
    stage.start_worker()  # would take it as soon as it is visible
    stage.send("note_slowly", note)
    stage.wait_for_runs(note, 1)
    time.sleep(9)
    assert runs(note) == 1


@pytest.mark.slow
@pytest.mark.parametrize("stage", BROKERS[:1], indirect=True)
def test_unfinished_jobs_are_released_before_the_only_worker_starts(stage: Stage, tmp_path: Path) -> None:
    stage.environment["CELERY_VISIBILITY_TIMEOUT"] = "3600"
    note = tmp_path / "note"
    first = stage.start_worker()
    stage.send("hang_first", note)
    stage.wait_for_runs(note, 1)
    os.killpg(first.pid, signal.SIGKILL)
    release_unfinished(stage.environment["CELERY_BROKER_URL"])
    stage.start_worker()
    stage.wait_for_runs(note, 2)


def test_reachable_or_not(queue_server: Server) -> None:
    assert is_reachable(queue_server.url("jobs", scheme="pgmq"))
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
        for url in (f"pgmq://a:b@127.0.0.1:{port}/c", f"redis://127.0.0.1:{port}/0", f"amqp://a:b@127.0.0.1:{port}//"):
            assert not is_reachable(url)
