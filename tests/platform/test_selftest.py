"""The start-up self-test refuses every deployment on which the wall or a secret would not hold."""

import os
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.db import connection, connections

from portal import selftest
from portal.database import Server

KEY = "k9!vQ2zX7mN4pL8sD1fG6hJ3wE5rT0yUbCaIoPqZxVnMlKjHgFdSa"


@pytest.fixture
def production(settings: Any) -> Any:
    """Settings of a sound production deployment, for a test to spoil."""
    settings.PRODUCTION, settings.DEBUG = True, False
    settings.SECRET_KEY, settings.AUDIT_KEY = KEY, KEY[::-1]
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": "redis://x"}}
    return settings


def test_a_sound_deployment_has_no_findings(production: Any) -> None:
    assert list(selftest.settings_findings()) == []


def set_debug(given: Any, patch: pytest.MonkeyPatch) -> None:
    given.DEBUG = True


def set_debug_variable(given: Any, patch: pytest.MonkeyPatch) -> None:
    patch.setenv("DEBUG", "1")


def set_default_key(given: Any, patch: pytest.MonkeyPatch) -> None:
    given.SECRET_KEY = "django-insecure-" + KEY


def set_short_key(given: Any, patch: pytest.MonkeyPatch) -> None:
    given.SECRET_KEY = "short"


def set_plain_key(given: Any, patch: pytest.MonkeyPatch) -> None:
    given.AUDIT_KEY = "a" * 60


def set_one_key(given: Any, patch: pytest.MonkeyPatch) -> None:
    given.AUDIT_KEY = given.SECRET_KEY


def set_dummy_cache(given: Any, patch: pytest.MonkeyPatch) -> None:
    given.CACHES = {"default": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}}


def set_local_cache(given: Any, patch: pytest.MonkeyPatch) -> None:
    given.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}


def set_old_weasyprint(given: Any, patch: pytest.MonkeyPatch) -> None:
    patch.setattr(selftest, "version", lambda name: "68.1")


def set_openpyxl_alone(given: Any, patch: pytest.MonkeyPatch) -> None:
    patch.setattr(selftest, "find_spec", lambda name: None if name == "defusedxml" else name)


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (set_debug, "DEBUG is on"),
        (set_debug_variable, "DEBUG is on"),
        (set_default_key, "SECRET_KEY is a default"),
        (set_short_key, "SECRET_KEY is a default or too short"),
        (set_plain_key, "AUDIT_KEY is a default or too short"),
        (set_one_key, "are the same"),
        (set_dummy_cache, "is not shared"),
        (set_local_cache, "is not shared"),
        (set_old_weasyprint, "WeasyPrint is older than 70"),
        (set_openpyxl_alone, "openpyxl is installed without defusedxml"),
    ],
)
def test_refuses_settings(
    production: Any, monkeypatch: pytest.MonkeyPatch, spoil: Callable[[Any, pytest.MonkeyPatch], None], said: str
) -> None:
    spoil(production, monkeypatch)
    found = list(selftest.settings_findings())
    assert len(found) == 1
    assert said in found[0]
    assert KEY not in found[0]


@pytest.mark.django_db
def test_the_app_role_of_the_tests_is_sound() -> None:
    assert list(selftest.role_findings()) == []


@pytest.mark.django_db(databases=["default", "migrator", "system"])
@pytest.mark.parametrize(("alias", "said"), [("migrator", "owns tables"), ("system", "bypasses row-level security")])
def test_refuses_a_role_with_too_much(monkeypatch: pytest.MonkeyPatch, alias: str, said: str) -> None:
    monkeypatch.setattr(selftest, "connection", connections[alias])
    assert any(said in finding for finding in selftest.role_findings())


@pytest.mark.django_db(databases=["default", "migrator"])
def test_refuses_a_table_without_its_wall(monkeypatch: pytest.MonkeyPatch) -> None:
    with connections["migrator"].cursor() as cursor:
        cursor.execute("CREATE TABLE naked (id bigint, client_id bigint)")
    monkeypatch.setattr(selftest, "connection", connections["migrator"])  # sees its own open transaction
    assert any("naked" in finding for finding in selftest.role_findings())


