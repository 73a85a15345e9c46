"""Northwind with a golden case loaded and its books built."""

import datetime as dt
from pathlib import Path

from metrics.services.books import books_rebuild_all
from metrics.services.policies import policy_publish
from portal.tenancy.models import Client
from portal.tenancy.scope import tenant_context
from tests.engine.frames import read_policy
from tests.metrics.loading import load_folder

NOW = dt.datetime(2026, 1, 15, tzinfo=dt.UTC)  # the last completed month is the last of the golden cases


def golden_client(client: Client, folder: Path) -> None:
    """Load the case, publish its policy and build the books."""
    with tenant_context(client):
        load_folder(folder)
        policy_publish(client=client, parameters=read_policy(folder / "policy.json").to_dict())
        books_rebuild_all(client=client, now=NOW)
