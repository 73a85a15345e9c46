"""Numbers for the tests of what goes on after the launch: two sources that differ by so much, and closed months."""

import datetime as dt
from typing import Any
from unittest.mock import patch

from metrics.models import Source
from metrics.models.intake import SourceKind
from metrics.services.books import books_rebuild_all
from metrics.services.closes import month_close
from metrics.services.policies import policy_publish
from portal.lib.periods import month_parse
from portal.tenancy.models import Client
from tests.engine.frames import frame, line, plain_policy
from tests.metrics.loading import load_lines

TERM: dict[str, Any] = {"starts_on": "2025-01-01", "ends_on": "2027-12-31"}


def at(text: str) -> dt.datetime:
    """`2026-11-05` at seven in the morning, UTC."""
    return dt.datetime.fromisoformat(f"{text}T07:00:00+00:00")


def billing_lines(*more: dict[str, Any]) -> Any:
    """A hundred thousand a year of Acme, and whatever else."""
    return frame(line("B1", "100000", customer_id="acme", customer_name="Acme", **TERM), *more)


def numbers(client: Client, crm: str | None = "101000", *more: dict[str, Any]) -> tuple[Source, Source | None]:
    """Billing with 100,000 of Acme (and more lines), the CRM with another amount of it, and books up to 2026-12."""
    policy_publish(client=client, parameters=plain_policy().to_dict(), note="Test")
    billing = load_lines(billing_lines(*more), "Billing")
    Source.objects.filter(pk=billing.pk).update(kind=SourceKind.BILLING, line_count=1 + len(more))
    other = None
    if crm is not None:
        other = load_lines(frame(line("S1", crm, customer_id="acme", customer_name="Acme", **TERM)), "CRM")
        Source.objects.filter(pk=other.pk).update(kind=SourceKind.CRM, line_count=1)
    books_rebuild_all(client=client, now=at("2027-01-15"))
    return billing, other


def close(client: Client, *months: str, on: str) -> None:
    """Close months, one after the other, on a day."""
    with patch("metrics.services.closes.database_time", return_value=at(on)):
        for month in months:
            month_close(client=client, month=month_parse(month))
