"""What the search box finds of a client: a month that is typed as 2026-03, change requests, metrics, customers, contracts.

Each by the permission of the page that it leads to; no figure is told.
"""

from dataclasses import dataclass
from typing import Any

from django.urls import reverse

from governance.selectors.changes import changes_named
from governance.selectors.registry import metric_names
from metrics.selectors.customers import customer_search
from metrics.selectors.imports import lines_named
from portal.lib.dates import month_text
from portal.lib.periods import month_parse
from portal.tenancy.access import Standing
from portal.tenancy.models import Client, ClientSummary
from portal.tenancy.permissions import VIEW_ARR, VIEW_CHANGES, VIEW_DATA, VIEW_POLICY
from reporting.arr_query import ArrQuery
from reporting.bridge_view import customer_url

LONGEST = 80  # characters of a search
MOST = 6  # of each kind
MOST_CUSTOMERS = 8
SHORTEST = 2
RUN = 12  # months of the page that a typed month is the last of


@dataclass(frozen=True)
class Place:
    """One destination: its label, what kind of thing it is, and its address."""

    label: str
    group: str
    url: str


def places_found(standing: Standing, user: Any, text: str, locale: str) -> list[Place]:
    """What `text` names, of all that the reader may open: of each kind a few."""
    text, client = " ".join(text.replace("\0", "").split())[:LONGEST], standing.client
    slug, may = {"client_slug": client.slug}, standing.may
    arr_url = reverse("arr", kwargs=slug)
    found = month_places(text, arr_url, locale) if may(VIEW_ARR) else []
    if len(text) < SHORTEST:
        return found
    found += change_places(user, text, slug) if may(VIEW_CHANGES) else []
    found += metric_places(client, text, slug) if may(VIEW_POLICY) else []
    found += customer_places(client, text, arr_url) if may(VIEW_ARR) else []
    return found + (contract_places(text, slug) if may(VIEW_DATA) else [])


def change_places(user: Any, text: str, slug: dict[str, str]) -> list[Place]:
    """Change requests by their number (CR-6) or title, of those that the reader may know of."""
    return [
        Place(f"{each}: {each.title}", "Change request", reverse("change", kwargs={**slug, "number": each.number}))
        for each in changes_named(user, text, MOST)
    ]


def metric_places(client: Client, text: str, slug: dict[str, str]) -> list[Place]:
    """Metrics by name or key."""
    word = text.casefold()
    names = metric_names(client)
    found = [key for key, name in names.items() if word in name.casefold() or word in key]
    found.sort(key=lambda key: (names[key].casefold() != word and key != word, names[key].casefold()))
    return [
        Place(f"{names[key]} ({key})", "Metric", reverse("metric", kwargs={**slug, "key": key})) for key in found[:MOST]
    ]


def contract_places(text: str, slug: dict[str, str]) -> list[Place]:
    """Contract lines whose contract or line id holds the text."""
    return [
        Place(f"{row.line_id}, {row.customer_name}", f"Contract {row.contract_id}",
              reverse("data_line", kwargs={**slug, "line_id": row.pk}))
        for row in lines_named(text, MOST)
    ]  # fmt: skip


def month_places(text: str, arr_url: str, locale: str) -> list[Place]:
    """The ARR page that ends with the month."""
    try:
        month = month_parse(text)
    except ValueError:
        return []
    query = ArrQuery(first=month - RUN + 1, last=month)
    return [Place(f"ARR to the end of {month_text(month, locale)}", "Month", query.address(arr_url))]


def customer_places(client: Client, text: str, arr_url: str) -> list[Place]:
    """The drawer of each customer; there is none before the first month is computed."""
    summary = ClientSummary.objects.filter(client=client).values_list("as_of_month", flat=True).first()
    if summary is None:
        return []
    found = customer_search(text, MOST_CUSTOMERS)
    query = ArrQuery()
    return [
        Place(
            name if name == customer else f"{name} ({customer})",
            "Customer",
            customer_url(query, arr_url, summary, customer),
        )
        for customer, name in found.items()
    ]
