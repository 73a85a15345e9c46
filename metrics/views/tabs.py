"""What the Data pages share: their tabs, and how they read a number from the address."""

from typing import Any

from django.urls import reverse

from portal.tenancy.access import TenantRequest

TABS = (
    ("data", "Sources"),
    ("data_imports", "Imports"),
    ("data_lines", "Lines"),
    ("teams", "Teams"),
    ("data_rates", "Rates"),
    ("data_issues", "Questions"),
    ("data_monitors", "Monitors"),
    ("reconciliation", "Reconciliation"),
    ("samples", "Samples"),
)


def data_tabs(request: TenantRequest, active: str) -> list[dict[str, Any]]:
    """The tabs of the Data pages, for `_partials/segmented.html`."""
    slug = {"client_slug": request.client.slug}
    return [{"label": label, "url": reverse(name, kwargs=slug), "active": name == active} for name, label in TABS]


def number_of(text: str | None) -> int:
    """A positive number from the address, or 0."""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 18 else 0
