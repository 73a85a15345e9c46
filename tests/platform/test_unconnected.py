"""A command without a database says so in a sentence, and what to do about it."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from portal.database import Server
from portal.unconnected import sentence_of

ROOT = Path(__file__).resolve().parent.parent.parent
NOWHERE = "postgresql://a:hidden@localhost:1/tieout"
BRIDGE = ("arr_bridge", "--client", "acme", "--from", "2025-01", "--to", "2025-02")
CREATE = ("client_create", "--firm", "ridge", "--client", "acme", "--name", "Acme", "--currency", "USD")


def ended(address: str, tmp_path: Path, *command: str) -> tuple[int, str, str]:
    """Exit code, standard output and standard error of a command with this DATABASE_URL."""
    env = {**os.environ, "DATABASE_URL": address, "TIEOUT_VAR": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "manage.py", *command], cwd=ROOT, env=env, capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize(
    "command", [BRIDGE, CREATE, ("database_prepare", "--addresses"), ("portal_run", "--port", "1")]
)
def test_an_address_at_which_nobody_listens_is_said(tmp_path: Path, command: tuple[str, ...]) -> None:
    code, out, err = ended(NOWHERE, tmp_path, *command)
    assert (code, out, len(err.splitlines())) == (1, "", 1)
    assert err.startswith(
        "The database server at localhost:1 cannot be reached (Connection refused): check that it runs"
    )
    assert "hidden" not in err


def address_of(server: Server) -> str:
    """The administrator's address."""
    return f"postgresql://{server.user}:{server.password}@{server.host}:{server.port}/{server.name}"


def test_a_server_that_refuses_the_account_is_said(base_server: Server, tmp_path: Path) -> None:
    wrong = replace(base_server, user="nobody_of_ours", password="wrong", name="not_there")
    code, out, err = ended(address_of(wrong), tmp_path, "database_prepare")
    assert (code, out, len(err.splitlines())) == (1, "", 1)
    assert "refuses the account (password authentication failed for user" in err and "wrong" not in err


UNPREPARED = (
    'connection failed: connection to server at "10.1.1.1", port 1 failed: FATAL:  role "tieout_app" does not exist'
)
SEVERAL = """Multiple connection attempts failed. All failures were:
- host: 'db', port: 1, hostaddr: '::1': connection failed: connection to server failed: Network is unreachable
- host: 'db', port: 1, hostaddr: '1.1.1.1': connection failed: connection to server failed: Connection refused
\tIs the server running on that host and accepting TCP/IP connections?"""


@pytest.mark.parametrize(
    ("said", "begin", "advice"),
    [
        (UNPREPARED, 'is not prepared (role "tieout_app" does not exist)', "run `manage.py database_prepare` with"),
        (SEVERAL, "cannot be reached (Connection refused)", "check that it runs, and the address"),
    ],
)
def test_what_the_driver_says_is_put_in_a_sentence(said: str, begin: str, advice: str) -> None:
    assert str(sentence_of(psycopg.OperationalError(said))).startswith(f"The database {begin}: {advice}")


def test_a_database_without_our_tables_is_said_and_a_failed_statement_is_not() -> None:
    missing = psycopg.errors.UndefinedTable('relation "tenancy_client" does not exist\nLINE 1: SELECT')
    assert "is not prepared" in str(sentence_of(missing)) and "run `manage.py migrate`" in str(sentence_of(missing))
    assert sentence_of(psycopg.errors.LockNotAvailable("canceling statement due to lock timeout")) is None
    assert sentence_of(psycopg.OperationalError("the connection is lost")) is None
