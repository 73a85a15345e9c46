"""Where metrics are seen: the pages of the portal that show them, and where the figures behind a formula are explained."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import urlencode

from django.urls import reverse

from governance.selectors.registry import Registry
from metrics.measures import MEASURES
from portal.accounts.adoption import pages_opened
from portal.lib.periods import month_format
from portal.tenancy.models import Client

RECENT: Final = dt.timedelta(days=30)
BRIDGE: Final = (("arr", "ARR"),)
SHOWN_ON: Final[Mapping[str, tuple[tuple[str, str], ...]]] = {
    "arr": (*BRIDGE, ("client_home", "Home"), ("months", "Closed months")),
    "mrr": BRIDGE,
    "net_new_arr": (*BRIDGE, ("months", "Closed months")),
    "nrr": (*BRIDGE, ("client_home", "Home")),
    **dict.fromkeys(
        ("carr", "larr", "new_arr", "expansion_arr", "contraction_arr", "churn_arr", "reactivation_arr", "fx_effect", "grr",
         "logo_churn", "customers", "new_logos", "arr_corrections"),
        BRIDGE,
    ),
    "reconciliation_variance": (("reconciliation", "Reconciliation"),),
}  # fmt: skip
"""By the key of a shipped metric, the pages on which it is shown: (url name, what people call the page)."""


@dataclass(frozen=True)
class PageLink:
    """A page on which a metric is shown."""

    label: str
    url: str
    times: int = 0
    people: int = 0


def pages_of(client: Client, key: str) -> list[PageLink]:
    """The pages that show a metric."""
    slug = {"client_slug": client.slug}
    return [PageLink(label, reverse(name, kwargs=slug)) for name, label in SHOWN_ON.get(key, ())]


def pages_used(client: Client, key: str, today: dt.date) -> list[PageLink]:
    """The pages that show a metric, with how often the client's people opened each in the last thirty days, and how many."""
    names = [name for name, _ in SHOWN_ON.get(key, ())]
    opened = pages_opened(names, today - RECENT, today) if names else {}
    return [
        replace(page, times=opened.get(name, (0, 0))[0], people=opened.get(name, (0, 0))[1])
        for name, page in zip(names, pages_of(client, key), strict=True)
    ]


def why_url(registry: Registry, key: str, month: int) -> str:
    """Where the figures behind a metric of a month are explained; empty where nothing in the portal shows them."""
    readers = [reader for name in registry.measures_of(key) if (reader := MEASURES[name].reader)]
    if not readers:
        return ""
    slug, at = {"client_slug": registry.client.slug}, month_format(month)
    kinds = {reader.split(":")[0] for reader in readers}
    if kinds == {"sources"}:
        return f"{reverse('reconciliation', kwargs=slug)}?{urlencode({'month': at})}"
    given = {"to": at}
    bases = {reader.split(":")[1] for reader in readers}
    if len(bases) == 1 and "" not in bases:
        given["basis"] = bases.pop()
    if kinds == {"retention"}:
        given["why"] = f"retention:{at}"
    elif len(readers) == 1:
        given["why"] = f"cell:{at}:{at}:{readers[0].split(':')[2]}"
    return f"{reverse('arr', kwargs=slug)}?{urlencode(given)}"
