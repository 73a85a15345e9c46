"""From a figure of the ARR page or Home to its metric in the registry: at the foot of the drawer that explains the figure.

`metric_links(standing, context) -> list[dict]`
"""

from collections.abc import Mapping
from typing import Any, Final

from django.urls import reverse

from governance.selectors.registry import metric_names
from metrics.selectors.figures import BookHead, Cell
from metrics.selectors.retained import Retained
from portal.tenancy.access import Standing
from portal.tenancy.permissions import VIEW_POLICY

OF_COLUMNS: Final = {
    "ending": ("arr", "mrr"),
    "net_new": ("net_new_arr",),
    **{name: (f"{name}_arr",) for name in ("new", "expansion", "contraction", "churn", "reactivation")},
    "fx": ("fx_effect",),
    "adjustment": ("arr_corrections",),
    "customers_ending": ("customers",),
    "customers_new": ("new_logos",),
    "customers_churned": ("logo_churn",),
}
OF_BOOKS: Final = {"signed": ("carr",), "live": ("larr",)}
RETENTION: Final = ("nrr", "grr")


def metric_links(standing: Standing, context: Mapping[str, Any]) -> list[dict[str, str]]:
    """The metrics whose figure a drawer explains, with their pages; none that the registry does not have."""
    keys = keys_of(context) if standing.may(VIEW_POLICY) else ()
    names = metric_names(standing.client) if keys else {}
    slug = {"client_slug": standing.client.slug}
    return [
        {"label": names[key], "url": reverse("metric", kwargs={**slug, "key": key})} for key in keys if key in names
    ]


def keys_of(context: Mapping[str, Any]) -> tuple[str, ...]:
    """The keys of the metrics that a drawer's figure is; metrics follow the policy's own book, but CARR and LARR."""
    cell, found = context.get("cell"), context.get("found")
    if isinstance(cell, Cell):
        return of_cell(cell.head, cell.column)
    return RETENTION if isinstance(found, Retained) and found.head.is_policys_own else ()


def of_cell(head: BookHead, column: str) -> tuple[str, ...]:
    """The metrics of one column of a book."""
    if head.is_policys_own:
        return OF_COLUMNS.get(column, ())
    return OF_BOOKS.get(head.recognition, ()) if column == "ending" else ()
