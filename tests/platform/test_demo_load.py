"""Throwing the demonstration away is refused while somebody works with it, and each database has sign-ins of its own."""

from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command

from portal.database import Server
from portal.demo.uploads import uploads_clear
from portal.tenancy.alone import alone
from portal.tenancy.server import sign_ins_file
from tests.metrics.conftest import file_store

__all__ = ["file_store"]


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


def test_uploads_of_the_embedded_database_go_with_it(file_store: Path, settings: Any) -> None:
    settings.VAR_DIR, settings.EMBEDDED_POSTGRES = file_store.parent, True
    beside = file_store.parent / "beside.txt"
    beside.write_text("kept")
    default_storage.save("imports/1/abc", ContentFile(b"x" * 2_000_000))
    (file_store / "link").symlink_to(beside)
    assert str(uploads_clear()) == f"1 uploaded files (2.0 MB) removed from {file_store.resolve()}"
    assert list(file_store.iterdir()) == [] and beside.read_text() == "kept"


def test_uploads_that_may_be_others_stay(file_store: Path, settings: Any, tmp_path: Path) -> None:
    kept = default_storage.save("imports/1/abc", ContentFile(b"x"))
    settings.VAR_DIR, settings.EMBEDDED_POSTGRES = file_store.parent, False
    assert uploads_clear() is None
    settings.VAR_DIR, settings.EMBEDDED_POSTGRES = tmp_path / "elsewhere", True
    assert uploads_clear() is None and default_storage.exists(kept)
