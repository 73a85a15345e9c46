"""`/health/live` (the process answers) and `/health/ready` (it can do its work), for load balancers and `portal_run`."""

import logging
import threading
import time
from collections.abc import Callable

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.loader import MigrationLoader
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from portal.broker import is_reachable
from portal.selftest import role_findings
from portal.tenancy.access import public_page

logger = logging.getLogger(__name__)
KEEP_SECONDS = 2.0
_lock = threading.Lock()
_last: tuple[float, dict[str, bool]] = (0.0, {})
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
    """200 when database, wall, migrations and broker are in order, else 503; names the part, never a reason or an address."""
    checks = results()
    is_ready = all(checks.values())
    body = {
        "status": "ready" if is_ready else "not ready",
        "checks": {name: "ok" if good else "failed" for name, good in checks.items()},
    }
    return JsonResponse(body, status=200 if is_ready else 503)


def results(keep: float = KEEP_SECONDS) -> dict[str, bool]:
    """Every check by name; at most one round per `keep` seconds and process, however many ask."""
    global _last
    with _lock:
        if time.monotonic() - _last[0] > keep:
            rounds: dict[str, Callable[[], bool]] = {"wall": _wall, "migrations": _migrations}
            checks = {"database": _passes("database", _database)}
            checks |= {name: checks["database"] and _passes(name, check) for name, check in rounds.items()}
            checks["broker"] = _passes("broker", lambda: is_reachable(settings.CELERY_BROKER_URL))
            _last = (time.monotonic(), checks)
        return _last[1]


def _passes(name: str, check: Callable[[], bool]) -> bool:
    try:
        good = check()
    except DatabaseError as problem:
        logger.warning("health check %s: %s", name, problem)
        return False
    if not good:
        logger.warning("health check %s failed", name)
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


def _migrations() -> bool:
    """Whether every migration of this code is applied (a newer database is fine: that is how a roll-out looks)."""
    if not _newest:
        _newest.update(MigrationLoader(None).graph.leaf_nodes())
    with connection.cursor() as cursor:
        cursor.execute("SELECT app, name FROM django_migrations")
        return _newest <= set(cursor.fetchall())
