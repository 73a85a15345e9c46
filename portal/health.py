"""`/health/live`, `/health/ready` and `/health/jobs`: for load balancers, monitors and `portal_run`.

*Live*: the process answers. *Ready*: it can serve pages. *Jobs*: background work is being done. A stalled worker is said by
`ready` too, as "degraded", but does not take the web out of rotation: pages work without it.
"""

import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as TooLate

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.loader import MigrationLoader
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from portal.broker import is_reachable
from portal.selftest import role_findings
from portal.tenancy.access import public_page
from portal.tenancy.pulse import pulse_is_silent

logger = logging.getLogger(__name__)
KEEP_SECONDS = 2.0
ANSWER_SECONDS = 6.0  # a server that neither answers nor refuses counts as down
STARTING_SECONDS = 60.0  # in which it is no news that no worker has done anything yet
NEEDED = ("database", "wall", "migrations", "broker")
_began = time.monotonic()
_lock = threading.Lock()
_rounds = ThreadPoolExecutor(1, thread_name_prefix="health")
_last: tuple[float, dict[str, bool]] = (float("-inf"), {})
_running: Future[dict[str, bool]] | None = None
_newest: set[tuple[str, str]] = set()


@public_page
@never_cache
@require_safe
def live(request: HttpRequest) -> JsonResponse:
    """200 for as long as the process answers at all; asks nobody else."""
    return JsonResponse({"status": "live"})


@public_page
@never_cache
@require_safe
def ready(request: HttpRequest) -> JsonResponse:
    """200 when database, wall, migrations and broker are in order, else 503; names the part, never a reason or an address.

    "degraded" where everything is in order except that no background job is being done.
    """
    checks = results()
    is_ready = all(checks[name] for name in NEEDED)
    status = "not ready" if not is_ready else "ready" if checks["jobs"] else "degraded"
    said = {name: "ok" if good else "failed" for name, good in checks.items()}
    return JsonResponse({"status": status, "checks": said}, status=200 if is_ready else 503)


@public_page
@never_cache
@require_safe
def jobs(request: HttpRequest) -> JsonResponse:
    """200 while background jobs are being done, else 503: no beat, no broker, no worker, or one that does nothing."""
    is_alive = results()["jobs"]
    return JsonResponse({"status": "alive" if is_alive else "silent"}, status=200 if is_alive else 503)


def results(keep: float = KEEP_SECONDS) -> dict[str, bool]:
    """Every check by name; at most one round per `keep` seconds and process, however many ask.

    A round that takes longer than ANSWER_SECONDS counts as failed in everything; until it ends, so does every later question.
    """
    global _last, _running
    with _lock:
        if time.monotonic() - _last[0] > keep:
            is_late = _running is not None and not _running.done()
            if _running is None or not is_late:
                _running = _rounds.submit(_round)
            try:
                _last = (time.monotonic(), _running.result(0 if is_late else ANSWER_SECONDS))
            except TooLate:
                logger.warning("health checks: no answer within %s s", ANSWER_SECONDS)
                _last = (time.monotonic(), dict.fromkeys((*NEEDED, "jobs"), False))
        return _last[1]


def _round() -> dict[str, bool]:
    """Ask everybody, on a connection of this thread."""
    try:
        checks = {"database": _passes("database", _database)}
        inside: dict[str, Callable[[], bool]] = {"wall": _wall, "migrations": _migrations, "jobs": _jobs}
        checks |= {name: checks["database"] and _passes(name, check) for name, check in inside.items()}
        checks["broker"] = _passes("broker", lambda: is_reachable(settings.CELERY_BROKER_URL))
        return checks
    finally:
        connection.close()


def _passes(name: str, check: Callable[[], bool]) -> bool:
    try:
        good = check()
    except DatabaseError as problem:
        logger.warning("health check %s: %s", name, problem)
        return False
    if not good:
        is_starting = name == "jobs" and time.monotonic() - _began < STARTING_SECONDS
        logger.log(logging.INFO if is_starting else logging.WARNING, "health check %s failed", name)
    return good


def _database() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        return bool(cursor.fetchone() == (1,))


def _wall() -> bool:
    found = list(role_findings())
    for finding in found:
        logger.error("health check wall: %s", finding)
    return not found


def _jobs() -> bool:
    return not pulse_is_silent()


def _migrations() -> bool:
    """Whether every migration of this code is applied (a newer database is fine: that is how a roll-out looks)."""
    if not _newest:
        _newest.update(MigrationLoader(None).graph.leaf_nodes())
    with connection.cursor() as cursor:
        cursor.execute("SELECT app, name FROM django_migrations")
        return _newest <= set(cursor.fetchall())
