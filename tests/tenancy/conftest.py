"""Connections past Django: as the app role, and as the administrator who breaks the wall on purpose."""

from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest

from portal.database import Server

Connection = psycopg.Connection[tuple[Any, ...]]


@pytest.fixture
def app(committed_db: Server) -> Iterator[Connection]:
    """A connection as the app role, one transaction long."""
    with psycopg.connect(committed_db.url("app")) as connection:
        yield connection
        connection.rollback()


@pytest.fixture
def owner_sql(committed_db: Server) -> Iterator[Callable[[str], None]]:
    """Run a statement as the administrator: how the controls break the wall on purpose."""
    with psycopg.connect(**committed_db.conninfo(), autocommit=True) as connection:

        def run(statement: str) -> None:
            connection.execute(statement.encode())

        yield run


@pytest.fixture(autouse=True)
def the_quarter_is_never_too_old(monkeypatch: pytest.MonkeyPatch) -> None:
    """The routes' quarter is of 2026, however long ago that will be."""
    monkeypatch.setattr("metrics.selectors.periods.MONTHS_BACK", 1_200)
