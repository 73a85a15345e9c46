"""A clean book of 2024 to try the monitors on, and what a look finds in it."""

import datetime as dt
from typing import Any

from metrics.models import FindingState, QualityFinding, QualityMonitor
from metrics.services.books import books_rebuild_all
from metrics.services.policies import policy_publish
from metrics.services.quality import Looks, quality_look
from portal.tenancy.models import Client
from portal.tenancy.scope import tenant_context
from tests.engine.frames import frame, line, plain_policy
from tests.metrics.loading import load_lines, load_rates

NOW = dt.datetime(2025, 1, 15, 9, tzinfo=dt.UTC)  # the newest month end is December 2024
FULL = {"customer_name": "One Inc", "segment": "SMB", "region": "EMEA", "rep": "Ann", "ends_on": "2025-12-31"}


def full(line_id: str, amount: str = "1200", **given: Any) -> dict[str, Any]:
    """A line without a fault, of a customer of its own, that counts through 2025."""
    own = {"customer_id": f"C-{line_id}", "customer_name": f"Customer {line_id}"}
    return line(line_id, amount, **FULL | own | given)


CLEAN = [full("A"), full("B", "2400.55"), full("C", "999.99", segment="Enterprise")]


def book(client: Client, *rows: dict[str, Any], rates: Any = None, **policy: Any) -> None:
    """Lines of a client whose books are built up to December 2024."""
    with tenant_context(client):
        load_lines(frame(*CLEAN, *rows))
        if rates is not None:
            load_rates(rates)
        policy_publish(client=client, parameters=plain_policy(**policy).to_dict())
        books_rebuild_all(client=client, now=NOW)


def looked(client: Client, at: dt.datetime = NOW) -> Looks:
    """What the job does."""
    with tenant_context(client):
        return quality_look(client=client, now=at)


def days(number: float) -> dt.datetime:
    """So many days after the first look."""
    return NOW + dt.timedelta(days=number)


def found(client: Client, code: str = "") -> dict[str, dict[str, str]]:
    """The open findings of each monitor: their subject and the ARR at stake."""
    with tenant_context(client):
        rows = QualityFinding.objects.filter(state=FindingState.OPEN).select_related("monitor").order_by("pk")
        said: dict[str, dict[str, str]] = {}
        for row in rows:
            said.setdefault(row.monitor.code, {})[row.subject] = str(row.arr)
    return said


def monitor(client: Client, code: str) -> QualityMonitor:
    with tenant_context(client):
        got: QualityMonitor = QualityMonitor.objects.get(code=code)
    return got


def finding(client: Client) -> QualityFinding:
    """The one finding that there is."""
    with tenant_context(client):
        got: QualityFinding = QualityFinding.objects.select_related("monitor").get()
    return got
