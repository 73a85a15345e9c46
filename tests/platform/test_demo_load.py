"""Throwing the demonstration away is refused while somebody works with it, and each database has sign-ins of its own."""

from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from portal.database import Server
from portal.tenancy.alone import alone
from portal.tenancy.server import sign_ins_file


def test_a_reset_is_refused_while_the_portal_runs(settings: Any, tmp_path: Path) -> None:
    settings.VAR_DIR = tmp_path
    with alone(tmp_path), pytest.raises(CommandError, match="the portal runs already"):
        call_command("demo_load", "--reset")


def test_each_database_has_its_own_file_of_sign_ins(settings: Any, tmp_path: Path) -> None:
    settings.VAR_DIR, settings.EMBEDDED_POSTGRES = tmp_path, False
    settings.DATABASE_SERVER = Server.from_url("postgresql://admin:secret@db.example.com:5433/tieout", "key")
    assert sign_ins_file().name == "demo-sign-ins-db.example.com-5433-tieout.txt"
    settings.DATABASE_SERVER = Server.from_url("postgresql://admin@/tieout?host=/var/run/postgresql", "key")
    assert "/" not in sign_ins_file().name
    settings.EMBEDDED_POSTGRES = True
    assert sign_ins_file() == tmp_path / "demo-sign-ins.txt"
