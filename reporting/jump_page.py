"""What the search box finds among a client's numbers: customers, and a month that is typed as 2026-03."""

from dataclasses import dataclass

from metrics.selectors.customers import customer_search
from portal.lib.dates import month_text
from portal.lib.periods import month_parse
from portal.tenancy.models import Client, ClientSummary
from reporting.arr_query import ArrQuery
from reporting.bridge_view import customer_url

LONGEST = 80  # characters of a search
MOST_CUSTOMERS = 8
RUN = 12  # months of the page that a typed month is the last of


@dataclass(frozen=True)
class Place:
    """One destination: its label, what kind of thing it is, and its address."""

    label: str
    group: str
    url: str


def places_found(client: Client, text: str, arr_url: str, locale: str) -> list[Place]:
    """The month that `text` is, if it is one, then the customers that it names, explained in the last month computed."""
    text = " ".join(text.replace("\0", "").split())[:LONGEST]
    return month_places(text, arr_url, locale) + customer_places(client, text, arr_url)


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
    if summary is None or len(text) < 2:
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
