"""`manage.py portal_run`: the whole portal with one command, in order, and stopped in reverse order."""

import os
import signal
import socket
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import Any

from django.conf import settings
from django.core.management import call_command, get_commands
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError, connections
from django.db.migrations.executor import MigrationExecutor
from psycopg import OperationalError

from portal.broker import release_unfinished
from portal.embedded.place import EmbeddedError
from portal.embedded.server import pinned
from portal.processes import Child, Crew, leftovers_end
from portal.tenancy.alone import alone
from portal.tenancy.provision import provision
from portal.tenancy.pulse import pulse_is_silent
from portal.tenancy.server import server_of_settings, sign_ins_file
from portal.tenancy.static_stamp import static_fingerprint

DEFAULT_PORT = 8000
READY_LIMIT = 90.0
LOOK_SECONDS, PATIENCE_SECONDS, FIRST_SECONDS = 5.0, 12.0, 30.0  # of the watch over background jobs


class StopError(Exception):
    """Ctrl-C or SIGTERM."""


class Command(BaseCommand):
    help = "Start the portal: database, web, worker, beat. Ctrl-C stops it."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default="127.0.0.1", help="address to listen on (0.0.0.0: every one)")
        parser.add_argument("--port", type=int, help=f"port (default: {DEFAULT_PORT}, or the next free one)")
        parser.add_argument("--no-demo", action="store_true", help="do not load the demo")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run until stopped; raises CommandError, so ends non-zero, when a part does not start or keeps dying."""
        settings.VAR_DIR.mkdir(parents=True, exist_ok=True)
        with ExitStack() as stack, stop_on_signals():
            stack.enter_context(alone(settings.VAR_DIR))
            record = settings.VAR_DIR / "parts.txt"
            for command in leftovers_end(record):
                self.stdout.write(f"Ended what an earlier run had left: {command}")
            host, port = options["host"], free_port(options["host"], options["port"])
            if "PUBLIC_URL" not in os.environ:  # the demonstration's mails, and the worker's, link to this very run
                settings.PUBLIC_URL = address_of(host, port)
            try:
                if settings.EMBEDDED_POSTGRES:
                    self.stdout.write("Starting PostgreSQL …")
                    stack.enter_context(pinned(settings.VAR_DIR))
                self.prepare(with_demo=not options["no_demo"])
                crew = Crew(record)
                stack.callback(crew.stop)
                self.run(crew, host, port)
            except StopError:
                self.stdout.write("Stopping …")
            except EmbeddedError as problem:
                raise CommandError(str(problem)) from problem
        self.stdout.write("Stopped.")

    def prepare(self, *, with_demo: bool) -> None:
        """Bring database, static files and demo up to date, skipping whatever already is."""
        server = server_of_settings()
        prepared = provision(server) if server else False
        executor = MigrationExecutor(connections["migrator"])
        if prepared or executor.migration_plan(executor.loader.graph.leaf_nodes()):
            self.stdout.write("Migrating …")
            call_command("migrate", verbosity=0, interactive=False)
        fingerprint, stamp = static_fingerprint(), settings.VAR_DIR / "static.stamp"
        if not stamp.exists() or stamp.read_text() != fingerprint or not Path(settings.STATIC_ROOT).exists():
            self.stdout.write("Collecting static files …")
            call_command("collectstatic", verbosity=0, interactive=False, clear=True)
            stamp.write_text(fingerprint)
        if with_demo and "demo_load" in get_commands():
            call_command("demo_load", "--once")
        connections.close_all()

    def run(self, crew: Crew, host: str, port: int) -> None:
        """Start the parts, say where they are, watch them."""
        self.stdout.write("Starting web, worker and beat; the address follows as soon as it answers …")
        self.stdout.flush()
        release_unfinished(settings.CELERY_BROKER_URL)
        address = address_of(host, port)
        for child in make_children(host, port):
            crew.start(child)
        deadline = time.monotonic() + READY_LIMIT
        while not is_ready(address):
            check_alive(crew.children)
            if time.monotonic() > deadline:
                raise CommandError(
                    f"the portal was not ready within {READY_LIMIT:.0f} s; see {settings.VAR_DIR / 'log'}"
                )
            time.sleep(0.1)
        self.announce(address)
        quiet = Quiet()
        while True:
            for child in crew.children:
                child.limit_log()
                if child.has_ended():
                    self.start_again(crew, child)
            if quiet.for_long():
                self.stdout.write("No background job was done for a while: worker and beat are started again.")
                for child in crew.children:
                    if child.name != "web":
                        self.start_again(crew, child)
                quiet = Quiet()
            time.sleep(0.5)

    def start_again(self, crew: Crew, child: Child) -> None:
        """Start a part again that died or does nothing; CommandError when that happens too often."""
        if child.keeps_ending():
            raise CommandError(f"{child.name} keeps ending. The end of {child.log}:\n{child.last_lines()}")
        if child.has_ended() and child.process:
            self.stdout.write(f"{child.name} ended by itself (status {child.process.returncode}): it is started again.")
        if child.name == "worker":
            with suppress(OperationalError):  # the database is down: what the worker held comes back by itself
                release_unfinished(settings.CELERY_BROKER_URL)
        crew.restart(child)
        self.stdout.flush()

    def announce(self, address: str) -> None:
        """What a person wants to know next."""
        lines = ["", f"Tieout is ready: {address}"]
        sign_ins = sign_ins_file()
        if sign_ins.exists():
            lines += ["", sign_ins.read_text().rstrip()]
        if not settings.EMAIL_HOST:
            lines += ["", f"Mails are written to {settings.EMAIL_FILE_PATH}"]
        lines += ["", f"Logs: {settings.VAR_DIR / 'log'}   Stop: Ctrl-C"]
        self.stdout.write("\n".join(lines))
        self.stdout.flush()


class Quiet:
    """How long no background job has been at work while the database answered, looked at every few seconds."""

    def __init__(self) -> None:
        self.begun = self.looked_at = time.monotonic()
        self.silent_since: float | None = None

    def for_long(self) -> bool:
        """Whether it is time to start the worker anew: silent for a while, and it had its time to begin."""
        now = time.monotonic()
        if now - self.begun < FIRST_SECONDS or now - self.looked_at < LOOK_SECONDS:
            return False
        self.looked_at = now
        try:
            is_silent = pulse_is_silent()
        except DatabaseError:  # down: then the worker cannot do anything either
            connections["default"].close()
            is_silent = False
        self.silent_since = (self.silent_since or now) if is_silent else None
        return self.silent_since is not None and now - self.silent_since > PATIENCE_SECONDS


@contextmanager
def stop_on_signals() -> Iterator[None]:
    """Inside, Ctrl-C and SIGTERM raise StopError, once; a second one does not disturb the stopping."""

    def stop(number: int, frame: FrameType | None) -> None:
        for name in watched:
            signal.signal(name, signal.SIG_IGN)
        raise StopError

    watched = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {name: signal.signal(name, stop) for name in watched}
    try:
        yield
    finally:
        for name, handler in before.items():
            signal.signal(name, handler)


def free_port(host: str, wanted: int | None) -> int:
    """The wanted port, or the default one or one of the next twenty; CommandError when it is taken."""
    for port in [wanted] if wanted else range(DEFAULT_PORT, DEFAULT_PORT + 20):
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError as problem:
                reason = problem.strerror
                continue
            return port
    raise CommandError(
        f"cannot listen on {host} port {wanted or DEFAULT_PORT}: {reason}; choose another with --port (make run: PORT=…)"
    )


def address_of(host: str, port: int) -> str:
    """Where a browser on this machine finds what listens there."""
    if host in ("0.0.0.0", ""):  # noqa: S104 — compared, not bound
        host = "127.0.0.1"
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def make_children(host: str, port: int) -> list[Child]:
    """Web, worker and beat, in the order in which they start."""
    logs, python = settings.VAR_DIR / "log", [sys.executable, "-m"]
    celery = [*python, "celery", "-A"]
    web = [
        *(
            *python,
            "gunicorn",
            "portal.wsgi:application",
            "--bind",
            f"[{host}]:{port}" if ":" in host else f"{host}:{port}",
        ),
        *("--worker-class", "gthread", "--workers", "2", "--threads", "4", "--graceful-timeout", "3", "--preload"),
        *("--worker-tmp-dir", str(settings.VAR_DIR), "--no-control-socket"),
    ]
    worker = [
        *celery,
        "portal.celery",
        "worker",
        "--concurrency",
        "2",
        "--without-mingle",
        "--without-gossip",
        "--without-heartbeat",
    ]
    beat = [*celery, "portal.beat", "beat", "--schedule", str(settings.VAR_DIR / "beat-schedule"), "--pidfile="]
    pool = {"DATABASE_POOL_SIZE": os.environ.get("DATABASE_POOL_SIZE", "4")}
    public = {"PUBLIC_URL": settings.PUBLIC_URL}
    return [
        Child("web", web, logs / "web.log", {**pool, **public}),
        Child("worker", [*worker, "--loglevel", settings.LOG_LEVEL], logs / "worker.log", public, patience=5.0),
        Child("beat", [*beat, "--loglevel", settings.LOG_LEVEL], logs / "beat.log", patience=1.0),
    ]


def is_ready(address: str) -> bool:
    """Whether the web answers that all is in order."""
    try:
        with urllib.request.urlopen(f"{address}/health/ready", timeout=5) as answer:  # noqa: S310 — our own address
            return bool(answer.status == 200)
    except (OSError, urllib.error.URLError):
        return False


def check_alive(children: list[Child]) -> None:
    """Raise CommandError with the last words of the first part that died."""
    for child in children:
        if child.has_ended():
            code = child.process.returncode if child.process else None
            raise CommandError(
                f"{child.name} ended by itself (status {code}); everything is stopped. The end of {child.log}:\n"
                f"{child.last_lines()}"
            )
