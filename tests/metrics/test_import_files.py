"""Stored files of imports that came to nothing go after a while; no client keeps any number of files waiting."""

import datetime as dt
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest
from django.core.files.storage import default_storage

from metrics.intake.mapping import Mapping
from metrics.models import ContractImport
from metrics.services import import_files
from metrics.services.imports import import_cancel, import_map
from metrics.services.problems import ImportProblem
from metrics.services.schedule import check_due
from portal.tenancy.models import AuditEntry, Client
from portal.tenancy.scope import tenant_context
from tests.metrics.files import csv_bytes, faulty_file, line
from tests.metrics.steps import check, load

pytestmark = pytest.mark.usefixtures("file_store")
Capture = Callable[..., AbstractContextManager[Any]]


def at_night(client: Client, days: int, committed: Capture) -> None:
    with committed(execute=True), tenant_context(client):
        check_due(client=client, now=dt.datetime.now(dt.UTC) + dt.timedelta(days=days))


def test_refused_and_cancelled_files_are_removed_after_thirty_days_and_loaded_ones_kept(
    northwind: Client, django_capture_on_commit_callbacks: Capture
) -> None:
    loaded, refused = load(northwind, csv_bytes([line(1)])), load(northwind, faulty_file())
    cancelled, waiting = (check(northwind, csv_bytes([line(number)])) for number in (2, 3))
    with tenant_context(northwind):
        import_cancel(contract_import=cancelled)
    paths = {row.pk: row.file_path for row in (loaded, refused, cancelled, waiting)}
    assert Client.objects.filter(pk=northwind.pk, next_check_at__isnull=False).exists()
    at_night(northwind, 29, django_capture_on_commit_callbacks)
    assert all(default_storage.exists(path) for path in paths.values())
    at_night(northwind, 31, django_capture_on_commit_callbacks)
    assert {pk for pk, path in paths.items() if default_storage.exists(path)} == {loaded.pk, waiting.pk}
    with tenant_context(northwind):
        entries = AuditEntry.objects.filter(action="import.file_removed")
        assert {entry.details["sha256"] for entry in entries} == {refused.file_sha256, cancelled.file_sha256}
        gone = ContractImport.objects.get(pk=refused.pk)
        assert (gone.file_path, gone.faults.count()) == ("", refused.fault_count)
        with pytest.raises(ImportProblem, match="no longer kept"):
            import_map(contract_import=gone, mapping=Mapping.identity())


def test_only_so_many_files_wait_at_a_time(northwind: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(import_files, "MOST_WAITING", 2)
    check(northwind, csv_bytes([line(1)]))
    second = check(northwind, csv_bytes([line(2)]))
    with pytest.raises(ImportProblem, match="2 files wait"):
        check(northwind, csv_bytes([line(3)]))
    with tenant_context(northwind):
        import_cancel(contract_import=second)
    check(northwind, csv_bytes([line(3)]))
