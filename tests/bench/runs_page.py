"""The dashboard page, server time alone: Django's own test client, a real session, every middleware, no network."""

import gc
import time
from collections.abc import Callable
from itertools import count
from typing import Any

from tests.bench import stage

EMAIL = "finn@example.com"
WARM_UP = 10
KINDS = ("drawn", "remembered", "one query")
CHANGED = "UPDATE metrics_arrbook SET version = %s WHERE client_id = (SELECT id FROM tenancy_client WHERE slug = %s)"
"""As a change of this client's contracts leaves its books, and nobody else's."""


def pages(names: list[str], requests: int, rounds: int) -> dict[str, Any]:
    """Seconds of each request, by database and kind of page; databases and kinds take turns.

    `drawn`: the ARR page after its numbers changed, so that nothing kept in memory serves. `remembered`: asked again.
    """
    stage.setup()
    loaded_as_by_the_web()
    versions = count(10**6)
    found: dict[str, dict[str, list[float]]] = {name: {kind: [] for kind in KINDS} for name in names}
    for number in range(rounds):
        for name in names if number % 2 else reversed(names):
            with stage.administrator(name) as administrator:
                get = page_getter(name, administrator, versions)
                for place in range(WARM_UP + requests):
                    for kind in KINDS:
                        seconds = get(kind)
                        if place >= WARM_UP:
                            found[name][kind].append(seconds)
    return {"seconds": found, "bytes": page_bytes(names[0])}


def loaded_as_by_the_web() -> None:
    """Every view is there, and what is loaded is left alone by the collector of garbage: as `portal.wsgi` does."""
    from django.urls import get_resolver

    get_resolver().url_patterns  # noqa: B018
    gc.collect()
    gc.freeze()


def page_getter(name: str, administrator: Any, versions: "count[int]") -> Callable[[str], float]:
    """`get(kind)` is the seconds that a page of this database takes for a signed-in reader."""
    from django.conf import settings

    stage.open_database(name)
    settings.ROOT_URLCONF = "tests.bench.urls"
    reader = signed_in()

    def get(kind: str) -> float:
        if kind == "drawn":
            administrator.execute(CHANGED, [next(versions), stage.SLUG])
        start = time.perf_counter()
        answer = reader.get(f"/c/{stage.SLUG}/{'one-query' if kind == 'one query' else 'arr'}/")
        seconds = time.perf_counter() - start
        assert answer.status_code == 200, answer.status_code
        return seconds

    return get


def signed_in() -> Any:
    """A person of the client's finance team, with a session that has just begun."""
    from django.conf import settings
    from django.test import Client as Browser

    from portal.accounts.models import User
    from portal.tenancy.models import ClientRole
    from portal.tenancy.scope import tenant_context
    from portal.tenancy.services import member_add

    user = User.objects.filter(email=EMAIL).first()
    if user is None:
        user = User.objects.create_user(EMAIL, "correct-horse-battery", name="Finn")
        client = stage.client_get()
        with tenant_context(client):
            member_add(client=client, user=user, role=ClientRole.FINANCE)
    reader = Browser()
    reader.force_login(user, backend=settings.AUTHENTICATION_BACKENDS[1])
    session = reader.session
    session["account_authentication_methods"] = [{"method": "password", "at": time.time(), "reauthenticated": True}]
    session["account_authentication_methods_user"] = str(user.pk)
    session.save()
    return reader


def page_bytes(name: str) -> int:
    """How large the ARR page is."""
    stage.open_database(name)
    return len(signed_in().get(f"/c/{stage.SLUG}/arr/").content)


def crowd(name: str, source: str, clients: int, size: int) -> dict[str, Any]:
    """A copy of a database with this many further clients in it, each with lines and books."""
    from datetime import UTC, datetime

    stage.create_database(name, source)
    from metrics.services.books import books_rebuild_all
    from portal.tenancy.scope import tenant_context
    from tests.bench.generate import lines
    from tests.metrics.loading import load_lines

    frames = [lines(size, seed=seed) for seed in range(10)]
    for number in range(clients):
        client = stage.client_make(f"client-{number}", own_rates=False)
        with tenant_context(client):
            load_lines(frames[number % len(frames)])
            books_rebuild_all(client=client, now=datetime.now(UTC))
    with stage.administrator(name) as connection:
        connection.execute("VACUUM ANALYZE")
    return {}
