"""What a log says of a refused request, of a failure, and of a worker that has not begun yet."""

import io
import logging
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import Client as Browser

from portal import health
from portal.accounts.models import User


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """What the installation's own handler writes."""
    handler = next(found for found in logging.getLogger().handlers if found.name == "console")
    assert isinstance(handler, logging.StreamHandler)
    stream = io.StringIO()
    before = handler.setStream(stream)
    yield stream
    handler.setStream(before)


def test_a_refused_request_is_one_line(
    log: io.StringIO, eve: User, otto: User, signed_in: Callable[[User], Browser]
) -> None:
    assert signed_in(eve).get("/c/northwind/data/upload/").status_code == 403
    assert signed_in(otto).get("/c/northwind/data/upload/").status_code == 404
    lines = log.getvalue().splitlines()
    assert len(lines) == 2 and all("/c/northwind/data/upload/" in line and "WARNING" in line for line in lines), lines


def test_a_failure_keeps_its_traceback(
    log: io.StringIO, eve: User, signed_in: Callable[[User], Browser], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*args: Any, **kwargs: Any) -> None:
        raise RuntimeError("broken on purpose")

    browser = signed_in(eve)
    browser.raise_request_exception = False
    monkeypatch.setattr("portal.tenancy.access.rendered", fails)
    assert browser.get("/c/northwind/arr/").status_code == 500
    assert "Traceback" in log.getvalue() and "broken on purpose" in log.getvalue()


@pytest.mark.parametrize(("name", "age", "is_said"), [("jobs", 5, False), ("jobs", 61, True), ("wall", 5, True)])
def test_that_no_worker_has_begun_is_no_news_at_first(
    name: str, age: float, is_said: bool, log: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "_began", time.monotonic() - age)
    assert not health._passes(name, lambda: False)
    assert (f"health check {name} failed" in log.getvalue()) is is_said
