"""The start-up self-test: web and worker refuse to run where the wall between tenants, or a secret, would not hold.

Each finding is a sentence that says what is wrong and what to do. The settings' part also runs in `manage.py check`.
"""

import os
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Critical, Tags, register
from django.db import DatabaseError, connection, connections

from portal import catalogue

SHORTEST_SECRET = 50
OLDEST_WEASYPRINT = 70
NO_RETRY = 3  # the exit status at which gunicorn gives up instead of starting the next worker
SHARED_CACHES = ("redis", "db", "memcached")
ROLE = """
    SELECT rolsuper, rolbypassrls, rolcreaterole OR rolcreatedb,
           EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                   WHERE n.nspname IN ('public', 'tenancy') AND pg_has_role(r.oid, c.relowner, 'MEMBER'))
    FROM pg_roles r WHERE rolname = current_user
"""
UNWALLED = """
    SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'client_id' AND NOT a.attisdropped
    WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p') AND a.atttypid = 'bigint'::regtype
          AND NOT (c.relrowsecurity AND c.relforcerowsecurity)
    ORDER BY 1
"""


def settings_findings() -> Iterator[str]:
    """What is wrong with the configuration, without asking any server."""
    if settings.PRODUCTION:
        if settings.DEBUG or os.environ.get("DEBUG") == "1":
            yield "DEBUG is on in production: unset it (error pages would show code and settings)"
        for name in ("SECRET_KEY", "AUDIT_KEY"):
            key = getattr(settings, name)
            if len(key) < SHORTEST_SECRET or len(set(key)) < 10 or key.startswith("django-insecure-"):
                yield f"{name} is a default or too short: give it {SHORTEST_SECRET} or more random characters"
        if settings.SECRET_KEY == settings.AUDIT_KEY:
            yield "SECRET_KEY and AUDIT_KEY are the same: whoever could forge a session could forge the audit log"
    backend = settings.CACHES["default"]["BACKEND"]
    if not any(f".cache.backends.{kind}." in backend for kind in SHARED_CACHES):
        yield f"the cache {backend} is not shared between processes: sign-in limits would not hold; set CACHE_URL to Redis"
    if weasyprint_major() < OLDEST_WEASYPRINT:
        yield f"WeasyPrint is older than {OLDEST_WEASYPRINT}: it lets a document fetch addresses; install requirements.txt"
    if find_spec("openpyxl") and not find_spec("defusedxml"):
        yield "openpyxl is installed without defusedxml: a workbook could use up the memory; install defusedxml, or neither"


def weasyprint_major() -> int:
    """The installed major version; 0 where it is missing."""
    try:
        return int(version("weasyprint").split(".")[0])
    except PackageNotFoundError:
        return 0


def role_findings() -> Iterator[str]:
    """What is wrong with the role the web and the worker connect as, or with the tables' walls."""
    with connection.cursor() as cursor:
        cursor.execute(ROLE)
        superuser, bypasses, creates, owns = cursor.fetchone()
        cursor.execute(UNWALLED)
        unwalled = [name for (name,) in cursor.fetchall()]
    remedy = "connect as the app role that `manage.py database_prepare` makes"
    if superuser:
        yield f"the database role is a superuser, for whom row-level security does not exist: {remedy}"
    elif owns:
        yield f"the database role owns tables (or is a member of their owner) and could lift their walls: {remedy}"
    if bypasses and not superuser:
        yield f"the database role bypasses row-level security: {remedy}"
    if creates and not superuser:
        yield f"the database role may create roles or databases: {remedy}"
    if unwalled:
        yield f"tables of clients without forced row-level security: {', '.join(unwalled)}; migrate, or wall them"


def wall_findings() -> Iterator[str]:
    """Every other hole in the wall that the database's catalogue shows: policies, keys, views, functions, privileges.

    Asked at the start only. A table that this code does not know is no hole: in a roll-out, the new code's tables come first.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        (role,) = cursor.fetchone()
        found = catalogue.findings(cursor, role)
    yield from (
        f"the database has a hole in its wall: {hole}" for hole in found if not hole.startswith("no client key")
    )


def findings() -> list[str]:
    """All findings, the database's included."""
    found = list(settings_findings())
    try:
        found += list(role_findings()) or list(wall_findings())
    except DatabaseError as problem:
        found.append(f"the database does not answer: {str(problem).splitlines()[0]}")
    finally:
        connection.close()  # a server process forks or starts threads after this
        connections["default"].close_pool()  # type: ignore[attr-defined]
    return found


def require_sound() -> None:
    """Exit with every finding on stderr, unless there is none."""
    if found := findings():
        sys.stderr.write("Tieout does not start:\n" + "".join(f"  - {finding}\n" for finding in found))
        sys.stderr.flush()
        raise SystemExit(NO_RETRY)


@register(Tags.security)
def check_settings(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """The settings' part as a system check."""
    return [Critical(finding, id="tieout.C001") for finding in settings_findings()]
