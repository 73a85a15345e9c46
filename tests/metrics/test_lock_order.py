"""What recomputes, what is published and what is loaded at once take turns, and never wait for each other in a ring."""

import datetime as dt
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from django.db import connections

from metrics.models import ArrBook, BookState
from metrics.services.after_change import numbers_refresh
from metrics.services.book_checks import books_check, books_refresh
from metrics.services.policies import policy_publish
from portal.database import Server
from portal.tenancy.models import Client
from portal.tenancy.scope import tenant_context
from portal.tenancy.services import client_create, firm_create
from tests.engine.frames import read_lines, read_policy, read_rates
from tests.metrics.loading import load_lines, load_rates

NOW = dt.datetime(2026, 1, 15, tzinfo=dt.UTC)
TIMES = 6


@pytest.mark.usefixtures("committed_db")
def test_the_command_line_the_worker_and_a_publication_take_turns(shared: Path, committed_db: Server) -> None:
    folder = shared / "golden" / "contract-start"
    client = client_create(firm=firm_create(slug="ridge", name="Ridge"), slug="acme", name="Acme", currency="USD")
    with tenant_context(client):
        load_lines(read_lines(folder / "contracts.csv"))
        load_rates(read_rates(folder / "fx_rates.csv"))
    policy = read_policy(folder / "policy.json")

    def publish(number: int) -> None:
        with tenant_context(client):
            policy_publish(client=client, parameters=policy.with_(renewal_grace_days=number).to_dict())

    def work(number: int) -> None:
        with tenant_context(client):
            books_refresh(client=client, now=NOW)

    failures = at_once(lambda _: numbers_refresh(client=client), work, publish)
    assert failures == []
    with tenant_context(client):
        books_refresh(client=client, now=NOW)
        assert set(ArrBook.objects.values_list("state", flat=True)) == {BookState.READY}
        assert books_check(client=client, now=NOW) == []
    assert Client.objects.get(pk=client.pk).next_check_at is not None


def at_once(*jobs: Callable[[int], object]) -> list[BaseException]:
    """Run the jobs in a thread each, again and again; what they raised."""
    failures: list[BaseException] = []

    def run(job: Callable[[int], object]) -> None:
        try:
            for number in range(TIMES):
                job(number)
        except Exception as error:
            failures.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(job,)) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=120)
    return failures
