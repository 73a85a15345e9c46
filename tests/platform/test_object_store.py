"""Uploaded files in an S3-compatible store: a real server process, and the code that also runs against a provider's."""

import datetime as dt
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command
from django.http import Http404

from engagements.services.files import file_keep, files_tidy
from metrics.files import file_local, file_store
from metrics.models import ContractLine
from portal.accounts.models import User
from portal.lib.stored_answer import stored_answer
from portal.stored_files import file_storage
from portal.tenancy.models import Client
from portal.tenancy.scope import tenant_context
from tests.engagements.conftest import started
from tests.engagements.files import sent
from tests.metrics.files import csv_bytes, line
from tests.metrics.steps import load

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a store in a process of its own, in memory."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    log = tmp_path_factory.mktemp("store") / "log"
    with log.open("wb") as output:
        command = [sys.executable, "-m", "moto.server", "--host", "127.0.0.1", "--port", str(port)]
        process = subprocess.Popen(command, stdout=output, stderr=output)
    try:
        deadline = time.monotonic() + 60
        while True:
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/moto-api/", timeout=5).close()
                break
            except OSError:
                assert process.poll() is None and time.monotonic() < deadline, log.read_text()
                time.sleep(0.1)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(10)


def variables(endpoint: str, bucket: str = "tieout-files") -> dict[str, str]:
    return {
        "FILES_S3_BUCKET": bucket,
        "FILES_S3_ENDPOINT": endpoint,
        "FILES_S3_REGION": "eu-central-1",
        "FILES_S3_ADDRESSING": "path",
        "FILES_S3_ACCESS_KEY": "key",
        "FILES_S3_SECRET_KEY": "secret-of-the-store",
    }


@pytest.fixture
def bucket(endpoint: str, settings: Any, tmp_path: Path) -> Any:
    """The portal's storage, in that store, with an empty bucket made by the command an operator uses."""
    name = f"files-{time.monotonic_ns()}"
    settings.STORAGES = {**settings.STORAGES, "default": file_storage(variables(endpoint, name), tmp_path)}
    call_command("files_check", "--create-bucket")
    return default_storage.bucket  # type: ignore[attr-defined]


def keys(bucket: Any) -> list[str]:
    return [found.key for found in bucket.objects.all()]


def test_a_file_goes_out_and_comes_back_byte_for_byte(bucket: Any) -> None:
    assert keys(bucket) == [], "the check leaves nothing"
    content = os.urandom(9_000_000)  # more than one part of an upload
    given = BytesIO(content)
    stored = file_store(7, given)
    assert keys(bucket) == [stored.path]
    assert stored.path.startswith("imports/7/")
    with file_local(stored.path) as path:
        assert Path(path).read_bytes() == content
    assert not Path(path).exists(), "the local copy goes when it is no longer needed"
    assert file_store(7, BytesIO(content)).path != stored.path


@pytest.mark.django_db
def test_an_import_is_loaded_from_the_store(bucket: Any, northwind: Client) -> None:
    loaded = load(northwind, csv_bytes([line(n) for n in range(1, 40)]))
    assert keys(bucket) == [loaded.file_path]
    with tenant_context(northwind):
        assert ContractLine.objects.count() == 39


@pytest.mark.django_db
def test_files_of_an_engagement_are_kept_opened_and_tidied_in_the_store(
    bucket: Any, northwind: Client, ana: User, django_capture_on_commit_callbacks: Any
) -> None:
    now = dt.datetime.now(dt.UTC)
    with tenant_context(northwind):
        project = started(northwind, ana)
        kept = file_keep(engagement=project, about="test", about_id=1, upload=sent("list.csv", b"a,b\n1,2\n"))
    default_storage.save(f"projects/{northwind.pk}/20260101T000000Z-lost", sent("lost.csv"))
    assert b"".join(stored_answer(kept, is_shown=False)) == b"a,b\n1,2\n"
    with django_capture_on_commit_callbacks(execute=True), tenant_context(northwind):
        assert len(files_tidy(client=northwind, now=now).removed) == 1
    assert keys(bucket) == [kept.path]
    default_storage.delete(kept.path)
    with pytest.raises(Http404, match="missing from the store"):
        stored_answer(kept, is_shown=False)


def test_nobody_reads_an_object_without_the_keys(bucket: Any, endpoint: str) -> None:
    stored = file_store(7, BytesIO(b"secret figures"))
    grants = bucket.Object(stored.path).Acl().grants
    assert all("URI" not in grant["Grantee"] for grant in grants), "no group, so neither everybody"


def test_a_store_that_does_not_answer_is_said_without_its_secrets(settings: Any, tmp_path: Path) -> None:
    settings.STORAGES = {**settings.STORAGES, "default": file_storage(variables("http://127.0.0.1:1"), tmp_path)}
    with pytest.raises(CommandError, match="does not work") as caught:
        call_command("files_check")
    assert "secret-of-the-store" not in str(caught.value)


def test_without_a_bucket_files_lie_in_the_folder(tmp_path: Path, settings: Any) -> None:
    for env in ({}, {"FILES_S3_BUCKET": ""}):
        assert file_storage(env, tmp_path)["OPTIONS"]["location"] == tmp_path
    settings.STORAGES = {**settings.STORAGES, "default": file_storage({}, tmp_path)}
    call_command("files_check")
    with pytest.raises(CommandError, match="FILES_S3_BUCKET is not set"):
        call_command("files_check", "--create-bucket")
