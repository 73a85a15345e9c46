"""Where metrics are seen: the pages of the portal that show them, and where the figures behind a formula are explained."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import urlencode

from django.urls import reverse

from governance.chapters import counted
from governance.selectors.registry import Registry
from metrics.measures import MEASURES
from portal.accounts.adoption import pages_opened
from portal.lib.periods import month_format
from portal.tenancy.access import Standing
from portal.tenancy.permissions import VIEW_ARR, VIEW_DATA

RECENT: Final = dt.timedelta(days=30)
PAGE: Final = "metric"
PROGRAM: Final = "metric-read"
BRIDGE: Final = (("arr", "ARR"),)
TILE: Final = (*BRIDGE, ("client_home", "Home"))
MONTHS: Final = (("months", "Closed months"),)
SHOWN_ON: Final[Mapping[str, tuple[tuple[str, str], ...]]] = {
    "arr": (*TILE, *MONTHS),
    "net_new_arr": (*TILE, *MONTHS),
    **dict.fromkeys(("mrr", "nrr", "grr", "logo_churn"), TILE),
    **dict.fromkeys(
        ("carr", "larr", "new_arr", "expansion_arr", "contraction_arr", "churn_arr", "reactivation_arr", "fx_effect",
         "customers", "arr_corrections"),
        BRIDGE,
    ),
    "reconciliation_variance": (("reconciliation", "Reconciliation"),),
}  # fmt: skip
"""By the key of a shipped metric, the pages on which it is shown: (url name, what people call the page)."""


@dataclass(frozen=True)
class PageLink:
    """A page on which a metric is shown; without an address for a reader who may not open it."""

    label: str
    url: str
    times: int = 0
    people: int = 0


def may_open(standing: Standing, name: str) -> bool:
    """Whether the reader may open a page that shows numbers."""
    return standing.may(VIEW_DATA if name == "reconciliation" else VIEW_ARR)


def pages_of(standing: Standing, key: str) -> list[PageLink]:
    """The pages that show a metric."""
    slug = {"client_slug": standing.client.slug}
    return [
        PageLink(label, reverse(name, kwargs=slug) if may_open(standing, name) else "")
        for name, label in SHOWN_ON.get(key, ())
    ]


def pages_used(standing: Standing, key: str, today: dt.date) -> list[PageLink]:
    """The pages that show a metric, with how often the client's people opened each in the last thirty days, and how many."""
    names = [name for name, _ in SHOWN_ON.get(key, ())]
    opened = pages_opened(names, today - RECENT, today) if names else {}
    return [
        replace(page, times=opened.get(name, (0, 0))[0], people=opened.get(name, (0, 0))[1])
        for name, page in zip(names, pages_of(standing, key), strict=True)
    ]


@dataclass(frozen=True)
class Read:
    """How often a metric was read by itself, and by how many: on its own page, and by programs."""

    opened: int = 0
    people: int = 0
    calls: int = 0
    callers: int = 0

    @property
    def words(self) -> str:
        """It as a sentence."""
        people, callers = (counted(count, "person", "people") for count in (self.people, self.callers))
        said = [
            *([f"its page was opened {counted(self.opened, 'time')} by {people}"] if self.opened else []),
            *([f"its values were read {counted(self.calls, 'time')} by programs of {callers}"] if self.calls else []),
        ] or ["nobody opened its page, and no program read it"]
        text = "; ".join(said)
        return f"In the last {RECENT.days} days {text}."


def read_get(key: str, today: dt.date) -> Read:
    """How often the client's people read a metric in the last thirty days."""
    names = f"{PAGE}:{key}", f"{PROGRAM}:{key}"
    found = pages_opened(names, today - RECENT, today)
    return Read(*found.get(names[0], (0, 0)), *found.get(names[1], (0, 0)))


def why_url(standing: Standing, registry: Registry, key: str, month: int) -> str:
    """Where the figures behind a metric of a month are explained; empty where no page that the reader may open shows them.

    What is made of several figures, and shown on no page, leads to the parts of its formula, each with its own.
    """
    readers = [reader for name in registry.measures_of(key) if (reader := MEASURES[name].reader)]
    if not readers:
        return ""
    slug, at = {"client_slug": registry.client.slug}, month_format(month)
    kinds = {reader.split(":")[0] for reader in readers}
    page = "reconciliation" if kinds == {"sources"} else "arr"
    if not may_open(standing, page):
        return ""
    if page == "reconciliation":
        return f"{reverse('reconciliation', kwargs=slug)}?{urlencode({'month': at})}"
    given = {"to": at}
    bases = {reader.split(":")[1] for reader in readers}
    if len(bases) == 1 and "" not in bases:
        given["basis"] = bases.pop()
    if kinds == {"retention"}:
        given["why"] = f"retention:{at}"
    elif len(readers) > 1 and key not in SHOWN_ON:
        return f"{reverse('metric', kwargs={**slug, 'key': key})}#needs"
    elif len(readers) == 1:
        given["why"] = f"cell:{at}:{at}:{readers[0].split(':')[2]}"
    return f"{reverse('arr', kwargs=slug)}?{urlencode(given)}"
