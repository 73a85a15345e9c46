"""A real web server whose database dies, or hangs, and comes back: `ready` flips within ten seconds, `live` stays."""

import http.client
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection

from portal.database import Server
from portal.tenancy.provision import jobs_server
from tests.platform.wire import Wire, wired

pytestmark = pytest.mark.slow
KEY = "k9!vQ2zX7mN4pL8sD1fG6hJ3wE5rT0yUbCaIoPqZxVnMlKjHgFdSa"
FLIP_SECONDS = 10


@dataclass
class Web:
    """gunicorn, as a deployment starts it, with its database at the other end of a wire."""

    port: int
    wire: Wire

    def asks(self, question: str) -> tuple[int, dict[str, Any]]:
        """The status and the answer; (0, {}) where there is none."""
        link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=FLIP_SECONDS)
        try:
            link.request("GET", f"/health/{question}", headers={"Host": "localhost"})
            answer = link.getresponse()
            return answer.status, json.loads(answer.read())
        except OSError:
            return 0, {}
        finally:
            link.close()


@pytest.fixture
def web(committed_db: Server, base_server: Server, tmp_path: Path) -> Iterator[Web]:
    role = connection.settings_dict
    with wired(role["HOST"], int(role["PORT"])) as wire, socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        probe.close()
        environment = {
            **os.environ,
            "TIEOUT_MODE": "production",
            "TIEOUT_VAR": str(settings.VAR_DIR),
            "SECRET_KEY": KEY,
            "AUDIT_KEY": KEY[::-1],
            "ALLOWED_HOSTS": "localhost",
            "DATABASE_APP_URL": f"postgresql://{role['USER']}:{role['PASSWORD']}@127.0.0.1:{wire.port}/{role['NAME']}",
            "DATABASE_POOL_SIZE": "4",
            "CELERY_BROKER_URL": jobs_server(base_server).url("jobs", scheme="pgmq"),
        }
        command = [sys.executable, "-m", "gunicorn", "portal.wsgi:application", "--bind", f"127.0.0.1:{port}"]
        command += ["--worker-class", "gthread", "--threads", "4", "--preload", "--no-control-socket"]
        with (tmp_path / "web.log").open("wb") as log:
            process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
        made = Web(port, wire)
        try:
            within(60, lambda: made.asks("ready")[0] == 200)
            yield made
        finally:
            process.terminate()
            process.wait(30)


def within(seconds: float, condition: Callable[[], bool]) -> float:
    """Wait for it, and say how long it took."""
    began = time.monotonic()
    while not condition():
        assert time.monotonic() - began < seconds, f"not within {seconds} s"
        time.sleep(0.1)
    return time.monotonic() - began


@pytest.mark.parametrize("outage", [Wire.cut, Wire.make_dumb])
def test_ready_flips_within_ten_seconds_and_live_stays(web: Web, outage: Callable[[Wire], None]) -> None:
    assert web.asks("ready")[1]["checks"]["database"] == "ok"
    outage(web.wire)
    within(FLIP_SECONDS, lambda: web.asks("ready")[0] == 503)
    status, said = web.asks("ready")
    assert status == 503
    assert said["checks"]["database"] == "failed"
    began = time.monotonic()
    assert web.asks("live") == (200, {"status": "live"})
    assert time.monotonic() - began < 1
    web.wire.mend()
    within(20, lambda: web.asks("ready")[0] == 200)
