"""Live says that the process answers; ready flips with database, wall, migrations and broker, and tells no secrets."""

from collections.abc import Iterator

import pytest
from django.db import connections
from django.test import Client as Browser

from portal import health
from portal.database import Server
from portal.tenancy.pulse import SILENCE
from portal.tenancy.tasks import dispatch


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "_last", (float("-inf"), {}))


@pytest.fixture
def broker(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, bool]]:
    state = {"up": True}
    monkeypatch.setattr(health, "is_reachable", lambda url: state["up"])
    return state  # type: ignore[return-value]


def test_live_asks_nobody() -> None:
    """No database mark: any query would fail this test."""
    answer = Browser().get("/health/live")
    assert (answer.status_code, answer.json()) == (200, {"status": "live"})
    assert "no-store" in answer["Cache-Control"]


@pytest.mark.django_db
def test_ready_when_all_is_in_order(broker: dict[str, bool]) -> None:
    answer = Browser().get("/health/ready")
    assert answer.status_code == 200, answer.json()
    assert answer.json()["checks"] == {
        "database": "ok",
        "wall": "ok",
        "migrations": "ok",
        "broker": "ok",
        "jobs": "failed",
    }
    assert answer.json()["status"] == "degraded"  # nobody ticks in this test


def test_jobs_are_alive_for_a_while_after_one_was_at_work(committed_db: Server, broker: dict[str, bool]) -> None:
    answer = Browser().get("/health/jobs")
    assert (answer.status_code, answer.json()) == (503, {"status": "silent"})
    dispatch()
    assert health.results(keep=0)["jobs"] is True
    answer = Browser().get("/health/jobs")
    assert (answer.status_code, answer.json()) == (200, {"status": "alive"})
    assert Browser().get("/health/ready").json()["status"] == "ready"
    with connections["default"].cursor() as cursor:
        cursor.execute(
            "UPDATE tenancy_jobpulse SET seen_at = seen_at - make_interval(secs => %s)", [SILENCE.total_seconds()]
        )
    assert health.results(keep=0)["jobs"] is False


@pytest.mark.django_db
def test_not_ready_without_the_broker(broker: dict[str, bool]) -> None:
    broker["up"] = False
    answer = Browser().get("/health/ready")
    assert answer.status_code == 503
    assert answer.json()["checks"]["broker"] == "failed"


@pytest.mark.django_db
def test_not_ready_with_an_unapplied_migration(broker: dict[str, bool], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "_newest", {("metrics", "9999_not_there")})
    answer = Browser().get("/health/ready")
    assert answer.status_code == 503
    assert answer.json()["checks"]["migrations"] == "failed"


@pytest.mark.django_db
def test_not_ready_when_the_role_is_too_strong(broker: dict[str, bool], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "role_findings", lambda: iter(["the role secret_name owns tables"]))
    answer = Browser().get("/health/ready")
    assert answer.status_code == 503
    assert answer.json()["checks"]["wall"] == "failed"
    assert b"secret_name" not in answer.content


def test_not_ready_without_the_database_and_live_stays(
    committed_db: Server, broker: dict[str, bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    wrapper = connections["default"]
    wrapper.close()
    with monkeypatch.context() as patch:
        patch.setitem(wrapper.settings_dict, "NAME", "not_there")
        answer = Browser().get("/health/ready")
    wrapper.close()
    assert answer.status_code == 503
    assert answer.json()["checks"] == {
        "database": "failed",
        "wall": "failed",
        "migrations": "failed",
        "jobs": "failed",
        "broker": "ok",
    }
    for secret in (committed_db.secret, wrapper.settings_dict["PASSWORD"], "not_there"):
        assert secret.encode() not in answer.content
    assert Browser().get("/health/live").status_code == 200


@pytest.mark.django_db
def test_many_questions_are_one_round(monkeypatch: pytest.MonkeyPatch) -> None:
    rounds: list[str] = []

    def answer(url: str) -> bool:
        rounds.append(url)
        return True

    monkeypatch.setattr(health, "is_reachable", answer)
    for _ in range(5):
        Browser().get("/health/ready")
    assert len(rounds) == 1