def environment(**given: str) -> dict[str, str]:
    kept = {
        name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "PYTEST_VERSION", "VIRTUAL_ENV")
    }
    role = connection.settings_dict
    return kept | {
        "TIEOUT_MODE": "production",
        "TIEOUT_VAR": str(settings.VAR_DIR),
        "SECRET_KEY": KEY,
        "AUDIT_KEY": KEY[::-1],
        "DATABASE_APP_URL": f"postgresql://{role['USER']}:{role['PASSWORD']}@{role['HOST']}:{role['PORT']}/{role['NAME']}",
        **given,
    }


def load(module: str, **given: str) -> "subprocess.CompletedProcess[str]":
    code = f"import {module}; print('started')"
    return subprocess.run([sys.executable, "-c", code], env=environment(**given), capture_output=True, text=True)


@pytest.mark.usefixtures("django_db_setup")
class TestProcesses:
    """The web's own start, in a process of its own."""

    def test_web_starts_when_sound(self) -> None:
        done = load("portal.wsgi")
        assert done.stdout == "started\n", done.stderr

    def test_web_refuses_a_superuser(self, base_server: Server) -> None:
        name = connection.settings_dict["NAME"]
        server = base_server
        url = f"postgresql://{server.user}:{server.password}@{server.host}:{server.port}/{name}"
        done = load("portal.wsgi", DATABASE_APP_URL=url)
        assert done.returncode == selftest.NO_RETRY
        assert "is a superuser" in done.stderr
        assert server.password not in done.stderr

    def test_web_refuses_debug_and_a_missing_key(self) -> None:
        assert load("portal.wsgi", DEBUG="1").returncode == selftest.NO_RETRY
        done = load("portal.wsgi", SECRET_KEY="")
        assert done.returncode != 0
        assert "SECRET_KEY is not set" in done.stderr

    def test_web_refuses_without_a_database(self) -> None:
        done = load("portal.wsgi", DATABASE_APP_URL="postgresql://a:hunter2@127.0.0.1:1/x")
        assert done.returncode == selftest.NO_RETRY
        assert "the database does not answer" in done.stderr
        assert "hunter2" not in done.stderr

    def test_worker_refuses_too(self) -> None:
        command = [sys.executable, "-m", "celery", "-A", "portal.celery", "worker", "--pool", "solo"]
        done = subprocess.run(command, env=environment(DEBUG="1"), capture_output=True, text=True, timeout=60)
        assert done.returncode != 0
        assert "DEBUG is on" in done.stderr


HOLES = {
    "CREATE VIEW open_door AS SELECT 1 AS one": "view without security_invoker: open_door",
    "CREATE MATERIALIZED VIEW kept AS SELECT 1 AS one": "materialised view: kept",
    "CREATE FUNCTION public.lift() RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 1'": "security definer: lift",
    "CREATE POLICY too ON metrics_source USING (true)": "several policies: metrics_source",
    "GRANT TRUNCATE ON metrics_source TO PUBLIC": "truncate granted: metrics_source",
}


@pytest.mark.slow
def test_a_start_is_refused_for_each_hole_in_the_wall(committed_db: Server) -> None:
    """The web's own start, on a database in which one thing after another was spoilt."""
    assert load("portal.wsgi").returncode == 0
    with psycopg.connect(**committed_db.conninfo(), autocommit=True) as admin:
        admin.execute("ALTER TABLE metrics_source NO FORCE ROW LEVEL SECURITY")
        done = load("portal.wsgi")
        assert done.returncode == selftest.NO_RETRY
        assert "without forced row-level security: metrics_source" in done.stderr
        admin.execute("ALTER TABLE metrics_source FORCE ROW LEVEL SECURITY")
        assert list(selftest.wall_findings()) == []
        for statement, hole in HOLES.items():
            admin.execute(statement.encode())
            assert any(hole in found for found in selftest.wall_findings()), statement
    done = load("portal.wsgi")
    assert done.returncode == selftest.NO_RETRY
    for hole in HOLES.values():
        assert hole in done.stderr
